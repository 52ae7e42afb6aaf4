"""Ranking metrics against scikit-learn, printed vectors, simulation and invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from thyrolearn import evaluation
from thyrolearn.errors import ParameterError

Y = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]
P = [0.10, 0.35, 0.24, 0.80, 0.20, 0.85, 0.13, 0.85, 0.74, 0.58, 0.71, 0.25]
Q = [0.2, 0.3, 0.4, 0.7, 0.1, 0.9, 0.3, 0.6, 0.5, 0.8, 0.4, 0.45]


@st.composite
def cases(draw):
    """Labels of both classes and scores with ties."""
    n = draw(st.integers(4, 40))
    labels = [0, 1, 0, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 4, max_size=n - 4))]
    scores = draw(st.lists(st.integers(-8, 8), min_size=n, max_size=n))
    return np.array(labels), np.array(scores, dtype=float)


def simulated(seed, n, shift=1.0, patients=None):
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], n // 2)
    return labels, rng.normal(size=n) + shift * labels


def test_vector_auc_1_delong_wald_and_logit():
    raw = evaluation.auc(Y, P)
    assert raw.value == pytest.approx(0.708333, abs=1e-6)
    assert (raw.low, raw.high) == (pytest.approx(0.3776, abs=5e-5), 1.0)  # 1.0391 is clipped
    _, covariance = evaluation.delong_covariance(Y, P)
    assert covariance[0, 0] ** 0.5 == pytest.approx(0.168737, abs=5e-7)
    assert raw.value + 1.959964 * covariance[0, 0] ** 0.5 == pytest.approx(1.0391, abs=5e-5)
    logit = evaluation.auc(Y, P, scale="logit")
    assert (logit.low, logit.high) == (pytest.approx(0.3288, abs=5e-5), pytest.approx(0.9233, abs=5e-5))


def test_vector_auc_2_paired():
    areas, covariance = evaluation.delong_covariance(Y, [P, Q])
    assert areas[1] == pytest.approx(0.902778, abs=5e-7)
    np.testing.assert_allclose(covariance, [[0.0284722, 0.0131944], [0.0131944, 0.0087191]], atol=6e-8)
    z, p = evaluation.delong_test(Y, P, Q)
    assert (z, p) == (pytest.approx(-1.870829, abs=5e-7), pytest.approx(0.061369, abs=5e-7))
    difference = evaluation.auc_difference(Y, P, Q)
    assert difference.value == pytest.approx(areas[0] - areas[1])
    assert difference.low < 0 < difference.high  # p > 0.05 and the interval say the same


def test_vector_auc_3():
    assert evaluation.auc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value == 0.75


@settings(max_examples=60, deadline=None)
@given(cases())
def test_equals_sklearn(pair):
    labels, scores = np.tile(pair, 5)  # so that no resample is left without a class
    assert evaluation.auc(labels, scores).value == pytest.approx(roc_auc_score(labels, scores))
    drawn = evaluation.auc(labels, scores, method="bootstrap", resamples=40)
    assert drawn.value == pytest.approx(roc_auc_score(labels, scores))
    precision = evaluation.average_precision(labels, scores, resamples=40)
    assert precision.value == pytest.approx(average_precision_score(labels, scores))
    fpr, tpr, _ = roc_curve(labels, scores, drop_intermediate=False)
    best = evaluation.sensitivity_at_specificity(labels, scores, 0.8, resamples=40)
    assert best.value == pytest.approx(max(t for f, t in zip(fpr, tpr, strict=True) if f <= 0.2 + 1e-9))


@settings(max_examples=60, deadline=None)
@given(cases(), st.randoms())
def test_auc_invariances(pair, random):
    labels, scores = pair
    found = evaluation.auc(labels, scores)
    monotone = evaluation.auc(labels, np.exp(scores / 3) - 2)
    assert (monotone.value, monotone.low, monotone.high) == pytest.approx((found.value, found.low, found.high))
    order = random.sample(range(labels.size), labels.size)
    permuted = evaluation.auc(labels[order], scores[order])
    assert (permuted.value, permuted.low, permuted.high) == pytest.approx((found.value, found.low, found.high))
    assert evaluation.auc(labels, -scores).value == pytest.approx(1 - found.value)
    assert evaluation.auc(1 - labels, -scores).value == pytest.approx(found.value)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_ties_all_equal_is_half():
    assert evaluation.auc([0, 1, 0, 1], [3.0] * 4).value == 0.5


def test_bootstrap_replicates_equal_sklearn_on_the_drawn_cases():
    labels, scores = simulated(0, 60)
    scores = scores.round()  # many ties, also for the highest score
    groups = np.arange(60) // 3
    fast = evaluation.auc(labels, scores, groups=groups, resamples=300, seed=4)
    slow = evaluation.bootstrap(roc_auc_score, labels, scores, groups=groups, resamples=300, seed=4)
    assert (fast.value, fast.low, fast.high) == pytest.approx((slow.value, slow.low, slow.high))
    fast = evaluation.average_precision(labels, scores, groups=groups, resamples=300, seed=4)
    slow = evaluation.bootstrap(average_precision_score, labels, scores, groups=groups, resamples=300, seed=4)
    assert (fast.value, fast.low, fast.high) == pytest.approx((slow.value, slow.low, slow.high))


def test_bootstrap_agrees_with_delong_and_differs_by_seed():
    labels, scores = simulated(1, 400)
    by_delong = evaluation.auc(labels, scores)
    by_bootstrap = evaluation.auc(labels, scores, method="bootstrap")
    assert by_bootstrap.high - by_bootstrap.low == pytest.approx(by_delong.high - by_delong.low, rel=0.1)
    assert evaluation.auc(labels, scores, method="bootstrap", seed=1).low != by_bootstrap.low
    assert evaluation.auc(labels, scores, method="bootstrap") == by_bootstrap


def test_copies_of_a_patient_bring_nothing():
    """The facts' metamorphic test: k copies shrink the naive interval by sqrt(k), the patient one not at all."""
    labels, scores = simulated(2, 80)
    copies, groups = 4, np.repeat(np.arange(80), 4)
    one = evaluation.auc(labels, scores)
    naive = evaluation.auc(labels.repeat(copies), scores.repeat(copies))
    assert (one.high - one.low) / (naive.high - naive.low) == pytest.approx(2, rel=0.02)
    clustered = evaluation.auc(labels.repeat(copies), scores.repeat(copies), groups=groups, method="delong")
    assert (clustered.low, clustered.high) == pytest.approx((one.low, one.high))
    assert "clustered" in clustered.method
    drawn = evaluation.auc(labels.repeat(copies), scores.repeat(copies), groups=groups)
    plain = evaluation.auc(labels, scores, method="bootstrap")
    assert (drawn.low, drawn.high) == pytest.approx((plain.low, plain.high))


def test_delong_interval_covers_the_known_auc():
    """Two unit normals one apart: AUC = Phi(1 / sqrt 2) = 0.760; 500 sets of 100 cases."""
    truth = 0.7602499389065233
    inside = [not evaluation.auc(*simulated(seed, 100)).excludes(truth) for seed in range(500)]
    assert 0.92 <= np.mean(inside) <= 0.98


def test_clustered_interval_covers_where_the_naive_one_does_not():
    """Patients with five images that share most of their score: AUC = Phi(1 / sqrt(2))."""
    truth, naive, clustered, drawn = 0.7602499389065233, [], [], []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        labels, groups = np.repeat([0, 1], 150), np.repeat(np.arange(60), 5)
        scores = labels + 0.9**0.5 * rng.normal(size=60).repeat(5) + 0.1**0.5 * rng.normal(size=300)
        naive.append(not evaluation.auc(labels, scores).excludes(truth))
        clustered.append(not evaluation.auc(labels, scores, groups=groups, method="delong").excludes(truth))
        drawn.append(not evaluation.auc(labels, scores, groups=groups, resamples=300).excludes(truth))
    assert np.mean(naive) < 0.75
    assert np.mean(clustered) > 0.89
    assert np.mean(drawn) > 0.89


def test_paired_difference_bootstrap_equals_the_slow_way():
    labels, scores = simulated(3, 90)
    other = scores + np.random.default_rng(9).normal(size=90)
    groups = np.arange(90) // 2
    fast = evaluation.auc_difference(labels, scores, other, groups=groups, resamples=200)

    def slow(y, a, b):
        return roc_auc_score(y, a) - roc_auc_score(y, b)

    expected = evaluation.bootstrap(slow, labels, scores, other, groups=groups, resamples=200)
    assert (fast.value, fast.low, fast.high) == pytest.approx((expected.value, expected.low, expected.high))
    assert evaluation.auc_difference(labels, scores, scores).low == 0


def test_perfect_separation_keeps_a_width():
    few = evaluation.auc([0] * 5 + [1] * 5, np.arange(10))
    many = evaluation.auc([0] * 50 + [1] * 50, np.arange(100))
    assert few.high == many.high == 1.0
    assert few.low < many.low < 1
    assert few.method == "Newcombe"


def test_newcombe_interval_of_a_middling_auc_is_near_delong():
    labels, scores = simulated(5, 400)
    found = evaluation.auc(labels, scores)
    low, high = evaluation.newcombe_interval(found.value, 200, 200)
    assert (low, high) == pytest.approx((found.low, found.high), abs=0.02)


def test_average_precision_at_prevalence_equals_sklearn_weights():
    labels, scores = simulated(6, 200)
    weights = np.where(labels == 1, 0.05 / labels.mean(), 0.95 / (1 - labels.mean()))
    expected = average_precision_score(labels, scores, sample_weight=weights)
    found = evaluation.average_precision(labels, scores, prevalence=0.05, resamples=50)
    assert found.value == pytest.approx(expected)
    assert evaluation.average_precision(Y, P, resamples=50).value == pytest.approx(0.645833, abs=5e-7)


def test_vector_operating_points():
    assert evaluation.sensitivity_at_specificity(Y, P, 2 / 3).value == pytest.approx(0.6667, abs=5e-5)
    assert evaluation.specificity_at_sensitivity(Y, P, 0.80).value == pytest.approx(0.5)
    assert evaluation.sensitivity_at_specificity([0, 1, 0, 1] * 9, [2, 1, 2, 1] * 9, 1.0).value == 0


def test_roc_points_are_sklearns():
    for found, expected in zip(evaluation.roc_points(Y, P), roc_curve(Y, P, drop_intermediate=False), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("labels", "scores", "groups", "words"),
    [
        ([0, 0], [0.1, 0.2], None, "All 2 labels are 0"),
        ([0, 1], [0.1, float("nan")], None, "NaN in 1 of 2 rows, first in row 1"),
        ([0, 1, 1], [0.1, 0.2], None, "scores has 2 rows"),
        ([0, 2], [0.1, 0.2], None, "labels holds 2"),
        ([], [], None, "empty"),
        ([[0, 1]], [[0.1, 0.2]], None, "shape"),
        ([0, 1], [0.1, 0.2], ["a"], "groups has shape"),
        ([0, 1], [0.1, 0.2], ["a", ""], "no patient"),
    ],
)
def test_errors_name_the_fault(labels, scores, groups, words):
    for metric in (evaluation.auc, evaluation.average_precision):
        with pytest.raises(ParameterError, match=words):
            metric(labels, scores, groups=groups)


def test_bootstrap_refuses_too_few_cases():
    with pytest.raises(ParameterError, match="undefined in"):
        evaluation.auc([0, 0, 0, 0, 0, 1], [1, 2, 3, 4, 6, 5], method="bootstrap")
    with pytest.raises(ParameterError, match="1 patient"):
        evaluation.bootstrap(np.mean, [1.0, 2.0], groups=["a", "a"])
    with pytest.raises(ParameterError, match="delong or bootstrap"):
        evaluation.auc(Y, P, method="bayes")


def test_two_thousand_resamples_of_ten_thousand_cases_take_two_seconds():
    import time

    labels, scores = simulated(7, 10_000)
    seconds = []
    for _ in range(2):
        start = time.process_time()
        evaluation.auc(labels, scores, method="bootstrap", resamples=2000)
        seconds.append(time.process_time() - start)
    assert min(seconds) <= 2


def test_the_room_loads_no_heavy_library():
    import subprocess
    import sys

    heavy = "('torch', 'torchvision', 'pandas', 'sklearn', 'scipy', 'matplotlib')"
    code = f"import sys, thyrolearn.evaluation; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_clustered_variance_is_obuchowskis_formula():
    """Written out from Obuchowski 1997, with patients that have images of both classes."""
    rng = np.random.default_rng(8)
    labels, groups = rng.integers(0, 2, 90), rng.integers(0, 25, 90)
    scores = labels + rng.normal(size=25)[groups] + rng.normal(size=90)
    area, share = evaluation.placements(labels, scores)
    m, n, terms = (labels == 1).sum(), (labels == 0).sum(), np.zeros(3)
    patients = np.unique(groups)
    for g in patients:
        here = groups == g
        pull = [(share - area)[here & (labels == k)].sum() for k in (1, 0)]
        terms += [pull[0] ** 2, pull[1] ** 2, pull[0] * pull[1]]
    i10, i01 = (np.unique(groups[labels == k]).size for k in (1, 0))
    factors = np.array(
        [i10 / (i10 - 1) / m**2, i01 / (i01 - 1) / n**2, 2 * patients.size / (patients.size - 1) / m / n]
    )
    assert evaluation.delong_covariance(labels, scores, groups)[1][0, 0] == pytest.approx(factors @ terms)
