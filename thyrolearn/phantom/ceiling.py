"""What the best possible reader of the phantom would reach, computed from the tables and not by simulation.

The evidence that counts, and all that reaches the pixels from the label, is: the true descriptors, the
continuous latents inside their classes (`Latents`), the size in mm and the halo. The ceiling is that of an
observer who is told these values exactly and judges one nodule on its own. It is therefore an upper bound for
any model of one nodule's images. It is not what a model can be expected to reach: speckle, shadow, gain and
the patient's own echogenicity hide part of the evidence, and where `Difficulty.echo_overlap_db` is above 0,
even a perfect measurement of brightness leaves the class of echogenicity open. Nor is it a bound for a model
that also sees the patient's other nodules, whose labels are weakly related through the patient's own risk.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from thyrolearn.arrays import Floats
from thyrolearn.errors import ParameterError
from thyrolearn.phantom import cues
from thyrolearn.phantom.difficulty import Difficulty, resolve
from thyrolearn.phantom.readers import Reader, expected_reading
from thyrolearn.phantom.records import Latents
from thyrolearn.phantom.tables import SHAPE, decode, encode, joint, states
from thyrolearn.tirads import Descriptors, acr

__all__ = ["EVIDENCE", "LevelRow", "bayes_auc", "level_table", "posterior"]

EVIDENCE = ("image", "descriptors", "points", "level")
STEP, REACH = 0.004, 24.0  # grid of the log likelihood ratio
QUANTILES = 20_000


@cache
def points_table() -> NDArray[np.int64]:
    """ACR points of every combination that can occur, -1 elsewhere; shape `tables.SHAPE`."""
    possible = (joint(0) + joint(1)).ravel() > 0
    found = [acr.points(decode(row)) if ok else -1 for row, ok in zip(states(), possible, strict=True)]
    return np.array(found).reshape(SHAPE)


def level_scores() -> NDArray[np.int64]:
    """ACR level of every combination that can occur, 0 elsewhere; shape `tables.SHAPE`."""
    points = points_table()
    by_points = np.array([acr.level(p) if p >= 0 and p != 1 else 0 for p in range(-1, points.max() + 1)])
    return by_points[points + 1]


def log_ratio(malignant: Floats, benign: Floats) -> Floats:
    """log(malignant / benign) elementwise, 0 where both are 0."""
    both = (malignant > 0) & (benign > 0)
    return np.where(both, np.log(np.where(both, malignant, 1.0)) - np.log(np.where(both, benign, 1.0)), 0.0)


def weighted_auc(malignant: Floats, benign: Floats, score: Floats | NDArray[np.int64]) -> float:
    """P(score of a malignant > score of a benign) + half the ties, for probabilities of the same shape."""
    _, place = np.unique(np.round(score.ravel(), 9), return_inverse=True)
    up, down = (np.bincount(place.ravel(), weights=p.ravel()) for p in (malignant, benign))
    return float(up @ (np.cumsum(down) - down / 2))


def _splat(ratio: Floats, weight: Floats) -> Floats:
    """Put weights on the grid of log likelihood ratios, each shared by its two neighbours."""
    size = int(2 * REACH / STEP) + 1
    place = np.clip((ratio + REACH) / STEP, 0, size - 1.001)
    left = place.astype(np.intp)
    part = place - left
    low, high = np.bincount(left, weight * (1 - part), size), np.bincount(left + 1, weight * part, size)
    return (low + high).astype(np.float64)


def _size_density(label: int, difficulty: Difficulty) -> Floats:
    middle = (np.arange(QUANTILES) + 0.5) / QUANTILES
    ratio = cues.size_evidence(cues.size_quantile(label, middle, difficulty), difficulty)
    return _splat(ratio, np.full(QUANTILES, 1 / QUANTILES))


def _gauss_density(label: int, separation: float) -> Floats:
    middle = (np.arange(QUANTILES) + 0.5) / QUANTILES
    z = cues.ndtri(middle) + (label - 0.5) * separation
    return _splat(separation * z, np.full(QUANTILES, 1 / QUANTILES))


def _discrete_density(label: int, difficulty: Difficulty) -> dict[float, Floats]:
    """Density of descriptors, halo and foci count together, keyed by the d' that the other latents keep."""
    codes, weight = states(), joint(label).ravel()
    base = log_ratio(joint(1), joint(0)).ravel()
    keep = weight > 0
    codes, weight, base = codes[keep], weight[keep], base[keep]
    separation = cues.separations(codes, difficulty)
    rest = np.round(np.sqrt(np.maximum(difficulty.latent_d**2 - separation[:, 3] ** 2, 0)), 9)
    counts = cues.foci_evidence(separation[:, 3])
    chance = cues.foci_chance(label, separation[:, 3])
    parts: dict[float, Floats] = {}
    for halo in (False, True):
        share = np.where(cues.may_have_halo(codes), abs((not halo) - cues.HALO[label]), float(not halo))
        with_halo = base + cues.halo_evidence(codes, np.full(len(codes), halo))
        for value in np.unique(rest):
            rows = rest == value
            ratio = with_halo[rows, None] + counts[rows]
            mass = (weight * share)[rows, None] * chance[rows]
            parts[float(value)] = parts.get(float(value), 0.0) + _splat(ratio.ravel(), mass.ravel())
    return parts


@cache
def _image_auc(difficulty: Difficulty) -> float:
    from scipy.signal import fftconvolve

    densities = []
    for label in (1, 0):
        size = _size_density(label, difficulty)
        parts = _discrete_density(label, difficulty)
        total = sum(fftconvolve(part, _gauss_density(label, d)) for d, part in parts.items())
        densities.append(np.maximum(fftconvolve(total, size), 0.0))
    malignant, benign = (density / density.sum() for density in densities)
    return float(malignant @ (np.cumsum(benign) - benign / 2))


def bayes_auc(
    difficulty: str | Difficulty = "default",
    evidence: str | None = None,
    *,
    reader: Reader | None = None,
    flips: float | None = None,
    prevalence: float = 0.25,
) -> float:
    """Return the largest AUC that is possible from the given evidence; exact up to 0.0005.

    ``evidence`` is "image" (descriptors, latents, size and halo; the default), "descriptors", "points" or
    "level" (ACR TI-RADS of the true descriptors). With a `Reader` it is that reader's descriptors (the default),
    points or level instead of the true ones. ``flips`` is the share of wrong labels that the AUC is judged
    against, the difficulty's own by default; with flips the AUC depends on the ``prevalence``.
    Raises `ParameterError` for unknown names. Lessons: architectures/cnn, tasks/classification.

    >>> round(bayes_auc("default", "descriptors"), 3), round(bayes_auc("default", "points"), 3)
    (0.864, 0.846)
    >>> bayes_auc("easy") > bayes_auc("default") > bayes_auc("hard")
    True
    """
    setting = resolve(difficulty)
    evidence = evidence or ("image" if reader is None else "descriptors")
    if evidence not in EVIDENCE or (reader is not None and evidence == "image"):
        allowed = EVIDENCE if reader is None else EVIDENCE[1:]
        raise ParameterError(f"evidence={evidence!r} cannot be used here.", f"Choose one of {', '.join(allowed)}.")
    clean = _image_auc(setting) if evidence == "image" else _descriptor_auc(evidence, reader)
    return _against_flipped(clean, setting.flips if flips is None else flips, prevalence)


@cache
def _descriptor_auc(evidence: str, reader: Reader | None) -> float:
    malignant, benign = (joint(y) if reader is None else expected_reading(joint(y), reader) for y in (1, 0))
    if evidence == "descriptors":
        return weighted_auc(malignant, benign, log_ratio(malignant, benign))
    return weighted_auc(malignant, benign, points_table() if evidence == "points" else level_scores())


def _against_flipped(clean: float, flips: float, prevalence: float) -> float:
    """The AUC against labels of which the share ``flips`` is wrong, whatever the class."""
    if not (0 <= flips < 0.5 and 0 < prevalence < 1):
        raise ParameterError(
            f"flips={flips}, prevalence={prevalence}.", "Allowed: 0 <= flips < .5, 0 < prevalence < 1."
        )
    called = prevalence * (1 - flips) + (1 - prevalence) * flips
    true_share = prevalence * (1 - flips) / called
    missed_share = prevalence * flips / (1 - called)
    return 0.5 + (clean - 0.5) * (true_share - missed_share)


def posterior(
    descriptors: Descriptors,
    latents: Latents | None = None,
    size_mm: float | None = None,
    halo: bool | None = None,
    *,
    prevalence: float = 0.25,
    difficulty: str | Difficulty = "default",
) -> float:
    """Return P(malignant | what is given) for one nodule; what is None is left out of the evidence.

    The class is the true one, not the recorded one. Other nodules of the patient are not used.
    Raises `ParameterError` for a prevalence outside 0 to 1.

    >>> worst = Descriptors("solid", "veryhypo", "taller", "ete", {"pef"})
    >>> round(posterior(worst), 2), round(posterior(Descriptors("cystic", "anechoic", "wider", "smooth")), 3)
    (0.99, 0.018)
    """
    if not 0 < prevalence < 1:
        raise ParameterError(f"prevalence={prevalence} is not a probability.", "Allowed: above 0 and below 1.")
    setting, codes = resolve(difficulty), encode(descriptors)[None]
    total = descriptor_evidence(codes)
    if latents is not None:
        values = np.array([[float(getattr(latents, name)) for name in cues.LATENTS]])
        total = total + cues.latent_evidence(codes, values, setting)
    if size_mm is not None:
        total = total + cues.size_evidence(np.array([size_mm]), setting)
    if halo is not None:
        total = total + cues.halo_evidence(codes, np.array([halo]))
    return float(to_probability(total, prevalence)[0])


def descriptor_evidence(codes: NDArray[np.int8]) -> Floats:
    """Log likelihood ratio of the descriptors, (n,), for codes (n, 8)."""
    return log_ratio(joint(1), joint(0))[tuple(codes.T)]


def to_probability(evidence: Floats, prevalence: float) -> Floats:
    """Turn log likelihood ratios into probabilities of malignancy at ``prevalence``."""
    return 1 / (1 + np.exp(-(evidence + np.log(prevalence / (1 - prevalence)))))


@dataclass(frozen=True)
class LevelRow:
    """One ACR level in a population: its share of all nodules and the risk of a nodule in it, both 0 to 1.

    >>> LevelRow(5, share=0.12, risk=0.45).level
    5
    """

    level: int
    share: float
    risk: float


def level_table(prevalence: float = 0.1, reader: Reader | None = None) -> list[LevelRow]:
    """Return share and positive predictive value of ACR levels 1 to 5 at ``prevalence``; exact.

    From the true descriptors, or from what a `Reader` says of them. Raises `ParameterError` for a prevalence
    outside 0 to 1. Lesson: tasks/tirads_grading.

    >>> [round(100 * row.risk, 1) for row in level_table(0.1)]
    [0.5, 1.2, 3.9, 11.2, 44.6]
    """
    if not 0 < prevalence < 1:
        raise ParameterError(f"prevalence={prevalence} is not a probability.", "Allowed: above 0 and below 1.")
    malignant, benign = (joint(y) if reader is None else expected_reading(joint(y), reader) for y in (1, 0))
    levels = level_scores()
    rows = []
    for level in range(1, 6):
        ill, well = prevalence * malignant[levels == level].sum(), (1 - prevalence) * benign[levels == level].sum()
        rows.append(LevelRow(level, float(ill + well), float(ill / (ill + well))))
    return rows
