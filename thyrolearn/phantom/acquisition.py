"""From tissue to picture: scatterers, loss, the beam, compounding, noise and the display.

The signal model is a baseband (IQ) convolution with a separable point spread that changes with depth. One
complex Gaussian a cell is fully developed speckle; its one-look envelope has mean over standard deviation
1.91 (Rayleigh; Wagner et al. 1983).
"""

from collections.abc import Callable

import numpy as np
from scipy import fft

from thyrolearn.phantom.canvas import Canvas
from thyrolearn.phantom.fields import Array, field, product
from thyrolearn.phantom.scanner import Scanner
from thyrolearn.seeding import normals

__all__ = [
    "REFERENCE_LOSS",
    "axial_sigma",
    "display",
    "envelope",
    "jpeg",
    "lateral_sigma",
    "recorded",
    "round_trip_loss",
]

REFERENCE_LOSS = 0.62
"""Attenuation that the time-gain compensation undoes, dB/cm/MHz."""

Draw = Callable[[str], np.random.Generator]


def axial_sigma(scanner: Scanner) -> float:
    """Standard deviation of the pulse along the beam, mm: 1.05 cycles x wavelength / (2 x 2.355).

    >>> from thyrolearn.phantom.scanner import SCANNERS
    >>> round(axial_sigma(SCANNERS["A"]), 3)
    0.076
    """
    return 1.05 * scanner.cycles * scanner.wavelength_mm / (2 * 2.355)


def lateral_sigma(scanner: Scanner, depth_mm: Array | float) -> Array | float:
    """Standard deviation of the beam across, mm, at ``depth_mm``: smallest at the focus.

    The two-way width of 0.88 wavelength x F-number (full width at half maximum) gives the factor 0.37.

    >>> from thyrolearn.phantom.scanner import SCANNERS
    >>> a = SCANNERS["A"]
    >>> bool(lateral_sigma(a, 30.0) > lateral_sigma(a, a.focus_mm))
    True
    """
    spread = np.sqrt(1 + ((depth_mm - scanner.focus_mm) / (0.75 * scanner.focus_mm)) ** 2)
    return scanner.lateral * scanner.wavelength_mm * scanner.f_number * spread


def round_trip_loss(loss: Array, depth_step_mm: float, frequency: float, reference: float = REFERENCE_LOSS) -> Array:
    """Two-way loss in dB above each pixel against the time-gain compensation, (z, x) as ``loss`` (dB/cm/MHz).

    >>> water = np.zeros((100, 1), np.float32)
    >>> round(float(round_trip_loss(water, 0.1, 10.0)[-1, 0]), 2)  # 1 cm x 2 x 10 MHz x -0.62
    -12.4
    """
    turned = np.ascontiguousarray((loss - np.float32(reference)).T)
    np.cumsum(turned, axis=1, out=turned)
    turned *= np.float32(2 * frequency * depth_step_mm / 10)
    return np.ascontiguousarray(turned.T)


def _box_mean(a: Array, half: int) -> Array:
    """Mean over ``2 half + 1`` columns, edges repeated."""
    if half < 1:
        return a
    padded = np.pad(a, ((0, 0), (half + 1, half)), mode="edge")
    sums = np.cumsum(padded, axis=1, dtype=np.float32)
    width = 2 * half + 1
    return (sums[:, width:] - sums[:, :-width]) / np.float32(width)


def shadows(canvas: Canvas, scanner: Scanner, onset_mm: float, slope: float, attenuation: float) -> Array:
    """Loss in dB on the canvas: tissue, the extra loss with depth, and aberration near the skin; soft edges."""
    deep = slope / (1 + np.exp(-(canvas.z - onset_mm) / 2)) * 0.1 * canvas.step[0] * 20
    total = round_trip_loss(canvas.loss * np.float32(attenuation), canvas.step[0], scanner.frequency)
    near, far = (_box_mean(total, round(width / canvas.step[1] / 2)) for width in (0.8, 2.4))
    share = np.clip(canvas.z / 30, 0, 1)
    total = near + share * (far - near)
    total += np.cumsum(deep, axis=0)
    columns = total.shape[1]
    wave = 1.1 * field(canvas.rng("aberration"), (4, columns), (50, canvas.extent[1]), 50, 2.5)[:1]
    wave += 1.8 * field(canvas.rng("coupling"), (4, columns), (50, canvas.extent[1]), 50, 9.0)[:1]
    total += np.clip(canvas.z / 18, 0, 1.6) * wave
    lift = canvas.rng("contact").random(3)
    if lift[0] < 0.10:  # one side of the probe without contact
        across = np.linspace(0, 1, columns, dtype=np.float32)[None, :: -1 if lift[1] < 0.5 else 1]
        total += 24 / (1 + np.exp(-(across - np.float32(0.82 + 0.15 * lift[2])) * 40))
    return np.minimum(total, 60)


def _double(a: Array) -> Array:
    """Twice as many rows by linear interpolation."""
    out = np.empty((2 * a.shape[0], a.shape[1]), a.dtype)
    out[2:-1:2] = 0.25 * a[:-1] + 0.75 * a[1:]
    out[1:-2:2] = 0.75 * a[:-1] + 0.25 * a[1:]
    out[0], out[-1] = a[0], a[-1]
    return out


def _axial(q: np.ndarray, sigma: float) -> np.ndarray:
    """Convolve along z with a Gaussian of unit L2 norm, ``sigma`` in rows."""
    half = max(1, int(np.ceil(3.0 * sigma)))
    taps = np.exp(-0.5 * (np.arange(half + 1) / sigma) ** 2)
    taps = (taps / np.sqrt(taps[0] ** 2 + 2 * (taps[1:] ** 2).sum())).astype(np.float32)
    out = q * taps[0]
    for k in range(1, half + 1):
        part = q * taps[k]
        out[k:] += part[:-k]
        out[:-k] += part[k:]
    return out


def envelope(
    amplitude: Array,
    coherent: np.ndarray | None,
    points: list[tuple[float, float, float]],
    extent: tuple[float, float],
    scanner: Scanner,
    rng: np.random.Generator,
    speckle: Array | None = None,
) -> Array:
    """Return the compounded envelope, (2 x rows, columns), of tissue with the speckle ``amplitude``.

    ``amplitude`` and the complex ``coherent`` are (rows, columns); ``points`` are (row share, column share,
    amplitude) of single reflectors; ``speckle``, (2, 2 x rows, columns) standard normal, replaces the draw from ``rng``
    (a sweep brings its own). In uniform tissue of amplitude 1 the mean square is 1, whatever the grid.
    """
    rows, columns = 2 * amplitude.shape[0], amplitude.shape[1]
    dz, dx = extent[0] / rows, extent[1] / columns
    g = normals(rng, (2, rows, columns)) if speckle is None else speckle
    scale = _double(amplitude * np.float32(np.sqrt(0.5)))
    q = np.empty((rows, columns), np.complex64)
    np.multiply(g[0], scale, out=q.real)
    np.multiply(g[1], scale, out=q.imag)
    cells = 4 * np.pi * axial_sigma(scanner) * float(lateral_sigma(scanner, scanner.focus_mm)) / (dz * dx)
    if coherent is not None:
        q += _double(coherent * np.float32(2 / np.sqrt(cells)))
    for row, column, strength in points:
        i, j = int(row * rows), int(column * columns)
        if 0 <= i < rows and 0 <= j < columns:
            q[i, j] += strength * np.sqrt(cells / 4) * np.exp(2j * np.pi * rng.random())
    q = _axial(q, axial_sigma(scanner) / dz)
    # Padding by an eighth keeps the two sides of the picture apart in the circular convolution.
    return _beams(fft.fft(q, n=columns * 9 // 8, axis=1), dx, extent[0], scanner)[:, :columns]


def _beams(spectrum: np.ndarray, dx: float, depth: float, scanner: Scanner) -> Array:
    """Mean envelope over the looks; the beam's width changes in 64 steps of depth."""
    rows, columns = spectrum.shape
    steps = 64
    z = (np.arange(steps, dtype=np.float32)[:, None] + 0.5) * np.float32(depth / steps)
    sigma = np.asarray(lateral_sigma(scanner, z), np.float32)
    if scanner.looks > 1:
        sigma = sigma * np.float32(1.25)
    frequency = np.fft.fftfreq(columns, dx).astype(np.float32)[None, :]
    block = spectrum.reshape(steps, rows // steps, columns)
    total = np.zeros((rows, columns), np.float32)
    for look in range(scanner.looks):
        centre = (look - (scanner.looks - 1) / 2) * 0.55 * 1.25 / (2 * np.pi * sigma)
        h = np.exp(np.maximum(-2 * (np.pi * sigma * (frequency - centre)) ** 2, -40))
        h *= np.sqrt(columns / (h * h).sum(1, keepdims=True))
        part = fft.ifft((block * h[:, None, :]).reshape(rows, columns), axis=1, overwrite_x=True)
        total += np.abs(part)
    total *= np.float32(1 / scanner.looks)
    return total


def display(env: Array, depth: float, scanner: Scanner, gain_db: Array | float, draw: Draw) -> Array:
    """Return the picture, (rows / 2, columns) float32 in 0-1: haze, noise, log compression, grey map."""
    rows, columns = env.shape
    power = env * env
    noise = _noise_power(power, depth, scanner)
    if not scanner.average:
        power, noise, rows = power[::2].copy(), noise[::2], rows // 2
    words = draw("noise").bit_generator.random_raw(rows * columns // 2).view(np.uint32).reshape(rows, columns)
    uniform = (words >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24) + np.float32(2.0**-25)
    power += noise * -np.log(uniform)
    v = np.log10(power, out=power)
    if scanner.average:
        v = 0.5 * (v[::2] + v[1::2])
    v *= np.float32(10 / scanner.range_db)
    v += (np.float32(scanner.gain_db) + gain_db) / np.float32(scanner.range_db) + np.float32(scanner.level)
    if scanner.smoothing:
        v += np.float32(scanner.smoothing) * (_blur(v) - v)
    if scanner.floor:  # a soft toe: black is dark grey, and texture fades into it without an edge
        v = np.float32(0.5) * (v + np.sqrt(v * v + np.float32(4 * scanner.floor**2)))
    np.clip(v, 0, 1, out=v)
    if scanner.gamma != 1:
        v **= np.float32(scanner.gamma)
    return v


def _noise_power(power: Array, depth: float, scanner: Scanner) -> Array:
    """Electronic noise, which rises with the compensation, and haze from what is around."""
    rows, columns = power.shape
    tall, wide = rows // 32, columns // 16
    blocks = power.reshape(32, tall, 16, wide).mean((1, 3))
    blocks = 0.5 * blocks + 0.25 * (np.roll(blocks, 1, 1) + np.roll(blocks, -1, 1))
    z = (np.arange(rows, dtype=np.float32)[:, None] + 0.5) * np.float32(depth / rows)
    electronic = 10 ** ((scanner.noise_db + 0.055 * 2 * scanner.frequency * REFERENCE_LOSS * z) / 10)
    up, over = _linear(rows, 32), _linear(columns, 16)
    return np.float32(10 ** (scanner.haze_db / 10)) * product(product(up, blocks), over.T) + electronic


def _linear(samples: int, knots: int) -> Array:
    """Matrix of linear interpolation from ``knots`` block centres to ``samples``."""
    place = np.clip((np.arange(samples) + 0.5) / samples * knots - 0.5, 0, knots - 1)
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(knots))).astype(np.float32)


def _blur(v: Array) -> Array:
    """Binomial blur, 5 x 5."""
    taps = (np.float32(0.4), np.float32(0.24), np.float32(0.06))
    for turn in (0, 1):
        p = np.pad(v, ((2, 2), (0, 0)) if turn == 0 else ((0, 0), (2, 2)), mode="edge")
        n = v.shape[turn]
        s = [p[i : i + n] if turn == 0 else p[:, i : i + n] for i in range(5)]
        v = taps[0] * s[2] + taps[1] * (s[1] + s[3]) + taps[2] * (s[0] + s[4])
    return v


def recorded(v: Array, depth: float, scanner: Scanner, draw: Draw) -> Array:
    """What a video recorder keeps of the picture ``v``, (rows, columns) in 0-1: less fine detail down it, and noise.

    An amplitude at f cycles/mm is divided by 1 + (f / ``scanner.bandwidth``)^4; the noise is white. Without either
    setting the picture itself comes back.
    """
    if scanner.bandwidth:
        cycles = np.arange(len(v)) / (2 * depth)
        keep = (1 / (1 + (cycles / scanner.bandwidth) ** 4)).astype(np.float32)[:, None]
        v = fft.idct(fft.dct(v, axis=0, norm="ortho") * keep, axis=0, norm="ortho")
    if scanner.grain:
        v = v + np.float32(scanner.grain / 255) * normals(draw("grain"), v.shape)
    return np.clip(v, 0, 1) if scanner.bandwidth or scanner.grain else v


_QUANT = 1.0 + np.add.outer(np.arange(8), np.arange(8)) * 0.9


def jpeg(v: Array, quality: int) -> Array:
    """Quantise 8 x 8 cosine blocks as JPEG does, without a codec, so that pixels do not hang on its version.

    ``v`` is (rows, columns) in 0-1, multiples of 8; quality 1-100.

    >>> v = np.full((16, 16), 0.5, np.float32)
    >>> bool(np.allclose(jpeg(v, 70), v, atol=0.02))
    True
    """
    rows, columns = v.shape
    blocks = v.reshape(rows // 8, 8, columns // 8, 8) * np.float32(255)
    step = (_QUANT * max(100 - quality, 1) * 0.22).astype(np.float32)[None, :, None, :]
    c = fft.dctn(blocks, axes=(1, 3), norm="ortho")
    c = np.round(c / step) * step
    back = fft.idctn(c, axes=(1, 3), norm="ortho").reshape(rows, columns)
    return np.clip(back / np.float32(255), 0, 1)
