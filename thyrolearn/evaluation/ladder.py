"""The walk down the ranked list that every threshold metric shares, on many resamples at once."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats
from thyrolearn.evaluation.checks import binary, column, patient_codes, two_classes
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.resampling import bootstrap_weights, percentile_estimate

__all__ = ["Ladder", "area", "step_precision", "best_sensitivity", "best_specificity"]

Counts = NDArray[np.int32]
Statistic = Callable[[Counts, Counts], Floats]
"""From true and false positives, each (k, rungs), to one number a resample, (k,); NaN where undefined."""


class Ladder:
    """The cases from the highest score down; a rung is one distinct score.

    A resample only changes how often a case counts, never the order, so that one sort serves all resamples.

    >>> ladder = Ladder([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], None, "AUC")
    >>> ladder.counts(np.ones((1, 4), dtype=int))
    (array([[1, 1, 2, 2]], dtype=int32), array([[0, 1, 1, 2]], dtype=int32))
    """

    def __init__(self, labels: ArrayLike, scores: ArrayLike, groups: ArrayLike | None, what: str) -> None:
        self.labels = binary(labels)
        s = column(scores, "scores", self.labels.size)
        two_classes(self.labels, what)
        codes = patient_codes(groups, s.size)
        self.n, self.patients = s.size, int(codes.max()) + 1
        order = np.argsort(-s, kind="stable")
        self._codes, self._positive = codes[order], self.labels[order].astype(np.int32)
        self._ends = np.flatnonzero(np.append(np.diff(s[order]) != 0, True))
        self.thresholds = s[order][self._ends]

    def counts(self, weights: NDArray[np.int64]) -> tuple[Counts, Counts]:
        """Return true and false positives, (k, rungs) each, for patient weights (k, patients)."""
        rows = np.take(weights.astype(np.int32), self._codes, axis=1)
        called = np.cumsum(rows, axis=1, dtype=np.int32)
        rows *= self._positive
        true = np.cumsum(rows, axis=1, dtype=np.int32)
        if self._ends.size < self.n:
            called, true = called[:, self._ends], true[:, self._ends]
        return true, called - true

    def value(self, statistic: Statistic) -> float:
        """Return the statistic of the cases as they are."""
        return float(statistic(*self.counts(np.ones((1, self.patients), dtype=np.int64)))[0])

    def replicates(self, statistic: Statistic, resamples: int, seed: int) -> Floats:
        """Return the statistic of each patient resample, (resamples,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            blocks = bootstrap_weights(self.patients, resamples, seed, self.n)
            return np.concatenate([statistic(*self.counts(block)) for block in blocks])

    def estimate(self, statistic: Statistic, resamples: int, seed: int, confidence: float) -> Estimate:
        """Return the statistic with its percentile interval."""
        replicates = self.replicates(statistic, resamples, seed)
        return percentile_estimate(self.value(statistic), replicates, self.n, self.patients, confidence)


def area(true: Counts, false: Counts) -> Floats:
    """Return the area under the ROC curve by trapezoids, (k,): tied cases count half.

    >>> area(np.array([[1, 1, 2, 2]]), np.array([[0, 1, 1, 2]]))
    array([0.75])
    """
    benign = np.diff(false, axis=1, prepend=0)
    height = 2 * true  # twice the mean of the sensitivity before and after the rung
    height[:, 1:] -= np.diff(true, axis=1)
    height[:, 0] -= true[:, 0]
    twice = np.einsum("ij,ij->i", benign, height, dtype=np.float64)
    return twice / (2.0 * true[:, -1] * false[:, -1])


def step_precision(prevalence: float | None) -> Statistic:
    """Return the average precision, as found or as it would be at ``prevalence``.

    >>> step_precision(None)(np.array([[1, 1, 2, 2]]), np.array([[0, 1, 1, 2]])).round(4)
    array([0.8333])
    """

    def statistic(true: Counts, false: Counts) -> Floats:
        positives, negatives = true[:, -1:].astype(float), false[:, -1:].astype(float)
        odds = 1.0 if prevalence is None else (1 - prevalence) / prevalence * positives / negatives
        precision = true / np.maximum(true + odds * false, np.finfo(float).tiny)
        gained = np.diff(true, axis=1, prepend=0)
        return np.where(negatives[:, 0] > 0, (gained * precision).sum(axis=1) / positives[:, 0], np.nan)

    return statistic


def best_sensitivity(specificity: float) -> Statistic:
    """Return the best sensitivity whose specificity is at least ``specificity``; 0 where no score reaches it.

    >>> best_sensitivity(0.5)(np.array([[1, 1, 2, 2]]), np.array([[0, 1, 1, 2]]))
    array([1.])
    """

    def statistic(true: Counts, false: Counts) -> Floats:
        allowed = false <= (1 - specificity) * false[:, -1:] + 1e-9  # 1 - 2/3 is not 1/3 in floating point
        best = np.where(allowed, true, 0).max(axis=1) / true[:, -1]
        return np.where(false[:, -1] > 0, best, np.nan)

    return statistic


def best_specificity(sensitivity: float) -> Statistic:
    """Return the best specificity whose sensitivity is at least ``sensitivity``.

    >>> best_specificity(0.5)(np.array([[1, 1, 2, 2]]), np.array([[0, 1, 1, 2]]))
    array([1.])
    """

    def statistic(true: Counts, false: Counts) -> Floats:
        reached = true >= sensitivity * true[:, -1:] - 1e-9
        if sensitivity == 0:
            return np.where(false[:, -1] > 0, 1.0, np.nan)
        fewest = np.where(reached, false, false[:, -1:]).min(axis=1)
        return np.where(true[:, -1] > 0, 1 - fewest / false[:, -1], np.nan)

    return statistic
