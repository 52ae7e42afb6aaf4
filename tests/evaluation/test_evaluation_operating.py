"""Thresholds, proportions and predictive values against printed vectors and statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from thyrolearn import evaluation
from thyrolearn.errors import ParameterError

Y = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]
P = [0.10, 0.35, 0.24, 0.80, 0.20, 0.85, 0.13, 0.85, 0.74, 0.58, 0.71, 0.25]


@pytest.mark.parametrize(
    ("k", "n", "wilson", "exact"),
    [
        (0, 20, (0, 0.1611), (0, 0.1684)),
        (20, 20, (0.8389, 1), (0.8316, 1)),
        (14, 15, (0.7018, 0.9881), (0.6805, 0.9983)),
        (93, 100, (0.8625, 0.9657), (0.8611, 0.9714)),
        (55, 85, (0.5411, 0.7403), (0.5359, 0.7477)),
    ],
)
def test_vector_ci(k, n, wilson, exact):
    for method, ends in (("wilson", wilson), ("clopper-pearson", exact)):
        found = evaluation.proportion(k, n, method)
        assert (found.low, found.high) == pytest.approx(ends, abs=5e-5)


def test_proportions_equal_statsmodels(vectors):
    for case in vectors("statsmodels")["intervals"]:
        for method in ("wilson", "clopper-pearson"):
            found = evaluation.proportion(case["successes"], case["n"], method)
            assert [found.low, found.high] == pytest.approx(case[method], abs=1e-9)


def test_wilson_covers_on_average_and_clopper_pearson_always():
    n, k = 40, np.arange(41)
    intervals = {m: [evaluation.proportion(i, n, m) for i in k] for m in ("wilson", "clopper-pearson")}
    for p in (0.05, 0.3, 0.5, 0.9):
        covers = {m: binom.pmf(k, n, p) @ [e.low <= p <= e.high for e in es] for m, es in intervals.items()}
        assert covers["clopper-pearson"] >= 0.95
        assert 0.92 < covers["wilson"] < 0.985


@pytest.mark.parametrize(
    ("prevalence", "ppv", "npv"),
    [
        (0.05, 0.0974, 0.9845),
        (0.10, 0.1855, 0.9677),
        (0.20, 0.3388, 0.9302),
        (0.35, 0.5247, 0.8609),
        (0.50, 0.6721, 0.7692),
    ],
)
def test_vector_prevalence(prevalence, ppv, npv):
    assert evaluation.predictive_values(0.82, 0.60, prevalence) == pytest.approx((ppv, npv), abs=5e-5)


def test_values_at_the_sets_own_prevalence_are_the_observed_ones():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    calls = (rng.random(300) < 0.3 + 0.4 * y).astype(int)
    found = evaluation.values_at_prevalence(y, calls, prevalence=y.mean())
    assert found["ppv"].value == pytest.approx(y[calls == 1].mean())
    assert found["npv"].value == pytest.approx(1 - y[calls == 0].mean())
    assert found["ppv"].low < found["ppv"].value < found["ppv"].high
    rare = evaluation.values_at_prevalence(y, calls, prevalence=0.02)
    assert rare["ppv"].value < found["ppv"].value


def test_vector_thresholds():
    at = evaluation.choose_threshold(Y, P, specificity=2 / 3)
    assert at == 0.58
    assert evaluation.operating_point(Y, P, at)["sensitivity"].value == pytest.approx(0.6667, abs=5e-5)
    at = evaluation.choose_threshold(Y, P, sensitivity=0.80)
    point = evaluation.operating_point(Y, P, at)
    assert (at, point["sensitivity"].value, point["specificity"].value) == (0.25, pytest.approx(0.8333, abs=5e-5), 0.5)


def test_unreachable_specificity_calls_nobody():
    at = evaluation.choose_threshold([0, 1, 0, 1], [4, 1, 3, 2], specificity=0.9)
    assert at == float("inf")
    point = evaluation.operating_point([0, 1, 0, 1], [4, 1, 3, 2], at)
    assert point["sensitivity"].value == 0
    assert point["specificity"].value == 1
    assert "ppv" not in point


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.5, 0.8, 0.9, 1.0]))
def test_chosen_thresholds_reach_their_target_and_no_other_score_does_better(seed, target):
    rng = np.random.default_rng(seed)
    y = np.r_[0, 1, rng.integers(0, 2, 20)]
    s = rng.integers(0, 9, 22).astype(float)
    rates = {t: ((s >= t)[y == 1].mean(), (s < t)[y == 0].mean()) for t in [*np.unique(s), np.inf]}
    sens, spec = rates[evaluation.choose_threshold(y, s, sensitivity=target)]
    assert sens >= target
    assert spec == max(sp for se, sp in rates.values() if se >= target)
    sens, spec = rates[evaluation.choose_threshold(y, s, specificity=target)]
    assert spec >= target
    assert sens == max(se for se, sp in rates.values() if sp >= target)


def test_vector_mcnemar(vectors):
    for case in vectors("statsmodels")["mcnemar"]:
        found = evaluation.mcnemar(case["b"], case["c"])
        assert found == {name: pytest.approx(case[name], abs=1e-9) for name in ("exact_p", "chi2", "p")}


def test_patients_with_several_images_get_a_bootstrap_and_n_counts_what_counts():
    y, calls, patient = np.tile([0, 1], 30), np.tile([0, 1, 1, 1], 15), np.arange(60) // 4
    found = evaluation.sensitivity(y, calls, groups=patient)
    assert found.method == "bootstrap of 15 patients"
    assert found.n == 30
    with pytest.raises(ParameterError, match="patients repeat"):
        evaluation.sensitivity(y, calls, groups=patient, interval="wilson")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000))
def test_by_patient_equals_pandas(seed):
    import pandas as pd

    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"y": rng.integers(0, 2, 30), "s": rng.random(30), "g": rng.choice(list("abcdefg"), 30)})
    for how in ("max", "mean"):
        label, score, names = evaluation.by_patient(frame.y, frame.s, frame.g, how)
        table = frame.groupby("g").agg({"y": "max", "s": how})
        assert names.tolist() == table.index.tolist()
        np.testing.assert_array_equal(label, table.y)
        np.testing.assert_allclose(score, table.s)


@pytest.mark.parametrize("bad", [{}, {"sensitivity": 0.9, "specificity": 0.9}, {"sensitivity": 90}])
def test_thresholds_need_one_target_from_0_to_1(bad):
    with pytest.raises(ParameterError, match="Give"):
        evaluation.choose_threshold(Y, P, **bad)
