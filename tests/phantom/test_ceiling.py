"""The exact ceiling against the specification's figures, against simulation and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from thyrolearn.errors import ParameterError
from thyrolearn.phantom import ceiling
from thyrolearn.phantom.ceiling import bayes_auc, level_table, posterior
from thyrolearn.phantom.difficulty import DIFFICULTIES, Difficulty
from thyrolearn.phantom.population import draw, patients
from thyrolearn.phantom.readers import AVERAGE
from thyrolearn.phantom.tables import HISTOTYPES
from thyrolearn.tirads import Descriptors


@pytest.mark.parametrize(
    ("evidence", "reader", "value"),
    [
        ("descriptors", None, 0.864),
        ("points", None, 0.846),
        ("level", None, 0.827),
        ("descriptors", AVERAGE, 0.821),
        ("points", AVERAGE, 0.802),
        ("level", AVERAGE, 0.784),
    ],
)
def test_the_ladder_is_that_of_the_specification(evidence, reader, value):
    assert bayes_auc("default", evidence, reader=reader) == pytest.approx(value, abs=0.005)


def test_wrong_labels_lower_the_ceiling_as_specified():
    assert bayes_auc("default", "descriptors", flips=0.02) == pytest.approx(0.841, abs=0.002)
    assert bayes_auc("default", "descriptors", flips=0.05) == pytest.approx(0.809, abs=0.002)


def test_the_default_image_ceiling_is_in_the_promised_range():
    assert 0.865 <= bayes_auc() <= 0.89
    assert bayes_auc("easy") > 0.9 and bayes_auc("hard") == pytest.approx(0.809, abs=0.004)


@pytest.mark.parametrize("name", ["easy", "default", "hard"])
def test_no_simulation_beats_the_exact_ceiling_and_the_posterior_reaches_it(name):
    nodules = draw(200_000, seed=11, prevalence=0.5, difficulty=name)
    reached = roc_auc_score(nodules.labels, nodules.posterior(0.5, name))
    assert reached == pytest.approx(bayes_auc(name, flips=0), abs=0.0025)  # three standard errors


def test_without_any_further_cue_only_the_halo_is_added_to_the_descriptors():
    bare = bayes_auc(Difficulty("bare", latent_d=0.0, size_cue=False))
    assert 0 < bare - bayes_auc("default", "descriptors") < 0.004


def test_one_gaussian_cue_has_the_textbook_auc():
    from scipy.stats import norm

    malignant, benign = (ceiling._gauss_density(y, 1.3) for y in (1, 0))
    found = malignant @ (np.cumsum(benign) - benign / 2)
    assert found == pytest.approx(norm.cdf(1.3 / np.sqrt(2)), abs=2e-4)


def test_the_posterior_is_calibrated_in_every_tenth():
    nodules = draw(200_000, seed=12, prevalence=0.1)
    chance = nodules.posterior(0.1)
    for rows in np.array_split(np.argsort(chance), 10):
        expected = chance[rows].mean()
        assert nodules.labels[rows].mean() == pytest.approx(expected, abs=4 * np.sqrt(expected / len(rows)) + 1e-4)


def test_a_patients_record_holds_the_posterior_of_its_evidence():
    for nodule in (n for p in patients(60, seed=5, prevalence=0.3) for n in p.nodules):
        again = posterior(nodule.truth, nodule.latents, nodule.size_mm, nodule.halo, prevalence=0.3)
        assert nodule.posterior == pytest.approx(again, rel=1e-9)


def test_records_reach_the_ceiling_and_are_calibrated():
    nodules = [n for p in patients(6000, seed=8) for n in p.nodules]
    labels = np.array([n.label for n in nodules])
    chance = np.array([n.posterior for n in nodules])
    assert chance.mean() == pytest.approx(labels.mean(), abs=0.015)
    assert roc_auc_score(labels, chance) == pytest.approx(bayes_auc(), abs=0.014)


def test_posterior_by_bayes_rule_with_plain_loops():
    """One nodule, worked through the table by hand: solid, hypo, wider, smooth, no foci."""
    u = {-1.65: 0.1, -0.75: 0.25, 0: 0.3, 0.75: 0.25, 1.65: 0.1}
    comp, echo, marg = (-1, -1, -0.5, 0.3), (-0.5, -0.3, 0.3, 1), (-0.3, 0, 0.7, 1)
    chance = {0: 0.0, 1: 0.0}

    def tilted(row, scores, s, k):
        weights = np.array(row) * np.exp(0.75 * s * np.array(scores))
        return weights[k] / weights.sum()

    for kind in HISTOTYPES:
        for s, share in u.items():
            p = kind.weight * share
            p *= tilted(kind.composition, comp, s, 3) * tilted(kind.echogenicity, echo, s, 2)
            p *= tilted(kind.margin, marg, s, 0) * tilted((1 - kind.taller, kind.taller), (0, 1), s, 0)
            for rate, score in zip(kind.foci, (-0.5, 0.2, 0.1, 1), strict=True):
                p *= tilted((1 - rate, rate), (0, score), s, 0)
            chance[kind.malignant] += p
    expected = 0.1 * chance[1] / (0.1 * chance[1] + 0.9 * chance[0])
    found = posterior(Descriptors("solid", "hypo", "wider", "smooth"), prevalence=0.1)
    assert found == pytest.approx(expected, rel=1e-9)


def test_a_larger_nodule_and_a_halo_speak_for_benign():
    plain = Descriptors("solid", "iso", "wider", "smooth")
    base = posterior(plain, size_mm=12.0, halo=False)
    assert posterior(plain, size_mm=30.0, halo=False) < base
    assert posterior(plain, size_mm=12.0, halo=True) < base
    assert posterior(plain, size_mm=12.0, difficulty="hard") == pytest.approx(posterior(plain))


@pytest.mark.parametrize(
    ("prevalence", "risks", "shares"),
    [(0.1, (0.5, 1.3, 3.9, 11.1, 44.5), (16, 15, 26, 32, 12)), (0.5, (4, 11, 27, 53, 88), None)],
)
def test_levels_have_the_specified_risks_and_shares(prevalence, risks, shares):
    rows = level_table(prevalence)
    assert [100 * row.risk for row in rows] == pytest.approx(risks, abs=0.9 if prevalence == 0.5 else 0.3)
    assert sum(row.share for row in rows) == pytest.approx(1)
    assert sum(row.share * row.risk for row in rows) == pytest.approx(prevalence)
    if shares:
        assert [100 * row.share for row in rows] == pytest.approx(shares, abs=1)


def test_tied_scores_count_half_as_in_scikit_learn():
    rng = np.random.default_rng(0)
    score = rng.integers(0, 6, 400)
    labels = rng.random(400) < 0.1 + 0.1 * score
    masses = [np.bincount(score[labels == y], minlength=6) / (labels == y).sum() for y in (1, 0)]
    assert ceiling.weighted_auc(*masses, np.arange(6.0)) == pytest.approx(roc_auc_score(labels, score))


@pytest.mark.parametrize("wrong", [{"evidence": "pixels"}, {"difficulty": "x"}, {"flips": 0.6}, {"prevalence": 1.0}])
def test_unknown_evidence_is_refused_with_the_choices(wrong):
    with pytest.raises(ParameterError, match=r"Choose|Allowed"):
        bayes_auc(**wrong)
    with pytest.raises(ParameterError, match="descriptors"):
        bayes_auc(evidence="image", reader=AVERAGE)


def test_every_difficulty_bounds_its_own_descriptors():
    for name in DIFFICULTIES:
        assert bayes_auc(name) > bayes_auc(name, "descriptors") > bayes_auc(name, "points")
