"""The bootstrap: unbiased draws, patients as units, coverage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thyrolearn import evaluation
from thyrolearn.errors import ParameterError


def test_draws_are_uniform_and_sum_to_the_patients():
    counts = np.vstack(list(evaluation.bootstrap_weights(7, 4000, seed=1)))
    assert counts.shape == (4000, 7)
    assert (counts.sum(axis=1) == 7).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1, atol=4 * np.sqrt(6 / 7 / 4000))
    assert counts.var() == pytest.approx(6 / 7, rel=0.05)  # multinomial: n p (1 - p)


def test_blocks_do_not_change_the_draws():
    """Resamples are made in blocks that fit the cache; a large set must not see other patients for it."""
    first = np.vstack(list(evaluation.bootstrap_weights(60_000, 40, seed=2)))
    assert first.shape == (40, 60_000)
    again = np.vstack(list(evaluation.bootstrap_weights(60_000, 40, seed=2, columns=500_000)))
    np.testing.assert_array_equal(first, again)
    assert (np.vstack(list(evaluation.bootstrap_weights(60_000, 40, seed=3))) != first).any()


def test_an_odd_number_of_patients_draws_the_same_in_any_blocks():
    whole = list(evaluation.bootstrap_weights(7, 50, seed=5))
    parts = list(evaluation.bootstrap_weights(7, 50, seed=5, columns=200_000))
    assert len(parts) > len(whole) == 1
    np.testing.assert_array_equal(whole[0], np.vstack(parts))


def test_mean_interval_is_the_normal_theory_one():
    x = np.random.default_rng(0).normal(size=600)
    found = evaluation.bootstrap_mean(x)
    reach = 1.96 * x.std() / np.sqrt(600)
    assert (found.low, found.high) == pytest.approx((x.mean() - reach, x.mean() + reach), abs=0.15 * reach)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000))
def test_ratio_equals_the_general_bootstrap(seed):
    rng = np.random.default_rng(seed)
    top, bottom, groups = rng.random(40), rng.random(40) + 0.5, rng.integers(0, 12, 40)
    fast = evaluation.bootstrap_ratio(top, bottom, groups, resamples=60, seed=seed)
    slow = evaluation.bootstrap(lambda a, b: a.sum() / b.sum(), top, bottom, groups=groups, resamples=60, seed=seed)
    assert (fast.value, fast.low, fast.high) == pytest.approx((slow.value, slow.low, slow.high))
    assert fast.method == slow.method


def test_row_order_and_patient_names_do_not_matter_to_the_value():
    rng = np.random.default_rng(4)
    x, g = rng.random(50), rng.integers(0, 10, 50)
    order = rng.permutation(50)
    names = np.array([f"patient {k}" for k in g])
    plain, shuffled = evaluation.bootstrap_mean(x, g), evaluation.bootstrap_mean(x[order], names[order])
    assert (shuffled.value, shuffled.low, shuffled.high) == pytest.approx((plain.value, plain.low, plain.high))


def test_patient_interval_covers_a_mean_of_correlated_rows():
    covered, naive = [], []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=50).repeat(4) + 0.3 * rng.normal(size=200)
        groups = np.repeat(np.arange(50), 4)
        covered.append(not evaluation.bootstrap_mean(x, groups, resamples=300).excludes(0))
        naive.append(not evaluation.bootstrap_mean(x, resamples=300).excludes(0))
    assert 0.90 <= np.mean(covered) <= 0.98
    assert np.mean(naive) < 0.8


def test_undefined_resamples_are_left_out_or_refused():
    few = evaluation.percentile_estimate(1.0, [np.nan] * 10 + [1.0] * 90, n=5, patients=5)
    assert few.low == few.high == 1
    with pytest.raises(ParameterError, match="undefined in 30 of 100"):
        evaluation.percentile_estimate(1.0, [np.nan] * 30 + [1.0] * 70, n=5, patients=5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: evaluation.bootstrap(np.mean, [1.0, 2.0], confidence=95), "between 0 and 1"),
        (lambda: evaluation.bootstrap(lambda a, b: 0, [1.0, 2.0], [1.0]), "rows"),
        (lambda: evaluation.bootstrap_ratio([1, 2], [0, 0]), "denominator is 0"),
        (lambda: evaluation.proportion(5, 4), "not a proportion"),
        (lambda: evaluation.proportion(1, 4, "wald"), "wilson, clopper-pearson"),
        (lambda: evaluation.bootstrap_mean([1.0, float("nan")]), "NaN in 1 of 2"),
    ],
)
def test_errors(call, words):
    with pytest.raises(ParameterError, match=words):
        call()
