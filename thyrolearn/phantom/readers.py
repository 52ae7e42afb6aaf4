"""Readers who see the descriptors as people do: sometimes the class beside the true one.

The rates reproduce published agreement: between two average readers kappa is .74 for composition, .42 for
echogenicity, .38 margin, .50 shape, .35 comet tail, .73 macrocalcification, .60 rim, .45 punctate foci; among
the readers of a panel .45 for the ACR level (Hoang et al., AJR 2018; Grani et al., PMC5744624). A reader has
a bias for margin and punctate foci, the same for all cases, and a junior reader errs 1.5 times as often.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from thyrolearn.arrays import Floats
from thyrolearn.phantom.tables import ANECHOIC, ISO, Codes, collapse, decode, encode, force
from thyrolearn.seeding import stream
from thyrolearn.tirads import Descriptors

__all__ = ["AVERAGE", "Reader", "confusion", "expected_reading", "majority", "panel", "read"]

# Where a moved reading goes, row: true class; neighbours in the order of the tables.
STEPS = {
    0: ((0, 1, 0, 0), (1, 0, 1, 0), (0, 1, 0, 1), (0, 0, 1, 0)),
    1: ((0, 1, 0, 0), (1, 0, 1, 0), (0, 1, 0, 1), (0, 0, 1, 0)),
    3: ((0, 2, 1, 0), (2, 0, 1, 0), (1, 1, 0, 1), (0, 0, 1, 0)),  # smooth and ill-defined: twice as often
}
MOVED = {0: 0.08, 1: 0.25, 3: 0.25}
FALSE_ALARM = {2: 0.038, 4: 0.027, 5: 0.015, 6: 0.012, 7: 0.053}
MISS = {2: 0.23, 4: 0.43, 5: 0.12, 6: 0.12, 7: 0.26}
BIAS_SPREAD, JUNIOR = 0.5, 1.5
SUSPICIOUS = {3: (0, 0, 1, 1), 7: (0, 1)}  # what the biases pull towards, by feature


@dataclass(frozen=True)
class Reader:
    """One reader: biases in logit (larger: calls it more readily) and a factor on all error rates.

    >>> Reader("junior", scale=1.5).punctate_bias
    0.0
    """

    name: str
    margin_bias: float = 0.0
    punctate_bias: float = 0.0
    scale: float = 1.0


AVERAGE = Reader("average")


def panel(seed: int) -> tuple[Reader, Reader, Reader]:
    """Return the three readers of the cohort ``seed``: two seniors and a junior, each with fixed biases.

    >>> [reader.name for reader in panel(0)], panel(0) == panel(0)
    (['senior 1', 'senior 2', 'junior'], True)
    """
    rows = [stream(seed, "population", "reader", k).bit_generator.random_raw(2) for k in range(3)]
    biases = BIAS_SPREAD * ndtri(((np.array(rows) >> np.uint64(11)) + 0.5) * 2.0**-53)
    names, scales = ("senior 1", "senior 2", "junior"), (1.0, 1.0, JUNIOR)
    first, second, third = (
        Reader(name, float(m), float(p), scale) for name, (m, p), scale in zip(names, biases, scales, strict=True)
    )
    return first, second, third


def confusion(feature: int, reader: Reader = AVERAGE) -> Floats:
    """Return p(reading | truth) of one feature, (classes, classes), rows are the truth.

    >>> confusion(2).round(3).tolist()
    [[0.962, 0.038], [0.23, 0.77]]
    """
    if feature in STEPS:
        steps = np.array(STEPS[feature], dtype=float)
        moved = MOVED[feature] * reader.scale * steps / steps.sum(axis=1, keepdims=True)
    else:
        moved = reader.scale * np.array([[0.0, FALSE_ALARM[feature]], [MISS[feature], 0.0]])
    matrix = moved + np.diag(1 - moved.sum(axis=1))
    bias = {3: reader.margin_bias, 7: reader.punctate_bias}.get(feature, 0.0)
    matrix = matrix * np.exp(bias * np.array(SUSPICIOUS.get(feature, (0.0,))))
    return matrix / matrix.sum(axis=1, keepdims=True)


def read(codes: Codes, uniform: Floats, reader: Reader = AVERAGE) -> Codes:
    """Return what ``reader`` says of nodules with these true ``codes`` (n, 8); ``uniform`` is (n, 8).

    A cystic nodule that is taken for another is called isoechoic; a reading obeys the same rules as the truth.
    Lessons: challenges/scarce_and_noisy_labels, clinic/readers.

    >>> from thyrolearn.phantom.population import draw
    >>> truth = draw(500, seed=0).codes
    >>> said = read(truth, np.random.default_rng(0).random(truth.shape))
    >>> bool(0.6 < (said[:, 1] == truth[:, 1]).mean() < 0.9)  # echogenicity
    True
    """
    seen = codes.copy()
    seen[:, 1] = np.where(codes[:, 1] == ANECHOIC, ISO, codes[:, 1])
    for feature in range(8):
        edges = confusion(feature, reader).cumsum(axis=1)[seen[:, feature], :-1]
        seen[:, feature] = (uniform[:, feature, None] >= edges).sum(axis=1)
    return force(seen)


def expected_reading(truth: Floats, reader: Reader = AVERAGE) -> Floats:
    """Return p(reading) for a distribution ``truth`` over descriptors, both of shape `tables.SHAPE`; exact.

    >>> from thyrolearn.phantom.tables import joint
    >>> bool(np.isclose(expected_reading(joint(1)).sum(), 1))
    True
    """
    result = truth.copy()
    result[:, ISO] += result[:, ANECHOIC]
    result[:, ANECHOIC] = 0.0
    for feature in range(8):
        matrix = confusion(feature, reader)
        if feature == 1:
            matrix = np.pad(matrix, (0, 1))
        result = np.moveaxis(np.tensordot(result, matrix, axes=(feature, 0)), -1, feature)
    return collapse(result)


def majority_codes(readings: NDArray[np.int8]) -> Codes:
    """Return the majority of an odd number of readings (readers, n, 8); the middle class where all differ."""
    return force(np.median(readings, axis=0).astype(np.int8))


def majority(readings: tuple[Descriptors, ...]) -> Descriptors:
    """Return the label of record: for each descriptor what most of an odd number of readers say.

    Where three readers give three classes, the middle one counts.

    >>> solid = Descriptors("solid", "hypo", "wider", "smooth")
    >>> mixed = Descriptors("mixed", "iso", "wider", "smooth")
    >>> majority((solid, mixed, solid)) == solid
    True
    """
    codes = np.stack([encode(reading)[None] for reading in readings])
    return decode(majority_codes(codes)[0])
