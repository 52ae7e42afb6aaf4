"""Contrast arriving in gland and nodule: the laws, and the curves that quantification software exports.

Bubbles arrive as a log-normal bolus; a cancer tends to fill later and less than the gland (Jiang et al., Med Sci
Monit 2024, 945793). `modalities.contrast` paints whole images from the same laws; a curve here costs microseconds.
"""

from dataclasses import dataclass

import numpy as np

from thyrolearn.errors import ParameterError
from thyrolearn.phantom.fields import Array
from thyrolearn.phantom.records import Nodule, Patient
from thyrolearn.seeding import normals, stream

__all__ = ["Bolus", "Curves", "SHARED", "bolus", "cue", "delay_s", "time_intensity", "truth"]

SHARED = 0.4  # correlation of every cue with the nodule's severity; `fusion` says what the cues are worth together
DELAY_S = ((0.32, 1.71), (2.18, 1.97))  # arrival after the gland, mean and sd, benign and malignant
LOG_PEAK = ((-0.05, 0.30), (-0.40, 0.35))  # log of the peak over the gland's, mean and sd, benign and malignant
CELL_MM2 = 0.6  # area of one independent speckle cell
BREATH_S = 4.0  # seconds a breath


@dataclass(frozen=True)
class Bolus:
    """True curves of ``gland`` and ``lesion`` at ``times`` (s), the gland's peak being 1, and their ``facts``."""

    times: np.ndarray
    gland: np.ndarray
    lesion: np.ndarray
    facts: dict[str, float]


@dataclass(frozen=True)
class Curves:
    """Measured time-intensity curves: mean linear intensity in two outlines at ``times`` (s), arbitrary units."""

    times: np.ndarray
    gland: np.ndarray
    lesion: np.ndarray
    facts: dict[str, float]


def truth(nodule: Nodule) -> int:
    """The true class, also where the recorded label is wrong."""
    return nodule.label ^ int(nodule.flipped)


def cue(nodule: Nodule, patient: Patient, seed: int, name: str) -> float:
    """A standard normal that is correlated with the nodule's severity."""
    own = float(normals(stream(seed, patient.number, nodule.number, name), (1,))[0])
    return SHARED * nodule.severity + float(np.sqrt(1 - SHARED**2)) * own


def delay_s(nodule: Nodule, patient: Patient, seed: int) -> float:
    """How much later the contrast agent comes to the nodule than to the gland, s."""
    late, wide = DELAY_S[truth(nodule)]
    return late + wide * cue(nodule, patient, seed, "arrival")


def bolus(patient: Patient, nodule: Nodule, seed: int, seconds: float = 60, rate: float = 1.0) -> Bolus:
    """Return the true curves over ``seconds`` at ``rate`` a second.

    Arrival in the gland 12.1 (sd 2) s, in the lesion later by 0.32 (1.71) benign and 2.18 (1.97) s malignant; peak
    ratio exp N(-0.05, 0.30) and exp N(-0.40, 0.35). Raises `ParameterError` unless 5 <= seconds <= 120 and
    0.5 <= rate <= 5.

    >>> from thyrolearn import phantom
    >>> patient = phantom.patients(1, seed=0)[0]
    >>> sorted(bolus(patient, patient.nodules[0], seed=0).facts)
    ['arrival_s', 'delay_s', 'peak_ratio']
    """
    if not 5 <= seconds <= 120 or not 0.5 <= rate <= 5:
        raise ParameterError(
            f"seconds={seconds}, rate={rate} are not allowed.", "Give 5 to 120 s and 0.5 to 5 a second."
        )
    y = truth(nodule)
    draw = normals(stream(seed, patient.number, nodule.number, "bolus"), (4,))
    arrival = 12.1 + 2.0 * float(draw[0])
    delay = delay_s(nodule, patient, seed)
    low, scatter = LOG_PEAK[y]
    peak = float(np.exp(low - scatter * cue(nodule, patient, seed, "peak")))
    mu, sigma = 2.9 + 0.15 * float(draw[1]), 0.75 + 0.07 * float(draw[2])
    times = np.arange(0, seconds, 1 / rate)
    gland = _dilution(times - arrival, mu, sigma)
    lesion = peak * _dilution(times - arrival - delay, mu, sigma)
    return Bolus(times, gland, lesion, {"arrival_s": arrival, "delay_s": delay, "peak_ratio": peak})


def _dilution(t: np.ndarray, mu: float, sigma: float) -> np.ndarray:
    """Log-normal indicator-dilution curve with a peak of 1; 0 before the arrival."""
    t = np.maximum(t, 1e-3)
    curve = np.exp(-((np.log(t) - mu) ** 2) / (2 * sigma**2)) / t
    mode = np.exp(mu - sigma**2)
    return curve / (np.exp(-(sigma**2) / 2) / mode)


def time_intensity(patient: Patient, nodule: Nodule, seed: int, *, seconds: float = 60, rate: float = 1.0) -> Curves:
    """Return the curves that an outline of the nodule and one of the gland would measure, without making images.

    Speckle is averaged over the outline, so that a small nodule's curve is noisier; breathing moves the outline, so
    that up to a third of the lesion's curve is gland, more in small nodules; the patient's gain scales both; tissue
    and noise add a little before the bubbles come. Arguments and errors as `bolus`. Lesson: architectures/rnn.

    >>> from thyrolearn import phantom
    >>> patient = phantom.patients(1, seed=0)[0]
    >>> curves = time_intensity(patient, patient.nodules[0], seed=0)
    >>> curves.lesion.shape, bool(curves.gland.argmax() > curves.facts["arrival_s"])
    ((60,), True)
    """
    true = bolus(patient, nodule, seed, seconds, rate)
    count = len(true.times)
    rng = stream(seed, patient.number, nodule.number, "curves")
    phase, depth, level = rng.random(3)
    noise = normals(rng, (2, count))
    slip = (0.5 + 0.5 * np.sin(2 * np.pi * (true.times / BREATH_S + phase))) * depth * _slip(nodule)
    lesion = (1 - slip) * true.lesion + slip * true.gland
    gain, rest = 10 ** (patient.gain_db / 20), 0.02 + 0.03 * level
    return Curves(
        true.times,
        gain * (true.gland * _speckled(noise[0], 100.0) + rest),
        gain * (lesion * _speckled(noise[1], np.pi / 4 * 0.6 * nodule.size_mm**2) + rest),
        true.facts,
    )


def _slip(nodule: Nodule) -> float:
    return float(np.clip(4.0 / nodule.size_mm, 0.05, 1 / 3))


def _speckled(noise: Array, area_mm2: float) -> Array:
    """Mean of exponential speckle over an outline: relative sd 1 / sqrt(cells), kept above 0."""
    return np.maximum(1 + noise / np.sqrt(max(area_mm2 / CELL_MM2, 4.0)), 0.05)
