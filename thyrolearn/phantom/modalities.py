"""Strain elastography, colour Doppler and contrast enhancement of the same nodule as its B-mode frame.

Each takes the tissue map that the frame was painted from. Their class-dependent numbers follow published means (see
each function) and share the nodule's latent severity with a correlation of 0.4, so that fusing the modalities gains
less than independent cues would. They use random streams of their own and move no pixel of a still frame.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from thyrolearn.phantom.canvas import TISSUES
from thyrolearn.phantom.fields import Array, field
from thyrolearn.phantom.perfusion import bolus, cue, truth
from thyrolearn.phantom.records import Nodule, Patient
from thyrolearn.phantom.rendering import Scene, picture, scene, signal
from thyrolearn.seeding import normals, stream

__all__ = ["Perfusion", "View", "contrast", "doppler", "elastogram"]

VOID = tuple(TISSUES.index(name) for name in ("vessel", "airway", "bone", "cyst"))
STIFFNESS = {"connective": 11.0, "fat": 8.0, "muscle": 22.0, "gland": 15.0, "calcification": 120.0}  # kPa


@dataclass(frozen=True)
class View:
    """A colour picture over B-mode: ``rgb`` (size, size, 3) uint8, the map behind it, and what it was drawn from."""

    kind: str
    rgb: np.ndarray
    values: Array
    mask: np.ndarray
    spacing_mm: tuple[float, float]
    facts: dict[str, Any]


@dataclass(frozen=True)
class Perfusion:
    """A contrast run: ``images`` (n, size, size) uint8, ``times`` (n,) s, true curves of ``lesion`` and ``gland``."""

    images: np.ndarray
    times: np.ndarray
    lesion: np.ndarray
    gland: np.ndarray
    mask: np.ndarray
    spacing_mm: tuple[float, float]
    facts: dict[str, Any]


def _bmode(
    patient: Patient, nodule: Nodule, number: int, seed: int, options: dict[str, Any]
) -> tuple[Scene, np.ndarray]:
    s = scene(patient, nodule, number, seed, **options)
    return s, picture(s, signal(s), patient)


def _mask(s: Scene) -> np.ndarray:
    mask = np.zeros(s.canvas.echo.shape, bool)
    mask[s.where] = s.distance < 0
    return mask


def elastogram(patient: Patient, nodule: Nodule, number: int, seed: int, **options: Any) -> View:
    """Return the strain elastogram of a frame; ``options`` (scanner, size, view) as in `render`.

    Young's modulus in kPa: benign 15.9 (sd 7.0), malignant 31.9 (19.1), log-normal (Wang et al., PMC5355106); gland 15,
    muscle 22. ``values`` is the strain relative to its median, large is soft; ``facts`` has the nodule's true modulus
    and the strain ratio gland / nodule. Blue is stiff. Nothing is coloured in fluid, behind air and bone, or in shadow.

    >>> from thyrolearn import phantom
    >>> patient = phantom.patients(1, seed=0)[0]
    >>> view = elastogram(patient, patient.nodules[0], 0, seed=0, size=64)
    >>> view.values.shape, sorted(view.facts)
    ((64, 64), ['modulus_kpa', 'strain_ratio'])
    """
    s, image = _bmode(patient, nodule, number, seed, options)
    mean, sd = ((15.9, 7.0), (31.9, 19.1))[truth(nodule)]
    spread = np.log(1 + (sd / mean) ** 2)
    modulus = float(np.exp(np.log(mean) - spread / 2 + np.sqrt(spread) * cue(nodule, patient, seed, "stiffness")))
    c = s.canvas
    table = np.array([STIFFNESS.get(name, modulus if name == "solid" else 4.0) for name in TISSUES], np.float32)
    stiff = _smooth(table[c.tissue], round(0.7 / c.step[0]), round(0.7 / c.step[1]))
    wave = np.exp(np.float32(0.22) * field(stream(*c.key, "strain"), c.echo.shape, c.extent, 1.5, 2.5))  # type: ignore[arg-type]
    strain = np.exp(-c.z / np.float32(45)) / stiff * wave
    usable = ~np.isin(c.tissue, VOID) & (s.loss_db < 15)
    strain /= np.median(strain[usable])
    level = np.clip(0.5 + np.log2(strain) / 4, 0, 1)  # 1 soft, 0 stiff
    rgb = _blend(image, _rainbow(1 - level), np.where(usable, 0.45, 0.0))
    mask = _mask(s)
    inside, gland = mask & usable, (c.tissue == TISSUES.index("gland")) & usable
    ratio = float(strain[gland].mean() / strain[inside].mean()) if inside.any() and gland.any() else float("nan")
    return View("elastogram", rgb, strain, mask, c.step, {"modulus_kpa": modulus, "strain_ratio": ratio})


def doppler(patient: Patient, nodule: Nodule, number: int, seed: int, **options: Any) -> View:
    """Return colour Doppler of a frame: ``values`` is the velocity in cm/s as shown, wrapped at the Nyquist limit.

    ``facts`` has the vascular pattern (none, rim, mixed, central; central is commoner in cancers) and the limit
    c PRF / (4 f). Carotid and jugular always flow. Red is towards the probe.

    >>> from thyrolearn import phantom
    >>> patient = phantom.patients(1, seed=0)[0]
    >>> view = doppler(patient, patient.nodules[0], 0, seed=0, size=64)
    >>> view.values.shape, sorted(view.facts)
    ((64, 64), ['nyquist_cm_s', 'pattern'])
    """
    s, image = _bmode(patient, nodule, number, seed, options)
    c, mask = s.canvas, _mask(s)
    odds = np.array([(0.30, 0.45, 0.17, 0.08), (0.18, 0.22, 0.27, 0.33)][truth(nodule)])
    tilt = np.exp(0.3 * nodule.severity * np.arange(4) / 3)
    chance = np.cumsum(odds * tilt) / (odds * tilt).sum()
    pick = float(stream(seed, patient.number, nodule.number, "vascularity").random())
    pattern = ("none", "rim", "mixed", "central")[int(np.searchsorted(chance, pick))]
    draw = lambda name, scale: field(stream(*c.key, name), c.echo.shape, c.extent, scale)  # type: ignore[arg-type]  # noqa: E731
    ridge = np.clip(1 - np.abs(draw("flow-vessels", 1.3)) / 0.16, 0, 1) * (draw("flow-gate", 2.5) > 0.3)
    far = np.full(c.echo.shape, 9.0, np.float32)
    far[s.where] = s.distance
    rim, centre = np.exp(-((far / 1.2) ** 2)), (far < -1.5).astype(np.float32)
    share = {"none": 0 * rim, "rim": rim, "mixed": np.maximum(rim, 0.7 * centre), "central": centre}[pattern]
    sparse = 0.25 * (c.tissue == TISSUES.index("gland"))
    speed = 9.0 * ridge * (np.maximum(share, sparse) > 0.2) * np.sign(draw("flow-sign", 4.0))
    blood = c.tissue == TISSUES.index("vessel")
    speed = np.where(blood, 24.0 * np.clip((-12 - c.echo) / 18, 0, 1), speed)
    limit = 154_000 * 5e3 / (4 * s.scanner.frequency * 1e6)  # cm/s at a pulse repetition frequency of 5 kHz
    shown = (speed + limit) % (2 * limit) - limit
    noisy = shown + 0.4 * normals(stream(*c.key, "flow-noise"), c.echo.shape)  # type: ignore[arg-type]
    seen = (np.abs(speed) > 2.0) & (s.loss_db < 15)
    part = np.clip(np.abs(noisy) / limit, 0.25, 1)[..., None]
    colour = np.where(noisy[..., None] > 0, (255, 90, 20), (30, 110, 255)) * part
    rgb = _blend(image, colour, np.where(seen, 0.85, 0.0))
    return View("doppler", rgb, np.where(seen, noisy, 0), mask, c.step, {"pattern": pattern, "nyquist_cm_s": limit})


def contrast(
    patient: Patient,
    nodule: Nodule,
    seed: int,
    *,
    seconds: float = 60,
    rate: float = 1.0,
    size: int = 128,
    **options: Any,
) -> Perfusion:
    """Return a contrast-enhanced run of ``seconds`` at ``rate`` images a second.

    The laws of arrival and peak are those of `perfusion.bolus`, whose errors it raises. Each image has its own
    exponential speckle.

    >>> from thyrolearn import phantom
    >>> patient = phantom.patients(1, seed=0)[0]
    >>> run = contrast(patient, patient.nodules[0], seed=0, seconds=5, size=64)
    >>> run.images.shape
    (5, 64, 64)
    """
    from scipy.ndimage import uniform_filter

    run = bolus(patient, nodule, seed, seconds, rate)
    s = scene(patient, nodule, 0, seed, size=size, **options)
    c, mask = s.canvas, _mask(s)
    weight = np.exp(np.float32(0.5) * field(stream(*c.key, "perfusion"), c.echo.shape, c.extent, 1.5))  # type: ignore[arg-type]
    weight *= 10 ** (-np.clip(s.loss_db, 0, 40) / 20)
    supply = np.array([0.25, 0.15, 0.35, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0], np.float32)[c.tissue] * weight
    solid = weight * (c.tissue == TISSUES.index("solid"))
    images = []
    for i in range(len(run.times)):
        u = stream(*c.key, "bubbles", i).random(c.echo.shape, np.float32)  # type: ignore[arg-type]
        bubbles = uniform_filter(-np.log1p(-u * np.float32(0.999)), (2, 3), mode="nearest")
        power = (supply * np.float32(run.gland[i]) + solid * np.float32(run.lesion[i])) * bubbles + np.float32(1e-3)
        images.append((np.clip(0.68 + np.log10(power) / 2.4, 0, 1) * 255).astype(np.uint8))
    return Perfusion(np.stack(images), run.times, run.lesion, run.gland, mask, c.step, dict(run.facts))


def _smooth(a: Array, rows: int, columns: int) -> Array:
    """Two box means along each axis, half widths in pixels; edges repeated."""
    from scipy.ndimage import uniform_filter

    width = (2 * max(rows, 0) + 1, 2 * max(columns, 0) + 1)
    return uniform_filter(uniform_filter(a, width, mode="nearest"), width, mode="nearest")


def _rainbow(level: Array) -> np.ndarray:
    """Red, yellow, green, blue for 0 to 1, (rows, columns, 3)."""
    level = np.clip(level, 0, 1)[..., None]
    return 255 * np.clip(1.5 - np.abs(4 * (1 - level) - np.array([3.0, 2.0, 1.0])), 0, 1)


def _blend(image: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    part = alpha[..., None]
    return np.clip((1 - part) * image[..., None] + part * colour, 0, 255).astype(np.uint8)
