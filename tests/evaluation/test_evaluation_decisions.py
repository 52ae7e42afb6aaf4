"""Net benefit and the unnecessary-FNA rates against printed vectors and dcurves."""

import numpy as np
import pytest

from thyrolearn import evaluation
from thyrolearn.errors import ParameterError

Y = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]
P = [0.10, 0.35, 0.24, 0.80, 0.20, 0.85, 0.13, 0.85, 0.74, 0.58, 0.71, 0.25]


@pytest.mark.parametrize(
    ("t", "model", "everyone"),
    [(0.1, 0.444444, 0.444444), (0.2, 0.416667, 0.375), (0.3, 0.226190, 0.285714), (0.5, 0.166667, 0.0)],
)
def test_vector_dca_1(t, model, everyone):
    assert evaluation.net_benefit(Y, P, t).value == pytest.approx(model, abs=5e-7)
    assert evaluation.net_benefit(Y, np.ones(12), t).value == pytest.approx(everyone, abs=5e-7)


@pytest.mark.parametrize(
    ("t", "model", "everyone"),
    [(0.05, 0.282843, 0.278445), (0.1, 0.277535, 0.238359), (0.2, 0.264928, 0.143154), (0.3, 0.248719, 0.020747)],
)
def test_vector_dca_2(t, model, everyone):
    tp, fn, tn, fp = 1315, 123, 2719, 415
    n = tp + fn + tn + fp
    assert n == 4572
    assert evaluation.net_benefit_of_counts(tp, fp, n, t) == pytest.approx(model, abs=5e-7)
    assert evaluation.net_benefit_of_counts(tp + fn, tn + fp, n, t) == pytest.approx(everyone, abs=5e-7)
    y = np.repeat([1, 1, 0, 0], [tp, fn, tn, fp])
    p = np.repeat([0.9, 0.01, 0.01, 0.9], [tp, fn, tn, fp])
    assert evaluation.net_benefit(y, p, t, resamples=50).value == pytest.approx(model, abs=5e-7)


def test_equals_dcurves(vectors):
    for case in vectors("dcurves")["cases"]:
        y, p, prevalence = case["labels"], case["probabilities"], case["prevalence"]
        for t, model, everyone in zip(case["thresholds"], case["model"], case["all"], strict=True):
            found = evaluation.net_benefit(y, p, t, prevalence=prevalence, resamples=20)
            assert found.value == pytest.approx(model, abs=1e-9)
            found = evaluation.net_benefit(y, np.ones(len(y)), t, prevalence=prevalence, resamples=20)
            assert found.value == pytest.approx(everyone, abs=1e-9)


def test_the_web_pages_formula_is_wrong():
    """Sensitivity minus weighted FPR, as one page prints it, is not net benefit unless weighted by prevalence."""
    point = evaluation.operating_point(Y, P, 0.3)
    wrong = point["sensitivity"].value - (1 - point["specificity"].value) * 0.3 / 0.7
    assert abs(evaluation.net_benefit(Y, P, 0.3).value - wrong) > 0.1


def test_decision_curve_is_paired_and_has_intervals():
    rng = np.random.default_rng(0)
    p = rng.beta(0.6, 2, 800)
    y = (rng.random(800) < p).astype(int)
    curve = evaluation.decision_curve(y, p, (0.05, 0.2, 0.4), groups=np.arange(800) // 2)
    for point in curve:
        assert point.gain.value == pytest.approx(point.model.value - point.treat_all.value)
        assert point.model.low < point.model.value < point.model.high
        assert point.gain.low >= -1e-9  # a calibrated model never loses to biopsying all
    separate = (curve[0].model.high - curve[0].model.low) + (curve[0].treat_all.high - curve[0].treat_all.low)
    assert curve[0].gain.high - curve[0].gain.low < separate / 4


def test_an_uncalibrated_model_is_warned_of():
    rng = np.random.default_rng(1)
    p = rng.uniform(0.05, 0.95, 500)
    y = (rng.random(500) < p**4).astype(int)
    with pytest.warns(evaluation.CalibrationWarning, match="recalibrate"):
        evaluation.decision_curve(y, p, (0.2,), resamples=20)


@pytest.mark.parametrize(
    ("specificity", "of_all", "of_benign"), [(24.4, 60.9, 75.6), (39.7, 48.6, 60.3), (50.2, 40.1, 49.8)]
)
def test_the_printed_unnecessary_rates_are_by_all_nodules(specificity, of_all, of_benign):
    """PMC8390813: 1,111 malignant and 4,597 benign nodules; the paper's values are FP / all, to rounding."""
    benign = 4597
    false = round(benign * (1 - specificity / 100))
    y = np.r_[np.ones(1111, int), np.zeros(benign, int)]
    biopsied = np.r_[np.ones(1111, int), np.ones(false, int), np.zeros(benign - false, int)]
    rates = {
        d: 100 * evaluation.unnecessary_fna(y, biopsied, denominator=d).value for d in ("all", "benign", "biopsied")
    }
    assert rates["all"] == pytest.approx(of_all, abs=0.06)
    assert rates["benign"] == pytest.approx(of_benign, abs=0.06)
    assert rates["biopsied"] == pytest.approx(100 * false / (1111 + false))


def test_the_denominator_must_be_named():
    with pytest.raises(TypeError):
        evaluation.unnecessary_fna([0, 1], [1, 1])
    with pytest.raises(ParameterError, match="Name all, benign or biopsied"):
        evaluation.unnecessary_fna([0, 1], [1, 1], denominator="patients")


def test_415_of_4572():
    y, biopsied = np.repeat([1, 1, 0, 0], [1315, 123, 2719, 415]), np.repeat([1, 0, 0, 1], [1315, 123, 2719, 415])
    assert evaluation.unnecessary_fna(y, biopsied, denominator="all").value == pytest.approx(0.0908, abs=5e-5)
    assert evaluation.missed_cancers(y, biopsied).value == pytest.approx(123 / 1438)


def test_policy_change_counts_by_hand():
    y = [0, 0, 0, 0, 1, 1, 1, 1]
    old, new = [1, 1, 1, 0, 1, 1, 1, 0], [0, 0, 1, 0, 1, 1, 0, 1]
    found = {name: e.value for name, e in evaluation.policy_change(y, new, old).items()}
    assert found == {
        "biopsies avoided": pytest.approx(3 / 6),
        "benign biopsies avoided": pytest.approx(2 / 3),
        "cancers lost": pytest.approx(1 / 3),
        "cancers gained": 1.0,
    }


def test_trade_off_is_monotone():
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 200)
    curve = evaluation.trade_off(y, y + rng.normal(size=200), np.linspace(-1, 2, 9))
    for part in ("avoided", "missed"):
        values = [getattr(point, part).value for point in curve]
        assert values == sorted(values)
    assert curve[-1].avoided.value > curve[-1].missed.value


def test_policy_outcomes_keep_follow_up_apart():
    y, actions = [1, 1, 1, 0, 0], ["fna", "follow-up", "none", "none", "follow-up"]
    found = evaluation.policy_outcomes(y, actions)
    assert found["cancers followed"].value == pytest.approx(1 / 3)
    assert found["dismissed"].value == pytest.approx(2 / 5)
    assert sum(found[k].value for k in ("biopsied", "followed", "dismissed")) == pytest.approx(1)
    with pytest.raises(ParameterError, match="biopsy"):
        evaluation.policy_outcomes(y, ["biopsy"] * 5)


@pytest.mark.parametrize("t", [0, 1, -0.1, 5])
def test_threshold_probability_range(t):
    with pytest.raises(ParameterError, match="threshold probability"):
        evaluation.net_benefit(Y, P, t)


def test_missed_cancers_by_size():
    rng = np.random.default_rng(3)
    y, size = np.tile([0, 1], 60), rng.uniform(4, 30, 120)
    biopsied = (size >= 10).astype(float)
    rows = evaluation.by_subgroup(y, biopsied, evaluation.size_bands(size, (10,)), metric=evaluation.missed_cancers)
    assert {r.name: r.estimate.value for r in rows} == {"<10 mm": 1.0, ">=10 mm": 0.0}
