"""Training: a `Task` says what is predicted, `fit` trains, a `Run` is what remains."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thyrolearn.training.fitting import fit
    from thyrolearn.training.run import Run, fill
    from thyrolearn.training.tasks import Task, classification, denoising, detection, generation, prompted, segmentation

__all__ = [
    "Task", "classification", "segmentation", "prompted", "detection", "generation", "denoising", "fit", "Run", "fill",
]  # fmt: skip

_HOMES = {"fit": "fitting", "Run": "run", "fill": "run"}


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES.get(name, 'tasks')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
