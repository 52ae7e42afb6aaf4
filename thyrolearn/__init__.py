"""thyrolearn: deep learning for thyroid nodule ultrasound, for teaching, not for diagnosis.

The rooms are loaded when they are first used, so that ``import thyrolearn`` stays light:
torch, pandas and matplotlib come in only with the room that needs them.
"""

import importlib

__version__ = "0.1.0"

_ROOMS = (
    "arrays", "course", "data", "errors", "evaluation", "experiments", "files", "literature", "models",
    "phantom", "plots", "seeding", "settings", "tirads", "training", "widgets",
)  # fmt: skip
__all__ = ["__version__", *_ROOMS]


def __getattr__(name: str) -> object:
    if name in _ROOMS:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
