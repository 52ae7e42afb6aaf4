"""Descriptors, stiffness and contrast together: the specification's figures, and a large draw of the real cues."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.metrics import roc_auc_score

from thyrolearn.errors import ParameterError
from thyrolearn.phantom.ceiling import bayes_auc
from thyrolearn.phantom.fusion import WITNESSES, curves_auc, fusion_auc, fusion_evidence
from thyrolearn.phantom.modalities import modulus_kpa
from thyrolearn.phantom.perfusion import SHARED, bolus, delay_s
from thyrolearn.phantom.population import patients
from thyrolearn.phantom.tables import encode


@pytest.mark.parametrize(
    ("witnesses", "value"),
    [
        (("descriptors",), 0.864),
        (("stiffness",), 0.819),
        (("arrival",), 0.761),
        (("descriptors", "stiffness"), 0.927),
        (WITNESSES, 0.948),
    ],
)
def test_independent_witnesses_are_worth_what_the_specification_measured(witnesses, value):
    assert fusion_auc(witnesses, 0.0) == pytest.approx(value, abs=0.003)


def test_the_shared_severity_brings_the_fusion_into_its_range():
    assert 0.90 <= fusion_auc() <= 0.93
    assert fusion_auc() < fusion_auc(WITNESSES, 0.0) - 0.01
    assert fusion_auc() > fusion_auc(("descriptors", "stiffness")) > fusion_auc(("descriptors",)) + 0.03
    assert fusion_auc(("descriptors",)) == pytest.approx(bayes_auc("default", "descriptors"), abs=1e-6)


@pytest.fixture(scope="module")
def drawn():
    rows = [(p, n) for p in patients(6000, seed=21, prevalence=0.5) for n in p.nodules]
    kpa, delay = (np.array([cue(n, p, 21) for p, n in rows]) for cue in (modulus_kpa, delay_s))
    return np.array([n.label for _, n in rows]), np.stack([encode(n.truth) for _, n in rows]), kpa, delay


def test_a_large_draw_of_the_real_cues_reaches_the_exact_value_and_is_calibrated(drawn):
    labels, *said = drawn
    found = fusion_evidence(*said)
    assert roc_auc_score(labels, found) == pytest.approx(fusion_auc(), abs=0.0075)  # three standard errors
    chance = 1 / (1 + np.exp(-found))
    for part in np.array_split(np.argsort(chance), 8):
        expected = chance[part].mean()
        assert labels[part].mean() == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / len(part)))


def test_a_judge_who_takes_the_witnesses_for_independent_is_too_sure(drawn):
    labels, *said = drawn
    evidence = [fusion_evidence(*said, shared) for shared in (0.0, SHARED)]
    loss = [np.logaddexp(0, np.where(labels == 1, -e, e)) for e in evidence]
    gain = loss[0] - loss[1]
    assert gain.mean() > 3 * gain.std() / np.sqrt(len(gain))


@pytest.mark.parametrize("wrong", [((), 0.4), (("pixels",), 0.4), (WITNESSES, 1.0)])
def test_unknown_witnesses_are_refused(wrong):
    with pytest.raises(ParameterError, match=r"Choose|Give"):
        fusion_auc(*wrong)


def test_the_true_numbers_of_a_large_draw_of_curves_reach_their_exact_value():
    rows = [(n.label, bolus(p, n, 21).facts) for p in patients(6000, seed=21, prevalence=0.5) for n in p.nodules]
    labels = np.array([label for label, _ in rows])
    known = np.array([[facts["delay_s"], np.log(facts["peak_ratio"])] for _, facts in rows])
    judge = QuadraticDiscriminantAnalysis().fit(known[::2], labels[::2])
    reached = roc_auc_score(labels[1::2], judge.predict_proba(known[1::2])[:, 1])
    assert reached == pytest.approx(curves_auc(), abs=0.012)  # three standard errors
    assert fusion_auc(("arrival",)) + 0.03 < curves_auc() < curves_auc(0.0)
    with pytest.raises(ParameterError, match="below 1"):
        curves_auc(1.0)
