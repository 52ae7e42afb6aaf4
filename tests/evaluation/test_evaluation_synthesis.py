"""Distances of synthetic images against hand-made vectors and torchmetrics; planted copies must be found."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from thyrolearn import evaluation
from thyrolearn.errors import ParameterError


def test_vector_fid():
    assert evaluation.frechet_gaussians([0], [[1]], [1], [[4]]) == pytest.approx(2.0)


def test_vector_kid():
    assert evaluation.kernel_distance([[0, 0], [1, 0], [0, 1]], [[1, 1], [2, 0], [0, 2]]).value == pytest.approx(0.5)


def test_equals_torchmetrics(vectors):
    for case in vectors("torchmetrics")["features"]:
        real, synthetic = case["real"], case["synthetic"]
        if len(real) > 3:  # three points have a singular covariance, whose root is rounding
            assert evaluation.frechet_distance(real, synthetic) == pytest.approx(case["fid"], rel=1e-5)
        if case["kid"] is not None:
            assert evaluation.kernel_distance(real, synthetic).value == pytest.approx(case["kid"], abs=1e-8)


def test_kernel_distance_is_unbiased_and_not_clipped():
    rng = np.random.default_rng(0)
    same = [evaluation.kernel_distance(rng.normal(size=(30, 4)), rng.normal(size=(30, 4))) for _ in range(150)]
    values = np.array([e.value for e in same])
    assert values.min() < 0
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(150)
    assert 0.85 <= np.mean([not e.excludes(0) for e in same]) <= 1
    other = evaluation.kernel_distance(rng.normal(size=(60, 4)), rng.normal(size=(60, 4)) + 1)
    assert other.low > 0


def test_kernel_distance_jackknife_is_the_slow_one():
    rng = np.random.default_rng(1)
    a, b, groups = rng.normal(size=(12, 3)), rng.normal(size=(9, 3)) + 0.5, np.repeat(np.arange(6), 2)

    def value(x, y):
        return evaluation.kernel_distance(x, y).value

    left = np.array([value(a[groups != g], b) for g in range(6)])
    right = np.array([value(a, np.delete(b, k, axis=0)) for k in range(9)])
    variance = sum((len(x) - 1) / len(x) * ((x - x.mean()) ** 2).sum() for x in (left, right))
    found = evaluation.kernel_distance(a, b, groups=groups)
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-6)


def test_kernel_difference_is_the_difference_and_its_jackknife_the_slow_one():
    rng = np.random.default_rng(2)
    a, groups = rng.normal(size=(12, 3)), np.repeat(np.arange(6), 2)
    one, two = rng.normal(size=(9, 3)) + 0.9, rng.normal(size=(8, 3)) + 0.3

    def value(x, y, z):
        return evaluation.kernel_distance(x, y).value - evaluation.kernel_distance(x, z).value

    parts = [
        np.array([value(a[groups != g], one, two) for g in range(6)]),
        np.array([value(a, np.delete(one, k, axis=0), two) for k in range(9)]),
        np.array([value(a, one, np.delete(two, k, axis=0)) for k in range(8)]),
    ]
    variance = sum((len(x) - 1) / len(x) * ((x - x.mean()) ** 2).sum() for x in parts)
    found = evaluation.kernel_difference(a, one, two, groups=groups)
    assert found.value == pytest.approx(value(a, one, two))
    assert (found.high - found.low) / 2 == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-6)


def test_kernel_difference_covers_nothing_where_there_is_nothing():
    rng = np.random.default_rng(6)
    found = [evaluation.kernel_difference(*rng.normal(size=(3, 40, 4)) + 0.5) for _ in range(120)]
    assert 0.88 <= np.mean([not e.excludes(0) for e in found]) <= 1


def frames(rng, n, size=32):
    """Speckle-like pictures, uint8."""
    smooth = gaussian_filter(rng.normal(size=(n, size, size)), (0, 1.2, 1.2))
    return (128 + 60 * smooth / smooth.std()).clip(0, 255).astype(np.uint8)


def recoded(picture):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=60)
    return np.asarray(Image.open(buffer))


def test_planted_copies_are_all_found():
    """The facts' test: 5 training copies (one shifted, one flipped, one re-encoded) among 100 synthetic images."""
    rng = np.random.default_rng(3)
    train, held_out, synthetic = frames(rng, 150), frames(rng, 100), frames(rng, 100)
    synthetic[4], synthetic[17] = train[10], train[20]
    synthetic[33] = np.roll(train[30], (1, 2), axis=(0, 1))
    synthetic[58] = train[40][:, ::-1]
    synthetic[90] = recoded(train[50])
    distances = [evaluation.picture_distances(x, train) for x in (synthetic, held_out)]
    report = evaluation.memorisation(*distances)
    assert {4, 17, 33, 58, 90} <= set(report.suspects.tolist())
    assert len(report.suspects) <= 8
    assert report.nearest[[4, 17, 33, 58, 90]].tolist() == [10, 20, 30, 40, 50]
    assert not evaluation.memorisation(distances[1], distances[1]).suspects.size


def test_closeness_is_a_half_for_new_images_and_one_for_copies():
    rng = np.random.default_rng(4)
    train, held_out, new = (frames(rng, 60, 16) for _ in range(3))
    usual = evaluation.picture_distances(held_out, train)
    assert not evaluation.memorisation(evaluation.picture_distances(new, train), usual).closeness.excludes(0.5)
    copied = evaluation.memorisation(evaluation.picture_distances(train, train), usual)
    assert copied.closeness.value == 1
    assert copied.suspects.size == 60


def test_picture_distance_ignores_gain_and_sees_difference():
    rng = np.random.default_rng(5)
    a = frames(rng, 6).astype(float)
    found = evaluation.picture_distances(0.5 * a + 20, a)
    np.testing.assert_allclose(found.diagonal(), 0, atol=1e-9)
    assert found[~np.eye(6, dtype=bool)].min() > 0.4


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: evaluation.kernel_distance([[1, 2]], [[1, 2], [3, 4]]), "n >= 2"),
        (lambda: evaluation.kernel_difference(np.ones((4, 2)), np.ones((4, 2)), np.ones((4, 3))), "same d"),
        (lambda: evaluation.frechet_distance(np.ones((4, 2)), np.ones((4, 3))), "same d"),
        (lambda: evaluation.memorisation(np.ones((3, 4)), np.ones((3, 5))), "same training images"),
        (lambda: evaluation.picture_distances(np.ones((2, 9, 9)), np.ones((2, 9, 8))), "one size"),
    ],
)
def test_errors(call, words):
    with pytest.raises(ParameterError, match=words):
        call()
