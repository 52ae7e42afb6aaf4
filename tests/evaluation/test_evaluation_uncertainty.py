"""Conformal sets against printed vectors and MAPIE; out-of-distribution scores against torch and scikit-learn."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp, softmax
from scipy.stats import entropy
from sklearn.covariance import EmpiricalCovariance
from sklearn.neighbors import NearestNeighbors

from thyrolearn import evaluation
from thyrolearn.errors import ParameterError

SCORES = [0.05, 0.10, 0.12, 0.20, 0.22, 0.30, 0.35, 0.40, 0.60, 0.90]


def test_vector_conf():
    assert evaluation.conformal_threshold(SCORES, 0.2) == 0.60
    assert evaluation.conformal_threshold(SCORES, 0.1) == 0.90
    assert evaluation.conformal_threshold(SCORES, 0.05) == np.inf


@pytest.mark.parametrize("n", range(15, 24))
def test_five_percent_needs_nineteen(n):
    assert np.isfinite(evaluation.conformal_threshold(np.linspace(0, 1, n), 0.05)) == (n >= 19)


def test_sets_equal_mapie(vectors):
    case = vectors("mapie")
    for level, sets in zip(case["levels"], case["sets"], strict=True):
        found = evaluation.conformal_sets(
            case["calibration_labels"], case["calibration_probabilities"], case["probabilities"], alpha=1 - level
        )
        np.testing.assert_array_equal(found, np.array(sets, dtype=bool))


def population(rng, n, prevalence=0.15):
    """Calibrated probabilities of a rare malignant class."""
    y = (rng.random(n) < prevalence).astype(int)
    x = rng.normal(size=n) + 1.5 * y
    odds = prevalence / (1 - prevalence) * np.exp(1.5 * x - 1.125)
    p = odds / (1 + odds)
    return y, np.stack([1 - p, p], axis=1)


def test_coverage_is_kept_overall_and_by_class_only_if_asked():
    rng, plain, by_class = np.random.default_rng(0), [], []
    for _ in range(60):
        (y0, p0), (y1, p1) = population(rng, 300), population(rng, 300)
        for keep, store in ((False, plain), (True, by_class)):
            sets = evaluation.conformal_sets(y0, p0, p1, alpha=0.1, by_class=keep)
            held = sets[np.arange(300), y1]
            store.append((held.mean(), held[y1 == 1].mean()))
    plain, by_class = np.mean(plain, axis=0), np.mean(by_class, axis=0)
    assert plain[0] == pytest.approx(0.90, abs=0.015)
    assert plain[1] < 0.7  # the malignant class pays for it
    assert 0.88 < by_class[1] < 0.95
    assert 0.88 < by_class[0] < 0.95


def test_coverage_breaks_at_a_new_scanner():
    rng = np.random.default_rng(1)
    (y0, p0), (y1, p1) = population(rng, 600), population(rng, 600)
    shifted = np.stack([1 - p1[:, 1] ** 0.3, p1[:, 1] ** 0.3], axis=1)
    kept = evaluation.conformal_report(y1, evaluation.conformal_sets(y0, p0, p1))
    lost = evaluation.conformal_report(y1, evaluation.conformal_sets(y0, p0, shifted))
    assert not kept["coverage"].excludes(0.9)
    assert lost["coverage"].high < 0.9


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000))
def test_smaller_alpha_gives_larger_sets(seed):
    rng = np.random.default_rng(seed)
    (y0, p0), (_, p1) = population(rng, 80, 0.4), population(rng, 50, 0.4)
    sets = [evaluation.conformal_sets(y0, p0, p1, alpha=a) for a in (0.3, 0.1, 0.02, 0.001)]
    assert all((small <= large).all() for small, large in pairwise(sets))
    assert sets[-1].all()  # too few patients for one in a thousand: every class


def test_report_counts():
    sets = [[True, False], [True, True], [False, False], [False, True], [True, False], [True, True]]
    report = evaluation.conformal_report([0, 0, 0, 1, 1, 1], sets, groups=list("aabbcc"))
    assert {n: e.value for n, e in report.items()} == pytest.approx(
        {
            "coverage": 4 / 6,
            "coverage of 0": 2 / 3,
            "coverage of 1": 2 / 3,
            "size": 7 / 6,
            "empty": 1 / 6,
            "single": 0.5,
        }
    )
    assert "3 patients" in report["coverage"].method


def test_scores_equal_scipy():
    logits = np.random.default_rng(2).normal(size=(40, 3)) * 4
    np.testing.assert_allclose(evaluation.softmax_score(logits), 1 - softmax(logits, axis=1).max(axis=1))
    np.testing.assert_allclose(evaluation.entropy_score(logits), entropy(softmax(logits, axis=1), axis=1), atol=1e-12)
    np.testing.assert_allclose(evaluation.energy_score(logits), -logsumexp(logits, axis=1))
    np.testing.assert_allclose(evaluation.energy_score(logits, 2.0), -2 * logsumexp(logits / 2, axis=1))
    huge = evaluation.energy_score([[1000.0, 0.0]])
    assert huge[0] == -1000


def test_mahalanobis_and_neighbours_equal_sklearn():
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 2, 120)
    train, new = rng.normal(size=(120, 4)) + labels[:, None] * 3, rng.normal(size=(30, 4)) * 3
    centred = train - np.stack([train[labels == c].mean(axis=0) for c in (0, 1)])[labels]
    shared = EmpiricalCovariance(assume_centered=True).fit(centred)
    expected = np.min([shared.mahalanobis(new - train[labels == c].mean(axis=0)) for c in (0, 1)], axis=0)
    np.testing.assert_allclose(evaluation.mahalanobis_score(train, labels, new), expected)
    distances = NearestNeighbors(n_neighbors=5).fit(train).kneighbors(new)[0][:, -1]
    np.testing.assert_allclose(evaluation.neighbour_score(train, new, 5), distances)


def test_ood_report_by_hand():
    familiar, foreign = np.arange(100.0), np.r_[np.full(10, 50.5), np.full(30, 200.0)]
    report = evaluation.ood_report(familiar, foreign)
    assert report["accepted"].value == pytest.approx(10 / 40)
    assert report["auc"].value == pytest.approx((30 * 100 + 10 * 51) / 4000)
    assert evaluation.ood_report(familiar, familiar + 1000)["accepted"].value == 0


def test_selective_risk():
    rng = np.random.default_rng(4)
    uncertainty = rng.random(500)
    wrong = (rng.random(500) < uncertainty).astype(int)
    coverage, risk, area = evaluation.selective_risk(wrong, uncertainty)
    assert (coverage[-1], risk[-1]) == (1, wrong.mean())
    assert area < evaluation.selective_risk(wrong, -uncertainty)[2]
    kept = evaluation.selective_accuracy(1 - wrong, uncertainty, keep=0.5)
    assert kept.value == pytest.approx(1 - risk[249])
    assert (kept.n, kept.low > 1 - wrong.mean()) == (250, True)
    assert evaluation.selective_risk([1, 0, 1, 0], [4, 1, 3, 2])[1].tolist() == [0, 0, pytest.approx(1 / 3), 0.5]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: evaluation.conformal_sets([0, 1], [[0.2, 0.2], [0.5, 0.5]], [[0.5, 0.5]]), "add to 1"),
        (lambda: evaluation.conformal_sets([0, 2], [[0.5, 0.5]] * 2, [[0.5, 0.5]]), "2 classes"),
        (lambda: evaluation.conformal_sets([0, 0], [[0.5, 0.5]] * 2, [[0.5, 0.5]], by_class=True), "Class 1"),
        (lambda: evaluation.conformal_threshold([0.1], 10), "alpha"),
        (lambda: evaluation.softmax_score([[1.0], [2.0]]), "two columns"),
        (lambda: evaluation.energy_score([1.0, 2.0]), "shape"),
        (lambda: evaluation.neighbour_score([[1.0]], [[2.0]], 3), "no neighbour 3"),
    ],
)
def test_errors(call, words):
    with pytest.raises(ParameterError, match=words):
        call()
