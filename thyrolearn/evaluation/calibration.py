"""Calibration: whether 0.8 means 80 %. Brier score, reliability, ECE with its bins named, slope and intercept.

``labels`` (n,) 0 or 1, ``probabilities`` (n,) of the malignant class, ``groups`` (n,) patients.
Sources: Van Calster et al. 2019 (doi 10.1186/s12916-019-1466-7); Guo et al. 2017 (arXiv 1706.04599).
Lesson: `tasks/classification`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats, Labels
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import binary, patient_codes
from thyrolearn.evaluation.checks import probabilities as checked
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.operating import rate
from thyrolearn.evaluation.resampling import bootstrap_mean, bootstrap_totals, percentile_estimate

__all__ = ["ReliabilityBin", "brier", "log_loss", "ece", "max_calibration_error", "reliability"]

Scheme = Literal["width", "count"]
_EDGE = 1e-6  # float32 sigmoids reach 0 and 1 exactly, where a logit is infinite


def _pair(labels: ArrayLike, values: ArrayLike) -> tuple[Labels, Floats]:
    y = binary(labels)
    return y, checked(values, y.size)


def brier(
    labels: ArrayLike,
    probabilities: ArrayLike,
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the Brier score, the mean squared error of the probability: 0 is perfect, 0.25 is "0.5 for all".

    Source: Brier 1950.

    >>> round(brier([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value, 6)
    0.158125
    """
    y, p = _pair(labels, probabilities)
    return bootstrap_mean((p - y) ** 2, groups, resamples, confidence, seed)


def log_loss(
    labels: ArrayLike,
    probabilities: ArrayLike,
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the mean negative log-likelihood in nats, probabilities kept 1e-6 away from 0 and 1.

    >>> round(log_loss([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value, 4)
    0.4723
    """
    y, p = _pair(labels, probabilities)
    p = p.clip(_EDGE, 1 - _EDGE)
    return bootstrap_mean(-np.log(np.where(y == 1, p, 1 - p)), groups, resamples, confidence, seed)


def _bins(p: Floats, bins: int, scheme: Scheme) -> tuple[NDArray[np.int64], Floats]:
    """The bin of each case, and the edges; a probability on an edge belongs to the bin above, 1 to the last."""
    if bins < 1 or scheme not in ("width", "count"):
        raise ParameterError(f"{bins} bins of equal {scheme!r} cannot be made.", "Give bins >= 1 and width or count.")
    steps = np.arange(bins + 1) / bins  # np.linspace has 0.6000000000000001, and p = 0.6 would fall below it
    edges = steps if scheme == "width" else np.quantile(p, steps)
    return np.searchsorted(edges[1:-1], p, side="right"), edges


def ece(
    labels: ArrayLike,
    probabilities: ArrayLike,
    bins: int = 10,
    scheme: Scheme = "width",
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the expected calibration error of the malignant class's probability; ``Estimate.method`` names the bins.

    Equal-width bins as in torchmetrics, or equal-count bins. It is not the "top-label" ECE of many papers.
    The bin count alone can move it by a quarter, and it is biased upwards in small sets, so that resampling
    makes it larger still: read the interval as an upper guide.

    >>> e = ece([0, 0, 1, 1, 1], [.25, .25, .55, .75, .75], bins=2)
    >>> round(e.value, 4), e.method
    (0.29, 'bootstrap of 5 cases, 2 bins of equal width')
    """
    return _binned(labels, probabilities, bins, scheme, groups, resamples, confidence, seed, worst=False)


def max_calibration_error(
    labels: ArrayLike,
    probabilities: ArrayLike,
    bins: int = 10,
    scheme: Scheme = "width",
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the largest gap between predicted and observed share over the bins; see `ece`.

    >>> round(max_calibration_error([0, 0, 1, 1, 1], [.25, .25, .55, .75, .75], bins=2).value, 4)
    0.3167
    """
    return _binned(labels, probabilities, bins, scheme, groups, resamples, confidence, seed, worst=True)


def _binned(
    labels: ArrayLike, values: ArrayLike, bins: int, scheme: Scheme, groups: ArrayLike | None,
    resamples: int, confidence: float, seed: int, *, worst: bool,
) -> Estimate:  # fmt: skip
    y, p = _pair(labels, values)
    codes = patient_codes(groups, y.size)
    member = np.eye(bins)[_bins(p, bins, scheme)[0]]
    columns = np.hstack([member * (p - y)[:, None], member])

    def error(totals: NDArray[np.float64]) -> Floats:
        gap, count = np.abs(totals[:, :bins]), totals[:, bins:]
        if worst:
            return (gap / np.maximum(count, 1)).max(axis=1)
        return gap.sum(axis=1) / count.sum(axis=1)

    value = float(error(columns.sum(axis=0, keepdims=True))[0])
    replicates = error(bootstrap_totals(columns, codes, resamples, seed))
    e = percentile_estimate(value, replicates, y.size, int(codes.max()) + 1, confidence)
    return Estimate(e.value, e.low, e.high, f"{e.method}, {bins} bins of equal {scheme}", e.n, confidence)


@dataclass(frozen=True)
class ReliabilityBin:
    """One row of a reliability table: the bin's edges, its mean probability, and the observed share.

    >>> row = reliability([0, 0, 1, 1, 1], [.25, .25, .55, .75, .75], bins=2)[1]
    >>> row.low, row.high, round(row.predicted, 3), row.observed.value, row.observed.n
    (0.5, 1.0, 0.683, 1.0, 3)
    """

    low: float
    high: float
    predicted: float
    observed: Estimate


def reliability(
    labels: ArrayLike,
    probabilities: ArrayLike,
    bins: int = 10,
    scheme: Scheme = "width",
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[ReliabilityBin]:
    """Return the rows of a reliability plot, empty bins left out; each with its count and interval.

    >>> [row.observed.n for row in reliability([0, 0, 1, 1, 1], [.25, .25, .55, .75, .75], bins=4)]
    [2, 1, 2]
    """
    y, p = _pair(labels, probabilities)
    bin_of, edges = _bins(p, bins, scheme)
    return [
        ReliabilityBin(float(edges[b]), float(edges[b + 1]), float(p[bin_of == b].mean()),
                       rate(y == 1, bin_of == b, groups, "auto", confidence, seed))
        for b in np.unique(bin_of)
    ]  # fmt: skip
