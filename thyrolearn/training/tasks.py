"""Tasks whose answer is a number for each image, and `create`, which finds any task by its name."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.errors import DataError, ParameterError
from thyrolearn.training.task import Task

if TYPE_CHECKING:
    from torch import Tensor

    from thyrolearn.evaluation import Estimate

__all__ = ["HOMES", "create", "classification", "grading", "video"]

HOMES = {
    "classification": "tasks", "grading": "tasks", "segmentation": "places", "prompted": "places",
    "detection": "places", "generation": "generative", "translation": "generative",
    "denoising": "generative", "video": "tasks",
}  # fmt: skip
"""The module of each task."""


def create(name: str, **options: Any) -> Task:
    """Make a task by name, as a saved run does; an unknown name raises `ParameterError`.

    >>> create("classification", pos_weight=3.0).options
    {'pos_weight': 3.0}
    """
    if name not in HOMES:
        raise ParameterError(f"There is no task {name!r}.", f"There are: {', '.join(HOMES)}.")
    make = getattr(importlib.import_module(f"thyrolearn.training.{HOMES[name]}"), name)
    return make(*options.pop("columns", ()), **options)


def classification(pos_weight: float | None = None) -> Task:
    """Benign or malignant: one logit a case, binary cross-entropy, probabilities out, AUC over patients.

    ``batches.labels`` are (n,) 0 or 1; a case without a label raises `DataError`. ``pos_weight`` multiplies the
    loss of the malignant cases (1 / prevalence - 1 makes both classes weigh the same, and spoils calibration).
    Lessons: start/learning_loop, training/supervised.

    >>> import torch
    >>> task = classification()
    >>> task.decode(torch.zeros(2, 1))
    array([0.5, 0.5])
    """
    return Task(
        name="classification",
        targets=_labels,
        loss=lambda outputs, targets: _cross_entropy(outputs, targets, pos_weight),
        decode=_probabilities,
        metrics=_auc,
        monitor=_plain_auc,
        watch="auc",
        options={} if pos_weight is None else {"pos_weight": float(pos_weight)},
    )


def video(pos_weight: float | None = None) -> Task:
    """Benign or malignant from a clip: `classification` under another name, one row a clip. Lesson: architectures/rnn.

    >>> video().name, video().watch
    ('video', 'auc')
    """
    return replace(classification(pos_weight), name="video")


def _labels(batches: Any) -> Tensor:
    labels = batches.labels.float()
    missing = int(((labels != 0) & (labels != 1)).sum())
    if missing:
        raise DataError(
            f"{missing} of {len(labels)} cases have no label 0 or 1.",
            "Filter them out: cohort.filter(lambda c: c.label is not None).",
        )
    return labels


def _cross_entropy(outputs: Tensor, targets: Tensor, pos_weight: float | None) -> Tensor:
    from torch.nn.functional import binary_cross_entropy_with_logits

    weight = None if pos_weight is None else outputs.new_tensor(pos_weight)
    return binary_cross_entropy_with_logits(outputs[:, 0], targets, pos_weight=weight)


def _probabilities(outputs: Tensor) -> np.ndarray:
    return outputs[:, 0].double().sigmoid().cpu().numpy()


def _auc(batches: Any, predictions: np.ndarray) -> dict[str, Estimate]:
    from thyrolearn.evaluation import auc

    labels = np.asarray(batches.labels).astype(np.int64)
    return {"auc": auc(labels, predictions, groups=np.asarray(batches.groups))}


def _plain_auc(batches: Any, predictions: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    labels = np.asarray(batches.labels)
    return float(roc_auc_score(labels, predictions)) if 0 < labels.mean() < 1 else float("nan")


def grading(levels: int = 5) -> Task:
    """The TI-RADS level, 1 to ``levels``: an ordinal logit "above k" for each step, quadratic weighted kappa.

    Cao et al. 2020 (CORAL, arXiv 1901.07884), with free weights: the network needs ``outputs=levels - 1``. Levels are
    read from ``batches.cohort``'s cases; DDTI's "4a" to "4c" all count as 4. Predictions are the expected level, (n,).
    Lesson: tasks/tirads_grading.

    >>> import torch
    >>> grading().decode(torch.tensor([[9.0, 9.0, 0.0, -9.0]])).round(1)
    array([3.5])
    """
    return Task(
        name="grading",
        targets=lambda batches: _levels(batches, levels),
        loss=_steps,
        decode=lambda outputs: 1 + outputs.double().sigmoid().sum(dim=1).cpu().numpy(),
        metrics=lambda batches, predictions: _kappa(batches, predictions, levels),
        monitor=lambda batches, predictions: -float(np.abs(_levels(batches, levels).numpy() - predictions).mean()),
        watch="minus_error",
        options={} if levels == 5 else {"levels": levels},
    )


def _levels(batches: Any, levels: int) -> Tensor:
    import torch

    texts = [case.level or "" for case in batches.cohort]
    found = [int(text[0]) if text[:1].isdigit() else 0 for text in texts]
    missing = sum(not 1 <= level <= levels for level in found)
    if missing:
        remedy = "Filter them out: cohort.filter(lambda c: c.level)."
        raise DataError(f"{missing} of {len(found)} cases have no level 1 to {levels}.", remedy)
    return torch.tensor(found)


def _steps(outputs: Tensor, targets: Tensor) -> Tensor:
    import torch

    above = targets[:, None] > torch.arange(1, outputs.shape[1] + 1, device=targets.device)
    return torch.nn.functional.binary_cross_entropy_with_logits(outputs, above.float())


def _kappa(batches: Any, predictions: np.ndarray, levels: int) -> dict[str, Estimate]:
    from thyrolearn.evaluation import bootstrap_mean, cohen_kappa

    truth, groups = _levels(batches, levels).numpy(), np.asarray(batches.groups)
    rounded = np.clip(np.rint(predictions), 1, levels).astype(int)
    return {
        "weighted_kappa": cohen_kappa(truth, rounded, "quadratic", groups=groups),
        "error_in_levels": bootstrap_mean(np.abs(truth - predictions), groups=groups),
    }
