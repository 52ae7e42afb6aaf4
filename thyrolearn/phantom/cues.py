"""The continuous values behind the descriptors, and what each is worth as evidence.

Every latent is drawn inside the range that its descriptor is rendered in. Its place in the range is
Phi(z), z normal with mean +d/2 in a malignant and -d/2 in a benign nodule, so that its log likelihood ratio
is d z exactly. The d of the latents that apply to a nodule are scaled to one total (`Difficulty.latent_d`),
so that the evidence of the latents does not depend on the descriptors. Size and halo complete what the class decides.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

from thyrolearn.arrays import Floats
from thyrolearn.phantom.difficulty import Difficulty
from thyrolearn.phantom.tables import ANECHOIC, CYSTIC, MIXED, SOLID, SPONGIFORM, Codes

__all__ = ["LATENTS", "draw_halo", "draw_latents", "draw_size", "evidence"]


@dataclass(frozen=True)
class Cue:
    """A latent: ``sign`` +1 where larger means more malignant, ``weight`` its share of the total d'."""

    sign: int
    weight: float


LATENTS = {
    "echo_db": Cue(-1, 0.5),
    "ap_ratio": Cue(1, 0.7),
    "roughness": Cue(1, 1.2),
    "foci": Cue(1, 1.2),
    "heterogeneity_db": Cue(1, 1.0),
    "cyst_fraction": Cue(-1, 0.5),
    "attenuation": Cue(1, 0.2),
}
FOCI_LOW, FOCI_CLASSES = 4, 13  # 4 to 16 punctate foci
ECHO_DB = np.array([(3.0, 5.5), (-1.5, 1.5), (-7.5, -3.5), (-14.0, -10.0), (-36.0, -36.0)])
# By composition, dB/cm/MHz above the gland. Wide, because what lies behind a nodule varies widely in real frames
# (DDTI: 10th to 90th percentile -28 to +36 grey levels). The solid part of a nodule with fluid absorbs more, so that
# the brightness behind a nodule does not give its composition away to a linear classifier.
ATTENUATION = np.array([(0.0, 0.0), (-0.05, 0.65), (-0.05, 0.75), (-0.40, 0.40)])
# Published medians 16 and 10.5 to 12 mm, and a spread nearer to the published quartiles (IQR 18 and 21 mm, Sci Rep
# 2017, s41598-017-18207-y) than the 0.55 and 0.50 of the first specification, with which size alone was worth d' .55.
SIZE_LAW = {1: (np.log(12.0), 0.75), 0: (np.log(16.0), 0.75)}  # of the logarithm of mm
SIZE_LAW_WITHOUT_CUE = (np.log(15.0), 0.75)
SIZE_RANGE = np.log([4.0, 50.0])
HALO = {1: 0.20, 0: 0.35}  # of smooth solid nodules; follicular carcinomas have one too


def ranges(codes: Codes, difficulty: Difficulty) -> tuple[Floats, Floats]:
    """The range (low, high) of each latent, two arrays (n, 7); low equals high where it does not apply."""
    composition, echo = codes[:, 0], codes[:, 1]
    low, high = np.zeros((2, len(codes), len(LATENTS)))
    margin = np.where(echo == ANECHOIC, 0.0, difficulty.echo_overlap_db)
    low[:, 0], high[:, 0] = ECHO_DB[echo, 0] - margin, ECHO_DB[echo, 1] + margin
    low[:, 1], high[:, 1] = np.where(codes[:, 2] == 1, [[1.05], [1.35]], [[0.55], [0.95]])
    low[:, 2], high[:, 2] = 0.5, 1.5
    punctate = codes[:, 7] == 1
    low[punctate, 3], high[punctate, 3] = FOCI_LOW, FOCI_LOW + FOCI_CLASSES
    factor = np.where(composition == SOLID, 1.0, 1.3)
    low[:, 4], high[:, 4] = 0.8 * factor, np.where(composition == CYSTIC, 0.8, 2.0) * factor
    low[:, 5] = np.select([composition == CYSTIC, composition == SPONGIFORM, composition == MIXED], [1.0, 0.52, 0.15])
    high[:, 5] = np.select([composition == CYSTIC, composition == SPONGIFORM, composition == MIXED], [1.0, 0.75, 0.75])
    low[:, 6], high[:, 6] = ATTENUATION[composition].T
    return low, high


def separations(codes: Codes, difficulty: Difficulty) -> Floats:
    """The d' of each latent, (n, 7); every row's squares sum to ``latent_d`` squared."""
    low, high = ranges(codes, difficulty)
    weights = np.array([cue.weight for cue in LATENTS.values()]) * (high > low)
    return difficulty.latent_d * weights / np.linalg.norm(weights, axis=1, keepdims=True)


def _signs() -> Floats:
    return np.array([float(cue.sign) for cue in LATENTS.values()])


def draw_latents(labels: NDArray[np.int64], codes: Codes, uniform: Floats, difficulty: Difficulty) -> Floats:
    """Draw the latents, (n, 7) in the order of `LATENTS`, from ``uniform`` (n, 7).

    >>> from thyrolearn.phantom.difficulty import DIFFICULTIES
    >>> cyst = np.array([[0, 4, 0, 0, 0, 0, 0, 0]], dtype=np.int8)
    >>> draw_latents(np.array([0]), cyst, np.full((1, 7), 0.5), DIFFICULTIES["hard"])[0, :3].round(2).tolist()
    [-36.0, 0.75, 1.0]
    """
    shift = (labels[:, None] - 0.5) * separations(codes, difficulty)
    place = ndtr(_signs() * (ndtri(uniform) + shift))
    low, high = ranges(codes, difficulty)
    values = low + place * (high - low)
    values[:, 3] = np.minimum(np.floor(values[:, 3]), np.maximum(high[:, 3] - 1, 0))
    return values


def foci_chance(label: int, separation: Floats) -> Floats:
    """p(count | label) for 4 to 16 foci, (n, 13), at d' ``separation`` (n,)."""
    edges = ndtri(np.arange(FOCI_CLASSES + 1) / FOCI_CLASSES)
    return np.diff(ndtr(edges - (label - 0.5) * np.asarray(separation)[:, None]), axis=1)


def foci_evidence(separation: Floats) -> Floats:
    """Log likelihood ratio of 4 to 16 foci, (n, 13), at d' ``separation`` (n,)."""
    return np.log(foci_chance(1, separation)) - np.log(foci_chance(0, separation))


def latent_evidence(codes: Codes, latents: Floats, difficulty: Difficulty) -> Floats:
    """Log likelihood ratio (malignant to benign) of the latents given the descriptors, (n,)."""
    low, high = ranges(codes, difficulty)
    separation = separations(codes, difficulty)
    applies = high > low
    place = np.where(applies, (latents - low) / np.where(applies, high - low, 1.0), 0.5)
    z = _signs() * ndtri(np.clip(place, 1e-12, 1 - 1e-12))
    ratios = np.where(applies, separation * z, 0.0)
    counts = np.clip(latents[:, 3] - FOCI_LOW, 0, FOCI_CLASSES - 1).astype(np.intp)
    ratios[:, 3] = np.where(applies[:, 3], foci_evidence(separation[:, 3])[np.arange(len(codes)), counts], 0.0)
    return ratios.sum(axis=1)


def _law(label: int, difficulty: Difficulty) -> tuple[float, float]:
    return SIZE_LAW[label] if difficulty.size_cue else SIZE_LAW_WITHOUT_CUE


def size_quantile(label: int, uniform: Floats, difficulty: Difficulty) -> Floats:
    """Largest diameter in mm at the quantile ``uniform``: a log-normal law cut to 4 to 50 mm."""
    centre, spread = _law(label, difficulty)
    low, high = ndtr((SIZE_RANGE - centre) / spread)
    return np.exp(centre + spread * ndtri(low + uniform * (high - low)))


def draw_size(labels: NDArray[np.int64], uniform: Floats, difficulty: Difficulty) -> Floats:
    """Draw the largest diameter in mm, (n,).

    >>> from thyrolearn.phantom.difficulty import DIFFICULTIES
    >>> draw_size(np.array([0, 1]), np.array([0.5, 0.5]), DIFFICULTIES["default"]).round(1).tolist()
    [15.5, 12.5]
    """
    return np.where(labels == 1, size_quantile(1, uniform, difficulty), size_quantile(0, uniform, difficulty))


def size_evidence(size_mm: Floats, difficulty: Difficulty) -> Floats:
    """Log likelihood ratio of the size, (n,)."""

    def log_density(label: int) -> Floats:
        centre, spread = _law(label, difficulty)
        low, high = log_ndtr((SIZE_RANGE - centre) / spread)
        inside = np.log(np.exp(high) - np.exp(low))
        return -0.5 * ((np.log(size_mm) - centre) / spread) ** 2 - np.log(spread) - inside

    return log_density(1) - log_density(0)


def may_have_halo(codes: Codes) -> NDArray[np.bool_]:
    """True where the nodule is solid with a smooth margin, (n,)."""
    return (codes[:, 0] == SOLID) & (codes[:, 3] == 0)


def draw_halo(labels: NDArray[np.int64], codes: Codes, uniform: Floats) -> NDArray[np.bool_]:
    """Draw whether a dark rim surrounds the nodule, (n,).

    >>> smooth = np.array([[3, 1, 0, 0, 0, 0, 0, 0]], dtype=np.int8)
    >>> [draw_halo(np.array([label]), smooth, np.array([0.25])).item() for label in (0, 1)]
    [True, False]
    """
    return may_have_halo(codes) & (uniform < np.where(labels == 1, HALO[1], HALO[0]))


def halo_evidence(codes: Codes, halo: NDArray[np.bool_]) -> Floats:
    """Log likelihood ratio of the halo, (n,); 0 where the nodule could not have one."""
    ratio = np.where(halo, np.log(HALO[1] / HALO[0]), np.log((1 - HALO[1]) / (1 - HALO[0])))
    return np.where(may_have_halo(codes), ratio, 0.0)


def evidence(codes: Codes, latents: Floats, size_mm: Floats, halo: NDArray[np.bool_], difficulty: Difficulty) -> Floats:
    """Log likelihood ratio of latents, size and halo together, given the descriptors, (n,).

    >>> from thyrolearn.phantom.population import draw
    >>> from thyrolearn.phantom.difficulty import DIFFICULTIES
    >>> d = draw(2000, seed=0, prevalence=0.5)
    >>> ratio = evidence(d.codes, d.latents, d.size_mm, d.halo, DIFFICULTIES["default"])
    >>> bool(ratio[d.labels == 1].mean() > ratio[d.labels == 0].mean())
    True
    """
    return latent_evidence(codes, latents, difficulty) + size_evidence(size_mm, difficulty) + halo_evidence(codes, halo)
