"""Reader studies against the Van Dyke study's printed analysis; subgroups and robustness against simulation."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from thyrolearn import evaluation
from thyrolearn.errors import ParameterError


@pytest.mark.parametrize(
    ("kind", "components", "f", "ddf", "p"),
    [
        ("jackknife", (0.000802288, 0.000346614, 0.000344075, 0.000239028), 4.456319, 15.2597, 0.051666),
        ("delong", (0.000792132, 0.000342009, 0.000339527, 0.000235850), 4.484854, 15.0661, 0.051233),
    ],
)
def test_vector_mrmc(vectors, kind, components, f, ddf, p):
    case = vectors("vandyke")
    found = evaluation.reader_study_of_areas(case["areas"], case[kind], case["n"])
    assert found.areas[0].round(4).tolist() == [0.9196, 0.8588, 0.9039, 0.9731, 0.8298]
    assert found.areas[1].round(4).tolist() == [0.9478, 0.9053, 0.9217, 0.9994, 0.9300]
    assert found.means == pytest.approx([0.897037, 0.940837], abs=5e-7)
    assert (found.variance, found.cov1, found.cov2, found.cov3) == pytest.approx(components, abs=5e-10)
    assert (found.f, found.p) == (pytest.approx(f, abs=5e-7), pytest.approx(p, abs=5e-7))
    assert found.ddf == pytest.approx(ddf, abs=5e-5)
    difference = found.differences[0, 1]
    assert difference.value == pytest.approx(-0.043800, abs=5e-7)
    if kind == "jackknife":
        assert difference.high - difference.value == pytest.approx(0.044159, abs=5e-7)
    else:
        assert (difference.low, difference.high) == pytest.approx((-0.087867, 0.000267), abs=5e-7)


def readings(seed, gain=0.0, readers=4, n=60):
    """Reader scores (2, readers, n): truth, a case effect, reader noise; ``gain`` helps in the second modality."""
    rng = np.random.default_rng(seed)
    truth = np.repeat([0, 1], n // 2)
    case = rng.normal(size=n) + truth
    skill = rng.normal(size=(1, readers, 1)) * 0.2 * truth
    modality = np.array([0.0, gain])[:, None, None] * truth
    return truth, case + skill + modality + rng.normal(size=(2, readers, n)) * 0.7


def test_covariances_equal_brute_force():
    truth, scores = readings(0, n=24)
    rows = scores.reshape(-1, 24).round(1)  # with ties
    kernel = np.array([np.heaviside(np.subtract.outer(r[truth == 1], r[truth == 0]), 0.5) for r in rows])
    expected = np.cov(kernel.mean(axis=2)) / 12 + np.cov(kernel.mean(axis=1)) / 12
    areas, delong = evaluation.delong_covariance(truth, rows)
    np.testing.assert_allclose(delong, expected, atol=1e-12)
    np.testing.assert_allclose(areas, [roc_auc_score(truth, r) for r in rows])
    kept = [np.delete(np.arange(24), k) for k in range(24)]
    left = np.array([[roc_auc_score(truth[k], r[k]) for k in kept] for r in rows])
    expected = np.cov(left) * 23**2 / 24
    np.testing.assert_allclose(evaluation.jackknife_covariance(truth, rows)[1], expected, atol=1e-12)


def test_false_alarms_are_five_percent_and_help_is_found():
    alarms = [evaluation.reader_study(*readings(seed)).p < 0.05 for seed in range(300)]
    assert np.mean(alarms) < 0.085
    found = [evaluation.reader_study(*readings(seed, gain=1.0)).p < 0.05 for seed in range(30)]
    assert np.mean(found) > 0.8


def test_many_readers_of_one_case_set_are_not_many_cases():
    """The mean over readers is no surer than the cases allow: Cov2 - Cov3 stays in the interval."""
    truth, scores = readings(5, gain=0.5, readers=12)
    study = evaluation.reader_study(truth, scores)
    assert study.cov2 > 0
    interval = study.differences[0, 1]
    assert interval.low < study.means[0] - study.means[1] < interval.high


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t, s: (t, s[:1]), "two modalities"),
        (lambda t, s: (t, s[:, :, :-1]), "cases"),
        (lambda t, s: (t, np.where(s == s.max(), np.nan, s)), "NaN"),
        (lambda t, s: (t * 0, s), "All 60 labels"),
    ],
)
def test_reader_study_errors(change, words):
    with pytest.raises(ParameterError, match=words):
        evaluation.reader_study(*change(*readings(1)))


def test_subgroups_keep_the_unknown_and_grey_the_small():
    rng = np.random.default_rng(0)
    labels = np.tile([0, 1], 60)
    scores = labels + rng.normal(size=120)
    scanner = np.array(["A"] * 60 + ["B"] * 42 + ["C"] * 8 + [None] * 10, dtype=object)
    rows = {r.name: r for r in evaluation.by_subgroup(labels, scores, scanner)}
    assert sorted(rows) == ["A", "B", "C", "unknown"]
    assert sum(r.n for r in rows.values()) == 120
    assert rows["A"].estimate.value == pytest.approx(roc_auc_score(labels[:60], scores[:60]))
    assert rows["C"].estimate is None and "fewer than 10" in rows["C"].note
    wider = {r.name: r for r in evaluation.by_subgroup(labels, scores, scanner, comparisons=4)}["A"].estimate
    assert wider.low < rows["A"].estimate.low


def test_gap_of_permuted_groups_covers_zero():
    covers = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        labels = np.tile([0, 1], 60)
        scores = labels + rng.normal(size=120)
        side = rng.permutation(np.repeat(["left", "right"], 60))
        covers.append(not evaluation.subgroup_gap(labels, scores, side, "left", "right", resamples=100).excludes(0))
    assert np.mean(covers) >= 0.85
    with pytest.raises(ParameterError, match="no group 'isthmus'"):
        evaluation.subgroup_gap(labels, scores, side, "left", "isthmus")


def test_size_bands_at_their_edges():
    assert evaluation.size_bands([9.99, 10, 19.99, 20], (10, 20)).tolist() == [
        "<10 mm",
        "10-20 mm",
        "10-20 mm",
        ">=20 mm",
    ]


def disturbed(seed=0, n=300):
    rng = np.random.default_rng(seed)
    labels, noise = np.tile([0, 1], n // 2), rng.normal(size=(2, n))
    return labels, {s: labels + noise[0] + s * noise[1] for s in (0.0, 1.0, 2.0, 4.0)}


def test_robustness_curve_is_the_auc_at_each_severity():
    labels, scores = disturbed()
    curve = evaluation.robustness_curve(labels, scores, resamples=200)
    for severity, estimate in curve.items():
        assert estimate.value == pytest.approx(roc_auc_score(labels, scores[severity]))
    values = [e.value for e in curve.values()]
    area = evaluation.robustness_area(labels, scores, resamples=200)
    assert area.value == pytest.approx(np.dot([0.5, 1.0, 1.5, 1.0], values) / 4)
    assert area.low < area.value < area.high


def test_robustness_loss_is_paired():
    labels, scores = disturbed()
    loss = evaluation.robustness_loss(labels, scores)
    assert list(loss) == [1.0, 2.0, 4.0]
    assert loss[4.0].high < 0
    same = evaluation.robustness_loss(labels, {0: scores[0.0], 1: 3 * scores[0.0] + 1})
    assert (same[1.0].low, same[1.0].high) == (0, 0)
    with pytest.raises(ParameterError, match="1 severities"):
        evaluation.robustness_curve(labels, {0: scores[0.0]})
