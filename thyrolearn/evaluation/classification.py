"""Ranking metrics with intervals: AUC, paired differences, average precision, sensitivity at a specificity.

Labels are 0 (benign) and 1 (malignant), scores larger for more malignant, both (n,). ``groups`` (n,) names
the patient of each row; without it each row counts as a patient. Lesson: `tasks/classification`.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from thyrolearn.arrays import Floats, Labels
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation import ladder
from thyrolearn.evaluation.checks import binary, column, patient_codes, share, two_classes
from thyrolearn.evaluation.delong import delong_covariance, newcombe_interval, placements
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.resampling import percentile_estimate

__all__ = ["auc", "auc_difference", "average_precision", "roc_points", "sensitivity_at_specificity",
           "specificity_at_sensitivity"]  # fmt: skip

Method = Literal["auto", "delong", "bootstrap"]
Scale = Literal["wald", "logit"]


def roc_points(labels: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Return false-positive rate, sensitivity and threshold of each point of the ROC curve (scikit-learn's).

    The first threshold is infinity: nothing is called malignant.

    >>> fpr, tpr, thresholds = roc_points([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> tpr
    array([0. , 0.5, 0.5, 1. , 1. ])
    """
    from sklearn.metrics import roc_curve

    y = binary(labels)
    s = column(scores, "scores", y.size)
    two_classes(y, "the ROC curve")
    return roc_curve(y, s, drop_intermediate=False)


def auc(
    labels: ArrayLike,
    scores: ArrayLike,
    groups: ArrayLike | None = None,
    method: Method = "auto",
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    scale: Scale = "wald",
) -> Estimate:
    """Estimate the area under the ROC curve: the chance that a malignant case outscores a benign one.

    ``method`` "auto" is DeLong's interval for one row a patient and the patient bootstrap for several;
    "delong" with several rows a patient is Obuchowski's clustered form of it. ``scale`` "logit" builds the
    DeLong interval on the logit, which keeps it inside 0 to 1 without clipping. Perfectly separated cases get
    Newcombe's interval, since the other two have no width there; ``Estimate.method`` says which was used.
    Raises `ParameterError` for one class only, NaN scores and unequal lengths.

    >>> labels = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]
    >>> scores = [.10, .35, .24, .80, .20, .85, .13, .85, .74, .58, .71, .25]
    >>> print(auc(labels, scores))
    0.708 (95 % interval 0.378 to 1.000, DeLong, n = 12)
    >>> auc([1, 1], [0.2, 0.9])
    Traceback (most recent call last):
    thyrolearn.errors.ParameterError: All 2 labels are 1, so AUC is undefined. Evaluate on cases of both classes.
    """
    y = binary(labels)
    s, codes = column(scores, "scores", y.size), patient_codes(groups, y.size)
    share(confidence, "confidence", closed=False)
    clustered = np.unique(codes).size < y.size
    value = placements(y, s)[0]
    if value in (0.0, 1.0):
        malignant, benign = (np.unique(codes[y == label]).size for label in (1, 0))
        low, high = newcombe_interval(value, malignant, benign, confidence)
        return Estimate(value, low, high, "Newcombe", y.size, confidence)
    if _chosen(method, clustered) == "bootstrap":
        return ladder.Ladder(y, s, codes, "AUC").estimate(ladder.area, resamples, seed, confidence)
    variance = delong_covariance(y, s, codes)[1][0, 0]
    low, high = _normal_interval(value, float(np.sqrt(variance)), confidence, scale)
    name = "DeLong, clustered by patient" if clustered else "DeLong"
    return Estimate(value, low, high, name if scale == "wald" else f"{name}, logit", y.size, confidence)


def _chosen(method: str, clustered: bool) -> str:
    if method not in ("auto", "delong", "bootstrap"):
        raise ParameterError(f"There is no method {method!r}.", "Choose auto, delong or bootstrap.")
    return ("bootstrap" if clustered else "delong") if method == "auto" else method


def _normal_interval(value: float, error: float, confidence: float, scale: str) -> tuple[float, float]:
    from scipy.special import expit, logit
    from scipy.stats import norm

    reach = norm.isf((1 - confidence) / 2) * error
    if scale == "wald":
        return max(0.0, value - reach), min(1.0, value + reach)
    if scale != "logit":
        raise ParameterError(f"There is no scale {scale!r}.", "Choose wald or logit.")
    centre, reach = logit(value), reach / (value * (1 - value))
    return float(expit(centre - reach)), float(expit(centre + reach))


def auc_difference(
    labels: ArrayLike,
    scores_a: ArrayLike,
    scores_b: ArrayLike,
    groups: ArrayLike | None = None,
    method: Method = "auto",
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Estimate AUC a minus AUC b of two models on the same cases, paired.

    The pairing matters: both models find the same cases hard, so the difference is known better than either
    AUC. ``method`` as in `auc`. An interval that excludes 0 is the course's word for "better".

    >>> labels = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]
    >>> a = [.10, .35, .24, .80, .20, .85, .13, .85, .74, .58, .71, .25]
    >>> b = [.2, .3, .4, .7, .1, .9, .3, .6, .5, .8, .4, .45]
    >>> print(auc_difference(labels, a, b))
    -0.194 (95 % interval -0.398 to 0.009, paired DeLong, n = 12)
    """
    y = binary(labels)
    a, b = column(scores_a, "scores_a", y.size), column(scores_b, "scores_b", y.size)
    two_classes(y, "AUC")
    share(confidence, "confidence", closed=False)
    codes = patient_codes(groups, y.size)
    patients = int(codes.max()) + 1
    clustered = patients < y.size
    if _chosen(method, clustered) == "bootstrap":
        pair = [ladder.Ladder(y, s, codes, "AUC") for s in (a, b)]
        first, second = (p.replicates(ladder.area, resamples, seed) for p in pair)  # the same patients are drawn
        value = pair[0].value(ladder.area) - pair[1].value(ladder.area)
        paired = percentile_estimate(value, first - second, y.size, patients, confidence)
        return Estimate(paired.value, paired.low, paired.high, f"paired {paired.method}", y.size, confidence)
    areas, covariance = delong_covariance(y, np.stack([a, b]), codes)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    return _paired_delong(areas[0] - areas[1], variance, y, clustered, confidence)


def _paired_delong(value: float, variance: float, y: Labels, clustered: bool, confidence: float) -> Estimate:
    from scipy.stats import norm

    reach = float(norm.isf((1 - confidence) / 2) * np.sqrt(max(variance, 0.0)))
    name = "paired DeLong, clustered by patient" if clustered else "paired DeLong"
    return Estimate(float(value), max(-1.0, value - reach), min(1.0, value + reach), name, y.size, confidence)


def average_precision(
    labels: ArrayLike,
    scores: ArrayLike,
    groups: ArrayLike | None = None,
    prevalence: float | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Estimate the average precision (steps, not trapezoids), as found or at the ``prevalence`` of a clinic.

    With ``prevalence`` the benign cases are weighted so that malignant ones are that share: a set with half
    cancers says little about a clinic with 5 %. The interval draws patients.

    >>> labels, scores = [0, 0, 1, 1, 0, 1] * 10, [.1, .4, .35, .8, .2, .7] * 10
    >>> found = average_precision(labels, scores)
    >>> clinic = average_precision(labels, scores, prevalence=0.05)
    >>> round(found.value, 3), round(clinic.value, 3)
    (0.917, 0.712)
    """
    if prevalence is not None:
        share(prevalence, "prevalence", closed=False)
    steps = ladder.Ladder(labels, scores, groups, "average precision")
    return steps.estimate(ladder.step_precision(prevalence), resamples, seed, confidence)


def sensitivity_at_specificity(
    labels: ArrayLike,
    scores: ArrayLike,
    specificity: float,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Estimate the best sensitivity whose specificity is at least ``specificity``; 0 where no score reaches it.

    The threshold is chosen on these same cases, and again in each resample, so that the interval knows of the
    choice. For a threshold chosen on validation cases use `operating_point`.

    >>> print(sensitivity_at_specificity([0, 0, 1, 1, 0, 1] * 10, [.1, .4, .35, .8, .2, .7] * 10, 0.9))
    0.667 (95 % interval 0.484 to 0.839, bootstrap of 60 cases, n = 60)
    """
    share(specificity, "specificity")
    steps = ladder.Ladder(labels, scores, groups, "sensitivity at a specificity")
    return steps.estimate(ladder.best_sensitivity(specificity), resamples, seed, confidence)


def specificity_at_sensitivity(
    labels: ArrayLike,
    scores: ArrayLike,
    sensitivity: float,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Estimate:
    """Estimate the best specificity whose sensitivity is at least ``sensitivity``, the threshold chosen on these cases.

    >>> print(specificity_at_sensitivity([0, 0, 1, 1, 0, 1] * 10, [.1, .4, .35, .8, .2, .7] * 10, 0.9))
    0.667 (95 % interval 0.483 to 0.840, bootstrap of 60 cases, n = 60)
    """
    share(sensitivity, "sensitivity")
    steps = ladder.Ladder(labels, scores, groups, "specificity at a sensitivity")
    return steps.estimate(ladder.best_specificity(sensitivity), resamples, seed, confidence)
