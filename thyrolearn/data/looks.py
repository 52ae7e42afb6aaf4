"""The simplest generator and the simplest translator, which every larger one has to beat.

Neither is a network: one knows mean and covariance of the pixels, the other the ranks of the greys.
"""

from typing import TYPE_CHECKING

import numpy as np

from thyrolearn.errors import ParameterError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["gaussian_pictures", "grey_table"]


def gaussian_pictures(images: "Tensor", count: int, seed: int = 0) -> "Tensor":
    """Return ``count`` pictures, uint8 (count, 1, h, w), with the mean and the covariance of ``images`` (n, 1, h, w).

    Random mixtures of what differs from the mean picture are exactly such a Gaussian, and no covariance matrix has
    to be made. Lesson: architectures/gan.

    >>> import torch
    >>> striped = torch.randint(0, 255, (50, 1, 1, 8), dtype=torch.uint8).expand(50, 1, 8, 8)
    >>> drawn = gaussian_pictures(striped, 20)
    >>> drawn.shape, bool((drawn[:, :, 0] == drawn[:, :, 7]).all())  # rows that always agree still do
    (torch.Size([20, 1, 8, 8]), True)
    """
    import torch

    if len(images) < 2 or count < 1:
        raise ParameterError(f"{len(images)} images make no covariance.", "Give 2 or more, and count >= 1.")
    flat = images.flatten(1).float()
    mean, draw = flat.mean(dim=0), torch.Generator().manual_seed(seed)
    mix = torch.randn(count, len(flat), generator=draw) @ (flat - mean) / (len(flat) - 1) ** 0.5
    return (mean + mix).round().clamp(0, 255).byte().view(count, *images.shape[1:])


def grey_table(source: "Tensor", target: "Tensor") -> "Tensor":
    """Return for each grey of ``source`` the grey of the same rank in ``target``: uint8 (256,), from uint8 pictures.

    Histogram matching of two sets, not of two pictures: no pairs are needed, and one nodule's darkness is kept
    apart from another's. Use it as ``table[source.long()]``. Lesson: architectures/gan.

    >>> import torch
    >>> dark = torch.arange(100, dtype=torch.uint8).view(1, 1, 10, 10)
    >>> table = grey_table(dark, 2 * dark)
    >>> bool(((table[dark.long()].int() - 2 * dark.int()).abs() <= 2).all())
    True
    """
    import torch

    counts = np.bincount(source.numpy().ravel(), minlength=256)
    rank = (counts.cumsum() - counts / 2) / counts.sum()
    return torch.from_numpy(np.quantile(target.numpy(), rank).round().astype(np.uint8))
