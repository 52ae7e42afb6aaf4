"""Augmentation that a scanner could have done: small turns, shifts and zooms, gain, grey map, left-right mirror.

Never upside down: sound goes down, shadows fall below what casts them. One affine map a sample, one
`grid_sample` for the whole batch, all random numbers from the generator that is passed in.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

__all__ = ["augment"]


def augment(
    images: Tensor,
    generator: torch.Generator,
    *,
    masks: Tensor | None = None,
    degrees: float = 12.0,
    zoom: float = 0.15,
    shift: float = 0.06,
    mirror: float = 0.5,
    gain: float = 0.08,
    contrast: float = 0.2,
    gamma: float = 0.2,
) -> Tensor | tuple[Tensor, Tensor]:
    """Return changed copies of ``images``, float (n, 1, h, w) in 0 to 1; with ``masks``, both.

    Each sample is turned by up to ``degrees``, zoomed by up to a share ``zoom``, shifted by up to a share
    ``shift`` of its side, mirrored left to right with chance ``mirror``; then its gain (added), contrast and gamma
    change, by up to these amounts (contrast and gamma as log factors). Pixels from beyond the edge are reflected.
    ``masks`` (same n, h, w) get the same map, nearest pixel, 0 beyond the edge. Lesson: training/supervised.

    >>> generator = torch.Generator().manual_seed(0)
    >>> out = augment(torch.rand(4, 1, 32, 32, generator=generator), generator)
    >>> out.shape, bool(out.min() >= 0), bool(out.max() <= 1)
    (torch.Size([4, 1, 32, 32]), True, True)
    """
    count = len(images)
    # Eight uniforms a sample in -1 to 1, drawn where the generator lives and then moved to the images.
    draw = torch.rand(8, count, generator=generator, device=generator.device).mul_(2).sub_(1).to(images)
    grid = affine_grid(_maps(draw, degrees, zoom, shift, mirror), list(images.shape), align_corners=False)
    out = grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    out = _tone(out, draw[5:], gain, contrast, gamma)
    if masks is None:
        return out
    moved = grid_sample(masks.to(images.dtype), grid, mode="nearest", padding_mode="zeros", align_corners=False)
    return out, moved.to(masks.dtype)


def _maps(draw: Tensor, degrees: float, zoom: float, shift: float, mirror: float) -> Tensor:
    """One 2 x 3 affine map a sample, from output to input coordinates (-1 to 1)."""
    angle = draw[0] * math.radians(degrees)
    scale = torch.exp(draw[1] * math.log1p(zoom))
    flip = torch.where(draw[4] < 2 * mirror - 1, -1.0, 1.0).to(draw)
    across, down = draw[2] * 2 * shift, draw[3] * 2 * shift
    cos, sin = scale * torch.cos(angle), scale * torch.sin(angle)
    return torch.stack([cos * flip, -sin, across, sin * flip, cos, down], dim=1).reshape(-1, 2, 3)


def _tone(images: Tensor, draw: Tensor, gain: float, contrast: float, gamma: float) -> Tensor:
    added, slope, power = (part.reshape(-1, 1, 1, 1) for part in draw)
    out = images.clamp(0, 1).pow(torch.exp(power * gamma))
    middle = out.mean(dim=(1, 2, 3), keepdim=True)
    return ((out - middle) * torch.exp(slope * contrast) + middle + added * gain).clamp(0, 1)
