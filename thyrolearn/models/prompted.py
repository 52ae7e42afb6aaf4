"""Outline what is pointed at: promptable segmentation, the idea of SAM built small (diffusion_and_foundation).

A point or a box is drawn into two more channels beside the image; a lean U-Net does the rest. SAM (Kirillov et al.
2023, arXiv 2304.02643) encodes the image once and the prompt in a second, light step; here both go in together.
"""

import torch
from torch import Tensor, nn

from thyrolearn.errors import ParameterError
from thyrolearn.models.segmenter import Decoder, fitting, levels_of, residual_encoder

__all__ = ["PromptedUNet", "draw_points", "draw_boxes", "draw_ellipses", "bounds", "clicks"]


def clicks(masks: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Return a random pixel inside each mask (n, 1, h, w), as (x, y), (n, 2); NaN where a mask is empty.

    >>> clicks(torch.tensor([[[[0, 0], [0, 1]]]])).tolist()
    [[1.0, 1.0]]
    """
    flat = masks.flatten(1).float()
    empty = flat.sum(dim=1) == 0
    index = torch.multinomial(flat + empty[:, None].float(), 1, generator=generator)[:, 0]
    points = torch.stack([index % masks.shape[3], index // masks.shape[3]], dim=1).float()
    return torch.where(empty[:, None], torch.nan, points)


def draw_points(points: Tensor, shape: tuple[int, int], spread: float = 3.0) -> Tensor:
    """Draw points (n, 2) as soft dots of ``spread`` pixels on maps (n, 1, rows, columns); NaN draws nothing.

    >>> draw_points(torch.tensor([[2.0, 0.0]]), (2, 4)).argmax().item()
    2
    """
    y = torch.arange(shape[0], device=points.device)[None, :, None]
    x = torch.arange(shape[1], device=points.device)[None, None, :]
    distance = (x - points[:, 0, None, None]) ** 2 + (y - points[:, 1, None, None]) ** 2
    return torch.exp(-distance / (2 * spread**2)).nan_to_num(0.0)[:, None]


def draw_boxes(boxes: Tensor, shape: tuple[int, int]) -> Tensor:
    """Draw boxes (n, 4: x0, y0, x1, y1) as filled maps (n, 1, rows, columns); NaN draws nothing.

    >>> draw_boxes(torch.tensor([[1.0, 0.0, 3.0, 2.0]]), (2, 4)).sum().item()
    4.0
    """
    y = torch.arange(shape[0], device=boxes.device)[None, :, None] + 0.5
    x = torch.arange(shape[1], device=boxes.device)[None, None, :] + 0.5
    x0, y0, x1, y1 = (boxes[:, k, None, None] for k in range(4))
    return ((x > x0) & (x < x1) & (y > y0) & (y < y1)).float()[:, None]


def draw_ellipses(boxes: Tensor, shape: tuple[int, int]) -> Tensor:
    """Draw the ellipse that fills each box (n, 4: x0, y0, x1, y1) on maps (n, 1, rows, columns); NaN draws nothing.

    What a box says of a nodule with no look at the picture: the baseline of every network that is given boxes.
    Lesson: architectures/diffusion_and_foundation.

    >>> draw_ellipses(torch.tensor([[0.0, 0.0, 4.0, 4.0]]), (4, 4))[0, 0, :2].tolist()
    [[0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]]
    """
    y = torch.arange(shape[0], device=boxes.device)[None, :, None] + 0.5
    x = torch.arange(shape[1], device=boxes.device)[None, None, :] + 0.5
    x0, y0, x1, y1 = (boxes[:, k, None, None] for k in range(4))
    # In units of the half axes; a comparison with NaN is false.
    return (((2 * x - x0 - x1) / (x1 - x0)) ** 2 + ((2 * y - y0 - y1) / (y1 - y0)) ** 2 < 1).float()[:, None]


def bounds(masks: Tensor) -> Tensor:
    """Return the box around each mask (n, 1, h, w), (n, 4: x0, y0, x1, y1, ends outside); NaN where a mask is empty.

    >>> bounds(torch.tensor([[[[0, 0, 0], [0, 1, 1]]]])).tolist()
    [[1.0, 1.0, 3.0, 2.0]]
    """
    here = masks[:, 0] > 0
    edges = []
    for along in (here.any(dim=1), here.any(dim=2)):
        edges.append((along.float().argmax(dim=1), along.shape[1] - along.flip(1).float().argmax(dim=1)))
    (x0, x1), (y0, y1) = edges
    box = torch.stack([x0, y0, x1, y1], dim=1).float()
    return torch.where(here.flatten(1).any(dim=1)[:, None], box, torch.nan)


class PromptedUNet(nn.Module):
    """Image and prompt to mask. In training every image gets a point, a box, both or neither, drawn from its mask.

    ``forward(images, masks)`` makes the prompts itself (task "prompted"); in evaluation they are the same every time:
    ``test`` is "point", "box" or "none". ``jitter`` is how far the edges of a training box may be off, as a share of
    its sides: nobody draws a box to the pixel, and a network learns to trust a box as far as its training boxes could
    be trusted. `segment` takes prompts that a person gives.

    >>> net = PromptedUNet(width=8).eval()
    >>> net.segment(torch.zeros(1, 1, 32, 48), points=torch.tensor([[20.0, 10.0]])).shape
    torch.Size([1, 1, 32, 48])
    """

    def __init__(
        self, outputs: int = 1, size: int = 128, width: int = 16, test: str = "point", jitter: float = 0.1
    ) -> None:
        super().__init__()
        if test not in ("point", "box", "none"):
            raise ParameterError(f"test={test!r} is no prompt.", "Give point, box or none.")
        channels = [width, 2 * width, 4 * width, 6 * width]
        self.encoder = residual_encoder(channels, inputs=3)
        self.decoder = Decoder(channels, outputs)
        self.test, self.jitter = test, jitter

    def segment(self, x: Tensor, points: Tensor | None = None, boxes: Tensor | None = None) -> Tensor:
        """Return logits (n, 1, h, w) for images (n, 1, h, w) with points (n, 2) and boxes (n, 4) in pixels, or None."""
        shape = (x.shape[2], x.shape[3])
        nothing = torch.zeros_like(x)
        dots = nothing if points is None else draw_points(points, shape).to(x)
        areas = nothing if boxes is None else draw_boxes(boxes, shape).to(x)
        return self.decoder(levels_of(self.encoder, fitting(torch.cat([x, dots, areas], dim=1))))

    def forward(self, x: Tensor, masks: Tensor) -> Tensor:
        """Return logits (n, 1, h, w) of images prompted from their masks, both (n, 1, h, w)."""
        if not self.training:
            draw = torch.Generator(masks.device).manual_seed(0)
            points = clicks(masks, draw) if self.test == "point" else None
            return self.segment(x, points, bounds(masks) if self.test == "box" else None)
        points, boxes = clicks(masks), bounds(masks)
        size = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
        boxes = boxes + self.jitter * size * (2 * torch.rand_like(boxes) - 1)
        kept = torch.rand(len(x), 2, device=x.device) < 0.5
        points = torch.where(kept[:, :1], points, torch.nan)
        return self.segment(x, points, torch.where(kept[:, 1:], boxes, torch.nan))
