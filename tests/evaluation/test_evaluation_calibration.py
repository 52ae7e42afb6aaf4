"""Calibration against printed vectors, scikit-learn, torchmetrics and statsmodels."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from thyrolearn import evaluation
from thyrolearn.errors import ParameterError

Y = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]
P = [0.10, 0.35, 0.24, 0.80, 0.20, 0.85, 0.13, 0.85, 0.74, 0.58, 0.71, 0.25]


def simulated(seed=0, n=2000):
    rng = np.random.default_rng(seed)
    p = rng.uniform(0.02, 0.98, n)
    return (rng.random(n) < p).astype(int), p


def test_vector_cal_1():
    y, p = [0, 0, 1, 1, 1], [0.25, 0.25, 0.55, 0.75, 0.75]
    assert evaluation.ece(y, p, bins=2).value == pytest.approx(0.2900, abs=1e-9)
    assert evaluation.max_calibration_error(y, p, bins=2).value == pytest.approx(0.3167, abs=5e-5)


def test_vector_cal_2():
    assert evaluation.brier(Y, P).value == pytest.approx(0.238550, abs=5e-7)
    assert evaluation.log_loss(Y, P).value == pytest.approx(0.673204, abs=5e-7)
    assert evaluation.ece(Y, P, bins=5).value == pytest.approx(0.213333, abs=5e-7)
    assert evaluation.ece(Y, P, bins=10).value == pytest.approx(0.271667, abs=5e-7)
    assert evaluation.calibration_slope(Y, P).value == pytest.approx(0.526024, abs=5e-7)
    assert evaluation.calibration_intercept(Y, P).value == pytest.approx(0.053228, abs=5e-7)
    assert evaluation.calibration_in_the_large(Y, P).value == pytest.approx(0.099111, abs=5e-7)
    assert evaluation.observed_over_expected(Y, P).value == pytest.approx(1.034483, abs=5e-7)


def test_vector_auc_3_brier():
    assert evaluation.brier([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).value == pytest.approx(0.158125)


def test_known_disagreement_on_a_bin_border(vectors):
    """torchmetrics' third border of ten is 3 * 0.1 = 0.30000000000000004, so that p = 0.3 falls below "0.3"."""
    case = next(c for c in vectors("torchmetrics")["scores"] if 0.3 in c["probabilities"])
    y, p = np.array(case["labels"]), np.array(case["probabilities"])
    ours, theirs = evaluation.ece(y, p, bins=10).value, case["l1_10"]
    assert abs(ours - theirs) > 0.01
    lowered = np.where(p == 0.3, 0.3 - 1e-9, p)
    assert evaluation.ece(y, lowered, bins=10).value == pytest.approx(theirs, abs=1e-8)


def test_equals_torchmetrics(vectors):
    for case in vectors("torchmetrics")["scores"]:
        y, p = case["labels"], case["probabilities"]
        for bins in (2, 5, 10):
            if bins == 10 and 0.3 in p:
                continue  # see test_known_disagreement_on_a_bin_border
            assert evaluation.ece(y, p, bins=bins, resamples=20).value == pytest.approx(case[f"l1_{bins}"], abs=1e-6)
            worst = evaluation.max_calibration_error(y, p, bins=bins, resamples=20)
            assert worst.value == pytest.approx(case[f"max_{bins}"], abs=1e-6)
        assert evaluation.auc(y, p).value == pytest.approx(case["auc"], abs=1e-6)
        precision = evaluation.average_precision(np.tile(y, 3), np.tile(p, 3), resamples=20)
        assert precision.value == pytest.approx(case["average_precision"], abs=1e-6)


def test_equals_statsmodels(vectors):
    for case in vectors("statsmodels")["calibration"]:
        y, p, g = case["labels"], case["probabilities"], case["groups"]
        slope = evaluation.calibration_slope(y, p, groups=g)
        assert slope.value == pytest.approx(case["slope"], abs=1e-8)
        assert (slope.high - slope.low) / 2 / 1.959963985 == pytest.approx(case["slope_se"], rel=1e-6)
        assert evaluation.calibration_intercept(y, p).value == pytest.approx(case["intercept"], abs=1e-8)
        assert evaluation.calibration_in_the_large(y, p).value == pytest.approx(case["in_the_large"], abs=1e-8)


@pytest.mark.parametrize("scheme", ["width", "count"])
def test_reliability_equals_sklearn(scheme):
    y, p = simulated(n=401)  # quantile edges between the data
    rows = evaluation.reliability(y, p, bins=7, scheme=scheme)
    observed, predicted = calibration_curve(y, p, n_bins=7, strategy="uniform" if scheme == "width" else "quantile")
    assert [r.observed.value for r in rows] == pytest.approx(observed.tolist())
    assert [r.predicted for r in rows] == pytest.approx(predicted.tolist())
    assert sum(r.observed.n for r in rows) == 401


def test_scores_equal_sklearn():
    y, p = simulated(3, 300)
    assert evaluation.brier(y, p).value == pytest.approx(brier_score_loss(y, p))
    assert evaluation.log_loss(y, p).value == pytest.approx(sklearn_log_loss(y, p))


def test_ece_is_the_weighted_gap_of_the_reliability_table():
    y, p = simulated(4, 500)
    rows = evaluation.reliability(y, p, bins=10)
    gap = sum(r.observed.n * abs(r.observed.value - r.predicted) for r in rows) / 500
    assert evaluation.ece(y, p, bins=10).value == pytest.approx(gap)


def test_a_calibrated_model_is_found_calibrated_and_a_sharpened_one_not():
    y, p = simulated()
    assert not evaluation.calibration_slope(y, p).excludes(1)
    assert not evaluation.calibration_in_the_large(y, p).excludes(0)
    assert abs(evaluation.spiegelhalter(y, p)) < 2
    sharp = p**2 / (p**2 + (1 - p) ** 2)  # twice the logit: slope 1/2
    assert evaluation.calibration_slope(y, sharp).value == pytest.approx(
        evaluation.calibration_slope(y, p).value / 2, rel=1e-6
    )
    assert abs(evaluation.spiegelhalter(y, sharp)) > 5
    assert evaluation.ece(y, sharp).value > evaluation.ece(y, p).value + 0.03


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_temperature_is_recovered_and_mends_the_slope(temperature):
    y, p = simulated(9, 4000)
    logits = temperature * np.log(p / (1 - p))
    found = evaluation.fit_temperature(y, logits)
    assert found == pytest.approx(temperature, rel=0.06)
    mended = 1 / (1 + np.exp(-logits / found))
    assert evaluation.calibration_slope(y, mended).value == pytest.approx(1, abs=0.02)
    with pytest.raises(ParameterError, match="separate"):
        evaluation.fit_temperature([0, 1], [-1.0, 1.0])


def test_edges_count():
    """p of exactly 0 and 1, on a border, and empty bins."""
    y, p = [0, 0, 1, 1, 1, 0], [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    rows = evaluation.reliability(y, p, bins=4)
    assert [(r.low, r.observed.n) for r in rows] == [(0.0, 2), (0.5, 2), (0.75, 2)]
    assert evaluation.ece(y, p, bins=4, resamples=20).value == 0
    assert np.isfinite(evaluation.log_loss([0, 1], [1.0, 1.0]).value)
    assert np.isfinite(evaluation.calibration_slope([0, 1, 0, 1], [0.0, 1.0, 1.0, 0.5]).value)


def test_ece_interval_holds_its_value_and_names_bins():
    y, p = simulated(5, 60)
    found = evaluation.ece(y, p, bins=5, scheme="count")
    assert found.low <= found.value <= found.high
    assert "5 bins of equal count" in found.method


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: evaluation.brier([0, 1], [0.2, 1.2]), "probability is 1.2"),
        (lambda: evaluation.ece([0, 1], [-3.0, 2.0]), "sigmoid"),
        (lambda: evaluation.calibration_slope([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]), "separate the classes perfectly"),
        (lambda: evaluation.calibration_slope([0, 1], [0.3, 0.3]), "separate|equal"),
        (lambda: evaluation.calibration_in_the_large([1, 1], [0.3, 0.3]), "All 2 labels are 1"),
        (lambda: evaluation.ece([0, 1], [0.2, 0.4], bins=0), "0 bins"),
    ],
)
def test_errors(call, words):
    with pytest.raises(ParameterError, match=words):
        call()


def test_slope_interval_covers_one():
    inside = [not evaluation.calibration_slope(*simulated(seed, 300)).excludes(1) for seed in range(200)]
    assert 0.91 <= np.mean(inside) <= 0.99
