"""Smooth random fields and signed distances: the clay that the phantom's anatomy is made of.

Arrays are float32, (rows, columns) = (z, x). A signed distance is in mm and negative inside.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from thyrolearn.seeding import normals

__all__ = [
    "Array",
    "ellipse",
    "field",
    "lattice",
    "product",
    "ridge",
    "smooth_union",
    "soft",
    "spline_basis",
    "surface",
]

Array = NDArray[np.floating]


@lru_cache(maxsize=128)
def spline_basis(samples: int, knots: int) -> Array:
    """Return the cubic B-spline matrix, (samples, knots), with rows of unit L2 norm.

    A row of unit norm keeps the variance of white noise on the knots, so that a field made with it has the
    standard deviation 1 everywhere.

    >>> b = spline_basis(64, 9)
    >>> b.shape, bool(np.allclose((b**2).sum(1), 1, atol=1e-5))
    ((64, 9), True)
    """
    place = (np.arange(samples) + 0.5) / samples * (knots - 3)
    cell = np.minimum(place.astype(int), knots - 4)
    t = place - cell
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], 1) / 6
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    basis = np.zeros((samples, knots), np.float32)
    np.put_along_axis(basis, cell[:, None] + np.arange(4), weights.astype(np.float32), 1)
    basis.flags.writeable = False
    return basis


def field(
    rng: np.random.Generator, shape: tuple[int, int], extent: tuple[float, float], scale: float, across: float = 0.0
) -> Array:
    """Return a smooth Gaussian random field of mean 0 and standard deviation 1.

    White noise on a lattice with spacing (``scale``, ``across``) mm, up-sampled by separable cubic B-splines.
    ``extent`` is the size (z, x) in mm of the area that ``shape`` covers; ``across`` defaults to ``scale``.

    >>> from thyrolearn.seeding import stream
    >>> f = field(stream(0, "doctest"), (200, 300), (40.0, 40.0), 1.0)
    >>> f.shape, f.dtype, bool(abs(f.std() - 1) < 0.1)
    ((200, 300), dtype('float32'), True)
    """
    noise = normals(rng, lattice(extent, scale, across))
    return surface(noise, shape)


def lattice(extent: tuple[float, float], scale: float, across: float = 0.0) -> tuple[int, int]:
    """Return the number of knots (z, x) that a field of that grain has over ``extent`` mm.

    >>> lattice((40.0, 40.0), 1.0, 4.0)
    (43, 13)
    """
    down, over = (max(1, round(n / step)) + 3 for n, step in zip(extent, (scale, across or scale), strict=True))
    return down, over


def surface(noise: Array, shape: tuple[int, int]) -> Array:
    """Return the spline surface of ``shape`` over the knots ``noise``.

    >>> surface(np.ones((5, 6), np.float32), (8, 8)).shape
    (8, 8)
    """
    down, over = spline_basis(shape[0], noise.shape[0]), spline_basis(shape[1], noise.shape[1])
    return product(down, product(noise, over.T))


def product(a: Array, b: Array) -> Array:
    """Return ``a @ b`` in blocks of rows small enough that no BLAS splits them over threads.

    A split product rounds differently with each number of threads, and pixels must not hang on that.

    >>> a, b = np.ones((50, 40), np.float32), np.ones((40, 300), np.float32)
    >>> bool((product(a, b) == 40).all())
    True
    """
    out = np.empty((a.shape[0], b.shape[1]), np.result_type(a, b))
    rows = max(1, 200_000 // (b.shape[0] * b.shape[1]))
    for start in range(0, len(a), rows):
        np.matmul(a[start : start + rows], b, out=out[start : start + rows])
    return out


def ellipse(dz: Array, dx: Array, height: float, width: float) -> Array:
    """Signed distance in mm (first order) to an ellipse with the semi-axes ``height`` (z) and ``width`` (x).

    >>> z = np.array([[0.0, 5.0, 7.0]], np.float32)
    >>> bool(np.allclose(ellipse(z, np.zeros_like(z), 5.0, 8.0)[0, 1:], [0, 2], atol=0.05))
    True
    """
    u, v = dz * np.float32(1 / height), dx * np.float32(1 / width)
    rho = np.sqrt(u * u + v * v) + np.float32(1e-3)
    u *= np.float32(1 / height)
    v = v * np.float32(1 / width)
    return rho * (rho - 1) / np.sqrt(u * u + v * v + np.float32(1e-6))


def smooth_union(a: Array, b: Array, k: float) -> Array:
    """Join two signed distances with a fillet of about ``k`` mm (polynomial smooth minimum).

    >>> one = np.array([[3.0]], np.float32)
    >>> smooth_union(one, one + 10, 2.0).tolist(), smooth_union(one, one, 2.0).tolist()
    ([[3.0]], [[2.5]])
    """
    h = np.maximum(np.float32(k) - np.abs(a - b), 0)
    return np.minimum(a, b) - h * h * np.float32(0.25 / k)


def soft(s: Array, width: float) -> Array:
    """Soft membership 1 / (1 + exp(s / width)) of a signed distance ``s`` in mm.

    >>> soft(np.array([-5.0, 0.0, 5.0], np.float32), 0.12).round(3).tolist()
    [1.0, 0.5, 0.0]
    """
    t = np.clip(s * np.float32(1 / width), -30, 30)
    np.exp(t, out=t)
    t += 1
    return np.reciprocal(t, out=t)


def ridge(s: Array, width: float) -> Array:
    """Bell exp(-(s / width)^2) around the zero of ``s``.

    >>> ridge(np.array([0.0, 1.0]), 1.0).round(3).tolist()
    [1.0, 0.368]
    """
    t = s * np.float32(1 / width)
    t *= t
    np.minimum(t, 80, out=t)
    np.negative(t, out=t)
    return np.exp(t, out=t)
