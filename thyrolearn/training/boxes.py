"""The task of finding nodules: targets that move with the image, FCOS's losses, boxes out, AP50 and FROC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from thyrolearn.errors import DataError
from thyrolearn.models.detector import STRIDE, boxes_of

if TYPE_CHECKING:
    from thyrolearn.evaluation import Estimate

__all__ = ["numbered", "box_bounds", "assign", "loss", "decode", "metrics", "monitor"]

MOST = 10  # boxes an image that are kept


def numbered(batches: Any) -> Tensor:
    """Return a map of each frame, (n, 1, h, w) uint8: 0 outside, k in the k-th box (its mask, else its ellipse).

    A map, since it can be turned and zoomed with the image; the boxes are read from it again by `box_bounds`.

    >>> from types import SimpleNamespace
    >>> one = SimpleNamespace(images=torch.zeros(1, 1, 8, 8), boxes=(torch.tensor([[2.0, 2, 6, 6]]),), masks=None)
    >>> int(numbered(one).sum())
    12
    """
    if batches.boxes is None:
        raise DataError("These batches hold no boxes.", "Make them with data.frames.")
    n, _, h, w = batches.images.shape
    maps = torch.zeros(n, 1, h, w, dtype=torch.uint8)
    y, x = torch.arange(h)[:, None] + 0.5, torch.arange(w)[None] + 0.5
    for row, boxes in enumerate(batches.boxes):
        for k, (x0, y0, x1, y1) in enumerate(boxes.tolist(), 1):
            inside = (x > x0) & (x < x1) & (y > y0) & (y < y1)
            drawn = inside & (batches.masks[row, 0] > 0) if batches.masks is not None else inside & False
            if not drawn.any():
                drawn = ((2 * x - x0 - x1) / (x1 - x0)) ** 2 + ((2 * y - y0 - y1) / (y1 - y0)) ** 2 < 1
            maps[row, 0][drawn] = k
    return maps


def box_bounds(maps: Tensor) -> Tensor:
    """Return the boxes (n, k, 4) around the numbers 1 to k of each map (n, 1, h, w); NaN where a number is absent.

    >>> box_bounds(torch.tensor([[[[0, 1, 1], [0, 0, 1]]]], dtype=torch.uint8)).tolist()
    [[[1.0, 0.0, 3.0, 2.0]]]
    """
    found = []
    for k in range(1, int(maps.max()) + 1):
        here = maps[:, 0] == k
        edges = []
        for along in (here.any(dim=1), here.any(dim=2)):  # columns (n, w), then rows (n, h)
            first = along.float().argmax(dim=1)
            last = along.shape[1] - along.flip(1).float().argmax(dim=1)
            edges.append((first, last))
        (x0, x1), (y0, y1) = edges
        box = torch.stack([x0, y0, x1, y1], dim=1).float()
        found.append(torch.where(here.any(dim=2).any(dim=1)[:, None], box, torch.nan))
    return torch.stack(found, dim=1) if found else maps.new_zeros(len(maps), 0, 4, dtype=torch.float32)


def assign(boxes: Tensor, rows: int, columns: int, radius: float = 1.5) -> tuple[Tensor, Tensor]:
    """Say which places answer for which box: a mask (n, rows, columns) and the boxes there (n, 4, rows, columns).

    A place answers for the smallest box that it lies in, if it is within ``radius`` strides of the box's middle.

    >>> here, _ = assign(torch.tensor([[[0.0, 0, 24, 24]]]), 3, 3)
    >>> int(here.sum())
    9
    """
    y = ((torch.arange(rows, device=boxes.device) + 0.5) * STRIDE)[None, None, :, None]
    x = ((torch.arange(columns, device=boxes.device) + 0.5) * STRIDE)[None, None, None, :]
    x0, y0, x1, y1 = (edge[:, :, None, None] for edge in boxes.unbind(dim=2))
    inside = (x > x0) & (x < x1) & (y > y0) & (y < y1)
    middle = ((x - (x0 + x1) / 2).abs() < radius * STRIDE) & ((y - (y0 + y1) / 2).abs() < radius * STRIDE)
    area = torch.where(inside & middle, (x1 - x0) * (y1 - y0), torch.inf)
    if boxes.shape[1] == 0:
        return area.new_zeros(len(boxes), rows, columns) > 0, area.new_zeros(len(boxes), 4, rows, columns)
    smallest, which = area.min(dim=1)
    chosen = torch.gather(boxes, 1, which.flatten(1)[:, :, None].expand(-1, -1, 4))
    return smallest < torch.inf, chosen.transpose(1, 2).unflatten(2, (rows, columns))


def loss(outputs: Tensor, maps: Tensor) -> Tensor:
    """Focal loss of the logits (Lin et al. 2017) plus generalised IoU of the boxes (Rezatofighi et al. 2019).

    >>> loss(torch.zeros(1, 5, 2, 2), torch.ones(1, 1, 16, 16, dtype=torch.uint8)) > 0
    tensor(True)
    """
    from torchvision.ops import generalized_box_iou_loss, sigmoid_focal_loss

    here, boxes = assign(box_bounds(maps), *outputs.shape[2:])
    count = here.sum().clamp(min=1)
    found = sigmoid_focal_loss(outputs[:, 0], here.float(), alpha=0.25, gamma=2.0, reduction="sum") / count
    guessed = boxes_of(outputs).permute(0, 2, 3, 1)[here]
    placed = generalized_box_iou_loss(guessed, boxes.permute(0, 2, 3, 1)[here], reduction="sum") / count
    return 4 * found + placed


def decode(outputs: Tensor) -> np.ndarray:
    """Return the best boxes after non-maximum suppression, (n, 10, 5): x0, y0, x1, y1, score; score 0 is no box.

    >>> decode(torch.zeros(1, 5, 4, 4)).shape
    (1, 10, 5)
    """
    from torchvision.ops import nms

    rows, columns = (side * STRIDE for side in outputs.shape[2:])
    result = torch.zeros(len(outputs), MOST, 5)
    for row, (score, boxes) in enumerate(
        zip(outputs[:, 0].sigmoid().flatten(1), boxes_of(outputs).flatten(2), strict=True)
    ):
        boxes = boxes.T.clamp(min=0).minimum(boxes.new_tensor([columns, rows, columns, rows]))
        kept = nms(boxes, score, 0.5)[:MOST]
        result[row, : len(kept)] = torch.cat([boxes[kept], score[kept, None]], dim=1)
    return result.cpu().numpy()


def _lists(batches: Any, predictions: np.ndarray) -> tuple[list[Any], list[Any], list[Any]]:
    kept = [row[(row[:, 4] > 0) & (row[:, 2] > row[:, 0]) & (row[:, 3] > row[:, 1])] for row in predictions]
    return [b.numpy() for b in batches.boxes], [row[:, :4] for row in kept], [row[:, 4] for row in kept]


def metrics(batches: Any, predictions: np.ndarray) -> dict[str, Estimate]:
    """Average precision at IoU 0.5, and the share of nodules found at one false box a frame, patients resampled."""
    from thyrolearn.evaluation import froc_sensitivity, mean_average_precision

    lists, groups = _lists(batches, predictions), np.asarray(batches.groups)
    return {
        "ap50": mean_average_precision(*lists, ious=[0.5], groups=groups),
        "sensitivity_at_1": froc_sensitivity(*lists, false_per_image=1.0, groups=groups),
    }


def monitor(batches: Any, predictions: np.ndarray) -> float:
    """AP50, with few resamples since only its value is used."""
    from thyrolearn.evaluation import mean_average_precision

    return mean_average_precision(*_lists(batches, predictions), ious=[0.5], resamples=10).value
