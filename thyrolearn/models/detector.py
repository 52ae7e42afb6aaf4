"""Find the nodules of a whole frame: a small anchor-free detector (lesson tasks/detection).

Input: (n, 1, h, w) float32 from 0 to 1, h and w multiples of 16. Output: (n, 5, h/8, w/8): at every eighth pixel a
logit "a nodule's middle is here" and the log distances, in eighths, to its left, top, right and bottom edge.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from thyrolearn.models.blocks import conv_unit
from thyrolearn.models.segmenter import fitting, levels_of, residual_encoder

__all__ = ["STRIDE", "FCOS", "boxes_of"]

STRIDE = 8  # pixels between two places that answer


class FCOS(nn.Module):
    """Every place says whether a nodule is there and where its edges are: Tian et al. 2019, arXiv 1904.01355.

    One level instead of a pyramid, since thyroid nodules on a frame differ little enough in size. The lean encoder to
    1/16, joined with 1/8, then one tower. The first bias makes a nodule unlikely at first (Lin et al. 2017).

    >>> FCOS(width=8)(torch.zeros(1, 1, 64, 96)).shape
    torch.Size([1, 5, 8, 12])
    """

    def __init__(self, outputs: int = 1, size: int = 128, width: int = 16) -> None:
        super().__init__()
        w = width
        self.encoder = residual_encoder([w, 2 * w, 4 * w, 6 * w])
        self.join = conv_unit(10 * w, 4 * w)
        self.tower = nn.Sequential(conv_unit(4 * w, 4 * w), conv_unit(4 * w, 4 * w))
        self.head = nn.Conv2d(4 * w, 5, 3, padding=1)
        with torch.no_grad():
            self.head.bias[0] = -math.log((1 - 0.05) / 0.05)  # type: ignore[index]

    def forward(self, x: Tensor) -> Tensor:
        """Return logits and log distances (n, 5, h/8, w/8) of frames (n, 1, h, w)."""
        *_, near, far = levels_of(self.encoder, fitting(x))
        joined = torch.cat([near, interpolate(far, size=near.shape[2:], mode="bilinear")], dim=1)
        return self.head(self.tower(self.join(joined)))


def boxes_of(outputs: Tensor) -> Tensor:
    """Return the box that each place speaks of, (n, 4, h, w) as x0, y0, x1, y1 in pixels of the frame.

    >>> boxes_of(torch.zeros(1, 5, 2, 2))[0, :, 0, 1].tolist()
    [4.0, -4.0, 20.0, 12.0]
    """
    rows, columns = outputs.shape[2:]
    y = (torch.arange(rows, device=outputs.device) + 0.5)[:, None].expand(rows, columns) * STRIDE
    x = (torch.arange(columns, device=outputs.device) + 0.5)[None].expand(rows, columns) * STRIDE
    left, top, right, bottom = (outputs[:, 1:].clamp(-4, 4).exp() * STRIDE).unbind(dim=1)
    return torch.stack([x - left, y - top, x + right, y + bottom], dim=1)
