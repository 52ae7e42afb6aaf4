"""Synthetic images against real ones: Fréchet and kernel distance of features, and a search for memorised patients.

Features (n, d) come from the caller, from any network or none: ImageNet features are a weak proxy for grey
ultrasound, and Inception weights are not needed here. Lesson: `architectures/gan`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import patient_codes, share
from thyrolearn.evaluation.classification import auc
from thyrolearn.evaluation.estimate import Estimate

__all__ = ["Memorisation", "frechet_gaussians", "frechet_distance", "kernel_difference", "kernel_distance",
           "memorisation", "picture_distances"]  # fmt: skip


def _features(values: ArrayLike, name: str, columns: int | None = None) -> NDArray[np.float64]:
    out = np.asarray(values, dtype=np.float64)
    if out.ndim != 2 or len(out) < 2 or not np.isfinite(out).all() or columns not in (None, out.shape[1]):
        raise ParameterError(f"{name} has shape {out.shape} or holds NaN.", "Give (n, d) features, n >= 2, the same d.")
    return out


def frechet_gaussians(mean_a: ArrayLike, cov_a: ArrayLike, mean_b: ArrayLike, cov_b: ArrayLike) -> float:
    """Return the squared Fréchet distance of two Gaussians, means (d,) and covariances (d, d).

    Source: Dowson and Landau 1982 (doi 10.1016/0047-259X(82)90077-X).

    >>> frechet_gaussians([0.0], [[1.0]], [1.0], [[4.0]])
    2.0
    """
    from scipy.linalg import sqrtm

    first, second = np.atleast_2d(cov_a), np.atleast_2d(cov_b)
    root = np.real(sqrtm(first @ second))
    gap = np.asarray(mean_a, dtype=np.float64) - np.asarray(mean_b, dtype=np.float64)
    return float(gap @ gap + np.trace(first) + np.trace(second) - 2 * np.trace(root))


def frechet_distance(real: ArrayLike, synthetic: ArrayLike) -> float:
    """Return the Fréchet distance (FID) of features (n, d) and (m, d), each taken as a Gaussian.

    It is biased upwards at small n, by different amounts for different models: compare models at one n, or use
    `kernel_distance`, which is unbiased and has an interval. Source: Heusel et al. 2017 (arXiv 1706.08500).

    >>> x = np.random.default_rng(0).normal(size=(500, 3))
    >>> abs(frechet_distance(x, x)) < 1e-9, round(frechet_distance(x, x + 2), 6)
    (True, 12.0)
    """
    a = _features(real, "real")
    b = _features(synthetic, "synthetic", a.shape[1])
    return frechet_gaussians(a.mean(axis=0), np.cov(a, rowvar=False), b.mean(axis=0), np.cov(b, rowvar=False))


def _cubic(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return (a @ b.T / a.shape[1] + 1) ** 3


def kernel_distance(
    real: ArrayLike, synthetic: ArrayLike, groups: ArrayLike | None = None, confidence: float = 0.95
) -> Estimate:
    """Estimate the kernel distance (KID): the unbiased squared MMD of a cubic kernel, features (n, d) and (m, d).

    It can be negative where the sets are alike; it is not clipped. ``groups`` (n,) names the patients of the
    real rows. The interval is a jackknife that leaves out one patient, or one synthetic image, at a time: the
    bootstrap would copy rows, and a copy is its own nearest neighbour. Source: Bińkowski et al. 2018
    (arXiv 1801.01401).

    >>> kernel_distance([[0, 0], [1, 0], [0, 1]], [[1, 1], [2, 0], [0, 2]]).value
    0.5
    """
    a = _features(real, "real")
    found = _jackknife(a, _features(synthetic, "synthetic", a.shape[1]), groups)
    return _normal(found.value, (found.left, found.right), len(a) + len(found.right), confidence)


def kernel_difference(
    real: ArrayLike, first: ArrayLike, second: ArrayLike, groups: ArrayLike | None = None, confidence: float = 0.95
) -> Estimate:
    """Estimate how much further ``first`` is from the real images than ``second``: a difference of two KIDs.

    Above 0 the second set is the better one. Features (n, d), (m, d) and (k, d); both are measured against the same
    real rows, so a patient is left out of both at once, and what the real sample shares cancels. See
    `kernel_distance`, whose terms these are.

    >>> x, y = np.random.default_rng(0).normal(size=(2, 200, 4))
    >>> kernel_difference(x, y + 1, y).excludes(0)
    True
    """
    a = _features(real, "real")
    one, two = (_jackknife(a, _features(part, name, a.shape[1]), groups)
                for part, name in ((first, "first"), (second, "second")))  # fmt: skip
    parts = (one.left - two.left, one.right, two.right)
    return _normal(one.value - two.value, parts, len(a) + len(one.right) + len(two.right), confidence)


class _Jackknife(NamedTuple):
    """A kernel distance, and its values without each patient (left) and without each synthetic image (right)."""

    value: float
    left: Floats
    right: Floats


def _jackknife(a: NDArray[np.float64], b: NDArray[np.float64], groups: ArrayLike | None) -> _Jackknife:
    aa, bb, ab = _cubic(a, a), _cubic(b, b), _cubic(a, b)
    codes = patient_codes(groups, len(a))
    np.fill_diagonal(aa, 0)
    np.fill_diagonal(bb, 0)
    member = np.eye(codes.max() + 1)[codes]
    own = (member * (aa @ member)).sum(axis=0)
    left = _mmd(aa.sum() - 2 * member.T @ aa.sum(axis=1) + own, bb.sum(), ab.sum() - member.T @ ab.sum(axis=1),
                len(a) - member.sum(axis=0), len(b))  # fmt: skip
    right = _mmd(aa.sum(), bb.sum() - 2 * bb.sum(axis=1), ab.sum() - ab.sum(axis=0), len(a), len(b) - 1)
    return _Jackknife(float(_mmd(aa.sum(), bb.sum(), ab.sum(), len(a), len(b))), left, right)


def _normal(value: float, parts: tuple[Floats, ...], count: int, confidence: float) -> Estimate:
    """The interval of a value from the jackknife values of the samples that it depends on."""
    from scipy.stats import norm

    variance = sum((len(x) - 1) / len(x) * ((x - x.mean()) ** 2).sum() for x in parts)
    reach = float(norm.isf((1 - share(confidence, "confidence", closed=False)) / 2) * np.sqrt(variance))
    return Estimate(value, value - reach, value + reach, "jackknife of patients and images", count, confidence)


def _mmd(aa: ArrayLike, bb: ArrayLike, ab: ArrayLike, n: ArrayLike, m: ArrayLike) -> Floats:
    n, m = np.asarray(n, dtype=np.float64), np.asarray(m, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [np.asarray(aa) / (n * (n - 1)), np.asarray(bb) / (m * (m - 1)), np.asarray(ab) / (n * m)]
    return np.asarray(parts[0] + parts[1] - 2 * parts[2], dtype=np.float64)


def picture_distances(a: ArrayLike, b: ArrayLike, shift: int = 2) -> NDArray[np.float64]:
    """Return 1 - correlation of each picture of a (n, h, w) with each of b (m, h, w), as (n, m).

    The best over shifts of up to ``shift`` pixels and left-right mirroring counts, so that a shifted or flipped
    copy is still found. Pictures of about 32 by 32 pixels are enough, and fast.

    >>> x = np.random.default_rng(0).random((3, 16, 16))
    >>> copies = np.roll(x[:, :, ::-1], 1, axis=2)
    >>> (picture_distances(copies, x).diagonal() < 0.01).all()
    np.True_
    """
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if (
        first.ndim != 3
        or second.ndim != 3
        or first.shape[1:] != second.shape[1:]
        or min(first.shape[1:]) < 2 * shift + 4
    ):
        raise ParameterError(f"The pictures have shapes {first.shape} and {second.shape}.",
                             "Give (n, h, w) of one size, larger than the shift.")  # fmt: skip
    h, w = first.shape[1] - 2 * shift, first.shape[2] - 2 * shift
    inner = [_unit(x[:, shift : shift + h, shift : shift + w]) for x in (first, first[:, :, ::-1])]
    best = np.full((len(first), len(second)), -1.0)
    for row in range(2 * shift + 1):
        for col in range(2 * shift + 1):
            window = _unit(second[:, row : row + h, col : col + w]).T
            for view in inner:
                np.maximum(best, view @ window, out=best)
    return 1 - best


def _unit(pictures: NDArray[np.float64]) -> NDArray[np.float64]:
    flat = pictures.reshape(len(pictures), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)


@dataclass(frozen=True)
class Memorisation:
    """Synthetic images against the training images; made by `memorisation`.

    ``nearest`` (n,) is the nearest training image of each synthetic one and ``distance`` (n,) how far;
    ``suspects`` the synthetic images that are closer than held-out patients ever are; ``closeness`` the chance
    that a synthetic image is closer to training than a held-out one: 0.5 is what it should be.

    >>> Memorisation(np.array([3]), np.array([0.1]), np.array([0]), Estimate(1, 1, 1, "none", 1)).suspects
    array([0])
    """

    nearest: NDArray[np.int64]
    distance: Floats
    suspects: NDArray[np.int64]
    closeness: Estimate


def memorisation(
    synthetic_to_train: ArrayLike, held_out_to_train: ArrayLike, allowed: float = 0.0, seed: int = 0
) -> Memorisation:
    """Find synthetic images that copy a training patient, by the nearest-neighbour distances of held-out real ones.

    Both arguments are distances (images, training images), from `picture_distances` or between features. An
    image is suspect where its nearest training image is closer than the ``allowed`` quantile of the held-out
    images' nearest ones (0: closer than any of them). Held-out images must be other patients.

    >>> rng = np.random.default_rng(0)
    >>> train, held_out, new = rng.normal(size=(3, 50, 8))
    >>> new[7] = train[31] + 0.01  # a copy
    >>> from scipy.spatial.distance import cdist
    >>> report = memorisation(cdist(new, train), cdist(held_out, train))
    >>> report.suspects, report.nearest[7]
    (array([7]), np.int64(31))
    """
    found, usual = np.asarray(synthetic_to_train, dtype=np.float64), np.asarray(held_out_to_train, dtype=np.float64)
    if found.ndim != 2 or usual.ndim != 2 or found.shape[1] != usual.shape[1] or found.size == 0 or usual.size == 0:
        raise ParameterError(f"The distances have shapes {found.shape} and {usual.shape}.",
                             "Give (images, training images), the same training images in both.")  # fmt: skip
    distance, reference = found.min(axis=1), usual.min(axis=1)
    limit = np.quantile(reference, share(allowed, "allowed"))
    labels = np.repeat([1, 0], [len(distance), len(reference)])
    closeness = auc(labels, -np.concatenate([distance, reference]), seed=seed)
    return Memorisation(found.argmin(axis=1), distance, np.flatnonzero(distance < limit), closeness)
