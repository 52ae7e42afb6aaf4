"""The population against its published tables, and against what a label may and may not move."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest, norm

from thyrolearn.errors import ParameterError
from thyrolearn.phantom import cues
from thyrolearn.phantom.difficulty import DIFFICULTIES, Difficulty
from thyrolearn.phantom.population import DEFAULT_SCANNERS, SITES, draw, patients, risk_intercept
from thyrolearn.phantom.tables import HISTOTYPES, decode, encode, joint, states
from thyrolearn.tirads import acr

COUNT = 200_000
SCORES = [(-1, -1, -0.5, 0.3), (-0.5, -0.3, 0.3, 1), (0, 1), (-0.3, 0, 0.7, 1), (0, -0.5), (0, 0.2), (0, 0.1), (0, 1)]
SEVERITY = {-1.65: 0.1, -0.75: 0.25, 0: 0.3, 0.75: 0.25, 1.65: 0.1}


@pytest.fixture(scope="module")
def drawn():
    return draw(COUNT, seed=4, prevalence=0.5)


@pytest.fixture(scope="module")
def people():
    return patients(6000, seed=2)


def plain_marginal(label, feature):
    """The u-averaged marginal of one feature before the forcing rules, by plain loops over the table."""
    total = 0
    for kind in (h for h in HISTOTYPES if h.malignant == label):
        for u, share in SEVERITY.items():
            tilted = [p * np.exp(0.75 * u * s) for p, s in zip(kind.rows()[feature], SCORES[feature], strict=True)]
            total = total + kind.weight * share * np.array(tilted) / sum(tilted)
    return total


@pytest.mark.parametrize("label", [0, 1])
def test_composition_follows_the_table_within_three_sigma(drawn, label):
    found = np.bincount(drawn.codes[drawn.labels == label, 0], minlength=4)
    expected, n = plain_marginal(label, 0), found.sum()
    assert np.all(abs(found / n - expected) < 3 * np.sqrt(expected * (1 - expected) / n))


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("feature", range(8))
def test_every_descriptor_is_within_three_sigma_of_the_exact_marginal(drawn, label, feature):
    exact = joint(label).sum(axis=tuple(k for k in range(8) if k != feature))
    found = np.bincount(drawn.codes[drawn.labels == label, feature], minlength=len(exact))
    assert np.all(abs(found / found.sum() - exact) <= 3 * np.sqrt(exact * (1 - exact) / found.sum()) + 1e-12)


def test_marginals_are_those_of_the_specification():
    def share(label, where):
        return 100 * float(joint(label)[where].sum())

    every = slice(None)
    wanted = {
        "solid": ((3,), 88, 50),
        "hypo or less": ((every, slice(2, 4)), 75, 35),
        "taller": ((every, every, 1), 23, 5.5),
        "lobulated, irregular, ETE": ((every, every, every, slice(2, 4)), 48, 10.5),
        "punctate": ((..., 1), 38, 7),
    }
    for name, (where, malignant, benign) in wanted.items():
        assert share(1, where) == pytest.approx(malignant, abs=1), name
        assert share(0, where) == pytest.approx(benign, abs=1), name


def test_a_cyst_is_anechoic_and_bland_nodules_have_no_further_points(drawn):
    cystic, spongiform = (drawn.codes[:, 0] == k for k in (0, 1))
    assert np.all((drawn.codes[:, 1] == 4) == cystic)
    bland = drawn.codes[cystic | spongiform]
    assert not bland[:, 2].any() and bland[:, 3].max() <= 1 and not bland[:, 5:].any()
    assert bland[:, 4].any()  # a comet tail may stay
    assert {acr.points(decode(row)) for row in np.unique(bland, axis=0)} == {0}


def test_codes_and_descriptors_are_two_spellings_of_one_thing():
    possible = states()[(joint(0) + joint(1)).ravel() > 0]
    assert len(possible) > 500
    assert all(np.array_equal(encode(decode(row)), row) for row in possible)


def test_severity_ties_the_descriptors_together(drawn):
    ptc = drawn.histotypes == 4
    taller, punctate = drawn.codes[ptc, 2], drawn.codes[ptc, 7]
    assert np.corrcoef(taller, punctate)[0, 1] > 0.08  # independent within a histotype without the severity
    assert np.corrcoef(drawn.severities[ptc], punctate)[0, 1] > 0.25


@pytest.mark.parametrize("name", ["easy", "default", "hard"])
def test_the_latents_are_worth_exactly_their_separation(name):
    setting = DIFFICULTIES[name]
    nodules = draw(COUNT, seed=5, prevalence=0.5, difficulty=name)
    ratio = cues.latent_evidence(nodules.codes, nodules.latents, setting)
    plain = nodules.codes[:, 7] == 0  # the count of foci is an integer and a little less than Gaussian
    for label in (0, 1):
        found = ratio[plain & (nodules.labels == label)]
        centre = (label - 0.5) * setting.latent_d**2
        if setting.latent_d == 0:
            assert np.all(found == 0)
        else:
            assert kstest(found, norm(centre, setting.latent_d).cdf).pvalue > 1e-3


def test_latents_stay_inside_the_range_of_their_descriptor(drawn):
    echo, ratio, foci, cyst = (drawn.latents[:, k] for k in (0, 1, 3, 5))
    codes = drawn.codes
    margin = DIFFICULTIES["default"].echo_overlap_db
    hypo = echo[codes[:, 1] == 2]
    assert hypo.min() >= -7.5 - margin and hypo.max() <= -3.5 + margin
    attenuation = drawn.latents[:, 6]
    assert not attenuation[codes[:, 0] == 0].any() and abs(attenuation).max() < 1
    assert attenuation[codes[:, 0] == 3].std() == pytest.approx(0.8 / np.sqrt(12), rel=0.03)
    assert np.all(echo[codes[:, 1] == 4] == -36)
    assert ratio[codes[:, 2] == 1].min() > 1 > ratio[codes[:, 2] == 0].max()
    assert set(foci[codes[:, 7] == 1]) == set(range(4, 17)) and not foci[codes[:, 7] == 0].any()
    assert np.all(cyst[codes[:, 0] == 3] == 0) and np.all(cyst[codes[:, 0] == 0] == 1)


def test_overlap_widens_the_echo_classes_until_they_meet():
    for overlap, meet in ((0.0, False), (1.5, True)):
        wide = replace(DIFFICULTIES["default"], echo_overlap_db=overlap)
        nodules = draw(20_000, seed=0, difficulty=wide)
        iso, hypo = (nodules.latents[nodules.codes[:, 1] == k, 0] for k in (1, 2))
        assert (hypo.max() > iso.min()) == meet


def test_size_has_the_published_medians_and_limits(drawn):
    for label, median in ((0, 16), (1, 12)):
        size = drawn.size_mm[drawn.labels == label]
        assert np.median(size) == pytest.approx(median, rel=0.06)  # the law is cut to 4 to 50 mm
        assert size.min() >= 4 and size.max() <= 50


def test_a_patient_is_the_same_in_any_company(people):
    assert patients(3, seed=2, first=40) == people[40:43]
    assert patients(1, seed=2, first=41)[0] == people[41]
    assert patients(1, seed=3, first=41)[0] != people[41]


def test_the_choice_of_scanner_changes_nothing_else(people):
    held_out = patients(200, seed=2, scanners="CE")
    assert {p.scanner for p in held_out} == {"C", "E"}
    home = [replace(p, scanner="A", site="Alder") for p in people[:200]]
    assert home == [replace(p, scanner="A", site="Alder") for p in held_out]


def test_scanner_mix_and_random_effects_follow_their_laws(people):
    n = len(people)
    for name, share in DEFAULT_SCANNERS.items():
        assert np.mean([p.scanner == name for p in people]) == pytest.approx(share, abs=3 * np.sqrt(0.25 / n))
    assert all(p.site == SITES[p.scanner] for p in people)
    assert np.mean([p.sex == "F" for p in people]) == pytest.approx(0.77, abs=0.02)
    assert np.mean([p.hashimoto for p in people]) == pytest.approx(0.12, abs=0.013)
    healthy = [p.parenchyma_db for p in people if not p.hashimoto]
    wanted = DIFFICULTIES["default"]
    assert kstest(healthy, norm(0, wanted.parenchyma_db).cdf).pvalue > 1e-3
    assert kstest([p.gain_db for p in people], norm(0, wanted.gain_db).cdf).pvalue > 1e-3
    assert np.mean([p.parenchyma_db for p in people if p.hashimoto]) == pytest.approx(-4, abs=0.3)
    assert {p.heterogeneity for p in people if p.hashimoto} == {2.0}
    assert np.mean([p.age for p in people]) == pytest.approx(52, abs=0.7)


def test_nodules_and_frames_are_counted_as_specified(people):
    amounts = np.array([len(p.nodules) for p in people])
    assert amounts.min() == 1 and amounts.max() <= 5 and amounts.mean() == pytest.approx(1.6, abs=0.04)
    frames = np.array([n.frames for p in people for n in p.nodules])
    assert frames.min() == 2 and frames.mean() == pytest.approx(3, abs=0.05)
    assert all(n.number == k for p in people for k, n in enumerate(p.nodules))


@pytest.mark.parametrize("prevalence", [0.1, 0.25, 0.5])
def test_the_patients_own_risk_leaves_the_prevalence_exact(prevalence):
    rng = np.random.default_rng(0)
    own = risk_intercept(prevalence) + rng.normal(0, 0.6, 2_000_000)
    assert np.mean(1 / (1 + np.exp(-own))) == pytest.approx(prevalence, abs=4e-4)


def test_nodules_of_one_patient_share_a_risk(people):
    pairs = np.array([[n.label for n in p.nodules[:2]] for p in people if len(p.nodules) > 1])
    assert np.corrcoef(pairs.T)[0, 1] > 0.03


def test_labels_do_not_follow_the_patient_number(people):
    labels = np.array([p.nodules[0].label for p in people])
    number = np.arange(len(labels))
    assert abs(np.corrcoef(labels, number)[0, 1]) < 0.04 and abs(np.corrcoef(labels, number % 2)[0, 1]) < 0.04
    assert abs(np.corrcoef(labels[1:], labels[:-1])[0, 1]) < 0.04


def test_random_effects_know_nothing_of_the_label(people):
    labels = np.array([p.nodules[0].label for p in people])
    for name in ("parenchyma_db", "gain_db", "attenuation", "thickness", "heterogeneity", "age"):
        values = np.array([getattr(p, name) for p in people], dtype=float)
        assert abs(np.corrcoef(labels, values)[0, 1]) < 4 / np.sqrt(len(labels)), name


def test_hard_records_five_percent_wrong_labels():
    nodules = [n for p in patients(6000, seed=1, difficulty="hard") for n in p.nodules]
    assert np.mean([n.flipped for n in nodules]) == pytest.approx(0.05, abs=0.007)
    kinds = {h.name: h.malignant for h in HISTOTYPES}
    assert all((n.label != kinds[n.histotype]) == n.flipped for n in nodules)


@pytest.mark.parametrize(
    "wrong",
    [
        {"scanners": "AZ"},
        {"scanners": {}},
        {"scanners": {"A": -1.0}},
        {"prevalence": 0},
        {"prevalence": 1.2},
        {"difficulty": "brutal"},
        {"count": -1},
    ],
)
def test_impossible_requests_name_what_is_allowed(wrong):
    with pytest.raises(ParameterError, match=r"Allowed|Choose"):
        patients(**{"count": 2, "seed": 0, **wrong})


def test_no_patients_is_an_empty_list():
    assert patients(0, seed=0) == []


def test_a_difficulty_record_is_taken_as_it_is():
    loud = Difficulty("loud", latent_d=0.4, gain_db=9.0)
    assert np.std([p.gain_db for p in patients(500, seed=0, difficulty=loud)]) == pytest.approx(9, rel=0.12)


def test_the_population_of_simulator_1_0_is_frozen():
    """Lessons' bands stand on these people: change them only with a new `SIM_VERSION`."""
    found = []
    for patient in patients(6, seed=1):
        nodule = patient.nodules[-1]
        who = (patient.scanner, patient.age, len(patient.nodules), nodule.label, nodule.histotype)
        look = (nodule.truth.composition.value, nodule.truth.echogenicity.value, nodule.frames)
        numbers = (nodule.size_mm, nodule.latents.echo_db, patient.gain_db, nodule.posterior)
        found.append((*who, *look, *(round(value, 5) for value in numbers)))
    assert found == [
        ("A", 64, 1, 0, "goitre", "spongiform", "iso", 2, 17.84089, 2.19417, -0.64537, 0.00716),
        ("D", 61, 2, 1, "FTC", "solid", "iso", 3, 14.33226, 2.38954, 1.09142, 0.04649),
        ("A", 72, 2, 0, "goitre", "solid", "iso", 2, 19.68067, 0.28089, 7.48458, 0.14683),
        ("A", 50, 1, 0, "goitre", "mixed", "hypo", 5, 7.29476, -4.38275, -3.31491, 0.15394),
        ("B", 61, 1, 0, "goitre", "solid", "hypo", 2, 7.16964, -4.32086, 0.44707, 0.27897),
        ("B", 54, 1, 0, "goitre", "solid", "hyper", 3, 17.12451, 5.67475, 0.64914, 0.0273),
    ]
