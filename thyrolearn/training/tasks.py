"""What is predicted: a `Task` holds the target, the loss, what the outputs mean, and how they are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.errors import DataError, ParameterError

if TYPE_CHECKING:
    from torch import Tensor

    from thyrolearn.evaluation import Estimate

__all__ = [
    "Task",
    "create",
    "classification",
    "segmentation",
    "prompted",
    "detection",
    "generation",
    "denoising",
    "mask_loss",
]


@dataclass(frozen=True)
class Task:
    """What a network is trained for, apart from the network and the data.

    ``targets(batches)``               the target of each case, a tensor (n, …)
    ``loss(outputs, targets)``         a scalar to minimise; ``outputs`` are the network's, float32
    ``decode(outputs)``                outputs as numpy predictions (n, …), probabilities where they are
    ``metrics(batches, predictions)``  ``{name: Estimate}`` with patients as the units of resampling
    ``monitor(batches, predictions)``  one number, larger is better, cheap enough for every epoch, called ``watch``
    ``spatial``                        the target is a picture that moves with the image (a mask)
    ``given``                          the network is given the target too (a condition, a prompt)
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
    given: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


def create(name: str, **options: Any) -> Task:
    """Make a task by name, as a saved run does; an unknown name raises `ParameterError`.

    >>> create("classification", pos_weight=3.0).options
    {'pos_weight': 3.0}
    """
    if name not in _TASKS:
        raise ParameterError(f"There is no task {name!r}.", f"There are: {', '.join(_TASKS)}.")
    return _TASKS[name](*options.pop("columns", ()), **options)


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


def segmentation(dice_weight: float = 1.0) -> Task:
    """The nodule's mask: one logit a pixel, binary cross-entropy plus soft Dice, mean Dice over the frames.

    ``batches.masks`` are (n, 1, h, w) 0 or 1, None raises `DataError`. Soft Dice (Milletari et al. 2016, arXiv
    1606.04797) is taken a frame at a time, as the metric is, so that a small nodule weighs as much as a large one.
    Predictions are probabilities, float16 (n, h, w). Lesson: tasks/segmentation.

    >>> import torch
    >>> truth = torch.tensor([[[[0, 1]]]])
    >>> [round(float(segmentation().loss(30.0 * (2 * mask - 1), truth)), 3) for mask in (truth, 1 - truth)]
    [0.0, 30.667]
    """
    return Task(
        name="segmentation",
        targets=_outlines,
        loss=lambda outputs, targets: mask_loss(outputs, targets, dice_weight),
        decode=lambda outputs: outputs[:, 0].sigmoid().half().cpu().numpy(),
        metrics=_overlap,
        monitor=_mean_dice,
        watch="dice",
        spatial=True,
        options={} if dice_weight == 1 else {"dice_weight": float(dice_weight)},
    )


def detection() -> Task:
    """Every nodule's box on a whole frame: focal and generalised IoU loss on FCOS's outputs, AP50 and FROC.

    ``batches.boxes`` are a (k, 4) tensor a frame (x0, y0, x1, y1 in pixels). Predictions are (n, 10, 5): boxes and
    scores, score 0 is no box. Lesson: tasks/detection.

    >>> detection().watch
    'ap50'
    """
    from thyrolearn.training import boxes as parts

    return Task(
        name="detection", targets=parts.numbered, loss=parts.loss, decode=parts.decode, metrics=parts.metrics,
        monitor=parts.monitor, watch="ap50", spatial=True,
    )  # fmt: skip


def generation(*columns: str) -> Task:
    """New pictures by a network whose ``forward`` returns its losses, (n, players), each for one player to minimise.

    ``columns`` name attributes of the batches, (n,) numbers, that the network is given as conditions. Nothing is
    judged here: a sample's quality is measured with `evaluation.kernel_distance`. Lesson: architectures/gan.

    >>> import torch
    >>> float(generation().loss(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.zeros(2)))
    5.0
    """
    return Task(
        name="generation",
        targets=lambda batches: _conditions(batches, columns),
        loss=lambda outputs, targets: outputs.mean(dim=0).sum(),
        decode=lambda outputs: outputs.cpu().numpy(),
        metrics=lambda batches, predictions: {},
        given=bool(columns),
        options={"columns": list(columns)} if columns else {},
    )


def denoising(*columns: str) -> Task:
    """The noise in a noisy picture: mean squared error between the two maps (n, 2, h, w) that `models.DDPM` returns.

    ``columns`` as in `generation`. Lesson: architectures/diffusion_and_foundation.

    >>> import torch
    >>> float(denoising().loss(torch.tensor([[[[1.0]], [[3.0]]]]), torch.zeros(1)))
    4.0
    """

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs[:, 0] - outputs[:, 1]).square().mean()

    return replace(generation(*columns), name="denoising", loss=loss)


def _conditions(batches: Any, columns: tuple[str, ...]) -> Tensor:
    import torch

    if not columns:
        return torch.zeros(len(batches))
    return torch.stack([torch.as_tensor(getattr(batches, name)).float() for name in columns], dim=1)


def prompted(dice_weight: float = 1.0) -> Task:
    """`segmentation` by a network that is shown a point or a box: it is given the masks and draws prompts from them.

    Lesson: architectures/diffusion_and_foundation.

    >>> prompted().given
    True
    """
    return replace(segmentation(dice_weight), name="prompted", given=True)


def mask_loss(outputs: Tensor, targets: Tensor, dice_weight: float = 1.0) -> Tensor:
    """Binary cross-entropy plus ``dice_weight`` times soft Dice of logits and masks, both (n, 1, h, w)."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    truth, chance = targets.float(), outputs.sigmoid()
    common = (truth * chance).sum(dim=(1, 2, 3))
    sizes = truth.sum(dim=(1, 2, 3)) + chance.sum(dim=(1, 2, 3))
    soft = 1 - (2 * common + 1) / (sizes + 1)
    return binary_cross_entropy_with_logits(outputs, truth) + dice_weight * soft.mean()


def _outlines(batches: Any) -> Tensor:
    if batches.masks is None:
        raise DataError("These batches hold no masks.", "Make them with data.frames or data.batches(..., masks=True).")
    return batches.masks


def _overlap(batches: Any, predictions: np.ndarray) -> dict[str, Estimate]:
    from thyrolearn.evaluation import segmentation_scores

    truth = np.asarray(batches.masks)[:, 0] > 0
    return segmentation_scores(list(truth), list(predictions > 0.5), groups=np.asarray(batches.groups))


def _mean_dice(batches: Any, predictions: np.ndarray) -> float:
    truth, found = np.asarray(batches.masks)[:, 0] > 0, predictions > 0.5
    sizes = truth.sum(axis=(1, 2)) + found.sum(axis=(1, 2))
    return float(np.mean(np.where(sizes > 0, 2 * (truth & found).sum(axis=(1, 2)) / np.maximum(sizes, 1), 1.0)))


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


_TASKS: dict[str, Callable[..., Task]] = {
    "classification": classification,
    "segmentation": segmentation,
    "prompted": prompted,
    "detection": detection,
    "generation": generation,
    "denoising": denoising,
}
