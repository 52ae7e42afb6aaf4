"""Tasks whose answer has a place in the picture: masks, prompted masks, boxes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.errors import DataError
from thyrolearn.training.task import Task

if TYPE_CHECKING:
    from torch import Tensor

    from thyrolearn.evaluation import Estimate

__all__ = ["segmentation", "prompted", "detection", "mask_loss"]


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
