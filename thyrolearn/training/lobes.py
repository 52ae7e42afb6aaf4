"""The smallest question that no local view can answer: do the two ends of a strip have the same grain?

The lesson architectures/hybrid asks it of a network with attention and of one without.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from thyrolearn.errors import ParameterError
from thyrolearn.seeding import torch_seed

__all__ = ["Strips", "strips"]

SIDE, LENGTH, PERIOD = 16, 64, 4  # pixels


@dataclass(frozen=True, eq=False)
class Strips:
    """Batches of strips, as `fit` and `Run` take them.

    ``images`` uint8 (n, 1, 16, 64), ``labels`` float32 (n,), 1 where both ends have the same grain, ``groups`` (n,),
    every strip its own; ``along`` bool (n, 2), whether the grain of the left and of the right end runs along the strip.
    """

    images: Tensor
    labels: Tensor
    groups: np.ndarray
    along: Tensor

    def __len__(self) -> int:
        return len(self.images)


def strips(count: int, seed: int = 0) -> Strips:
    """Draw ``count`` strips: speckle, and at either end a square whose grain runs along the strip or across it.

    All four pairs are equally likely, so neither end alone, nor the sum of what both show, says anything about the
    label: it is the exclusive or of two textures. Speckle has the Rayleigh law of fully developed speckle (Wagner et
    al. 1983). Raises `ParameterError` for no strips. Lesson: architectures/hybrid.

    >>> few = strips(4)
    >>> few.images.shape, bool((few.labels == (few.along[:, 0] == few.along[:, 1])).all())
    (torch.Size([4, 1, 16, 64]), True)
    """
    if count < 1:
        raise ParameterError(f"count={count} draws no strip.", "Give 1 or more.")
    generator = torch.Generator().manual_seed(torch_seed(seed, "strips"))
    field = torch.randn(count, 2, SIDE, LENGTH, generator=generator)
    speckle = 60 * field.square().sum(dim=1).sqrt()
    along = torch.randint(0, 2, (count, 2), generator=generator).bool()
    phase = torch.randint(0, PERIOD, (count, 2, 1), generator=generator)
    bars = ((torch.arange(SIDE) + phase) % PERIOD < PERIOD // 2).float()  # (count, 2, SIDE)
    grain = torch.where(along[..., None, None], bars[..., :, None], bars[..., None, :])
    speckle[:, :, :SIDE] *= 0.4 + 1.6 * grain[:, 0]
    speckle[:, :, -SIDE:] *= 0.4 + 1.6 * grain[:, 1]
    labels = (along[:, 0] == along[:, 1]).float()
    return Strips(speckle.clamp(0, 255).byte()[:, None], labels, np.arange(count), along)
