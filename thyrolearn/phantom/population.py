"""Patients and their nodules: drawn once from named streams, so that each is the same whatever else is drawn.

Nothing here makes pixels. The label reaches the pixels only through what a `Nodule` holds: histotype and
severity decide the descriptors; descriptors and label decide latents, size and halo (see `ceiling` for what
that evidence is worth). Every patient has a stream of their own, keyed by seed and number and blind to the label.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, ndtri

from thyrolearn.arrays import Floats
from thyrolearn.errors import ParameterError
from thyrolearn.phantom import ceiling, cues
from thyrolearn.phantom.difficulty import Difficulty, resolve
from thyrolearn.phantom.readers import panel, read
from thyrolearn.phantom.records import Latents, Nodule, Patient
from thyrolearn.phantom.tables import HISTOTYPES, SEVERITY, SEVERITY_WEIGHTS, Codes, conditional, decode, force
from thyrolearn.seeding import stream

__all__ = ["DEFAULT_SCANNERS", "SITES", "Draws", "draw", "patients"]

SITES = {"A": "Alder", "B": "Birch", "C": "Cedar", "D": "Dogwood", "E": "Elm", "F": "Fir"}  # one scanner a site
DEFAULT_SCANNERS = {"A": 0.55, "B": 0.30, "D": 0.15}  # C and E are held out
MAX_NODULES, MAX_FRAMES = 5, 6
RISK_SPREAD = 0.6  # sd of a patient's own logit of malignancy
HASHIMOTO = 0.12
STAGES = {"disease": 11, "cues": 9, "readers": 24, "record": 2}  # uniforms a nodule, by stream


@dataclass(frozen=True)
class Draws:
    """Nodules as arrays, one row each: the true class, and everything that it decides.

    ``labels`` (n,) int64; ``histotypes`` and ``severities`` (n,) indices into `tables.HISTOTYPES` and
    `tables.SEVERITY`; ``codes`` (n, 8) descriptors as `tables.FEATURES`; ``latents`` (n, 7) as `cues.LATENTS`;
    ``size_mm`` (n,); ``halo`` (n,) bool.

    >>> nodules = draw(4, seed=0)
    >>> nodules.latents.shape, nodules.posterior().shape
    ((4, 7), (4,))
    """

    labels: NDArray[np.int64]
    histotypes: NDArray[np.intp]
    severities: NDArray[np.intp]
    codes: Codes
    latents: Floats
    size_mm: Floats
    halo: NDArray[np.bool_]

    def posterior(self, prevalence: float = 0.25, difficulty: str | Difficulty = "default") -> Floats:
        """P(malignant | all that an image can show), (n,); see `ceiling.posterior`."""
        setting = resolve(difficulty)
        rest = cues.evidence(self.codes, self.latents, self.size_mm, self.halo, setting)
        return ceiling.to_probability(ceiling.descriptor_evidence(self.codes) + rest, prevalence)


def uniforms(rng: np.random.Generator, count: int) -> Floats:
    """Return ``count`` numbers inside (0, 1) from the raw words of ``rng``, which numpy keeps stable."""
    words = rng.bit_generator.random_raw(count) >> np.uint64(11)
    return (words.astype(np.float64) + 0.5) * 2.0**-53


def _pick(uniform: Floats, probabilities: Floats) -> NDArray[np.intp]:
    """Draw a class for each row by inverting the cumulative probabilities, (n, classes) or (classes,)."""
    edges = np.cumsum(probabilities, axis=-1)[..., :-1]
    return (uniform[:, None] >= edges).sum(axis=1)


def _poisson(uniform: Floats, mean: float, most: int) -> NDArray[np.intp]:
    """Draw a Poisson count, at most ``most``, for each row."""
    return _pick(uniform, np.array([math.exp(-mean) * mean**k / math.factorial(k) for k in range(most + 1)]))


def _disease(risk: Floats, uniform: Floats) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp], Codes]:
    """Draw label, histotype, severity and descriptors from ``risk`` (n,) and ``uniform`` (n, 11)."""
    labels = (uniform[:, 0] < risk).astype(np.int64)
    weights = np.array([[h.weight * (h.malignant == y) for h in HISTOTYPES] for y in (0, 1)])
    histotypes = _pick(uniform[:, 1], weights[labels])
    severities = _pick(uniform[:, 2], SEVERITY_WEIGHTS)
    columns = [_pick(uniform[:, 3 + f], conditional(f)[histotypes, severities]) for f in range(8)]
    return labels, histotypes, severities, force(np.stack(columns, axis=1).astype(np.int8))


def _nodules(risk: Floats, disease: Floats, cue: Floats, difficulty: Difficulty) -> Draws:
    labels, histotypes, severities, codes = _disease(risk, disease)
    latents = cues.draw_latents(labels, codes, cue[:, :7], difficulty)
    size = cues.draw_size(labels, cue[:, 7], difficulty)
    return Draws(labels, histotypes, severities, codes, latents, size, cues.draw_halo(labels, codes, cue[:, 8]))


def draw(count: int, seed: int, *, prevalence: float = 0.25, difficulty: str | Difficulty = "default") -> Draws:
    """Draw ``count`` unrelated nodules as arrays: the laws of `patients` without patients, 200,000 in a second.

    Raises `ParameterError` for a prevalence outside 0 to 1.

    >>> nodules = draw(1000, seed=0, prevalence=0.5)
    >>> nodules.codes.shape, bool(0.4 < nodules.labels.mean() < 0.6)
    ((1000, 8), True)
    """
    _check(count, prevalence)
    parts = [uniforms(stream(seed, "population", "draw", s), count * STAGES[s]) for s in ("disease", "cues")]
    disease, cue = (part.reshape(count, -1) for part in parts)
    return _nodules(np.full(count, prevalence), disease, cue, resolve(difficulty))


@cache
def risk_intercept(prevalence: float) -> float:
    """The logit at which patients whose own logits spread by `RISK_SPREAD` have this prevalence on average.

    >>> -1.2 < risk_intercept(0.25) < -1.1
    True
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    return float(brentq(lambda a: weights @ expit(a + RISK_SPREAD * nodes) - prevalence, -20, 20))


def _check(count: int, prevalence: float) -> None:
    if count < 0:
        raise ParameterError(f"count={count} is negative.", "Allowed: 0 or more.")
    if not 0 < prevalence < 1:
        raise ParameterError(f"prevalence={prevalence} is not a probability.", "Allowed: above 0 and below 1.")


def _mix(scanners: Mapping[str, float] | Sequence[str]) -> tuple[list[str], Floats]:
    """Names and shares of ``scanners``: a mapping to weights, or names (a string of letters, too) in equal parts."""
    weights = dict(scanners) if isinstance(scanners, Mapping) else dict.fromkeys(scanners, 1.0)
    unknown = sorted(set(weights) - set(SITES))
    if unknown or not weights or min(weights.values()) < 0 or sum(weights.values()) <= 0:
        problem = f"Scanner {unknown[0]!r} is not known." if unknown else f"scanners={scanners!r} names no scanner."
        raise ParameterError(problem, f"Choose from {', '.join(SITES)}, with weights of 0 or more.")
    shares = np.array(list(weights.values()), dtype=float)
    return list(weights), shares / shares.sum()


def patients(
    count: int,
    seed: int,
    *,
    scanners: Mapping[str, float] | Sequence[str] = DEFAULT_SCANNERS,
    prevalence: float = 0.25,
    difficulty: str | Difficulty = "default",
    first: int = 0,
) -> list[Patient]:
    """Return patients ``first`` to ``first + count - 1`` of the population ``seed``, with their nodules; no pixels.

    A patient depends on ``seed`` and number alone (and on the settings), never on ``count``, ``first`` or order.
    ``scanners`` maps names to shares or lists names in equal parts ("C" for one scanner); another choice of scanners
    changes nothing else in a patient. ``prevalence`` is the expected share of malignant nodules; the patient's own
    risk spreads around it. Nodules a patient: 1 + Poisson(0.6), at most 5. Frames a nodule: 2 + Poisson(1), at most 6.

    Raises `ParameterError` for an unknown scanner or difficulty, a negative count or an impossible prevalence.

    >>> people = patients(3, seed=1)
    >>> people[2] == patients(1, seed=1, first=2)[0]
    True
    >>> people[0].scanner in "ABD", 1 <= len(people[0].nodules) <= 5
    (True, True)
    """
    _check(count, prevalence)
    setting, mix = resolve(difficulty), _mix(scanners)
    rows = np.array([uniforms(stream(seed, "population", "patient", first + i), 12) for i in range(count)])
    rows = rows.reshape(count, 12)
    amounts = 1 + _poisson(rows[:, 0], 0.6, MAX_NODULES - 1)
    risk = expit(risk_intercept(prevalence) + RISK_SPREAD * ndtri(rows[:, 1]))
    owners = np.repeat(np.arange(count), amounts)
    nodules = iter(_records(seed, first, owners, amounts, risk[owners], prevalence, setting))
    return [
        _patient(first + i, rows[i], mix, setting, tuple(next(nodules) for _ in range(amounts[i])))
        for i in range(count)
    ]


def _records(
    seed: int,
    first: int,
    owners: NDArray[np.intp],
    amounts: NDArray[np.intp],
    risk: Floats,
    prevalence: float,
    difficulty: Difficulty,
) -> Iterator[Nodule]:
    """Yield the nodules of all patients in order, drawn together from streams of their own."""
    numbers = np.concatenate([np.arange(n) for n in amounts]) if len(amounts) else owners
    keys = [(first + int(p), int(n)) for p, n in zip(owners, numbers, strict=True)]
    parts = {
        stage: np.array([uniforms(stream(seed, "population", stage, *key), width) for key in keys]).reshape(-1, width)
        for stage, width in STAGES.items()
    }
    draws = _nodules(risk, parts["disease"], parts["cues"], difficulty)
    readings = [read(draws.codes, parts["readers"].reshape(-1, 3, 8)[:, k], who) for k, who in enumerate(panel(seed))]
    frames = 2 + _poisson(parts["record"][:, 0], 1.0, MAX_FRAMES - 2)
    flipped = parts["record"][:, 1] < difficulty.flips
    posterior = draws.posterior(prevalence, difficulty)
    for i, number in enumerate(numbers):
        yield Nodule(
            number=int(number),
            label=int(draws.labels[i] ^ flipped[i]),
            histotype=HISTOTYPES[draws.histotypes[i]].name,
            severity=float(SEVERITY[draws.severities[i]]),
            truth=decode(draws.codes[i]),
            readers=tuple(decode(reading[i]) for reading in readings),
            latents=_latents(draws.latents[i]),
            size_mm=float(draws.size_mm[i]),
            halo=bool(draws.halo[i]),
            posterior=float(posterior[i]),
            frames=int(frames[i]),
            flipped=bool(flipped[i]),
        )


def _latents(row: Floats) -> Latents:
    echo, ratio, roughness, foci, heterogeneity, cyst, attenuation = map(float, row)
    return Latents(echo, ratio, roughness, int(foci), heterogeneity, cyst, attenuation)


def _patient(
    number: int,
    uniform: Floats,
    mix: tuple[list[str], Floats],
    difficulty: Difficulty,
    nodules: tuple[Nodule, ...],
) -> Patient:
    """Turn twelve uniforms into a patient; the first two are the number of nodules and the risk."""
    normal = ndtri(uniform)
    hashimoto = bool(uniform[5] < HASHIMOTO)
    scanner = mix[0][int(_pick(uniform[4:5], mix[1])[0])]
    return Patient(
        number=number,
        age=int(np.clip(np.rint(52 + 14 * normal[2]), 18, 90)),
        sex="F" if uniform[3] < 0.77 else "M",
        site=SITES[scanner],
        scanner=scanner,
        parenchyma_db=float(difficulty.parenchyma_db * normal[6] - 4.0 * hashimoto),
        heterogeneity=2.0 if hashimoto else 1.0,
        attenuation=float(np.clip(1 + 0.08 * normal[7], 0.7, 1.3)),
        thickness=float(np.clip(1 + 0.2 * normal[8], 0.5, 1.6)),
        hashimoto=hashimoto,
        gain_db=float(difficulty.gain_db * normal[9]),
        nodules=nodules,
    )
