"""What is predicted: a `Task` holds the target, the loss, what the outputs mean, and how they are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.errors import DataError, ParameterError

if TYPE_CHECKING:
    from torch import Tensor

    from thyrolearn.evaluation import Estimate

__all__ = ["Task", "create", "classification"]


@dataclass(frozen=True)
class Task:
    """What a network is trained for, apart from the network and the data.

    ``targets(batches)``               the target of each case, a tensor (n, …)
    ``loss(outputs, targets)``         a scalar to minimise; ``outputs`` are the network's, float32
    ``decode(outputs)``                outputs as numpy predictions (n, …), probabilities where they are
    ``metrics(batches, predictions)``  ``{name: Estimate}`` with patients as the units of resampling
    ``monitor(batches, predictions)``  one number, larger is better, cheap enough for every epoch, called ``watch``
    ``spatial``                        the target is a picture that moves with the image (a mask)
    ``options``                        how the task was made, so that a saved run can make it again

    >>> classification().name
    'classification'
    """

    name: str
    targets: Callable[[Any], Tensor]
    loss: Callable[[Tensor, Tensor], Tensor]
    decode: Callable[[Tensor], np.ndarray]
    metrics: Callable[[Any, np.ndarray], dict[str, Estimate]]
    monitor: Callable[[Any, np.ndarray], float] | None = None
    watch: str = "score"
    spatial: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


def create(name: str, **options: Any) -> Task:
    """Make a task by name, as a saved run does; an unknown name raises `ParameterError`.

    >>> create("classification", pos_weight=3.0).options
    {'pos_weight': 3.0}
    """
    if name not in _TASKS:
        raise ParameterError(f"There is no task {name!r}.", f"There are: {', '.join(_TASKS)}.")
    return _TASKS[name](**options)


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


_TASKS: dict[str, Callable[..., Task]] = {"classification": classification}
