"""Overlap and boundary distance of masks, with a stated policy for empty ones.

Masks are bool (rows, columns); ``spacing_mm`` is (row, column) millimetres a pixel. Without it distances are in
pixels, and the summary labels them so. Boundaries are the mask's own outermost pixels, and HD95 is the larger of
the two directed 95th percentiles, as in MONAI; other tools differ (Metrics Reloaded, doi 10.1038/s41592-023-02151-z).
Lesson: `tasks/segmentation`.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats, Mask
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.operating import rate
from thyrolearn.evaluation.resampling import bootstrap_mean, bootstrap_ratio

__all__ = ["dice", "iou", "hausdorff", "surface_dice", "case_scores", "segmentation_scores", "pooled_dice"]

Spacing = tuple[float, float]
BothEmpty = Literal["perfect", "nan"]


def _masks(truth: ArrayLike, prediction: ArrayLike) -> tuple[Mask, Mask]:
    pair = [np.asarray(truth), np.asarray(prediction)]
    for name, mask in zip(("truth", "prediction"), pair, strict=True):
        if mask.ndim != 2 or (mask.dtype != bool and not np.isin(mask, (0, 1)).all()):
            raise ParameterError(
                f"The {name} is {mask.dtype} of shape {mask.shape}.", "Give (rows, columns) of 0 and 1."
            )
    if pair[0].shape != pair[1].shape:
        raise ParameterError(f"The masks have shapes {pair[0].shape} and {pair[1].shape}.",
                             "Bring the prediction back to the truth's grid by nearest neighbour.")  # fmt: skip
    return pair[0].astype(bool), pair[1].astype(bool)


def _policy(both_empty: str, perfect: float) -> float:
    if both_empty not in ("perfect", "nan"):
        raise ParameterError(f"There is no policy {both_empty!r} for empty masks.", "Choose perfect or nan.")
    return perfect if both_empty == "perfect" else float("nan")


def dice(truth: ArrayLike, prediction: ArrayLike, both_empty: BothEmpty = "perfect") -> float:
    """Return 2 |A and B| / (|A| + |B|). One mask empty: 0. Both empty: 1, or NaN with ``both_empty="nan"``.

    Source: Dice 1945. The same one-pixel error costs a small nodule far more than a large one.

    >>> dice([[0, 1, 1, 0]], [[0, 0, 1, 1]])
    0.5
    """
    a, b = _masks(truth, prediction)
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else _policy(both_empty, 1.0)


def iou(truth: ArrayLike, prediction: ArrayLike, both_empty: BothEmpty = "perfect") -> float:
    """Return |A and B| / |A or B| (Jaccard); empty masks as in `dice`. It equals dice / (2 - dice).

    >>> round(iou([[0, 1, 1, 0]], [[0, 0, 1, 1]]), 3)
    0.333
    """
    a, b = _masks(truth, prediction)
    union = int((a | b).sum())
    return int((a & b).sum()) / union if union else _policy(both_empty, 1.0)


def _boundary_mm(mask: Mask, spacing: Spacing) -> NDArray[np.float64]:
    """Places of the boundary pixels, (n, 2) in the unit of ``spacing``."""
    from scipy.ndimage import binary_erosion

    return np.argwhere(mask & ~binary_erosion(mask)).astype(np.float64) * np.asarray(spacing)


def _distances(a: Mask, b: Mask, spacing_mm: Spacing | None) -> tuple[Floats, Floats]:
    """From each boundary pixel of a to the nearest one of b, and back."""
    from scipy.spatial import KDTree

    spacing = spacing_mm or (1.0, 1.0)
    if not (len(spacing) == 2 and min(spacing) > 0):
        raise ParameterError(f"The spacing is {spacing_mm}.", "Give (row, column) millimetres a pixel, above 0.")
    edges = [_boundary_mm(mask, spacing) for mask in (a, b)]
    return KDTree(edges[1]).query(edges[0])[0], KDTree(edges[0]).query(edges[1])[0]


def hausdorff(
    truth: ArrayLike,
    prediction: ArrayLike,
    spacing_mm: Spacing | None = None,
    percentile: float = 95,
    both_empty: BothEmpty = "perfect",
) -> float:
    """Return the Hausdorff distance in mm (pixels without ``spacing_mm``), by default its 95th percentile (HD95).

    One mask empty: the diagonal of the picture, the worst there is, rather than infinity. Both empty: 0, or NaN.
    HD95 forgives what covers under 5 % of a boundary: a stray pixel far away may cost nothing here.

    >>> truth, shifted = np.zeros((9, 9), bool), np.zeros((9, 9), bool)
    >>> truth[2:6, 2:6] = shifted[2:6, 4:8] = True
    >>> hausdorff(truth, shifted), hausdorff(truth, shifted, spacing_mm=(0.5, 0.5))
    (2.0, 1.0)
    """
    a, b = _masks(truth, prediction)
    if not a.any() and not b.any():
        return _policy(both_empty, 0.0)
    if not a.any() or not b.any():
        return float(np.hypot(*(np.array(a.shape) * (spacing_mm or (1.0, 1.0)))))
    return float(max(np.percentile(d, percentile) for d in _distances(a, b, spacing_mm)))


def surface_dice(
    truth: ArrayLike,
    prediction: ArrayLike,
    tolerance: float,
    spacing_mm: Spacing | None = None,
    both_empty: BothEmpty = "perfect",
) -> float:
    """Return the normalised surface distance (NSD): the share of both boundaries within ``tolerance`` of the other.

    ``tolerance`` in mm (pixels without ``spacing_mm``); choose it from how far readers differ. One mask empty: 0.
    Both empty: 1, or NaN. Source: Nikolov et al. 2021 (doi 10.2196/26151), boundary pixels counted as in MONAI.

    >>> truth, shifted = np.zeros((9, 9), bool), np.zeros((9, 9), bool)
    >>> truth[2:6, 2:6] = shifted[2:6, 4:8] = True
    >>> round(surface_dice(truth, shifted, tolerance=1), 3)
    0.667
    """
    a, b = _masks(truth, prediction)
    if not a.any() and not b.any():
        return _policy(both_empty, 1.0)
    if not a.any() or not b.any():
        return 0.0
    both = np.concatenate(_distances(a, b, spacing_mm))
    return float((both <= tolerance).mean())


def case_scores(
    truths: Sequence[ArrayLike],
    predictions: Sequence[ArrayLike],
    spacing_mm: Sequence[Spacing] | Spacing | None = None,
    tolerance: float = 1.0,
    both_empty: BothEmpty = "perfect",
) -> dict[str, Floats]:
    """Return dice, iou, hd95 and nsd of each case, (n,) each, to show the distribution and find the failures.

    ``spacing_mm`` is one pair for all or one a case. The distance is named "hd95_mm", or "hd95_pixels" where
    the spacing is not known.

    >>> masks = [np.eye(8, dtype=bool)[::-1], np.ones((8, 8), bool)]
    >>> {name: values.tolist() for name, values in case_scores(masks, masks).items()}
    {'dice': [1.0, 1.0], 'iou': [1.0, 1.0], 'hd95_pixels': [0.0, 0.0], 'nsd': [1.0, 1.0]}
    """
    n = len(truths)
    if n == 0 or len(predictions) != n:
        raise ParameterError(f"There are {n} truths and {len(predictions)} predictions.", "Give one of each a case.")
    known = spacing_mm is not None
    spacings = [spacing_mm] * n if np.ndim(spacing_mm or 0) < 2 else list(spacing_mm or ())
    pairs = list(zip(truths, predictions, spacings, strict=True))
    return {
        "dice": np.array([dice(t, p, both_empty) for t, p, _ in pairs]),
        "iou": np.array([iou(t, p, both_empty) for t, p, _ in pairs]),
        f"hd95_{'mm' if known else 'pixels'}": np.array(
            [hausdorff(t, p, s, both_empty=both_empty) for t, p, s in pairs]  # type: ignore[arg-type]
        ),
        "nsd": np.array([surface_dice(t, p, tolerance, s, both_empty) for t, p, s in pairs]),  # type: ignore[arg-type]
    }


def segmentation_scores(
    truths: Sequence[ArrayLike],
    predictions: Sequence[ArrayLike],
    spacing_mm: Sequence[Spacing] | Spacing | None = None,
    tolerance: float = 1.0,
    groups: ArrayLike | None = None,
    both_empty: BothEmpty = "perfect",
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Estimate the mean of each of `case_scores` over the cases, patients drawn for the interval.

    "missed" is the share of cases with a truth and no prediction, "invented" that with a prediction and no
    truth; they are counted in the means (0, or the picture's diagonal), never dropped. Cases with both empty
    count as perfect, or not at all (``both_empty="nan"``; ``Estimate.n`` tells).

    >>> truth = np.zeros((9, 9), bool)
    >>> truth[2:6, 2:6] = True
    >>> found = segmentation_scores([truth] * 10, [truth] * 9 + [truth & False])
    >>> found["dice"].value, found["missed"].value
    (0.9, 0.1)
    """
    scores = case_scores(truths, predictions, spacing_mm, tolerance, both_empty)
    names = np.arange(len(truths)) if groups is None else np.asarray(groups)
    counted = ~np.isnan(scores["dice"])
    if not counted.any():
        raise ParameterError("All masks are empty, so there is nothing to measure.", "Give cases with a nodule.")
    found = {
        name: bootstrap_mean(values[counted], names[counted], resamples, confidence, seed)
        for name, values in scores.items()
    }
    there, predicted = (np.array([np.asarray(m).any() for m in masks]) for masks in (truths, predictions))
    for name, hit in (("missed", there & ~predicted), ("invented", ~there & predicted)):
        found[name] = rate(hit, np.ones_like(hit), names, "auto", confidence, seed)
    return found


def pooled_dice(
    truths: Sequence[ArrayLike],
    predictions: Sequence[ArrayLike],
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the Dice of all pixels in one pool: a different number from the mean over cases, ruled by large nodules.

    >>> small, large = np.zeros((20, 20), bool), np.ones((20, 20), bool)
    >>> small[0, :2] = True
    >>> round(pooled_dice([small, large], [~small & False, large]).value, 3)
    0.998
    """
    pairs = [_masks(t, p) for t, p in zip(truths, predictions, strict=True)]
    common = [2 * int((a & b).sum()) for a, b in pairs]
    sizes = [int(a.sum()) + int(b.sum()) for a, b in pairs]
    return bootstrap_ratio(common, sizes, groups, resamples, confidence, seed)
