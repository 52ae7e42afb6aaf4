"""C-TIRADS 2020 against worked vectors, its traps, and the grade of its cut-offs."""

import pytest

from thyrolearn.errors import ParameterError
from thyrolearn.tirads import Descriptors, acr, c, every

# id | features | mm | score | category | FNA
VECTORS = """
C01 | comet | 40 | -1 | 2 | no
C02 | none | 40 | 0 | 3 | no
C03 | solid+comet | 22 | 0 | 3 | no
C04 | solid | 15 | 1 | 4A | yes
C05 | solid | 14.9 | 1 | 4A | no
C06 | micro | 16 | 1 | 4A | yes
C07 | solid+mh | 10 | 2 | 4B | yes
C08 | solid+mh | 9.9 | 2 | 4B | no
C09 | solid+micro+comet | 16 | 1 | 4A | yes
C10 | solid+mh+vert | 11 | 3 | 4C | yes
C11 | solid+mh+vert+micro | 8 | 4 | 4C | no
C12 | solid+mh+vert+micro+mar | 10 | 5 | 5 | yes
C13 | solid+mh+vert+micro+mar+comet | 12 | 4 | 4C | yes
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in VECTORS.strip().splitlines()]


def nodule(features):
    signs = set(features.split("+")) - {"none"}
    return Descriptors(
        "solid" if "solid" in signs else "mixed",
        "veryhypo" if "mh" in signs else "iso",
        "taller" if "vert" in signs else "wider",
        "lobirr" if "mar" in signs else "smooth",
        {focus for sign, focus in (("micro", "pef"), ("comet", "comet")) if sign in signs},
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_c_vectors(row):
    _, features, mm, score, category, fna = row
    found = c.assess(nodule(features), float(mm))
    assert (found.points, found.level, found.action == "FNA") == (int(score), category, fna == "yes")
    assert c.points(nodule(features)) == int(score) and c.category(int(score)) == category


def test_there_are_13_vectors():
    assert len(ROWS) == 13


@pytest.mark.parametrize(
    ("margin", "score"), [("smooth", 1), ("undetermined", 1), ("ill", 2), ("lobirr", 2), ("ete", 2)]
)
def test_margin_group_gives_one_point_and_ill_defined_scores(margin, score):
    record = Descriptors("solid", "iso", "wider", margin)
    assert c.points(record) == score
    assert acr.parts(Descriptors("solid", "iso", "wider", "ill"))["margin"] == 0


def test_plain_hypoechogenicity_and_coarse_calcification_score_nothing():
    plain = c.points(Descriptors("solid", "iso", "wider", "smooth"))
    assert plain == c.points(Descriptors("solid", "hypo", "wider", "smooth", {"macro", "rim"}))
    assert c.points(Descriptors("solid", "veryhypo", "wider", "smooth")) == plain + 1


def test_no_rule_ends_the_count_for_a_cyst():
    assert c.points(Descriptors("cystic", "anechoic", "taller", "smooth")) == 1


def test_scores_run_from_minus_one_to_five():
    assert {c.points(record) for record in every()} == set(range(-1, 6))
    for score in (-2, 6):
        with pytest.raises(ParameterError, match="-1, 0, 1, 2, 3 to 4, 5"):
            c.category(score)


def test_risk_bands_are_those_of_the_table():
    bands = {row.level: row.risk for row in c.LEVELS}
    assert bands == {
        "2": "0 %", "3": "under 2 %", "4A": "2 to 10 %", "4B": "10 to 50 %", "4C": "50 to 90 %", "5": "over 90 %",
    }  # fmt: skip


def test_cut_offs_say_that_they_are_second_hand():
    found = c.assess(Descriptors("solid", "iso", "wider", "smooth"), 15)
    assert "secondary sources" in found.advice and "secondary sources" in found.status
    assert str(found).endswith("for teaching, not for diagnosis")
    assert found.rank == 2


def test_small_nodules_carry_the_unconfirmed_exceptions():
    record = Descriptors("solid", "veryhypo", "wider", "smooth")
    assert any("not confirmed" in note for note in c.assess(record, 9.9).notes)
    assert not any("not confirmed" in note for note in c.assess(record, 10).notes)
