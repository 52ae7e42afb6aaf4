"""Decisions: net benefit, biopsies avoided against cancers missed, and the "unnecessary FNA" rate by name.

``labels`` (n,) 1 for malignant, ``biopsied`` (n,) 1 where the policy advises fine-needle aspiration, ``groups``
(n,) patients. For teaching, not for diagnosis. Lesson: `clinic/decisions`.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats, Labels
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import binary, column, patient_codes, probabilities, share, two_classes
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.operating import rate
from thyrolearn.evaluation.recalibration import spiegelhalter
from thyrolearn.evaluation.resampling import bootstrap_totals, percentile_estimate

__all__ = ["DecisionPoint", "CalibrationWarning", "net_benefit", "net_benefit_of_counts", "decision_curve",
           "unnecessary_fna", "missed_cancers", "policy_outcomes"]  # fmt: skip

Denominator = Literal["all", "benign", "biopsied"]


class CalibrationWarning(UserWarning):
    """A decision curve was asked of probabilities that are plainly not calibrated."""


def net_benefit_of_counts(true_positives: float, false_positives: float, n: float, threshold: float) -> float:
    """Return TP/n - FP/n · t/(1 - t): true positives a case, less false ones at the threshold's exchange rate.

    Source: Vickers and Elkin 2006 (doi 10.1177/0272989X06295361).

    >>> round(net_benefit_of_counts(1315, 415, 4572, threshold=0.05), 6)
    0.282843
    """
    if not 0 < threshold < 1:
        raise ParameterError(f"The threshold probability is {threshold:g}.", "Give a value between 0 and 1.")
    return float(true_positives / n - false_positives / n * threshold / (1 - threshold))


def _benefit(totals: NDArray[np.float64], threshold: float, prevalence: float | None) -> Floats:
    """Net benefit from sums (k, 4): true positives, false positives, malignant, benign."""
    true, false, malignant, benign = totals.T
    odds = threshold / (1 - threshold)
    with np.errstate(invalid="ignore", divide="ignore"):
        if prevalence is None:
            return (true - odds * false) / (malignant + benign)
        share(prevalence, "prevalence")
        return true / malignant * prevalence - odds * false / benign * (1 - prevalence)


def _columns(labels: ArrayLike, values: ArrayLike, threshold: float) -> NDArray[np.float64]:
    y = binary(labels)
    called = probabilities(values, y.size) >= threshold
    if not 0 < threshold < 1:
        raise ParameterError(f"The threshold probability is {threshold:g}.", "Give a value between 0 and 1.")
    return np.stack([y * called, (1 - y) * called, y, 1 - y], axis=1).astype(np.float64)


def net_benefit(
    labels: ArrayLike,
    probabilities: ArrayLike,
    threshold: float,
    groups: ArrayLike | None = None,
    prevalence: float | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the net benefit of biopsying where the probability is at least ``threshold``.

    ``prevalence`` is needed for case-control sets, whose share of cancers is the designer's choice.
    The probabilities must be calibrated: on a ranking score a net benefit means nothing.

    >>> labels, p = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1], [.1, .35, .24, .8, .2, .85, .13, .85, .74, .58, .71, .25]
    >>> round(net_benefit(labels, p, 0.3).value, 6)
    0.22619
    """
    columns = _columns(labels, probabilities, threshold)
    codes = patient_codes(groups, len(columns))
    value = float(_benefit(columns.sum(axis=0, keepdims=True), threshold, prevalence)[0])
    replicates = _benefit(bootstrap_totals(columns, codes, resamples, seed), threshold, prevalence)
    return percentile_estimate(value, replicates, len(columns), int(codes.max()) + 1, confidence)


def _miscalibrated(y: Labels, p: Floats) -> bool:
    spread = np.sqrt((p * (1 - p)).sum())
    excess = abs((y - p).sum()) > 3 * spread
    odd = (p % 0.5 != 0).any()  # Spiegelhalter's z needs a probability other than 0, 0.5 and 1
    return bool(excess or (odd and abs(spiegelhalter(y, p)) > 3))


@dataclass(frozen=True)
class DecisionPoint:
    """One threshold of a decision curve; biopsying none has net benefit 0. ``gain`` is the model minus all, paired.

    >>> point = decision_curve([0, 0, 1, 1, 0, 1] * 9, [.1, .4, .35, .8, .2, .7] * 9, [0.2])[0]
    >>> round(point.model.value, 4), round(point.treat_all.value, 4), point.gain.low > 0
    (0.4167, 0.375, True)
    """

    threshold: float
    model: Estimate
    treat_all: Estimate
    gain: Estimate


def decision_curve(
    labels: ArrayLike,
    probabilities: ArrayLike,
    thresholds: Sequence[float] = (0.05, 0.1, 0.2, 0.3),
    groups: ArrayLike | None = None,
    prevalence: float | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[DecisionPoint]:
    """Return the net benefit of the model and of biopsying all, at each threshold probability.

    Warns with `CalibrationWarning` where the number of cancers or the Brier score (Spiegelhalter's z) lies more
    than three standard deviations from what the probabilities promise. Source: Vickers and Elkin 2006; guide,
    Vickers et al. 2019 (doi 10.1186/s41512-019-0064-7).

    >>> curve = decision_curve([0, 0, 1, 1, 0, 1] * 9, [.1, .4, .35, .8, .2, .7] * 9)
    >>> [p.threshold for p in curve if p.gain.value > 0]
    [0.2, 0.3]
    """
    y = binary(labels)
    codes = patient_codes(groups, y.size)
    two_classes(y, "a decision curve")
    if _miscalibrated(y, column(probabilities, "probabilities", y.size)):
        message = "The probabilities are not calibrated: recalibrate before you read a net benefit."
        warnings.warn(message, CalibrationWarning, stacklevel=2)
    points = []
    for t in thresholds:
        both = [_columns(y, probabilities, t), _columns(y, np.ones(y.size), t)]
        found = [float(_benefit(c.sum(axis=0, keepdims=True), t, prevalence)[0]) for c in both]
        drawn = [_benefit(bootstrap_totals(c, codes, resamples, seed), t, prevalence) for c in both]
        found.append(found[0] - found[1])
        drawn.append(drawn[0] - drawn[1])  # the same patients are drawn for both
        patients = int(codes.max()) + 1
        made = [percentile_estimate(f, d, y.size, patients, confidence) for f, d in zip(found, drawn, strict=True)]
        points.append(DecisionPoint(float(t), *made))
    return points


def unnecessary_fna(
    labels: ArrayLike,
    biopsied: ArrayLike,
    *,
    denominator: Denominator,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the "unnecessary FNA rate": benign nodules biopsied, among the denominator that you must name.

    "all" nodules, "benign" nodules (1 - specificity) or "biopsied" nodules (1 - predictive value): papers use
    all three and do not say which, and one study's rate is 61 %, 76 % or 75 % by choice. Read it beside
    `missed_cancers`: a policy that biopsies nobody has a rate of 0.

    >>> labels, biopsied = [0] * 90 + [1] * 10, [1] * 30 + [0] * 60 + [1] * 9 + [0]
    >>> {d: round(unnecessary_fna(labels, biopsied, denominator=d).value, 2) for d in ("all", "benign", "biopsied")}
    {'all': 0.3, 'benign': 0.33, 'biopsied': 0.77}
    """
    y = binary(labels)
    called = binary(biopsied, "biopsied", y.size)
    among = {"all": y >= 0, "benign": y == 0, "biopsied": called == 1}
    if denominator not in among:
        raise ParameterError(f"There is no denominator {denominator!r}.", "Name all, benign or biopsied.")
    return rate((y == 0) & (called == 1), among[denominator], groups, "auto", confidence, seed)


def missed_cancers(
    labels: ArrayLike,
    biopsied: ArrayLike,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the share of malignant nodules that are not biopsied.

    By size or type of cancer: `by_subgroup`.

    >>> missed_cancers([0] * 90 + [1] * 10, [1] * 30 + [0] * 60 + [1] * 9 + [0]).value
    0.1
    """
    y = binary(labels)
    called = binary(biopsied, "biopsied", y.size)
    return rate(called == 0, y == 1, groups, "auto", confidence, seed)


def policy_outcomes(
    labels: ArrayLike,
    actions: ArrayLike,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Estimate what a policy with three actions ("fna", "follow-up", "none") does; not biopsied is not dismissed.

    "biopsied", "followed" and "dismissed" are shares of all nodules; "cancers biopsied", "cancers followed" and
    "cancers dismissed" of the malignant ones.

    >>> found = policy_outcomes([1, 1, 0, 0], ["fna", "follow-up", "none", "fna"])
    >>> found["cancers followed"].value, found["cancers dismissed"].value, found["biopsied"].value
    (0.5, 0.0, 0.5)
    """
    y, done = binary(labels), np.asarray(actions).astype(str)
    unknown = sorted(set(done.tolist()) - {"fna", "follow-up", "none"})
    if unknown or done.shape != y.shape:
        raise ParameterError(f"The actions are {unknown or done.shape}.", "Give fna, follow-up or none a nodule.")
    words = {"biopsied": "fna", "followed": "follow-up", "dismissed": "none"}
    among = {"": y >= 0, "cancers ": y == 1}
    return {
        f"{prefix}{word}": rate(done == action, cases, groups, "auto", confidence, seed)
        for prefix, cases in among.items()
        for word, action in words.items()
    }
