"""Calibration as a model: slope, intercept and calibration-in-the-large by logistic regression on the logit.

Sources: Cox 1958; Van Calster et al. 2019 (doi 10.1186/s12916-019-1466-7). Lesson: `tasks/classification`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats, Labels
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import binary, column, patient_codes, share, two_classes
from thyrolearn.evaluation.checks import probabilities as checked
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.resampling import bootstrap_ratio

__all__ = ["calibration_slope", "calibration_intercept", "calibration_in_the_large", "observed_over_expected",
           "fit_temperature", "spiegelhalter"]  # fmt: skip

_EDGE = 1e-6  # float32 sigmoids reach 0 and 1 exactly, where a logit is infinite


def _logit(p: Floats) -> Floats:
    p = p.clip(_EDGE, 1 - _EDGE)
    return np.log(p / (1 - p))


def _fit(
    design: NDArray[np.float64], y: Labels, offset: Floats, codes: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.float64]]:
    """Coefficients of a logistic regression by Newton's method, and their patient-robust (sandwich) covariance."""
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-(design @ beta + offset)))
        information = design.T @ (design * (p * (1 - p))[:, None])
        step = np.linalg.solve(information, design.T @ (y - p))
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    else:
        raise ParameterError("The calibration model does not converge.", "The classes are all but separated.")
    pull = np.zeros((int(codes.max()) + 1, design.shape[1]))
    np.add.at(pull, codes, design * (y - p)[:, None])
    bread = np.linalg.inv(information)
    return beta, bread @ (pull.T @ pull) @ bread


def _line(
    labels: ArrayLike, values: ArrayLike, groups: ArrayLike | None, confidence: float
) -> tuple[Estimate, Estimate]:
    y = binary(labels)
    x = _logit(checked(values, y.size))
    two_classes(y, "the calibration slope")
    low, high = (x[y == 0], x[y == 1]) if x[y == 0].mean() <= x[y == 1].mean() else (x[y == 1], x[y == 0])
    if low.max() <= high.min():
        raise ParameterError("The probabilities separate the classes perfectly, so the calibration slope is infinite.",
                             "Report the Brier score, or evaluate on more cases.")  # fmt: skip
    if x.min() == x.max():
        raise ParameterError("All probabilities are equal, so there is no slope.", "Use calibration_in_the_large.")
    design = np.stack([np.ones_like(x), x], axis=1)
    beta, covariance = _fit(design, y, np.zeros_like(x), patient_codes(groups, y.size))
    intercept, slope = (_normal(beta[k], covariance[k, k], y.size, confidence) for k in (0, 1))
    return intercept, slope


def _normal(value: float, variance: float, n: int, confidence: float) -> Estimate:
    from scipy.stats import norm

    reach = float(norm.isf((1 - share(confidence, "confidence", closed=False)) / 2) * np.sqrt(variance))
    return Estimate(float(value), float(value) - reach, float(value) + reach, "Wald, patient-robust", n, confidence)


def calibration_slope(
    labels: ArrayLike, probabilities: ArrayLike, groups: ArrayLike | None = None, confidence: float = 0.95
) -> Estimate:
    """Estimate the slope of the outcome on the logit of the probability: below 1 the model is too sure of itself.

    Wald interval with a patient-robust (sandwich) variance. Perfectly separated classes raise, since the slope
    diverges there; probabilities are kept 1e-6 away from 0 and 1.

    >>> rng = np.random.default_rng(0)
    >>> true = rng.uniform(0.05, 0.95, 2000)
    >>> labels = rng.random(2000) < true
    >>> calibration_slope(labels, true).excludes(1)
    False
    >>> odds = (true / (1 - true)) ** 2  # twice as sure as it should be
    >>> print(calibration_slope(labels, odds / (1 + odds)))
    0.490 (95 % interval 0.443 to 0.537, Wald, patient-robust, n = 2000)
    """
    return _line(labels, probabilities, groups, confidence)[1]


def calibration_intercept(
    labels: ArrayLike, probabilities: ArrayLike, groups: ArrayLike | None = None, confidence: float = 0.95
) -> Estimate:
    """Estimate the intercept beside `calibration_slope`, in log odds.

    >>> labels, p = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1], [.1, .35, .24, .8, .2, .85, .13, .85, .74, .58, .71, .25]
    >>> round(calibration_intercept(labels, p).value, 6)
    0.053228
    """
    return _line(labels, probabilities, groups, confidence)[0]


def calibration_in_the_large(
    labels: ArrayLike, probabilities: ArrayLike, groups: ArrayLike | None = None, confidence: float = 0.95
) -> Estimate:
    """Estimate the shift in log odds that would make the mean probability right; 0 is right, above 0 too low.

    >>> labels, p = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1], [.1, .35, .24, .8, .2, .85, .13, .85, .74, .58, .71, .25]
    >>> round(calibration_in_the_large(labels, p).value, 6)
    0.099111
    """
    y = binary(labels)
    x = _logit(checked(probabilities, y.size))
    two_classes(y, "calibration-in-the-large")
    beta, covariance = _fit(np.ones((y.size, 1)), y, x, patient_codes(groups, y.size))
    return _normal(beta[0], covariance[0, 0], y.size, confidence)


def observed_over_expected(
    labels: ArrayLike,
    probabilities: ArrayLike,
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the number of malignant cases over the number that the probabilities add up to.

    >>> round(observed_over_expected([0, 0, 1, 1, 1], [.25, .25, .55, .75, .75]).value, 4)
    1.1765
    """
    y = binary(labels)
    return bootstrap_ratio(y, checked(probabilities, y.size), groups, resamples, confidence, seed)


def fit_temperature(labels: ArrayLike, logits: ArrayLike) -> float:
    """Return the temperature T that makes the sigmoid of ``logits`` / T fit ``labels`` best, both (n,).

    Above 1 the model was too sure. Fit on validation cases. The ranking, and so the AUC, does not change.
    Source: Guo et al. 2017 (arXiv 1706.04599). Lesson: `challenges/uncertainty`.

    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(size=4000)
    >>> round(fit_temperature(rng.random(4000) < 1 / (1 + np.exp(-z)), 3 * z), 1)  # three times too sure
    3.0
    """
    from scipy.optimize import minimize_scalar

    y = binary(labels)
    z = column(logits, "logits", y.size)
    two_classes(y, "a temperature")
    signed = np.where(y == 1, z, -z)
    if signed.min() >= 0 or not (signed * np.abs(z)).sum() > 0:
        raise ParameterError("The logits separate the classes perfectly or point the wrong way.",
                             "Fit the temperature on more validation cases.")  # fmt: skip
    found = minimize_scalar(lambda log_t: np.logaddexp(0, -signed / np.exp(log_t)).mean(), bounds=(-5, 5))
    return float(np.exp(found.x))


def spiegelhalter(labels: ArrayLike, probabilities: ArrayLike) -> float:
    """Return Spiegelhalter's z of the Brier score: beyond ±2 the probabilities are not calibrated.

    Source: Spiegelhalter 1986 (doi 10.1002/sim.4780050506). Independent cases.

    >>> rng = np.random.default_rng(0)
    >>> p = rng.random(500)
    >>> abs(spiegelhalter(rng.random(500) < p, p)) < 2, abs(spiegelhalter(rng.random(500) < p**3, p)) > 4
    (True, True)
    """
    y = binary(labels)
    p = checked(probabilities, y.size)
    spread = np.sqrt(((1 - 2 * p) ** 2 * p * (1 - p)).sum())
    if spread == 0:
        raise ParameterError("Every probability is 0, 0.5 or 1, so the z has no spread.", "Look at the Brier score.")
    return float(((y - p) * (1 - 2 * p)).sum() / spread)
