"""Cases and cohorts: the phantom and every public set look the same from here on.

`load` is the one door, `split` (by patient) the only way to divide, `batches` the way into tensors.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "Batches": "tensors",
    "Card": "datacards",
    "COHORTS": "recipes",
    "Case": "case",
    "Cohort": "cohort",
    "LeakageReport": "splits",
    "Skipped": "cohort",
    "Split": "splits",
    "augment": "augmentation",
    "batches": "tensors",
    "binarise": "images",
    "card": "datacards",
    "cards": "datacards",
    "case_of": "phantom",
    "cases_of": "phantom",
    "check": "door",
    "clips": "sweeps",
    "curves": "sweeps",
    "duplicates": "repeats",
    "folds": "splits",
    "frames": "tensors",
    "gaussian_pictures": "looks",
    "get": "fetch",
    "grey_table": "looks",
    "joined_groups": "repeats",
    "leakage_report": "splits",
    "leave_one_out": "splits",
    "load": "door",
    "names": "door",
    "portion": "splits",
    "prepare": "fetch",
    "rescan": "twins",
    "side_by_side": "screens",
    "unpack": "archives",
    "split": "splits",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOME[name]}")
    # No submodule may bear a public name: importing it would put the module in the function's place.
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
