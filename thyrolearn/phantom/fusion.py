"""What descriptors, stiffness and the arrival of a contrast agent are worth together, at best, and curves alone.

All three lean on the nodule's hidden severity, which by itself says nothing of the class: a severe benign nodule looks
worse, is stiffer and fills later. The best judge therefore gains less from a second witness than from an independent
one, and a judge who takes them for independent is too sure. Computed on a grid, not simulated.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

from thyrolearn.arrays import Floats
from thyrolearn.errors import ParameterError
from thyrolearn.phantom.ceiling import weighted_auc
from thyrolearn.phantom.modalities import stiffness_law
from thyrolearn.phantom.perfusion import DELAY_S, LOG_PEAK, SHARED
from thyrolearn.phantom.tables import SEVERITY, Codes, joint_by_severity

__all__ = ["WITNESSES", "curves_auc", "fusion_auc", "fusion_evidence"]

WITNESSES = ("descriptors", "stiffness", "arrival")
POINTS, REACH = 33, 5.0  # grid of a continuous witness, and how many standard deviations it covers
LEAST = 1e-14  # combinations rarer than this do not count


def _law(witness: str, label: int) -> tuple[float, float]:
    """Mean and standard deviation of a continuous witness: of log kPa, or of the delay in seconds."""
    return stiffness_law(label) if witness == "stiffness" else DELAY_S[label]


def _density(witness: str, label: int, value: Floats, shared: float) -> Floats:
    """Density of ``value`` (n,) at each severity, (5, n), up to a factor that both classes share."""
    mean, sd = _law(witness, label)
    middle, spread = mean + sd * shared * SEVERITY[:, None], sd * np.sqrt(1 - shared**2)
    return np.exp(-0.5 * ((value - middle) / spread) ** 2) / spread


def _axis(witness: str) -> Floats:
    laws = [_law(witness, label) for label in (0, 1)]
    return np.linspace(min(m - REACH * s for m, s in laws), max(m + REACH * s for m, s in laws), POINTS)


def _table(label: int, witnesses: Sequence[str], shared: float) -> Floats:
    """p(what the witnesses say | label) on the grid, raveled: the sum over severities of products."""
    joint = joint_by_severity(label).reshape(len(SEVERITY), -1)
    table = joint if "descriptors" in witnesses else joint.sum(1, keepdims=True)
    for witness in WITNESSES[1:]:
        if witness in witnesses:
            density = _density(witness, label, _axis(witness), shared)
            density /= density.sum(1, keepdims=True)
            table = (table[:, :, None] * density[:, None, :]).reshape(len(SEVERITY), -1)
    return table.sum(0)


@cache
def fusion_auc(witnesses: tuple[str, ...] = WITNESSES, shared: float = SHARED) -> float:
    """Return the largest AUC that is possible from ``witnesses`` together; exact up to 0.001.

    ``witnesses`` are the true "descriptors", "stiffness" (the modulus behind `elastogram`) and "arrival" (the delay
    behind `contrast`); ``shared``, 0 to below 1, is how much of the latter two the nodule's severity decides: at 0 they
    are independent of all else. Raises `ParameterError` for an unknown witness or none. Lesson: tasks/multimodal.

    >>> alone, both = fusion_auc(("descriptors",)), fusion_auc(("descriptors", "stiffness"))
    >>> round(alone, 3), both > alone
    (0.864, True)
    """
    if not witnesses or set(witnesses) - set(WITNESSES):
        raise ParameterError(f"witnesses={witnesses!r} cannot be heard.", f"Choose from {', '.join(WITNESSES)}.")
    if not 0 <= shared < 1:
        raise ParameterError(f"shared={shared} is not a correlation below 1.", "Give 0 to 0.99.")
    benign, malignant = (_table(label, witnesses, shared) for label in (0, 1))
    keep = benign + malignant > LEAST
    benign, malignant = benign[keep], malignant[keep]
    # A share instead of a ratio: it is finite where one class cannot occur, and in the same order.
    return weighted_auc(malignant, benign, malignant / (malignant + benign))


@cache
def curves_auc(shared: float = SHARED) -> float:
    """Return the largest AUC that is possible from contrast curves without noise; exact up to 0.001.

    All that the class decides in `perfusion.bolus` is how much later the nodule fills than the gland, and the ratio of
    the peaks. ``shared``, 0 to below 1, is how much of both the nodule's severity decides: a severe nodule fills later
    and less. Raises `ParameterError` for another ``shared``. Lesson: architectures/rnn.

    >>> round(curves_auc(), 2), curves_auc() > fusion_auc(("arrival",))
    (0.84, True)
    """
    if not 0 <= shared < 1:
        raise ParameterError(f"shared={shared} is not a correlation below 1.", "Give 0 to 0.99.")
    chance = []
    for label in (0, 1):
        severe = joint_by_severity(label).reshape(len(SEVERITY), -1).sum(1)
        late = _shares(DELAY_S, label, shared)
        less = _shares([(-mean, sd) for mean, sd in LOG_PEAK], label, shared)
        chance.append(np.einsum("s,sd,sp->dp", severe / severe.sum(), late, less))
    keep = chance[0] + chance[1] > LEAST
    benign, malignant = chance[0][keep], chance[1][keep]
    return weighted_auc(malignant, benign, malignant / (malignant + benign))


def _shares(laws: Sequence[tuple[float, float]], label: int, shared: float) -> Floats:
    """Chance of each point of a grid over both ``laws``, at each severity, for one label; (5, points)."""
    grid = np.linspace(min(m - REACH * s for m, s in laws), max(m + REACH * s for m, s in laws), 4 * POINTS)
    mean, sd = laws[label]
    middle, spread = mean + sd * shared * SEVERITY[:, None], sd * np.sqrt(1 - shared**2)
    density = np.exp(-0.5 * ((grid - middle) / spread) ** 2)
    return density / density.sum(1, keepdims=True)


def fusion_evidence(codes: Codes, kpa: Floats, delay: Floats, shared: float = SHARED) -> Floats:
    """Return the log likelihood ratio of nodules, (n,), of which all three witnesses are known.

    ``codes`` (n, 8) as `tables.encode`, the modulus ``kpa`` (n,) and the ``delay`` (n,) in seconds.

    >>> from thyrolearn.phantom.population import draw
    >>> codes = draw(1, seed=0).codes
    >>> low, high = (fusion_evidence(codes, np.array([k]), np.array([1.0]))[0] for k in (10.0, 40.0))
    >>> bool(low < high)
    True
    """
    chance = []
    for label in (0, 1):
        p = joint_by_severity(label)[(slice(None), *codes.T)]
        p = p * _density("stiffness", label, np.log(kpa), shared) * _density("arrival", label, delay, shared)
        chance.append(p.sum(0))
    return np.log(chance[1]) - np.log(chance[0])
