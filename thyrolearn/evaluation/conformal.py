"""Conformal prediction: sets of classes that hold the truth at a promised rate, overall or class by class.

Probabilities are (n, classes), rows adding to 1; sets are bool (n, classes). Calibration patients must be new
patients, and the promise breaks where they are not exchangeable with the test patients: at a new scanner.
Sources: Vovk et al. 2005; Sadinle et al. 2019 (doi 10.1080/01621459.2017.1395341). Lesson: `challenges/uncertainty`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Labels
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import column, share
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.operating import rate
from thyrolearn.evaluation.resampling import bootstrap_mean

__all__ = ["conformal_threshold", "conformal_sets", "conformal_report"]


def conformal_threshold(scores: ArrayLike, alpha: float) -> float:
    """Return the k-th smallest of n nonconformity scores, k = ceil((n + 1)(1 - alpha)); infinity where k > n.

    Infinity means "every class": n is too small for the promise, which needs n >= 1/alpha - 1.

    >>> scores = [.05, .10, .12, .20, .22, .30, .35, .40, .60, .90]
    >>> [conformal_threshold(scores, alpha) for alpha in (0.2, 0.1, 0.05)]
    [0.6, 0.9, inf]
    """
    s = np.sort(column(scores, "scores"))
    share(alpha, "alpha", closed=False)
    k = int(np.ceil((s.size + 1) * (1 - alpha) - 1e-9))
    return float(s[k - 1]) if k <= s.size else float("inf")


def _classes(labels: ArrayLike, probabilities: ArrayLike) -> tuple[Labels, NDArray[np.float64]]:
    p = _probabilities(probabilities)
    y = column(labels, "labels", len(p))
    if not np.isin(y, np.arange(p.shape[1])).all():
        raise ParameterError(
            f"The labels reach {y.max():g} with {p.shape[1]} classes.", "Give labels 0, 1, …, classes - 1."
        )
    return y.astype(np.int64), p


def _probabilities(values: ArrayLike) -> NDArray[np.float64]:
    p = np.asarray(values, dtype=np.float64)
    if p.ndim != 2 or p.shape[1] < 2 or not np.allclose(p.sum(axis=1), 1, atol=1e-4) or p.min() < -1e-9:
        raise ParameterError(
            f"The probabilities have shape {p.shape} or do not add to 1.", "Give (n, classes) from a softmax."
        )
    return p


def conformal_sets(
    calibration_labels: ArrayLike,
    calibration_probabilities: ArrayLike,
    probabilities: ArrayLike,
    alpha: float = 0.1,
    by_class: bool = False,
) -> NDArray[np.bool_]:
    """Return the set of classes of each new case, bool (n, classes): those whose 1 - probability is small enough.

    One threshold for all (LAC) keeps the promise overall and may leave the malignant class under-covered; with
    ``by_class`` each class has its own threshold and its own promise (Mondrian). A set may be empty or hold
    every class.

    >>> rng = np.random.default_rng(0)
    >>> p = rng.dirichlet([1, 1], size=400)
    >>> labels = (rng.random(400) < p[:, 1]).astype(int)
    >>> sets = conformal_sets(labels[:200], p[:200], p[200:], alpha=0.1)
    >>> bool(sets[np.arange(200), labels[200:]].mean() > 0.85)
    True
    """
    y, calibration = _classes(calibration_labels, calibration_probabilities)
    new = _probabilities(probabilities)
    if new.shape[1] != calibration.shape[1]:
        raise ParameterError(f"There are {calibration.shape[1]} and {new.shape[1]} classes.", "Use one model for both.")
    own = 1 - calibration[np.arange(y.size), y]
    absent = sorted(set(range(new.shape[1])) - set(y.tolist()))
    if by_class and absent:
        raise ParameterError(f"Class {absent[0]} has no calibration case.", "Calibrate on cases of every class.")
    limits = [conformal_threshold(own[y == c] if by_class else own, alpha) for c in range(new.shape[1])]
    return 1 - new <= np.array(limits) + 1e-12


def conformal_report(
    labels: ArrayLike,
    sets: ArrayLike,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Estimate the coverage of ``sets`` (n, classes), overall and by true class, and how large the sets are.

    "coverage", "coverage of 0", "coverage of 1", …, "size" (mean number of classes), "empty" and "single"
    (shares of cases). Coverage alone is cheap: sets that hold every class always cover.

    >>> report = conformal_report([0, 0, 1, 1], [[True, False], [True, True], [True, False], [False, True]])
    >>> {name: e.value for name, e in report.items()}
    {'coverage': 0.75, 'coverage of 0': 1.0, 'coverage of 1': 0.5, 'size': 1.25, 'empty': 0.0, 'single': 0.75}
    """
    inside = np.asarray(sets).astype(bool)
    y = column(labels, "labels", len(inside)).astype(np.int64)
    if inside.ndim != 2 or y.max() >= inside.shape[1]:
        raise ParameterError(f"The sets have shape {inside.shape}.", "Give (n, classes), a column for each class.")
    held, size = inside[np.arange(y.size), y], inside.sum(axis=1)
    every = np.ones(y.size, dtype=bool)

    def of(hits: NDArray[np.bool_], among: NDArray[np.bool_]) -> Estimate:
        return rate(hits, among, groups, "auto", confidence, seed)

    report = {"coverage": of(held, every)}
    report |= {f"coverage of {c}": of(held, y == c) for c in np.unique(y)}
    report["size"] = bootstrap_mean(size, groups, confidence=confidence, seed=seed)
    return report | {"empty": of(size == 0, every), "single": of(size == 1, every)}
