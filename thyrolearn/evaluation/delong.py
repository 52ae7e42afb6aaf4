"""The variance of an AUC without resampling: DeLong's placements, also for several images a patient.

Sources: DeLong, DeLong and Clarke-Pearson 1988 (doi 10.2307/2531595); the fast mid-rank form of Sun and
Xu 2014 (doi 10.1109/LSP.2014.2337313); clustered data, Obuchowski 1997 (doi 10.2307/2533958).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import binary, column, patient_codes, two_classes

__all__ = ["placements", "delong_covariance", "delong_test", "newcombe_interval"]


def placements(labels: ArrayLike, scores: ArrayLike) -> tuple[float, Floats]:
    """Return the AUC and each case's placement, (n,), in the order of the cases.

    The placement of a malignant case is the share of benign cases that it outscores (ties count half),
    that of a benign case the share of malignant cases that outscore it. Both have the AUC as their mean.

    >>> area, share = placements([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> area, share
    (0.75, array([1. , 0.5, 0.5, 1. ]))
    """
    from scipy.stats import rankdata

    y = binary(labels)
    s = column(scores, "scores", y.size)
    two_classes(y, "AUC")
    positive = y == 1
    m, n = int(positive.sum()), int((~positive).sum())
    among_all = rankdata(s)  # mid-ranks: tied cases share the mean of their ranks
    within = np.empty_like(s)
    within[positive], within[~positive] = rankdata(s[positive]), rankdata(s[~positive])
    beaten = among_all - within  # cases of the other class with a smaller score
    share = np.where(positive, beaten / n, 1 - beaten / m)
    return float(share[positive].mean()), share


def delong_covariance(
    labels: ArrayLike, scores: ArrayLike, groups: ArrayLike | None = None
) -> tuple[Floats, NDArray[np.float64]]:
    """Return the AUCs (k,) of k models on the same cases, and their covariance (k, k).

    ``labels`` (n,), ``scores`` (k, n) or (n,). With ``groups`` (n,) the placements are summed over each
    patient first (Obuchowski 1997); with one row a patient that is DeLong's covariance.

    >>> areas, covariance = delong_covariance([0, 0, 1, 1, 0, 1], [[.1, .4, .35, .8, .2, .7]])
    >>> areas.round(4), covariance.round(4)
    (array([0.8889]), array([[0.0247]]))
    """
    y = binary(labels)
    rows = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    measured = [placements(y, row) for row in rows]
    areas, share = np.array([a for a, _ in measured]), np.stack([p for _, p in measured])
    codes = patient_codes(groups, y.size)
    patients = int(codes.max()) + 1
    sums, unbiased = [], []
    for label in (1, 0):
        here = y == label
        clusters = np.unique(codes[here]).size
        if clusters < 2:
            raise ParameterError(f"Only one patient has cases labelled {label}.", "A variance needs two of each class.")
        deviation = np.where(here, share - areas[:, None], 0.0) / here.sum()
        sums.append(np.stack([np.bincount(codes, row, minlength=patients) for row in deviation]))
        unbiased.append(clusters / (clusters - 1))
    # A patient with cases of both classes ties the two sums together: Obuchowski's third term, 0 in DeLong's.
    both = sums[0] @ sums[1].T * patients / (patients - 1)
    return areas, unbiased[0] * sums[0] @ sums[0].T + unbiased[1] * sums[1] @ sums[1].T + both + both.T


def delong_test(
    labels: ArrayLike, scores_a: ArrayLike, scores_b: ArrayLike, groups: ArrayLike | None = None
) -> tuple[float, float]:
    """Return z and the two-sided p of AUC a minus AUC b on the same cases.

    >>> z, p = delong_test([0, 0, 1, 1, 0, 1], [.1, .4, .35, .8, .2, .7], [.5, .4, .3, .6, .7, .2])
    >>> round(z, 3), round(p, 3)
    (2.449, 0.014)
    """
    from scipy.stats import norm

    areas, covariance = delong_covariance(labels, np.stack([np.asarray(scores_a), np.asarray(scores_b)]), groups)
    error = np.sqrt(np.array([1, -1]) @ covariance @ np.array([1, -1]))
    if error == 0:
        raise ParameterError("The two scores rank the cases alike, so their difference has no variance.",
                             "There is nothing to test.")  # fmt: skip
    z = (areas[0] - areas[1]) / error
    return float(z), float(2 * norm.sf(abs(z)))


def newcombe_interval(area: float, positives: int, negatives: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the two ends of Newcombe's score interval of an AUC, which stays open when the AUC is 1.

    DeLong's variance and every bootstrap are 0 for perfectly separated cases, however few there are.
    Source: Newcombe 2006, method 5 (doi 10.1002/sim.2324).

    >>> low, high = newcombe_interval(1.0, 10, 10)
    >>> round(low, 3), high
    (0.8, 1.0)
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    z, half = norm.isf((1 - confidence) / 2), (positives + negatives) / 2 - 1

    def excess(t: float) -> float:
        variance = t * (1 - t) * (1 + half * (1 - t) / (2 - t) + half * t / (1 + t)) / (positives * negatives)
        return float((area - t) ** 2 - z**2 * variance)

    low = 0.0 if area == 0 else brentq(excess, 0.0, area - 1e-12)
    high = 1.0 if area == 1 else brentq(excess, area + 1e-12, 1.0)
    return float(low), float(high)
