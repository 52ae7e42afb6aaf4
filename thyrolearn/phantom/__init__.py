"""The phantom: a simulator of thyroid ultrasound whose truth is known, and the course's built-in data set.

`patients` draws who is ill and what their nodules look like, `render` turns a nodule into a B-mode frame with
its mask, and `bayes_auc` says how well any reader or network can do at best. Images are synthetic, for teaching,
not for diagnosis, and no evidence of clinical performance.

>>> from thyrolearn import phantom
>>> sorted(phantom.SCANNERS)
['A', 'B', 'C', 'D', 'E']
"""

from importlib import import_module
from typing import Any

_HOME = {
    "Frame": "records",
    "Latents": "records",
    "Nodule": "records",
    "Patient": "records",
    "SCANNERS": "scanner",
    "Scanner": "scanner",
    "SIM_VERSION": "rendering",
    "render": "rendering",
    "contact_sheet": "sheet",
    "write_folder": "folder",
    "benchmark": "bench",
    "Clip": "cine",
    "sweep": "cine",
    "elastogram": "modalities",
    "doppler": "modalities",
    "contrast": "modalities",
    "DIFFICULTIES": "difficulty",
    "Difficulty": "difficulty",
    "patients": "population",
    "draw": "population",
    "Draws": "population",
    "bayes_auc": "ceiling",
    "posterior": "ceiling",
    "level_table": "ceiling",
    "LevelRow": "ceiling",
    "fusion_auc": "fusion",
    "curves_auc": "fusion",
    "Reader": "readers",
    "panel": "readers",
    "majority": "readers",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_HOME[name]}")
    # No submodule may have the name of an export: importing it would hide the export.
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
