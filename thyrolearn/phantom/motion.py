"""What a hand, a heart and a vein do to a sweep: tremor, the carotid's pulse, and the pressure of the probe.

Each is off by default, has a random stream of its own, and is one displacement of the tissue: maps, scatterers and
masks are read through the same bent grid, so the truth moves with the picture. Amplitudes were chosen by us.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from thyrolearn.arrays import Floats
from thyrolearn.errors import ParameterError
from thyrolearn.phantom.canvas import Canvas
from thyrolearn.phantom.fields import Array
from thyrolearn.seeding import normals

__all__ = ["Motion", "bend", "draw_motion", "grid", "moved", "shift_of"]

TREMOR_S = 0.5  # time constant of the hand
PULSE_HZ = 1.1
GIVE_MM = 2.0  # the skin stays at the probe; below this depth the tissue follows the hand
PRESS_MM = 1.0  # how far full pressure brings what is deep towards the probe
PRESS_DEPTH_MM = 6.0  # the layers that give way to it
COLLAPSE = 0.75  # share of its height that a vein loses under full pressure
FADE_MM = 4.0  # reach of the vein's collapse in the tissue around it
LIMITS = {"tremor_mm": 1.0, "pulsation": 0.2, "pressure": 1.0}


@dataclass(frozen=True)
class Motion:
    """The movements of a sweep, a row a frame.

    ``shift_mm`` (n, 2) how far the tissue stands from its place, down and to the right of the picture; ``pulse`` (n,)
    the carotid's radius over its mean, less 1; ``pressure`` (n,) 0 (none) to 1.
    """

    shift_mm: Floats
    pulse: Floats
    pressure: Floats


def draw_motion(
    draw: Callable[[str], np.random.Generator],
    frames: int,
    frames_per_second: float,
    *,
    tremor_mm: float = 0.0,
    pulsation: float = 0.0,
    pressure: float = 0.0,
) -> Motion:
    """Draw the movements of ``frames`` frames; ``draw`` gives the stream of a name.

    Tremor is an AR(1) process of standard deviation ``tremor_mm`` down and across, with a time constant of 0.5 s; the
    carotid's radius swings by ``pulsation`` of itself at 1.1 Hz; ``pressure`` rises from 0 to its largest value once in
    the clip and falls back. Raises `ParameterError` outside 0 to 1 mm, 0 to 0.2 and 0 to 1.

    >>> from thyrolearn.seeding import stream
    >>> motion = draw_motion(lambda name: stream(0, name), 50, 20.0, pulsation=0.04)
    >>> motion.shift_mm.any(), bool(0.039 < motion.pulse.max() <= 0.04)
    (np.False_, True)
    """
    for name, value in (("tremor_mm", tremor_mm), ("pulsation", pulsation), ("pressure", pressure)):
        if not 0 <= value <= LIMITS[name]:
            raise ParameterError(f"{name}={value} is not allowed.", f"Give 0 to {LIMITS[name]:g}.")
    keep = np.exp(-1 / (TREMOR_S * frames_per_second))
    steps = normals(draw("tremor"), (frames, 2)).astype(float) * tremor_mm
    shift = steps.copy()
    for i in range(1, frames):
        shift[i] = keep * shift[i - 1] + np.sqrt(1 - keep**2) * steps[i]
    phase = draw("pulse").random()
    pulse = pulsation * np.sin(2 * np.pi * (PULSE_HZ * np.arange(frames) / frames_per_second + phase))
    warped = np.linspace(0, 1, frames) ** np.exp(0.3 * float(normals(draw("pressure"), (1,))[0]))
    return Motion(shift, pulse, pressure * np.sin(np.pi * warped) ** 2)


def grid(
    canvas: Canvas,
    shift_mm: Floats,
    pulse: float = 0.0,
    pressure: float = 0.0,
    vessels: Array | None = None,
) -> Array:
    """Return where each pixel of the moved picture is read from, (2, rows, columns), in pixels of the still one.

    ``vessels`` holds the carotid's centre (z, x) and radius and the jugular's centre and semi-axes (z, x) in mm on the
    canvas. The carotid swells by ``pulse``; the tissue around gives way as 1 / distance, so that no area is lost. The
    jugular loses height with ``pressure``, and all that is deep comes nearer to the probe.
    """
    z, x = canvas.z.astype(np.float64), canvas.x.astype(np.float64)
    z = z - shift_mm[0] * (1 - np.exp(-z / GIVE_MM)) + pressure * PRESS_MM * (1 - np.exp(-z / PRESS_DEPTH_MM))
    z, x = np.broadcast_arrays(z, x - shift_mm[1] * canvas._dx / canvas.step[1])
    if vessels is not None:
        z, x = _around_vessels(z, x, pulse, pressure, vessels)
    return np.stack([z / canvas.step[0] - 0.5, (x - float(canvas.x[0, 0])) / canvas._dx])


def _around_vessels(z: Floats, x: Floats, pulse: float, pressure: float, vessels: Array) -> tuple[Floats, Floats]:
    """Where the points (z, x) mm come from when the carotid has swollen and the jugular has lost height."""
    cz, cx, radius, jz, jx, height, width = vessels
    dz, dx = z - cz, x - cx
    swollen = pulse / (1 + pulse) * np.minimum(1, (radius * (1 + pulse)) ** 2 / (dz**2 + dx**2 + 1e-9))
    share = COLLAPSE * pressure
    flat = height * (1 - share)
    beyond = np.maximum(np.abs(z - jz) - flat, 0) / FADE_MM
    beside = np.maximum(np.abs(x - jx) - width, 0) / (0.5 * width)
    pressed = np.clip(z - jz, -flat, flat) * (share / (1 - share)) * np.exp(-(beyond**2) - beside**2)
    return z - swollen * dz + pressed, x - swollen * dx


def moved(a: Array, where: Array) -> Array:
    """Read the map ``a`` at ``where``, linear between pixels, its edge repeated."""
    return map_coordinates(a, where, order=1, mode="nearest", output=a.dtype)


def shift_of(where: Array, z: float, x: float) -> tuple[float, float]:
    """How far the point at row ``z`` and column ``x`` moved, in pixels (down, right)."""
    i, j = (int(np.clip(v, 0, n - 1)) for v, n in zip((z, x), where.shape[1:], strict=True))
    return float(i - where[0, i, j]), float(j - where[1, i, j])


def bend(noise: Array, where: Array) -> Array:
    """Read scatterers, (2, 2 x rows, columns) white noise, at ``where``; cubic, so that their strength stays.

    Linear interpolation would take a fifth of the power away at half a pixel, and the picture would flicker.
    """
    fine = np.repeat(where, 2, axis=1)
    fine[0] = 2 * fine[0] + 0.5
    fine[0, ::2] -= 0.5
    fine[0, 1::2] += 0.5
    return np.stack([map_coordinates(part, fine, order=3, mode="grid-wrap", output=np.float32) for part in noise])
