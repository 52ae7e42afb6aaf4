"""Operating points: choose a threshold on validation cases, freeze it, then measure it on new ones.

A case is called malignant when its score is at or above the threshold. Lesson: `clinic/decisions`.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats, Labels
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import binary, column, patient_codes, share, two_classes
from thyrolearn.evaluation.classification import roc_points
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.resampling import bootstrap_ratio, bootstrap_totals, percentile_estimate, proportion

__all__ = ["choose_threshold", "operating_point", "by_patient", "rate", "sensitivity", "specificity",
           "predictive_values", "values_at_prevalence", "mcnemar"]  # fmt: skip

Interval = Literal["auto", "wilson", "clopper-pearson", "bootstrap"]


def choose_threshold(
    labels: ArrayLike, scores: ArrayLike, *, sensitivity: float | None = None, specificity: float | None = None
) -> float:
    """Return the threshold that reaches the wanted sensitivity (or specificity) at the least cost of the other.

    Give exactly one target. Where no score reaches a specificity the threshold is infinity: nothing is called
    malignant, and the sensitivity is 0. Choose on validation cases and measure with `operating_point` on others.

    >>> labels = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]
    >>> scores = [.10, .35, .24, .80, .20, .85, .13, .85, .74, .58, .71, .25]
    >>> choose_threshold(labels, scores, specificity=2 / 3), choose_threshold(labels, scores, sensitivity=0.8)
    (0.58, 0.25)
    """
    if (sensitivity is None) == (specificity is None):
        raise ParameterError("A threshold has one target.", "Give sensitivity or specificity.")
    fpr, tpr, thresholds = roc_points(labels, scores)
    if specificity is not None:
        allowed = fpr <= 1 - share(specificity, "specificity") + 1e-9
        return float(thresholds[allowed][np.argmax(tpr[allowed])])  # the first of equals: the highest threshold
    reached = tpr >= share(sensitivity or 0.0, "sensitivity") - 1e-9
    return float(thresholds[reached][np.argmin(fpr[reached])])


def rate(
    hits: ArrayLike,
    among: ArrayLike,
    groups: ArrayLike | None = None,
    interval: Interval = "auto",
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the share of ``hits`` among the cases that ``among`` marks, both bool (n,).

    Wilson's interval where each patient has one row, else the bootstrap of patients. ``Estimate.n`` counts
    the marked cases.

    >>> print(rate([True, True, False, False], [True, True, True, False]))
    0.667 (95 % interval 0.208 to 0.939, Wilson, n = 3)
    """
    hit, counted = np.asarray(hits, dtype=bool), np.asarray(among, dtype=bool)
    clustered = np.unique(patient_codes(groups, counted.size)).size < counted.size
    if interval == "auto":
        interval = "bootstrap" if clustered else "wilson"
    if interval != "bootstrap":
        if clustered:
            raise ParameterError(f"A {interval} interval needs independent cases, but patients repeat.",
                                 "Use interval='bootstrap'.")  # fmt: skip
        return proportion(int((hit & counted).sum()), int(counted.sum()), interval, confidence)
    drawn = bootstrap_ratio(hit & counted, counted, groups, confidence=confidence, seed=seed)
    return Estimate(drawn.value, drawn.low, drawn.high, drawn.method, int(counted.sum()), confidence)


def by_patient(
    labels: ArrayLike, scores: ArrayLike, groups: ArrayLike, how: Literal["max", "mean"] = "max"
) -> tuple[Labels, Floats, NDArray[np.str_]]:
    """Return one label, score and name (as text) a patient or nodule: a metric then counts these, not images.

    A patient is malignant when one of the images is. The score is the largest or the mean over the images.

    >>> by_patient([0, 1, 0], [0.2, 0.9, 0.4], ["a", "a", "b"])
    (array([1, 0]), array([0.9, 0.4]), array(['a', 'b'], dtype='<U1'))
    """
    y = binary(labels)
    s, codes = column(scores, "scores", y.size), patient_codes(groups, y.size)
    if how not in ("max", "mean"):
        raise ParameterError(f"There is no way {how!r} to join scores.", "Choose max or mean.")
    count = np.bincount(codes)
    label, joined = np.zeros(count.size, dtype=np.int64), np.full(count.size, -np.inf)
    np.maximum.at(label, codes, y)
    np.maximum.at(joined, codes, s)
    names = np.asarray(groups).astype(str)[np.unique(codes, return_index=True)[1]]
    return label, joined if how == "max" else np.bincount(codes, s) / count, names


def sensitivity(
    labels: ArrayLike,
    calls: ArrayLike,
    groups: ArrayLike | None = None,
    interval: Interval = "auto",
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the share of malignant cases that are called so; ``calls`` (n,) are 0 and 1.

    The interval is Wilson's for one row a patient, and the patient bootstrap for several. ``Estimate.n`` is
    the number of malignant cases, since only they count.

    >>> print(sensitivity([1] * 15 + [0] * 5, [1] * 14 + [0] * 6))
    0.933 (95 % interval 0.702 to 0.988, Wilson, n = 15)
    """
    y = binary(labels)
    called = binary(calls, "calls", y.size)
    two_classes(y, "sensitivity")
    return rate(called == 1, y == 1, groups, interval, confidence, seed)


def specificity(
    labels: ArrayLike,
    calls: ArrayLike,
    groups: ArrayLike | None = None,
    interval: Interval = "auto",
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the share of benign cases that are not called malignant; see `sensitivity`.

    >>> specificity([1] * 15 + [0] * 5, [1] * 14 + [0] * 6).value
    1.0
    """
    y = binary(labels)
    called = binary(calls, "calls", y.size)
    two_classes(y, "specificity")
    return rate(called == 0, y == 0, groups, interval, confidence, seed)


def operating_point(
    labels: ArrayLike,
    scores: ArrayLike,
    threshold: float,
    groups: ArrayLike | None = None,
    interval: Interval = "auto",
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Estimate what a frozen threshold does: sensitivity, specificity, ppv, npv and accuracy, by name.

    A predictive value is left out where no case is called that way. It holds for the share of malignant cases
    found here; for a clinic's share see `values_at_prevalence`.

    >>> point = operating_point([0, 0, 0, 1, 1, 1], [.1, .2, .7, .3, .8, .9], threshold=0.5)
    >>> {name: round(e.value, 2) for name, e in point.items()}
    {'sensitivity': 0.67, 'specificity': 0.67, 'ppv': 0.67, 'npv': 0.67, 'accuracy': 0.67}
    """
    y = binary(labels)
    called = column(scores, "scores", y.size) >= threshold
    two_classes(y, "an operating point")
    right = called == (y == 1)
    among = {"sensitivity": y == 1, "specificity": y == 0, "ppv": called, "npv": ~called, "accuracy": y >= 0}
    return {
        name: rate(right, cases, groups, interval, confidence, seed) for name, cases in among.items() if cases.any()
    }


def predictive_values(sensitivity: float, specificity: float, prevalence: float) -> tuple[float, float]:
    """Return the positive and negative predictive value at a prevalence, by Bayes' rule.

    >>> ppv, npv = predictive_values(0.82, 0.60, prevalence=0.05)  # the pooled figures of ACR's biopsy criteria
    >>> round(ppv, 4), round(npv, 4)
    (0.0974, 0.9845)
    """
    for name, value in (("sensitivity", sensitivity), ("specificity", specificity), ("prevalence", prevalence)):
        share(value, name)
    true_positive, false_positive = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    false_negative, true_negative = (1 - sensitivity) * prevalence, specificity * (1 - prevalence)
    if true_positive + false_positive == 0 or false_negative + true_negative == 0:
        raise ParameterError("All cases are called alike, so one predictive value is undefined.",
                             "Choose a threshold that calls some cases each way.")  # fmt: skip
    return (true_positive / (true_positive + false_positive), true_negative / (true_negative + false_negative))


def values_at_prevalence(
    labels: ArrayLike,
    calls: ArrayLike,
    prevalence: float,
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Estimate "ppv" and "npv" as they would be in a clinic of that ``prevalence``, with patient intervals.

    >>> values = values_at_prevalence([0] * 50 + [1] * 50, [0] * 40 + [1] * 55 + [0] * 5, prevalence=0.05)
    >>> print(values["ppv"])
    0.191 (95 % interval 0.128 to 0.338, bootstrap of 100 cases, n = 100)
    """
    y = binary(labels)
    called = binary(calls, "calls", y.size)
    two_classes(y, "a predictive value")
    codes = patient_codes(groups, y.size)
    columns = np.stack([y * called, y, (1 - y) * (1 - called), 1 - y], axis=1)

    def values(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with np.errstate(invalid="ignore", divide="ignore"):
            sens, spec = totals[:, 0] / totals[:, 1], totals[:, 2] / totals[:, 3]
            ppv = sens * prevalence / (sens * prevalence + (1 - spec) * (1 - prevalence))
            return ppv, spec * (1 - prevalence) / (spec * (1 - prevalence) + (1 - sens) * prevalence)

    found = predictive_values(called[y == 1].mean(), 1 - called[y == 0].mean(), prevalence)
    patients = int(codes.max()) + 1
    drawn = values(bootstrap_totals(columns, codes, resamples, seed))
    estimates = [percentile_estimate(v, d, y.size, patients, confidence) for v, d in zip(found, drawn, strict=True)]
    return dict(zip(("ppv", "npv"), estimates, strict=True))


def mcnemar(only_a: int, only_b: int) -> dict[str, float]:
    """Return the tests of two readers on the same cases, from the cases that only one of them got right.

    Exact (binomial) p, and the chi-square with continuity correction and its p. Source: McNemar 1947.

    >>> {name: round(value, 6) for name, value in mcnemar(10, 2).items()}
    {'exact_p': 0.038574, 'chi2': 4.083333, 'p': 0.043308}
    """
    from scipy.stats import binomtest
    from scipy.stats import chi2 as chi_square

    n = only_a + only_b
    if only_a < 0 or only_b < 0 or n == 0:
        raise ParameterError(f"{only_a} and {only_b} discordant cases cannot be tested.", "Give counts, not both 0.")
    chi2 = max(abs(only_a - only_b) - 1, 0) ** 2 / n
    exact = binomtest(min(only_a, only_b), n, 0.5).pvalue
    return {"exact_p": float(exact), "chi2": float(chi2), "p": float(chi_square.sf(chi2, 1))}
