"""What changes when one biopsy policy replaces another: biopsies avoided against cancers missed.

``labels`` (n,) 1 for malignant, policies (n,) 1 where a biopsy is advised. For teaching, not for diagnosis.
Lesson: `clinic/decisions`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import binary, column, two_classes
from thyrolearn.evaluation.decisions import missed_cancers
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.operating import rate

__all__ = ["TradeOff", "policy_change", "trade_off"]


def policy_change(
    labels: ArrayLike,
    biopsied: ArrayLike,
    reference: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Estimate what a policy spares and what it loses against ``reference`` (biopsying all, if not given).

    "biopsies avoided" and "benign biopsies avoided" are shares of what the reference biopsies (of its benign
    ones); "cancers lost" is the share of the cancers it biopsies that the policy does not, "cancers gained" the
    share of the cancers it leaves that the policy biopsies (absent where it leaves none).

    >>> found = policy_change([0] * 6 + [1] * 4, [0, 0, 0, 1, 1, 1, 1, 1, 1, 0])
    >>> {name: e.value for name, e in found.items()}
    {'biopsies avoided': 0.4, 'benign biopsies avoided': 0.5, 'cancers lost': 0.25}
    """
    y = binary(labels)
    two_classes(y, "a comparison of policies")
    new = binary(biopsied, "biopsied", y.size) == 1
    old = np.ones_like(new) if reference is None else binary(reference, "reference", y.size) == 1
    if not old.any():
        raise ParameterError("The reference biopsies nobody, so nothing can be avoided.", "Give another reference.")
    among = {
        "biopsies avoided": (~new, old),
        "benign biopsies avoided": (~new, old & (y == 0)),
        "cancers lost": (~new, old & (y == 1)),
        "cancers gained": (new, ~old & (y == 1)),
    }
    return {
        name: rate(hits, cases, groups, "auto", confidence, seed)
        for name, (hits, cases) in among.items()
        if cases.any()
    }


@dataclass(frozen=True)
class TradeOff:
    """One threshold: the share of all nodules whose biopsy is avoided, and the share of cancers missed by that.

    >>> trade_off([0, 0, 1, 1], [.1, .4, .35, .8], [0.38])[0].missed.value
    0.5
    """

    threshold: float
    avoided: Estimate
    missed: Estimate


def trade_off(
    labels: ArrayLike,
    scores: ArrayLike,
    thresholds: Sequence[float],
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> list[TradeOff]:
    """Return biopsies avoided against cancers missed when nodules scored below each threshold are left alone.

    >>> curve = trade_off([0, 0, 1, 1], [.1, .4, .35, .8], [0.2, 0.38, 0.5])
    >>> [(t.avoided.value, t.missed.value) for t in curve]
    [(0.25, 0.0), (0.5, 0.5), (0.75, 0.5)]
    """
    y = binary(labels)
    two_classes(y, "a trade-off")
    s = column(scores, "scores", y.size)
    points = []
    for t in thresholds:
        called = s >= t
        avoided = rate(~called, np.ones_like(called), groups, "auto", confidence, seed)
        points.append(TradeOff(float(t), avoided, missed_cancers(y, called, groups, confidence, seed)))
    return points
