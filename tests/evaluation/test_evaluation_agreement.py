"""Agreement against printed vectors, scikit-learn, statsmodels, krippendorff and irrCAC."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from thyrolearn import evaluation
from thyrolearn.errors import ParameterError

A, B = [1, 2, 3, 4, 5, 4, 3, 5], [1, 3, 3, 4, 4, 5, 3, 5]


def test_vector_kappa():
    a = np.repeat([0, 0, 1, 1], [20, 5, 10, 15])
    b = np.repeat([0, 1, 0, 1], [20, 5, 10, 15])
    assert evaluation.cohen_kappa(a, b).value == pytest.approx(0.40, abs=1e-9)
    assert evaluation.cohen_kappa(A, B).value == pytest.approx(0.510204, abs=5e-7)
    assert evaluation.cohen_kappa(A, B, "quadratic").value == pytest.approx(0.884615, abs=5e-7)


def test_vector_fleiss(vectors):
    (case,) = vectors("statsmodels")["fleiss"]
    assert case["kappa"] == pytest.approx(0.209931, abs=5e-7)  # the textbook's 10 cases and 14 readers
    assert evaluation.fleiss_kappa(case["table"]).value == pytest.approx(case["kappa"], abs=1e-10)


def test_alpha_equals_krippendorff(vectors):
    for case in vectors("krippendorff")["cases"]:
        for level in ("nominal", "ordinal", "interval"):
            found = evaluation.krippendorff_alpha(case["ratings"], level, resamples=50)
            assert found.value == pytest.approx(case[level], abs=1e-9)


def test_ac1_equals_irrcac(vectors):
    for case in vectors("irrcac")["cases"]:
        assert evaluation.gwet_ac1(case["a"], case["b"]).value == pytest.approx(case["ac1"], abs=1e-6)


ratings = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=8, max_size=30)


@settings(max_examples=60, deadline=None)
@given(ratings, st.sampled_from([None, "linear", "quadratic"]))
def test_kappa_equals_sklearn_and_is_symmetric(pairs, weights):
    a, b = np.array(pairs + [(1, 2), (2, 1), (2, 2)]).T
    found = evaluation.cohen_kappa(a, b, weights, resamples=40)
    assert found.value == pytest.approx(cohen_kappa_score(a, b, weights=weights))
    assert found.value == pytest.approx(evaluation.cohen_kappa(b, a, weights, resamples=40).value)
    assert found.low <= found.value <= found.high <= 1 + 1e-12


def test_fleiss_of_two_readers_is_scotts_pi_and_full_agreement_is_one():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 3, 200)
    b = np.where(rng.random(200) < 0.7, a, rng.integers(0, 3, 200))
    table = np.eye(3)[a] + np.eye(3)[b]
    chance = ((table.sum(axis=0) / 400) ** 2).sum()
    assert evaluation.fleiss_kappa(table).value == pytest.approx(((a == b).mean() - chance) / (1 - chance))
    assert evaluation.fleiss_kappa(2 * np.eye(3)[a]).value == 1


def test_the_prevalence_paradox():
    a = np.r_[np.zeros(95, int), 1, 1, 1, 0, 0]
    b = np.r_[np.zeros(95, int), 0, 0, 0, 1, 1]
    assert evaluation.percent_agreement(a, b).value == 0.95
    assert abs(evaluation.cohen_kappa(a, b).value) < 0.05
    assert evaluation.gwet_ac1(a, b).value > 0.9


def test_kappa_interval_is_the_slow_bootstraps():
    rng = np.random.default_rng(1)
    a = rng.integers(0, 3, 90)
    b = np.where(rng.random(90) < 0.6, a, rng.integers(0, 3, 90))
    groups = np.arange(90) // 3
    fast = evaluation.cohen_kappa(a, b, "linear", groups=groups, resamples=200)

    def slow(x, y):
        return cohen_kappa_score(x, y, weights="linear", labels=[0, 1, 2])

    expected = evaluation.bootstrap(slow, a, b, groups=groups, resamples=200)
    assert (fast.low, fast.high) == pytest.approx((expected.low, expected.high))


def test_words_are_accepted_and_alike_readers_refused():
    assert evaluation.cohen_kappa(["solid", "cystic", "solid"] * 4, ["solid", "cystic", "cystic"] * 4).value > 0
    for call in (
        lambda: evaluation.cohen_kappa([1, 1], [1, 1]),
        lambda: evaluation.krippendorff_alpha([[2, 2], [2, 2]]),
    ):
        with pytest.raises(ParameterError, match="All ratings are the same"):
            call()
    with pytest.raises(ParameterError, match="same readers"):
        evaluation.fleiss_kappa([[3, 0], [1, 1]])
    with pytest.raises(ParameterError, match="missing"):
        evaluation.cohen_kappa([1, 2, float("nan")], [1, 2, 2])
    with pytest.raises(ParameterError, match="shapes"):
        evaluation.cohen_kappa([1, 2], [1, 2, 3])
