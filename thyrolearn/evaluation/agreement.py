"""Agreement between readers: kappas, Gwet's AC1, Krippendorff's alpha, and the share of changed management.

Every coefficient is a function of summed tables, so that its interval (the bootstrap of patients) needs no loop.
Lessons: `tasks/tirads_grading`, `clinic/readers`.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import patient_codes
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.operating import rate
from thyrolearn.evaluation.resampling import bootstrap_totals, percentile_estimate

__all__ = ["cohen_kappa", "gwet_ac1", "fleiss_kappa", "krippendorff_alpha", "percent_agreement"]

Tables = NDArray[np.float64]
"""Summed tables of categories against categories, (k, categories, categories)."""


def _numbered(*ratings: ArrayLike) -> tuple[NDArray[np.int64], int]:
    """The ratings as category numbers 0, 1, … (readers, n), in sorted order of the categories seen."""
    arrays = [np.asarray(r) for r in ratings]
    if any(a.ndim != 1 or a.shape != arrays[0].shape or a.size == 0 for a in arrays):
        raise ParameterError(f"The ratings have shapes {[a.shape for a in arrays]}.", "Give one rating a case in each.")
    if any(v is None or v != v for a in arrays for v in a.tolist()):
        raise ParameterError("A rating is missing.", "Leave the case out for both readers, or use krippendorff_alpha.")
    categories, codes = np.unique(np.concatenate(arrays), return_inverse=True)
    return codes.reshape(len(arrays), -1), len(categories)


def _estimate(
    columns: NDArray[np.float64], shape: tuple[int, ...], statistic: Callable[[Tables], Floats],
    groups: ArrayLike | None, resamples: int, confidence: float, seed: int, what: str,
) -> Estimate:  # fmt: skip
    """A statistic of the summed ``columns`` (n, …), with its patient interval."""
    n, codes = len(columns), patient_codes(groups, len(columns))
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(statistic(columns.sum(axis=0).reshape(1, *shape))[0])
        if np.isnan(value):
            raise ParameterError(f"All ratings are the same, so {what} is undefined.", "Report percent_agreement.")
        drawn = statistic(bootstrap_totals(columns, codes, resamples, seed).reshape(-1, *shape))
    return percentile_estimate(value, drawn, n, int(codes.max()) + 1, confidence)


def _pairs(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], int]:
    codes, k = _numbered(a, b)
    return np.eye(k * k)[codes[0] * k + codes[1]], k


def cohen_kappa(
    a: ArrayLike,
    b: ArrayLike,
    weights: Literal["linear", "quadratic"] | None = None,
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate Cohen's kappa of two readers (n,), weighted by the distance between categories if asked.

    The weights count the categories that occur, in sorted order, as scikit-learn does. Beware the prevalence
    paradox: where nearly all cases are of one kind, 95 % agreement can have a kappa near 0; see `gwet_ac1`.
    Source: Cohen 1960, 1968.

    >>> a, b = [1, 2, 3, 4, 5, 4, 3, 5], [1, 3, 3, 4, 4, 5, 3, 5]
    >>> round(cohen_kappa(a, b).value, 6), round(cohen_kappa(a, b, "quadratic").value, 6)
    (0.510204, 0.884615)
    """
    columns, k = _pairs(a, b)
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k)))
    costs = {None: apart > 0, "linear": apart, "quadratic": apart**2}
    if weights not in costs:
        raise ParameterError(f"There are no weights {weights!r}.", "Choose None, linear or quadratic.")
    cost = costs[weights].astype(np.float64)

    def kappa(tables: Tables) -> Floats:
        chance = tables.sum(axis=2)[:, :, None] * tables.sum(axis=1)[:, None, :]
        total = tables.sum(axis=(1, 2))
        return 1 - (tables * cost).sum(axis=(1, 2)) * total / (chance * cost).sum(axis=(1, 2))

    return _estimate(columns, (k, k), kappa, groups, resamples, confidence, seed, "kappa")


def gwet_ac1(
    a: ArrayLike,
    b: ArrayLike,
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate Gwet's AC1 of two readers (n,), which does not fall when nearly all cases are of one kind.

    Source: Gwet 2008 (doi 10.1348/000711006X126600).

    >>> a, b = [0] * 96 + [1, 1, 0, 0], [0] * 96 + [0, 0, 1, 1]
    >>> round(cohen_kappa(a, b).value, 2), round(gwet_ac1(a, b).value, 2)
    (-0.02, 0.96)
    """
    columns, k = _pairs(a, b)

    def ac1(tables: Tables) -> Floats:
        total = tables.sum(axis=(1, 2))
        agreed = np.trace(tables, axis1=1, axis2=2) / total
        share = (tables.sum(axis=1) + tables.sum(axis=2)) / 2 / total[:, None]
        chance = (share * (1 - share)).sum(axis=1) / (k - 1)
        return (agreed - chance) / (1 - chance)

    return _estimate(columns, (k, k), ac1, groups, resamples, confidence, seed, "AC1")


def fleiss_kappa(
    table: ArrayLike,
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate Fleiss' kappa from ``table`` (n, categories): how many readers put case i into category j.

    Each case must have the same number of readers. Source: Fleiss 1971 (doi 10.1037/h0031619).

    >>> round(fleiss_kappa([[3, 0], [0, 3], [2, 1], [3, 0], [1, 2]]).value, 4)
    0.4444
    """
    counts = np.asarray(table, dtype=np.float64)
    readers = counts.sum(axis=1) if counts.ndim == 2 else np.array([np.nan])
    if counts.ndim != 2 or counts.min() < 0 or (readers != readers[0]).any() or readers[0] < 2:
        raise ParameterError(f"The table has shape {counts.shape} and does not count the same readers in each row.",
                             "Give (cases, categories), each row summing to two readers or more.")  # fmt: skip
    r = readers[0]
    agreed = ((counts**2).sum(axis=1) - r) / (r * (r - 1))
    columns = np.column_stack([counts, agreed, np.ones(len(counts))])

    def kappa(totals: Tables) -> Floats:
        cases = totals[:, -1]
        chance = ((totals[:, :-2] / (r * cases)[:, None]) ** 2).sum(axis=1)
        return (totals[:, -2] / cases - chance) / (1 - chance)

    return _estimate(columns, (columns.shape[1],), kappa, groups, resamples, confidence, seed, "kappa")


def krippendorff_alpha(
    ratings: ArrayLike,
    level: Literal["nominal", "ordinal", "interval"] = "nominal",
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate Krippendorff's alpha from ``ratings`` (readers, n) of numbers, NaN where a reader has none.

    Any number of readers, gaps allowed; cases with fewer than two ratings do not count. Source: Hayes and
    Krippendorff 2007 (doi 10.1080/19312450709336664).

    >>> nan = float("nan")
    >>> round(krippendorff_alpha([[1, 2, 3, 3, 2], [1, 2, 3, 3, 2], [nan, 3, 3, 3, 2]]).value, 4)
    0.7797
    """
    given = np.atleast_2d(np.asarray(ratings, dtype=np.float64))
    values = np.unique(given[~np.isnan(given)])
    if values.size == 0 or given.shape[0] < 2:
        raise ParameterError(f"The ratings have shape {given.shape}.", "Give two readers or more, (readers, cases).")
    counts = (given.T[:, :, None] == values).sum(axis=1).astype(np.float64)  # (cases, categories)
    many = counts.sum(axis=1)
    ordered = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(values.size)
    coincidences = np.where(many > 1, 1 / np.maximum(many - 1, 1), 0)[:, None, None] * ordered

    def alpha(tables: Tables) -> Floats:
        n = tables.sum(axis=2)
        cost = _distance(n, values, level)
        expected = (n[:, :, None] * n[:, None, :] * cost).sum(axis=(1, 2)) / (n.sum(axis=1) - 1)
        return 1 - (tables * cost).sum(axis=(1, 2)) / expected

    shape = (values.size, values.size)
    return _estimate(coincidences.reshape(len(counts), -1), shape, alpha, groups, resamples, confidence, seed, "alpha")


def _distance(n: NDArray[np.float64], values: Floats, level: str) -> NDArray[np.float64]:
    """Squared distance between categories, (k, c, c); the ordinal one depends on how often each is used."""
    if level == "nominal":
        return np.broadcast_to(1 - np.eye(values.size), (len(n), values.size, values.size))
    if level == "interval":
        return np.broadcast_to(np.subtract.outer(values, values) ** 2, (len(n), values.size, values.size))
    if level != "ordinal":
        raise ParameterError(f"There is no level {level!r}.", "Choose nominal, ordinal or interval.")
    middle = np.cumsum(n, axis=1) - n / 2  # ranks: half of a category lies below its middle
    return (middle[:, :, None] - middle[:, None, :]) ** 2


def percent_agreement(
    a: ArrayLike, b: ArrayLike, groups: ArrayLike | None = None, confidence: float = 0.95, seed: int = 0
) -> Estimate:
    """Estimate the share of cases on which two readers (n,) agree; of actions, 1 minus it is changed management.

    >>> percent_agreement(["fna", "none", "fna", "follow-up"], ["fna", "none", "none", "follow-up"]).value
    0.75
    """
    codes, _ = _numbered(a, b)
    return rate(codes[0] == codes[1], np.ones(codes.shape[1]), groups, "auto", confidence, seed)
