"""EU-TIRADS 2017 and K-TIRADS 2021 against worked vectors; where they differ, and what they leave open."""

import pytest

from thyrolearn.errors import ParameterError
from thyrolearn.tirads import Descriptors, eu, every, k

# id | composition | echo | high-risk features | mm | class | FNA
EU = """
E01 | cyst | anechoic | - | 50 | 2 | no
E02 | spongiform | iso | - | 50 | 2 | no
E03 | solid | iso | - | 20 | 3 | no
E04 | solid | iso | - | 20.1 | 3 | yes
E05 | mixed | iso | - | 25 | 3 | yes
E06 | mixed | mildhypo | - | 18 | 4 | yes
E07 | solid | mildhypo | - | 15 | 4 | no
E08 | solid | mildhypo | - | 15.1 | 4 | yes
E09 | solid | markedhypo | - | 11 | 5 | yes
E10 | solid | iso | micro | 12 | 5 | yes
E11 | mixed | iso | irr | 10 | 5 | no
E12 | solid | hyper | nonoval | 10.1 | 5 | yes
E13 | solid | mildhypo | nonoval+irr+micro | 7 | 5 | no
E14 | mixed | markedhypo | - | 14 | 4 | no
"""
# id | composition | echo | features | mm | class | FNA with class 4 cut at 15 mm | at 10 mm
K = """
K01 | cyst | anechoic | - | 60 | 2 | no | no
K02 | spongiform | iso | - | 50 | 2 | no | no
K03 | spongiform | iso | pef | 30 | 2 | no | no
K04 | spongiform | mildhypo | - | 21 | 3 | yes | yes
K05 | partcystic | iso | icf | 45 | 2 | no | no
K06 | partcystic | iso | icf+irr | 45 | 2 | no | no
K07 | partcystic | iso | - | 20 | 3 | no | no
K08 | partcystic | iso | - | 20.1 | 3 | yes | yes
K09 | partcystic | mildhypo | - | 18 | 3 | no | no
K10 | solid | iso | - | 25 | 3 | yes | yes
K11 | solid | hyper | pef | 16 | 4 | yes | yes
K12 | partcystic | mildhypo | pef | 15 | 4 | no | yes
K13 | solid | mildhypo | - | 15.1 | 4 | yes | yes
K14 | solid | mildhypo | - | 12 | 4 | no | yes
K15 | solid | mildhypo | irr | 10 | 5 | no | no
K16 | solid | mildhypo | irr | 10.1 | 5 | yes | yes
K17 | solid | markedhypo | nonpar+pef+irr | 8 | 5 | no | no
K18 | any | any | calc | 17 | 4 | yes | yes
"""
WORDS = {"cyst": "cystic", "partcystic": "mixed", "mildhypo": "hypo", "markedhypo": "veryhypo"}
SHAPE, MARGIN = ("nonoval", "nonpar"), ("irr",)
FOCI = {"micro": "pef", "pef": "pef", "icf": "comet"}


def rows(text):
    return [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]


def nodule(composition, echo, features):
    signs = set() if features == "-" else set(features.split("+"))
    shape = "taller" if signs & set(SHAPE) else "wider"
    margin = "lobirr" if signs & set(MARGIN) else "smooth"
    foci = {FOCI[sign] for sign in signs if sign in FOCI}
    return Descriptors(WORDS.get(composition, composition), WORDS.get(echo, echo), shape, margin, foci)


@pytest.mark.parametrize("row", rows(EU), ids=lambda row: row[0])
def test_eu_vectors(row):
    _, composition, echo, features, mm, category, fna = row
    found = eu.assess(nodule(composition, echo, features), float(mm))
    assert (found.level, found.action == "FNA") == (int(category), fna == "yes")
    assert found.points is None and found.label.startswith(f"EU-TIRADS {category}")


@pytest.mark.parametrize("row", [row for row in rows(K) if row[1] != "any"], ids=lambda row: row[0])
def test_k_vectors(row):
    _, composition, echo, features, mm, category, fna_15, fna_10 = row
    record = nodule(composition, echo, features)
    for cut, fna in ((15, fna_15), (10, fna_10)):
        found = k.assess(record, float(mm), class_4_cut_mm=cut)
        assert (found.level, found.action == "FNA") == (int(category), fna == "yes")
    assert k.assess(record, float(mm)) == k.assess(record, float(mm), class_4_cut_mm=15)


def test_k18_entirely_calcified_is_class_4_whatever_else():
    for record in every():
        if record.composition == "undetermined":
            found = k.assess(record, 17)
            assert (found.level, found.action) == (4, "FNA")


def test_vector_counts():
    assert (len(rows(EU)), len(rows(K))) == (14, 18)


@pytest.mark.parametrize(("mm", "action"), [(10, "follow-up"), (10.001, "FNA")])
def test_cut_offs_are_exclusive(mm, action):
    record = Descriptors("solid", "hypo", "taller", "smooth")
    assert eu.assess(record, mm).action == k.assess(record, mm).action == action


def test_the_same_nodule_is_biopsied_in_europe_and_not_in_korea():
    record = Descriptors("mixed", "hypo", "wider", "smooth")
    assert (eu.assess(record, 18).action, k.assess(record, 18).action) == ("FNA", "follow-up")
    assert (eu.category(record), k.category(record)) == (4, 3)


def test_eu_mixed_and_markedly_hypoechoic_is_an_option():  # E14 is our reading of "in a solid nodule"
    record = Descriptors("mixed", "veryhypo", "wider", "smooth")
    assert eu.category(record) == 4 and any("our reading" in note for note in eu.assess(record).notes)
    other = eu.assess(record, 14, marked_needs_solid=False)
    assert (other.level, other.action, other.notes) == (5, "FNA", ())
    solid = Descriptors("solid", "veryhypo", "wider", "smooth")
    assert eu.category(solid) == eu.category(solid, marked_needs_solid=False) == 5


def test_eu_benign_patterns_stay_benign_and_warn():
    for record in every():
        if record.composition in ("cystic", "spongiform"):
            assert eu.category(record) == 2
    assert any("reconsider" in n for n in eu.assess(Descriptors("spongiform", "iso", "wider", "ete")).notes)


@pytest.mark.parametrize("sign", [{"shape": "taller"}, {"margin": "lobirr"}, {"margin": "ete"}, {"foci": {"pef"}}])
def test_any_one_high_risk_feature_is_enough(sign):
    plain = {"composition": "solid", "echogenicity": "iso", "shape": "wider", "margin": "smooth", "foci": set()}
    assert (eu.category(Descriptors(**plain)), k.category(Descriptors(**plain))) == (3, 3)
    assert eu.category(Descriptors(**{**plain, **sign})) == 5
    assert k.category(Descriptors(**{**plain, **sign})) == 4
    dark = {**plain, "echogenicity": "hypo"}
    assert (eu.category(Descriptors(**dark)), k.category(Descriptors(**dark))) == (4, 4)
    assert k.category(Descriptors(**{**dark, **sign})) == 5


@pytest.mark.parametrize("sign", [{"margin": "ill"}, {"foci": {"macro"}}, {"foci": {"rim"}}])
def test_signs_that_are_not_suspicious_in_either(sign):
    plain = {"composition": "solid", "echogenicity": "hypo", "shape": "wider", "margin": "smooth", "foci": set()}
    assert eu.category(Descriptors(**{**plain, **sign})) == k.category(Descriptors(**{**plain, **sign})) == 4


def test_k_2021_class_2_stays_2_whatever_else_is_present():
    for record in every():
        comet_cyst = record.composition == "mixed" and "comet" in record.foci
        if comet_cyst or record.composition == "cystic":
            assert k.category(record) == 2


@pytest.mark.parametrize("cut", [9.9, 15.1, float("nan")])
def test_k_class_4_cut_has_a_range(cut):
    with pytest.raises(ParameterError, match="10 to 15"):
        k.assess(Descriptors("solid", "hypo", "wider", "smooth"), 12, class_4_cut_mm=cut)


def test_follow_up_is_not_dismissal():
    assert "6 months" in k.assess(Descriptors("solid", "hypo", "taller", "smooth"), 8).advice
    assert "1, 3 and 5 years" in k.assess(Descriptors("solid", "hypo", "wider", "smooth"), 12).advice
    assert "surveillance" in eu.assess(Descriptors("solid", "hypo", "taller", "smooth"), 8).advice


def test_unknown_words_are_said_to_be_our_reading():
    record = Descriptors("undetermined", "undetermined", "wider", "smooth", {"macro"})
    assert len(eu.assess(record).notes) == 2
    assert any("calcified" in note for note in k.assess(record).notes)


def test_sources_and_editions():
    record = Descriptors("solid", "iso", "wider", "smooth")
    assert (eu.assess(record).system, k.assess(record).system) == ("EU-TIRADS 2017", "K-TIRADS 2021")
    assert (eu.assess(record).source, k.assess(record).source) == ("10.1159/000478927", "10.3348/kjr.2021.0713")
    assert "confirmed on a page" in eu.assess(record).status and "secondary" in k.assess(record).status
    assert str(k.assess(record, 21)).endswith("for teaching, not for diagnosis")


def test_risk_bands_are_those_of_the_tables():
    bands = {system.SYSTEM.name: {row.label: row.risk for row in system.LEVELS} for system in (eu, k)}
    assert bands == {
        "EU-TIRADS 2017": {
            "EU-TIRADS 2": "about 0 %",
            "EU-TIRADS 3": "2 to 4 %",
            "EU-TIRADS 4": "6 to 17 %",
            "EU-TIRADS 5": "26 to 87 %",
        },
        "K-TIRADS 2021": {
            "K-TIRADS 2": "under 3 %",
            "K-TIRADS 3": "3 to 10 %",
            "K-TIRADS 4": "10 to 40 %",
            "K-TIRADS 5": "over 60 %",
        },
    }
