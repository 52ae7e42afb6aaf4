"""Intervals: the bootstrap that resamples patients, and exact or Wilson intervals of a proportion.

The unit that is drawn is the patient, since two images of one nodule are not two cases
(Efron and Tibshirani 1993, ch. 8). Lesson: `tasks/classification`.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import column, patient_codes, share
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.seeding import stream

__all__ = ["bootstrap", "bootstrap_weights", "bootstrap_totals", "bootstrap_ratio", "bootstrap_mean",
           "percentile_estimate", "proportion"]  # fmt: skip

_CHUNK = 1_000_000  # numbers in memory at a time: fits the cache, so that it is faster than one large block
_UNDEFINED_ALLOWED = 0.2  # two malignant patients are missed by 13 % of the resamples, one by 37 %


def _drawn(patients: int, resamples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Patient numbers drawn with replacement, (resamples, patients)."""
    # Raw words, since numpy promises the same ones in every version; 32 bits scaled to 0…patients - 1.
    words = rng.bit_generator.random_raw((resamples * patients + 1) // 2).view(np.uint32)
    scaled = (words.astype(np.uint64) * np.uint64(patients)) >> np.uint64(32)
    return scaled[: resamples * patients].astype(np.int64).reshape(resamples, patients)


def bootstrap_weights(
    patients: int, resamples: int = 2000, seed: int = 0, columns: int = 0
) -> Iterator[NDArray[np.int64]]:
    """Yield blocks (k, patients) that say how often each patient was drawn; the blocks have ``resamples`` rows in all.

    A statistic that can be written with case weights needs no copies of the data: that is what makes
    2,000 resamples of 10,000 cases a matter of a second. ``columns`` is the number of cases that the caller will
    spread a row over; it keeps the blocks small and does not change the draws.

    >>> blocks = list(bootstrap_weights(5, resamples=3))
    >>> np.vstack(blocks).sum(axis=1)
    array([5, 5, 5])
    """
    if patients < 2:
        raise ParameterError(f"There is {patients} patient to resample.", "An interval needs two patients or more.")
    rng = stream(seed, "bootstrap")
    rows = 2 * max(1, _CHUNK // max(patients, columns) // 2)  # even, so that no half word is lost between blocks
    for start in range(0, resamples, rows):
        k = min(rows, resamples - start)
        flat = _drawn(patients, k, rng) + patients * np.arange(k)[:, None]
        yield np.bincount(flat.ravel(), minlength=k * patients).reshape(k, patients)


def percentile_estimate(
    value: float, replicates: ArrayLike, n: int, patients: int, confidence: float = 0.95
) -> Estimate:
    """Turn bootstrap replicates into an `Estimate` by percentiles.

    Replicates that are NaN (one class drawn only) are left out; where more than 20 % are, it raises. The
    ends are widened to hold the value where a statistic is biased under resampling (ECE is).

    >>> percentile_estimate(0.5, np.linspace(0, 1, 101), n=8, patients=4)
    Estimate(value=0.5, low=0.025..., high=0.975, method='bootstrap of 4 patients', n=8, confidence=0.95)
    """
    share(confidence, "confidence", closed=False)
    all_values = np.asarray(replicates, dtype=np.float64)
    values = all_values[~np.isnan(all_values)]
    lost = all_values.size - values.size
    if lost > _UNDEFINED_ALLOWED * all_values.size or values.size == 0:
        raise ParameterError(f"The statistic is undefined in {lost} of {all_values.size} resamples.",
                             "There are too few patients of one class for an interval.")  # fmt: skip
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    method = f"bootstrap of {patients} {'patients' if patients < n else 'cases'}"
    return Estimate(float(value), float(min(low, value)), float(max(high, value)), method, n, confidence)


def bootstrap(
    statistic: Callable[..., float],
    *arrays: ArrayLike,
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate ``statistic(*arrays)`` with the percentile interval of a bootstrap that draws patients.

    ``arrays`` have n rows each; ``groups`` (n,) names the patient of each row, and all rows of a drawn
    patient come along. Give two score arrays and a difference for a paired comparison. A statistic that is
    undefined on a resample may return NaN or raise `ParameterError`. Source: Efron and Tibshirani 1993.

    >>> e = bootstrap(np.mean, np.arange(100.0), seed=1)
    >>> e.value, 43 < e.low < 45, e.n
    (49.5, True, 100)
    >>> twice = bootstrap(np.mean, np.arange(100.0).repeat(2), groups=np.arange(100).repeat(2), seed=1)
    >>> abs(twice.low - e.low) < 1e-9  # copies of a case bring nothing
    True
    """
    data = [np.asarray(a) for a in arrays]
    if not data or any(len(a) != len(data[0]) for a in data):
        raise ParameterError(f"The arrays have {[len(a) for a in data]} rows.", "Give one row a case in each.")
    codes = patient_codes(groups, len(data[0]))
    order, patients = np.argsort(codes, kind="stable"), int(codes.max()) + 1
    size = np.bincount(codes)
    first = np.cumsum(size) - size

    def one(drawn: NDArray[np.int64]) -> float:
        many = size[drawn]
        rows = np.repeat(first[drawn] - np.cumsum(many) + many, many) + np.arange(many.sum())
        try:
            return float(statistic(*(a[order[rows]] for a in data)))
        except ParameterError:
            return float("nan")

    value = float(statistic(*data))
    counts = bootstrap_weights(patients, resamples, seed)
    replicates = [one(np.repeat(np.arange(patients), row)) for block in counts for row in block]
    return percentile_estimate(value, replicates, len(data[0]), patients, confidence)


def bootstrap_totals(
    columns: ArrayLike, codes: NDArray[np.int64], resamples: int = 2000, seed: int = 0
) -> NDArray[np.float64]:
    """Return the sums of ``columns`` (n, k) over each patient resample, (resamples, k); ``codes`` number the patients.

    Whatever is a function of sums (a ratio, a kappa, a net benefit) follows from these without a loop.

    >>> bootstrap_totals(np.ones((6, 1)), np.array([0, 0, 1, 1, 2, 2]), resamples=2).tolist()
    [[6.0], [6.0]]
    """
    table = np.asarray(columns, dtype=np.float64)
    sums = np.zeros((int(codes.max()) + 1, table.shape[1]))
    np.add.at(sums, codes, table)
    return np.vstack([block @ sums for block in bootstrap_weights(len(sums), resamples, seed)])


def bootstrap_ratio(
    numerator: ArrayLike,
    denominator: ArrayLike,
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate sum(numerator) / sum(denominator), both (n,), by resampling patients.

    Sensitivity, Brier score, net benefit and a mean Dice are all such ratios.

    >>> bootstrap_ratio([1, 0, 1, 1] * 20, [1, 1, 1, 1] * 20).value
    0.75
    """
    top = column(numerator, "numerator")
    bottom = column(denominator, "denominator", top.size)
    codes = patient_codes(groups, top.size)
    if bottom.sum() == 0:
        raise ParameterError("The denominator is 0, so the ratio is undefined.", "No case counts towards it.")
    totals = bootstrap_totals(np.stack([top, bottom], axis=1), codes, resamples, seed)
    with np.errstate(invalid="ignore", divide="ignore"):
        replicates = np.where(totals[:, 1] == 0, np.nan, totals[:, 0] / totals[:, 1])
    return percentile_estimate(top.sum() / bottom.sum(), replicates, top.size, int(codes.max()) + 1, confidence)


def bootstrap_mean(
    values: ArrayLike,
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the mean of ``values`` (n,) by resampling patients.

    For a paired comparison of two models give the differences case by case.

    >>> print(bootstrap_mean([0.8, 0.9, 0.7, 0.6] * 10))
    0.750 (95 % interval 0.715 to 0.785, bootstrap of 40 cases, n = 40)
    """
    array = column(values, "values")
    return bootstrap_ratio(array, np.ones_like(array), groups, resamples, confidence, seed)


def proportion(
    successes: int, n: int, method: Literal["wilson", "clopper-pearson"] = "wilson", confidence: float = 0.95
) -> Estimate:
    """Estimate successes / n with Wilson's or Clopper and Pearson's interval, for independent cases.

    Source: Wilson 1927; Clopper and Pearson 1934; scipy.stats.binomtest.

    >>> print(proportion(20, 20))
    1.000 (95 % interval 0.839 to 1.000, Wilson, n = 20)
    """
    from scipy.stats import binomtest

    if n < 1 or not 0 <= successes <= n:
        raise ParameterError(f"{successes} of {n} is not a proportion.", "Give 0 <= successes <= n and n >= 1.")
    names = {"wilson": ("wilson", "Wilson"), "clopper-pearson": ("exact", "Clopper-Pearson")}
    if method not in names:
        raise ParameterError(f"There is no interval {method!r}.", f"Choose one of {', '.join(names)}.")
    share(confidence, "confidence", closed=False)
    ends = binomtest(int(successes), int(n)).proportion_ci(confidence, names[method][0])
    value = successes / n
    return Estimate(value, min(float(ends.low), value), max(float(ends.high), value), names[method][1], n, confidence)
