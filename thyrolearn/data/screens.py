"""Two patients' frames on one screen, so that a network has to be told which nodule is meant."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from thyrolearn.data.tensors import Batches
from thyrolearn.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["side_by_side"]


def side_by_side(part: Batches) -> "tuple[Batches, Tensor]":
    """Set each frame beside the frame half the set away, and ask for the nodule of the first, left and right in turn.

    Returns the screens, in the order of ``part``, with images (n, 1, h, 2w) and the masks of the asked nodules alone,
    and the masks (n, 1, h, 2w) of the nodules beside them. Row i stays with patient ``groups[i]``, the one that is
    asked for; ``boxes`` are dropped. Cohorts keep a patient's frames together, so the two are different patients where
    no patient fills half the set. Raises `DataError` without masks or with fewer than 2 frames.
    Lesson: architectures/diffusion_and_foundation.

    >>> from thyrolearn import data
    >>> frame, mask = np.full((8, 8), 50, np.uint8), np.eye(8, dtype=bool)
    >>> cohort = data.Cohort([data.Case.of(frame, mask), data.Case.of(frame + 9, mask)])
    >>> screens, beside = side_by_side(data.frames(cohort, (8, 8)))
    >>> screens.images[:, 0, 0, [0, 15]].tolist(), beside[1, 0].argwhere()[0].tolist()
    ([[50, 59], [50, 59]], [0, 0])
    """
    import torch

    if part.masks is None or len(part) < 2:
        raise DataError(f"{part!r} makes no screens of two nodules.", "Give data.frames of two patients or more.")
    other = part[np.roll(np.arange(len(part)), len(part) // 2)]
    assert other.masks is not None
    left, nothing = (torch.arange(len(part)) % 2 == 0)[:, None, None, None], torch.zeros_like(part.masks)

    def screen(own: "Tensor", beside: "Tensor") -> "Tensor":
        return torch.cat([torch.where(left, own, beside), torch.where(left, beside, own)], dim=3)

    asked = replace(part, images=screen(part.images, other.images), masks=screen(part.masks, nothing), boxes=None)
    return asked, screen(nothing, other.masks)
