"""Who is ill and what it looks like: the generative tables and the descriptor space as arrays.

label -> histotype -> descriptors, with a latent severity u that all descriptors share:
p(d | h, u) is proportional to p(d | h) exp(0.75 u s_d). The tables are fitted to published marginals
(Middleton et al., AJR 2017;208:1324; Na et al., Ultrasonography 2016;35:153; Borowczyk et al., Cancers 2021),
not copied from one series.

A nodule's descriptors are eight small integers, its *codes*, in the order of `FEATURES`.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from thyrolearn.arrays import Floats
from thyrolearn.tirads import Composition, Descriptors, Echogenicity, Focus, Margin, Shape

__all__ = [
    "FEATURES",
    "HISTOTYPES",
    "SEVERITY",
    "SEVERITY_WEIGHTS",
    "SHAPE",
    "Codes",
    "Histotype",
    "conditional",
    "decode",
    "encode",
    "force",
    "joint",
    "joint_by_severity",
    "states",
]

Codes = NDArray[np.int8]
"""Descriptors as integers, (n, 8), columns as `FEATURES`."""

COMPOSITION = ("cystic", "spongiform", "mixed", "solid")
ECHO = ("hyper", "iso", "hypo", "veryhypo", "anechoic")  # anechoic only where the nodule is cystic
OUTLINE = ("wider", "taller")
MARGIN = ("smooth", "ill", "lobirr", "ete")
FOCI = ("comet", "macro", "rim", "pef")
FEATURES = ("composition", "echogenicity", "shape", "margin", *FOCI)
SHAPE = (4, 5, 2, 4, 2, 2, 2, 2)
CYSTIC, SPONGIFORM, MIXED, SOLID = range(4)
ISO, HYPO, ANECHOIC = 1, 2, 4

SEVERITY = np.array([-1.65, -0.75, 0.0, 0.75, 1.65])
SEVERITY_WEIGHTS = np.array([0.1, 0.25, 0.3, 0.25, 0.1])
PULL = 0.75  # how strongly the severity moves each descriptor
SCORES: tuple[tuple[float, ...], ...] = (
    (-1.0, -1.0, -0.5, 0.3),
    (-0.5, -0.3, 0.3, 1.0),
    (0.0, 1.0),
    (-0.3, 0.0, 0.7, 1.0),
    (0.0, -0.5),
    (0.0, 0.2),
    (0.0, 0.1),
    (0.0, 1.0),
)


@dataclass(frozen=True)
class Histotype:
    """One row of the table: the share ``weight`` within its class and the probability of each descriptor.

    >>> HISTOTYPES[4].name, HISTOTYPES[4].weight
    ('PTC', 0.68)
    """

    name: str
    malignant: int
    weight: float
    composition: tuple[float, ...]
    echogenicity: tuple[float, ...]
    taller: float
    margin: tuple[float, ...]
    foci: tuple[float, ...]

    def rows(self) -> list[tuple[float, ...]]:
        """The probabilities of each feature's classes, in the order of `FEATURES`."""
        flags = [(1 - p, p) for p in self.foci]
        return [self.composition, self.echogenicity, (1 - self.taller, self.taller), self.margin, *flags]


# fmt: off
HISTOTYPES = (
    Histotype("goitre", 0, 0.62, (0.05, 0.09, 0.40, 0.46), (0.10, 0.54, 0.33, 0.03), 0.045,
              (0.66, 0.24, 0.095, 0.005), (0.10, 0.09, 0.025, 0.07)),
    Histotype("colloid", 0, 0.12, (0.45, 0.25, 0.28, 0.02), (0.05, 0.80, 0.14, 0.01), 0.02,
              (0.90, 0.09, 0.01, 0.0), (0.45, 0.02, 0.01, 0.02)),
    Histotype("adenoma", 0, 0.16, (0.0, 0.005, 0.25, 0.745), (0.12, 0.55, 0.32, 0.01), 0.03,
              (0.85, 0.10, 0.05, 0.0), (0.02, 0.09, 0.03, 0.05)),
    Histotype("thyroiditis", 0, 0.10, (0.0, 0.0, 0.03, 0.97), (0.10, 0.18, 0.62, 0.10), 0.12,
              (0.30, 0.45, 0.24, 0.01), (0.02, 0.06, 0.01, 0.11)),
    Histotype("PTC", 1, 0.68, (0.003, 0.002, 0.09, 0.905), (0.02, 0.13, 0.66, 0.19), 0.27,
              (0.20, 0.22, 0.50, 0.08), (0.01, 0.16, 0.05, 0.48)),
    Histotype("FVPTC", 1, 0.16, (0.002, 0.01, 0.18, 0.808), (0.05, 0.47, 0.45, 0.03), 0.07,
              (0.56, 0.22, 0.20, 0.02), (0.02, 0.09, 0.04, 0.15)),
    Histotype("FTC", 1, 0.10, (0.0, 0.003, 0.13, 0.867), (0.03, 0.42, 0.50, 0.05), 0.04,
              (0.55, 0.20, 0.22, 0.03), (0.01, 0.14, 0.05, 0.08)),
    Histotype("MTC", 1, 0.06, (0.0, 0.0, 0.09, 0.91), (0.01, 0.12, 0.67, 0.20), 0.18,
              (0.35, 0.20, 0.40, 0.05), (0.01, 0.30, 0.05, 0.35)),
)
# fmt: on


@cache
def conditional(feature: int) -> Floats:
    """p(class of ``feature`` | histotype, severity), shape (8 histotypes, 5 severities, classes).

    >>> bool(np.allclose(conditional(3).sum(axis=-1), 1))
    True
    """
    table = np.array([h.rows()[feature] for h in HISTOTYPES])[:, None, :]
    tilted = table * np.exp(PULL * SEVERITY[:, None] * np.array(SCORES[feature]))
    result = tilted / tilted.sum(axis=-1, keepdims=True)
    result.flags.writeable = False
    return result


def force(codes: Codes) -> Codes:
    """Return ``codes`` (n, 8) under the rules of the ACR lexicon that remove what cannot be seen.

    A cystic nodule is anechoic; neither a cystic nor a spongiform one has points for shape, margin or
    calcified foci (Tessler et al., JACR 2017;14:587). A comet tail, which has no points, may stay.
    An anechoic code on a nodule that is not cystic becomes isoechoic.

    >>> force(np.array([[0, 2, 1, 3, 1, 1, 1, 1]], dtype=np.int8)).tolist()
    [[0, 4, 0, 0, 1, 0, 0, 0]]
    """
    out = codes.copy()
    cystic = out[:, 0] == CYSTIC
    bland = out[:, 0] <= SPONGIFORM
    out[:, 1] = np.where(cystic, ANECHOIC, np.where(out[:, 1] == ANECHOIC, ISO, out[:, 1]))
    out[bland, 2] = 0
    out[:, 3] = np.where(cystic | (bland & (out[:, 3] > 1)), 0, out[:, 3])
    out[bland, 5:] = 0
    return out


@cache
def states() -> Codes:
    """All code combinations in the order of a raveled array of shape `SHAPE`, (2560, 8).

    >>> states()[-1].tolist()
    [3, 4, 1, 3, 1, 1, 1, 1]
    """
    return np.indices(SHAPE).reshape(8, -1).T.astype(np.int8)


@cache
def _forced_index() -> NDArray[np.intp]:
    return np.ravel_multi_index(tuple(force(states()).T), SHAPE)


def collapse(raw: Floats) -> Floats:
    """Move the probability of every combination to the one that `force` makes of it; shape `SHAPE`."""
    return np.bincount(_forced_index(), weights=raw.ravel(), minlength=raw.size).astype(np.float64).reshape(SHAPE)


@cache
def joint(label: int) -> Floats:
    """p(descriptors | label), exact, shape `SHAPE`: summed over histotype and severity.

    >>> bool(np.isclose(joint(1).sum(), 1)), bool(joint(1)[3].sum().round(2) == 0.87)
    (True, True)
    """
    kinds = [i for i, h in enumerate(HISTOTYPES) if h.malignant == label]
    weights = np.array([HISTOTYPES[i].weight for i in kinds])[:, None] * SEVERITY_WEIGHTS
    parts = [conditional(f)[kinds] for f in range(8)]
    parts[1] = np.concatenate([parts[1], np.zeros((*parts[1].shape[:2], 1))], axis=-1)
    raw = np.einsum("hu,hua,hub,huc,hud,hue,huf,hug,huk->abcdefgk", weights, *parts)
    result = collapse(raw)
    result.flags.writeable = False
    return result


@cache
def joint_by_severity(label: int) -> Floats:
    """p(descriptors, severity | label), exact, (5 severities, *`SHAPE`).

    >>> bool(np.allclose(joint_by_severity(0).sum(0), joint(0)))
    True
    """
    kinds = [i for i, h in enumerate(HISTOTYPES) if h.malignant == label]
    weights = np.array([HISTOTYPES[i].weight for i in kinds])[:, None] * SEVERITY_WEIGHTS
    parts = [conditional(f)[kinds] for f in range(8)]
    parts[1] = np.concatenate([parts[1], np.zeros((*parts[1].shape[:2], 1))], axis=-1)
    raw = np.einsum("hu,hua,hub,huc,hud,hue,huf,hug,huk->uabcdefgk", weights, *parts)
    return np.stack([collapse(part) for part in raw])


def decode(codes: Codes) -> Descriptors:
    """Return the `Descriptors` of one row of codes, (8,).

    >>> decode(np.array([3, 2, 0, 0, 0, 0, 0, 1])).echogenicity.value
    'hypo'
    """
    return Descriptors(
        composition=Composition(COMPOSITION[codes[0]]),
        echogenicity=Echogenicity(ECHO[codes[1]]),
        shape=Shape(OUTLINE[codes[2]]),
        margin=Margin(MARGIN[codes[3]]),
        foci=frozenset(Focus(name) for name, flag in zip(FOCI, codes[4:], strict=True) if flag),
    )


def encode(descriptors: Descriptors) -> Codes:
    """Return the codes (8,) of ``descriptors``; the inverse of `decode`.

    >>> encode(decode(np.array([3, 2, 0, 0, 0, 0, 0, 1]))).tolist()
    [3, 2, 0, 0, 0, 0, 0, 1]
    """
    head = [
        COMPOSITION.index(descriptors.composition.value),
        ECHO.index(descriptors.echogenicity.value),
        OUTLINE.index(descriptors.shape.value),
        MARGIN.index(descriptors.margin.value),
    ]
    present = {focus.value for focus in descriptors.foci}
    return np.array([*head, *(name in present for name in FOCI)], dtype=np.int8)
