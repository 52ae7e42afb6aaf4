"""The three maps that anatomy is painted on: echogenicity, attenuation and coherent amplitude."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from thyrolearn.phantom.fields import Array, lattice, ridge, soft, surface
from thyrolearn.phantom.fields import field as random_field
from thyrolearn.seeding import normals, stream

__all__ = ["Canvas", "TISSUES", "new_canvas"]

TISSUES = ("connective", "fat", "muscle", "gland", "vessel", "airway", "bone", "solid", "cyst", "calcification")
"""Names of the numbers in `Canvas.tissue`, for the other modalities and for teaching."""


@dataclass
class Canvas:
    """Maps of (rows, columns) float32 over ``extent`` = (depth, width) mm; z down, x to the side of the trachea.

    ``echo`` in dB relative to normal gland, ``loss`` in dB/cm/MHz, ``shine`` the coherent amplitude (linear).
    ``z`` and ``x`` are straight coordinates in mm, (rows, 1) and (1, columns); ``zw`` and ``xw`` are warped.
    """

    key: tuple[int | str, ...]
    extent: tuple[float, float]
    z: Array
    x: Array
    zw: Array
    xw: Array
    echo: Array
    loss: Array
    shine: Array
    tissue: np.ndarray
    gaps: Array  # a field along the interfaces, which breaks their lines
    stone: Array | None = None  # the part of ``loss`` that calcifications make, where there are any
    y: float | None = None  # mm along the sweep; None for a still frame
    points: list[tuple[float, float, float]] = field(default_factory=list)  # (z, x, amplitude) of bright specks

    @property
    def step(self) -> tuple[float, float]:
        """Pixel size (z, x) in mm."""
        return self.extent[0] / self.echo.shape[0], self.extent[1] / self.echo.shape[1]

    def rng(self, name: str) -> np.random.Generator:
        """Return the random stream of the stage ``name`` of this frame."""
        return stream(*self.key, name)  # type: ignore[arg-type]

    def box(self, z0: float, z1: float, x0: float, x1: float) -> tuple[slice, slice]:
        """Return the slices that cover the box in mm (x in canvas coordinates), at least 4 px each way."""
        (rows, columns), dz = self.echo.shape, self.step[0]
        left, right = sorted(((x0 - float(self.x[0, 0])) / self._dx, (x1 - float(self.x[0, 0])) / self._dx))
        return _clip(z0 / dz, z1 / dz, rows), _clip(left, right, columns)

    @property
    def _dx(self) -> float:
        return float(self.x[0, 1] - self.x[0, 0])

    def field(self, name: str, where: tuple[slice, slice], scale: float, across: float = 0.0) -> Array:
        """Return a random field of unit variance over the box ``where``; ``name`` names its stream."""
        if self.y is not None:  # one lattice for the whole canvas, so that boxes may grow and shrink along the sweep
            knots = lattice(self.extent, scale, across)
            return surface(drifting(self.key, name, self.y, max(scale, 1.0), knots), self.echo.shape)[where]
        shape = (where[0].stop - where[0].start, where[1].stop - where[1].start)
        extent = (shape[0] * self.step[0], shape[1] * self.step[1])
        return random_field(self.rng(name), shape, extent, scale, across)

    def layered(self, name: str, where: tuple[slice, slice], scale: float, across: float) -> Array:
        """Return a field as `field` does, bent along the warped layers (streaks follow the tissue)."""
        flat = self.field(name, where, scale, across)
        rows = (self.zw[where] * np.float32(1 / self.step[0])).astype(np.intp)
        rows -= where[0].start
        np.clip(rows, 0, flat.shape[0] - 1, out=rows)
        return np.take_along_axis(flat, rows, 0)

    def paint(
        self, where: tuple[slice, slice], s: Array, echo: Array | float, loss: float, width: float = 0.12, kind: int = 0
    ) -> None:
        """Blend ``echo`` and ``loss`` into the maps inside the signed distance ``s`` (given over ``where``)."""
        m = soft(s, width)
        for old, new in ((self.echo[where], echo), (self.loss[where], loss)):
            old += m * (new - old)
        self.shine[where] *= 1 - m
        np.copyto(self.tissue[where], kind, where=s < 0)

    def calcify(self, where: tuple[slice, slice], s: Array, echo: Array | float, loss: float) -> None:
        """Paint a calcification inside ``s``: bright all over, absorbing from 0.4 mm below its front."""
        m = soft(s, 0.09)
        self.echo[where] += m * (echo - self.echo[where])
        self.shine[where] += 1.5 * m
        sunk = np.zeros_like(m)
        rows = max(1, round(0.4 / self.step[0]))
        sunk[rows:] = m[:-rows]
        sunk *= np.float32(loss)
        self.loss[where] += sunk
        if self.stone is None:
            self.stone = np.zeros_like(self.loss)
        self.stone[where] += sunk
        np.copyto(self.tissue[where], TISSUES.index("calcification"), where=s < 0)

    def line(
        self,
        where: tuple[slice, slice],
        s: Array,
        gain: float,
        width: float,
        power: int = 2,
        breaks: float = 0.6,
        shine: float = 0.0,
        near: Array | None = None,
    ) -> None:
        """Add a bright interface at the zero of ``s``: ``gain`` dB, strong where it faces the beam.

        ``power`` is the exponent on the axial part of the normal, ``breaks`` how much the line is interrupted
        along its way, ``shine`` its coherent amplitude, ``near`` a weight over ``where``. Evaluated only where
        the distance is below three widths.
        """
        pad = np.abs(s) < 3 * width
        pad[[0, -1], :] = False
        pad[:, [0, -1]] = False
        flat = np.flatnonzero(pad)
        if not flat.size:
            return
        columns, (dz, dx) = s.shape[1], self.step
        values = s.ravel()
        gz = (values[flat + columns] - values[flat - columns]) / (2 * dz)
        gx = (values[flat + 1] - values[flat - 1]) / (2 * dx)
        axial = gz * gz / (gz * gz + gx * gx + 1e-6)
        rows, cols = np.divmod(flat, columns)
        at = (rows + where[0].start, cols + where[1].start)
        weight = ridge(values[flat], width) * axial**power
        weight *= np.clip(1 + np.float32(breaks) * self.gaps[at], 0, 1.6)
        if near is not None:
            weight *= near.ravel()[flat]
        self.echo[at] += np.float32(gain) * weight
        if shine:
            self.shine[at] += np.float32(shine) * weight


def _clip(low: float, high: float, size: int) -> slice:
    start = int(np.clip(np.floor(low), 0, size - 4))
    return slice(start, int(np.clip(np.ceil(high), start + 4, size)))


def new_canvas(
    key: tuple[int | str, ...],
    shape: tuple[int, int],
    extent: tuple[float, float],
    centre: float,
    side: int,
    y: float | None = None,
) -> Canvas:
    """Return an empty canvas of connective tissue.

    ``centre`` is the anatomical x (mm) of the middle column and ``side`` (+1, -1) the side of the picture that
    the trachea is on; a left and a right lobe are mirror images.
    """
    rows, columns = shape
    z = ((np.arange(rows, dtype=np.float32) + 0.5) * np.float32(extent[0] / rows))[:, None]
    x = ((np.arange(columns, dtype=np.float32) + 0.5) / columns - 0.5) * np.float32(extent[1])
    x = (np.float32(side) * x + np.float32(centre))[None, :]

    def draw(name: str, scale: float, across: float) -> Array:
        if y is not None:
            return surface(drifting(key, name, y, scale, lattice(extent, scale, across)), shape)
        return random_field(stream(*key, name), shape, extent, scale, across)  # type: ignore[arg-type]

    zw = z + (np.float32(0.9) * draw("warp-z", 10, 10) + np.float32(0.2) * draw("warp-z-fine", 2.5, 3))
    xw = x + (np.float32(0.8) * draw("warp-x", 9, 9) + np.float32(0.2) * draw("warp-x-fine", 2.5, 3))
    return Canvas(
        key,
        extent,
        z,
        x,
        zw,
        xw,
        np.full(shape, -7, np.float32),
        np.full(shape, 0.65, np.float32),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.uint8),
        draw("gaps", 1.6, 2.6),
        y=y,
    )


def drifting(key: tuple[int | str, ...], name: str, y: float, spacing: float, shape: tuple[int, int]) -> Array:
    """White noise on a lattice that changes smoothly with ``y``: a third spline axis, knots ``spacing`` mm apart."""
    place = y / spacing
    first, t = int(np.floor(place)), place - np.floor(place)
    weights = np.array([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3])
    weights = (weights / np.linalg.norm(weights)).astype(np.float32)
    total = weights[0] * _knots(key, name, first, shape)
    for k in (1, 2, 3):
        total += weights[k] * _knots(key, name, first + k, shape)
    return total


@lru_cache(1024)  # neighbouring planes of a sweep share three of their four lattices
def _knots(key: tuple[int | str, ...], name: str, number: int, shape: tuple[int, int]) -> Array:
    noise = normals(stream(*key, name, number), shape)  # type: ignore[arg-type]
    noise.setflags(write=False)
    return noise
