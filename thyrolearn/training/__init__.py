"""Training: a `Task` says what is predicted, `fit` trains, a `Run` is what remains."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thyrolearn.training.fitting import fit
    from thyrolearn.training.generative import denoising, generation, translation
    from thyrolearn.training.places import detection, prompted, segmentation
    from thyrolearn.training.run import Run, fill
    from thyrolearn.training.task import Task
    from thyrolearn.training.tasks import classification, grading, video
    from thyrolearn.training.vectors import Features, embeddings, features

__all__ = [
    "Task", "classification", "grading", "segmentation", "prompted", "detection", "generation", "translation",
    "denoising", "fit", "Run", "fill", "Features", "embeddings", "features", "video",
]  # fmt: skip

_HOMES = {
    "Task": "task", "classification": "tasks", "grading": "tasks", "segmentation": "places", "prompted": "places",
    "detection": "places", "generation": "generative", "translation": "generative", "denoising": "generative",
    "fit": "fitting", "Run": "run", "fill": "run",
    "Features": "vectors", "embeddings": "vectors", "features": "vectors", "video": "tasks",
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
