"""FROC: the share of nodules found against the number of false boxes an image.

Suits images with one nodule, where average precision punishes loose boxes that are clinically fine. Boxes as in
`detection`. Source: Chakraborty and Winter 1990; score of the CAMELYON 16 challenge. Lesson: `tasks/detection`.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import column, patient_codes
from thyrolearn.evaluation.detection import Pictures, box_iou, pictures
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.resampling import bootstrap_weights, percentile_estimate

__all__ = ["froc_points", "froc_curve", "froc_sensitivity", "froc_score"]

Hit = Literal["iou", "centre"]


def froc_points(hit_scores: ArrayLike, false_scores: ArrayLike, targets: int, images: int) -> tuple[Floats, Floats]:
    """Return false boxes an image and sensitivity at each distinct score, the highest first, starting at (0, 0).

    ``hit_scores`` holds the nodules found (a missed one has no score), ``false_scores`` the false boxes.

    >>> false_per_image, sensitivity = froc_points([0.9, 0.8], [0.7, 0.6, 0.2], targets=3, images=2)
    >>> false_per_image, sensitivity.round(3)
    (array([0. , 0. , 0. , 0.5, 1. , 1.5]), array([0.   , 0.333, 0.667, 0.667, 0.667, 0.667]))
    """
    if targets < 1 or images < 1:
        raise ParameterError(f"{targets} targets in {images} images have no FROC.", "Give images with a nodule.")
    hits = column(hit_scores, "hit_scores") if np.size(hit_scores) else np.empty(0)
    false = column(false_scores, "false_scores") if np.size(false_scores) else np.empty(0)
    levels = np.unique(np.concatenate([hits, false]))[::-1]
    counts = [(group[:, None] >= levels).sum(axis=0) for group in (false, hits)]
    return np.append(0, counts[0]) / images, np.append(0, counts[1]) / targets


def _marks(data: Pictures, hit: Hit, threshold: float) -> tuple[Floats, NDArray[np.int64], NDArray[np.bool_]]:
    """Score, image and kind (True a nodule found) of each box that counts, the highest score first.

    The best box on a nodule finds it; more boxes on the same nodule count neither way.
    """
    rows: list[tuple[float, int, bool]] = []
    for i, (truth, found, scores) in enumerate(zip(data.truths, data.predictions, data.scores, strict=True)):
        if hit == "iou":
            on = box_iou(found, truth) >= threshold
        else:
            centre = (found[:, None, :2] + found[:, None, 2:]) / 2
            on = np.all((centre >= truth[None, :, :2]) & (centre < truth[None, :, 2:]), axis=2)
        rows += [(float(scores[on[:, t]].max()), i, True) for t in range(len(truth)) if on[:, t].any()]
        rows += [(float(s), i, False) for s in scores[~on.any(axis=1)]]
    rows.sort(key=lambda row: (-row[0], row[2]))  # of equal scores the false box comes first: no luck in ties
    score, image, kind = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(score), np.array(image, dtype=np.int64), np.array(kind, dtype=bool)


def _checked(
    truths: Sequence[ArrayLike], predictions: Sequence[ArrayLike], scores: Sequence[ArrayLike], hit: str
) -> Pictures:
    data = pictures(truths, predictions, scores)
    if hit not in ("iou", "centre"):
        raise ParameterError(f"There is no hit rule {hit!r}.", "Choose iou or centre.")
    if data.targets.sum() == 0:
        raise ParameterError("No image has a nodule, so sensitivity is undefined.", "Give images with a nodule.")
    return data


def froc_curve(
    truths: Sequence[ArrayLike],
    predictions: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    hit: Hit = "iou",
    iou: float = 0.5,
) -> tuple[Floats, Floats]:
    """Return the points of the FROC curve of boxes (n, 4) with scores (n,) an image; see `froc_points`.

    ``hit`` "iou" asks for an overlap of ``iou``, "centre" for the box's centre inside the nodule's box.

    >>> truths, boxes = [[[0, 0, 10, 10]], [[0, 0, 10, 10]]], [[[1, 0, 10, 10]], [[20, 20, 30, 30]]]
    >>> froc_curve(truths, boxes, [[0.9], [0.6]])
    (array([0. , 0. , 0.5]), array([0. , 0.5, 0.5]))
    """
    data = _checked(truths, predictions, scores, hit)
    score, _, kind = _marks(data, hit, iou)
    return froc_points(score[kind], score[~kind], int(data.targets.sum()), len(data.truths))


def froc_score(
    truths: Sequence[ArrayLike],
    predictions: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    rates: Sequence[float] = (0.25, 0.5, 1, 2),
    groups: ArrayLike | None = None,
    hit: Hit = "iou",
    iou: float = 0.5,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the mean sensitivity at the given numbers of false boxes an image, patients drawn for the interval.

    >>> truths, boxes = [[[0, 0, 10, 10]]] * 6, [[[1, 0, 10, 10]]] * 5 + [[[20, 20, 30, 30]]]
    >>> round(froc_score(truths, boxes, [[0.9]] * 6).value, 3)
    0.833
    """
    data = _checked(truths, predictions, scores, hit)
    score, image, kind = _marks(data, hit, iou)
    rungs = np.flatnonzero(np.append(np.diff(score) != 0, True)) if score.size else np.empty(0, dtype=np.int64)

    def mean_sensitivity(weights: Floats) -> float:
        total = weights @ data.targets
        if total == 0:
            return float("nan")
        found, false = np.cumsum(weights[image] * kind)[rungs], np.cumsum(weights[image] * ~kind)[rungs]
        return float(np.interp(rates, np.append(0, false) / weights.sum(), np.append(0, found) / total).mean())

    n = len(data.truths)
    codes = patient_codes(groups, n)
    drawn = [
        mean_sensitivity(row[codes].astype(float))
        for block in bootstrap_weights(int(codes.max()) + 1, resamples, seed)
        for row in block
    ]
    return percentile_estimate(mean_sensitivity(np.ones(n)), drawn, n, int(codes.max()) + 1, confidence)


def froc_sensitivity(
    truths: Sequence[ArrayLike],
    predictions: Sequence[ArrayLike],
    scores: Sequence[ArrayLike],
    false_per_image: float = 1.0,
    groups: ArrayLike | None = None,
    hit: Hit = "iou",
    iou: float = 0.5,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the share of nodules found at ``false_per_image`` false boxes an image (linear between points).

    >>> truths, boxes = [[[0, 0, 10, 10]]] * 6, [[[1, 0, 10, 10]]] * 3 + [[[20, 20, 30, 30]]] * 3
    >>> print(froc_sensitivity(truths, boxes, [[0.9]] * 6))
    0.500 (95 % interval 0.167 to 0.833, bootstrap of 6 cases, n = 6)
    """
    rates = (float(false_per_image),)
    return froc_score(truths, predictions, scores, rates, groups, hit, iou, resamples, confidence, seed)
