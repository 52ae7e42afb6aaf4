"""Detection: box overlap, COCO's average precision, with intervals over patients.

Boxes are (n, 4) floats: left, top, right, bottom in pixels, right and bottom exclusive; an image without a
nodule has boxes of shape (0, 4). FROC, which suits one-nodule images better, is in `froc`. Lesson: `tasks/detection`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import column, patient_codes
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.resampling import bootstrap_weights, percentile_estimate

__all__ = ["COCO_IOUS", "Pictures", "box_iou", "pictures", "mean_average_precision"]

COCO_IOUS = tuple(float(t) for t in np.linspace(0.5, 0.95, 10))  # to the last bit those of pycocotools
_RECALLS = np.linspace(0, 1, 101)
_SIZES = {"any": (0.0, 1e10), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e10)}


def _boxes(values: ArrayLike, name: str) -> NDArray[np.float64]:
    boxes = np.asarray(values, dtype=np.float64).reshape(-1, 4) if np.size(values) == 0 else np.asarray(values, float)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not np.isfinite(boxes).all():
        raise ParameterError(f"{name} has shape {boxes.shape} or holds NaN.", "Give (n, 4): left, top, right, bottom.")
    if (boxes[:, 2:] <= boxes[:, :2]).any():
        row = int(np.flatnonzero((boxes[:, 2:] <= boxes[:, :2]).any(axis=1))[0])
        raise ParameterError(f"Box {row} of {name} is {boxes[row].tolist()}: no area, or width and height in place of "
                             "right and bottom.", "Give left, top, right, bottom with right > left.")  # fmt: skip
    return boxes


def box_iou(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return the intersection over union of each box of a (m, 4) with each of b (n, 4), as (m, n).

    >>> box_iou([[258, 41, 606, 285]], [[214, 41, 562, 285]]).round(4)
    array([[0.7755]])
    """
    first, second = _boxes(a, "a")[:, None], _boxes(b, "b")[None]
    span = np.minimum(first[..., 2:], second[..., 2:]) - np.maximum(first[..., :2], second[..., :2])
    common = span.clip(0).prod(axis=2)
    areas = [(x[..., 2:] - x[..., :2]).prod(axis=2) for x in (first, second)]
    return common / (areas[0] + areas[1] - common)


@dataclass(frozen=True)
class Pictures:
    """Truths, predictions and scores of each image, checked; made by `pictures`.

    >>> p = pictures([[[0, 0, 9, 9]], []], [[[0, 0, 8, 8]], []], [[0.9], []])
    >>> p.targets
    array([1, 0])
    """

    truths: list[NDArray[np.float64]]
    predictions: list[NDArray[np.float64]]
    scores: list[Floats]

    @property
    def targets(self) -> NDArray[np.int64]:
        """Nodules in each image, (images,)."""
        return np.array([len(t) for t in self.truths])


def pictures(truths: Sequence[ArrayLike], predictions: Sequence[ArrayLike], scores: Sequence[ArrayLike]) -> Pictures:
    """Check the boxes (n, 4) and scores (n,) of each image; raises where they cannot belong together.

    >>> pictures([[[0, 0, 9, 9]]], [[[5, 5, 4, 9]]], [[0.5]])
    Traceback (most recent call last):
    thyrolearn.errors.ParameterError: Box 0 of image 0's predictions is [5.0, 5.0, 4.0, 9.0]: no area, ...
    """
    if not len(truths) == len(predictions) == len(scores) or len(truths) == 0:
        raise ParameterError(f"There are {len(truths)}, {len(predictions)} and {len(scores)} images of truths, "
                             "predictions and scores.", "Give one entry an image in each.")  # fmt: skip
    checked_truths = [_boxes(t, f"image {i}'s truths") for i, t in enumerate(truths)]
    boxes = [_boxes(p, f"image {i}'s predictions") for i, p in enumerate(predictions)]
    checked = [column(s, f"image {i}'s scores", len(b)) if len(b) else np.empty(0)
               for i, (s, b) in enumerate(zip(scores, boxes, strict=True))]  # fmt: skip
    for i, (s, b) in enumerate(zip(scores, boxes, strict=True)):
        if np.size(s) != len(b):
            raise ParameterError(f"Image {i} has {len(b)} boxes and {np.size(s)} scores.", "Give one score a box.")
    return Pictures(checked_truths, boxes, checked)


def _areas(boxes: NDArray[np.float64]) -> Floats:
    return (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)


def _match(
    truth: NDArray[np.float64], found: NDArray[np.float64], threshold: float, span: tuple[float, float]
) -> NDArray[np.int8]:
    """COCO's greedy matching of boxes sorted by score: 1 hit, 0 false, -1 does not count (outside the size range)."""
    counted = (_areas(truth) >= span[0]) & (_areas(truth) <= span[1])
    free, overlap = np.ones(len(truth), dtype=bool), box_iou(found, truth)
    inside = (_areas(found) >= span[0]) & (_areas(found) <= span[1])
    out = np.where(inside, 0, -1).astype(np.int8)
    for k, row in enumerate(overlap):
        for wanted, mark in ((counted, 1), (~counted, -1)):
            reach = np.where(free & wanted, row, -1)
            if reach.size and reach.max() >= threshold:
                free[reach.argmax()] = False
                out[k] = mark
                break
    return out


def _average_precision(true: Floats, false: Floats, targets: float) -> float:
    """COCO's 101-point average precision from cumulated (weighted) hits and false boxes, best score first."""
    if targets == 0:
        return float("nan")
    recall, precision = true / targets, true / np.maximum(true + false, 1e-12)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, _RECALLS)
    return float(np.append(envelope, 0.0)[at].mean())


def mean_average_precision(
    truths: Sequence[ArrayLike],
    predictions: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    ious: Sequence[float] = COCO_IOUS,
    size: Literal["any", "small", "medium", "large"] = "any",
    groups: ArrayLike | None = None,
    max_detections: int = 100,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate COCO's average precision of one class, the mean over the overlap thresholds ``ious``.

    ``ious=[0.5]`` is "AP50". One loose box that passes 6 of 10 thresholds scores 0.6 and may be clinically
    fine: report the sensitivity at a number of false boxes an image (`froc_sensitivity`) beside it. ``size``
    counts truths of under 32², 32² to 96², or over 96² pixels; where there are none it raises, while pycocotools
    returns -1. ``groups`` (images,) names patients. Source: Lin et al. 2014 (arXiv 1405.0312).

    >>> found = [[[258, 41, 606, 285]]] * 4, [[0.536]] * 4
    >>> round(mean_average_precision([[[214, 41, 562, 285]]] * 4, *found).value, 2)
    0.6
    """
    if size not in _SIZES:
        raise ParameterError(f"There is no size {size!r}.", f"Choose one of {', '.join(_SIZES)}.")
    data, span = pictures(truths, predictions, scores), _SIZES[size]
    targets = np.array([((_areas(t) >= span[0]) & (_areas(t) <= span[1])).sum() for t in data.truths])
    if targets.sum() == 0:
        raise ParameterError(f"There is no truth of size {size!r}, so the average precision is undefined.",
                             "Leave this size out of the report.")  # fmt: skip
    ranked = [np.argsort(-s, kind="stable")[:max_detections] for s in data.scores]
    image = np.concatenate([np.full(len(r), i) for i, r in enumerate(ranked)])
    order = np.argsort(-np.concatenate([s[r] for s, r in zip(data.scores, ranked, strict=True)]), kind="stable")
    image = image[order]
    marks = [np.concatenate([_match(t, b[r], iou, span) for t, b, r in
             zip(data.truths, data.predictions, ranked, strict=True)])[order] for iou in ious]  # fmt: skip

    def precision(weights: Floats) -> float:
        w = weights[image]
        runs = [(np.cumsum(w * (m == 1)), np.cumsum(w * (m == 0))) for m in marks]
        return float(np.mean([_average_precision(true, false, weights @ targets) for true, false in runs]))

    codes = patient_codes(groups, len(targets))
    drawn = [
        precision(row[codes].astype(float)) for b in bootstrap_weights(codes.max() + 1, resamples, seed) for row in b
    ]
    return percentile_estimate(precision(np.ones(len(targets))), drawn, len(targets), int(codes.max()) + 1, confidence)
