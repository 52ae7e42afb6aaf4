"""Robustness: AUC as a disturbance grows (speckle, blur, gain, a new scanner, an attack), and the area under it.

The same cases are scored at each severity, so that losses are paired. Lesson: `challenges/robustness`.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.errors import ParameterError
from thyrolearn.evaluation import ladder
from thyrolearn.evaluation.checks import patient_codes
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.resampling import percentile_estimate

__all__ = ["robustness_curve", "robustness_loss", "robustness_area"]


def _drawn(
    labels: ArrayLike, scores: Mapping[float, ArrayLike], groups: ArrayLike | None, resamples: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], int, int]:
    """Severities (s,), AUCs (s,), replicates (s, resamples) on the same patients, cases and patients."""
    if len(scores) < 2:
        raise ParameterError(
            f"There are {len(scores)} severities.", "Give the undisturbed scores and one disturbed set."
        )
    severities = np.array(sorted(scores), dtype=np.float64)
    y = np.asarray(labels)
    codes = patient_codes(groups, len(y))
    steps = [ladder.Ladder(y, scores[s], codes, "AUC") for s in sorted(scores)]
    values = np.array([step.value(ladder.area) for step in steps])
    replicates = np.stack([step.replicates(ladder.area, resamples, seed) for step in steps])
    return severities, values, replicates, len(y), int(codes.max()) + 1


def robustness_curve(
    labels: ArrayLike,
    scores: Mapping[float, ArrayLike],
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[float, Estimate]:
    """Estimate the AUC at each severity; ``scores`` maps severity to scores (n,) of the same cases.

    >>> labels, rng = np.tile([0, 1], 50), np.random.default_rng(0)
    >>> noise = rng.normal(size=100)
    >>> curve = robustness_curve(labels, {0: labels + noise, 1: labels + 4 * noise})
    >>> curve[0].value > curve[1].value
    True
    """
    severities, values, drawn, n, patients = _drawn(labels, scores, groups, resamples, seed)
    rows = zip(severities, values, drawn, strict=True)
    return {float(s): percentile_estimate(v, d, n, patients, confidence) for s, v, d in rows}


def robustness_loss(
    labels: ArrayLike,
    scores: Mapping[float, ArrayLike],
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[float, Estimate]:
    """Estimate the AUC at each severity minus that at the smallest one, paired by patient.

    >>> labels, rng = np.tile([0, 1], 50), np.random.default_rng(0)
    >>> noise = rng.normal(size=100)
    >>> loss = robustness_loss(labels, {0: labels + noise, 1: labels + 4 * noise})
    >>> list(loss), loss[1].high < 0
    ([1.0], True)
    """
    severities, values, drawn, n, patients = _drawn(labels, scores, groups, resamples, seed)
    return {
        float(severities[k]): percentile_estimate(values[k] - values[0], drawn[k] - drawn[0], n, patients, confidence)
        for k in range(1, len(severities))
    }


def robustness_area(
    labels: ArrayLike,
    scores: Mapping[float, ArrayLike],
    groups: ArrayLike | None = None,
    resamples: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the mean AUC over the range of severities: the area under the robustness curve, by trapezoids.

    A model that does not care about the disturbance keeps its undisturbed AUC. Two models are comparable only
    on the same severities.

    >>> labels = np.tile([0, 1], 50)
    >>> robustness_area(labels, {0: labels, 1: labels, 2: 1 - labels}).value
    0.75
    """
    from scipy.integrate import trapezoid

    severities, values, drawn, n, patients = _drawn(labels, scores, groups, resamples, seed)
    span = severities[-1] - severities[0]
    area = trapezoid(drawn, severities, axis=0) / span
    return percentile_estimate(float(trapezoid(values, severities) / span), area, n, patients, confidence)
