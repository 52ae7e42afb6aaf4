"""Readers: their agreement against the published kappas, by scikit-learn and by enumeration."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from thyrolearn.phantom import ceiling
from thyrolearn.phantom.ceiling import bayes_auc
from thyrolearn.phantom.population import draw, patients
from thyrolearn.phantom.readers import AVERAGE, Reader, confusion, expected_reading, majority, panel, read
from thyrolearn.phantom.tables import SHAPE, decode, joint
from thyrolearn.tirads import Descriptors

KAPPA = {0: 0.74, 1: 0.42, 3: 0.38, 2: 0.50, 4: 0.35, 5: 0.73, 6: 0.60, 7: 0.45}


@pytest.fixture(scope="module")
def two_readings():
    nodules = draw(200_000, seed=21, prevalence=0.25)
    rng = np.random.default_rng(0)
    return nodules, *(read(nodules.codes, rng.random((200_000, 8)), AVERAGE) for _ in range(2))


@pytest.mark.parametrize("feature", KAPPA)
def test_two_readers_agree_as_published(two_readings, feature):
    _, one, two = two_readings
    assert cohen_kappa_score(one[:, feature], two[:, feature]) == pytest.approx(KAPPA[feature], abs=0.04)


def test_the_readers_of_a_panel_agree_on_the_level_as_published(two_readings):
    codes = two_readings[0].codes[:40_000]
    rng, levels, found = np.random.default_rng(1), ceiling.level_scores(), []
    for seed in range(6):
        said = [levels[tuple(read(codes, rng.random(codes.shape), who).T)] for who in panel(seed)]
        found += [cohen_kappa_score(a, b) for a, b in combinations(said, 2)]
    assert np.mean(found) == pytest.approx(0.45, abs=0.04)


def test_simulated_readings_have_the_exact_distribution(two_readings):
    nodules, one, _ = two_readings
    truth = 0.25 * joint(1) + 0.75 * joint(0)
    exact = expected_reading(truth)
    found = np.bincount(np.ravel_multi_index(tuple(one.T), SHAPE), minlength=exact.size) / len(one)
    assert exact.sum() == pytest.approx(1)
    assert abs(found - exact.ravel()).sum() < 0.06  # total variation of a sample of this size
    points = ceiling.points_table()[tuple(one.T)]
    assert roc_auc_score(nodules.labels, points) == pytest.approx(
        bayes_auc("default", "points", reader=AVERAGE), abs=0.004
    )


def test_every_reading_is_a_possible_one(two_readings):
    _, one, _ = two_readings
    for row in np.unique(one, axis=0):
        decode(row)  # raises for what the lexicon forbids


def test_rows_of_every_confusion_are_probabilities():
    for reader in (AVERAGE, Reader("strict", 1.0, -1.0, 1.5)):
        for feature in range(8):
            matrix = confusion(feature, reader)
            assert np.all(matrix >= 0) and np.allclose(matrix.sum(axis=1), 1)


def test_a_bias_moves_only_its_own_feature_and_in_its_direction():
    keen = Reader("keen", punctate_bias=1.0)
    odds = [np.log(c[:, 1] / c[:, 0]) for c in (confusion(7, keen), confusion(7))]
    assert np.allclose(odds[0] - odds[1], 1.0)
    assert all(np.array_equal(confusion(f, keen), confusion(f)) for f in range(7))


def test_the_junior_errs_half_again_as_often_and_is_worth_less():
    junior = Reader("junior", scale=1.5)
    assert (1 - confusion(1, junior).diagonal()) == pytest.approx(1.5 * (1 - confusion(1).diagonal()))
    assert bayes_auc(reader=junior) < bayes_auc(reader=AVERAGE)


def test_a_panel_is_fixed_by_its_seed_and_biases_spread_as_specified():
    assert panel(3) == panel(3) != panel(4)
    biases = [bias for seed in range(300) for r in panel(seed) for bias in (r.margin_bias, r.punctate_bias)]
    assert np.std(biases) == pytest.approx(0.5, abs=0.04) and abs(np.mean(biases)) < 0.05
    assert [r.scale for r in panel(0)] == [1.0, 1.0, 1.5]


def test_the_majority_is_closer_to_the_truth_than_one_reader():
    nodules = [n for p in patients(1500, seed=0) for n in p.nodules]
    alone = np.mean([n.readers[0].echogenicity == n.truth.echogenicity for n in nodules])
    together = np.mean([majority(n.readers).echogenicity == n.truth.echogenicity for n in nodules])
    assert together > alone + 0.03


def test_majority_takes_what_two_say_and_the_middle_of_three():
    rows = (("iso", "smooth", {"pef"}), ("hypo", "lobirr", {"pef"}), ("veryhypo", "lobirr", ()))
    say = [Descriptors("solid", echo, "wider", margin, foci) for echo, margin, foci in rows]
    assert majority(tuple(say)) == Descriptors("solid", "hypo", "wider", "lobirr", {"pef"})


def test_the_noise_of_a_reader_does_not_depend_on_the_label():
    nodules = [
        n
        for p in patients(4000, seed=6)
        for n in p.nodules
        if n.truth.shape == "wider" and n.truth.composition == "solid"
    ]
    wrong = np.array([n.readers[0].shape != n.truth.shape for n in nodules])
    labels = np.array([n.label for n in nodules]) == 1
    assert abs(wrong[labels].mean() - wrong[~labels].mean()) < 0.02
