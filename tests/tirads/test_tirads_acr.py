"""ACR TI-RADS 2017 and AI TI-RADS 2019 against worked vectors, and each special rule by itself."""

import pytest

from thyrolearn.errors import ParameterError
from thyrolearn.tirads import Descriptors, acr, ai, every
from thyrolearn.tirads.rules import size

# id | composition | echo | shape | margin | foci | mm | ACR points, level, action | AI points, level, action
VECTORS = """
A01 | cystic | anechoic | wider | smooth | none | 45 | 0 | TR1 | none | 0 | TR1 | none
A02 | cystic | anechoic | taller | smooth | comet | 30 | 0 | TR1 | none | 0 | TR1 | none
A03 | spongiform | iso | wider | smooth | none | 38 | 0 | TR1 | none | 0 | TR1 | none
A04 | spongiform | hypo | wider | smooth | pef | 20 | 0 | TR1 | none | 0 | TR1 | none
A05 | mixed | iso | wider | smooth | none | 40 | 2 | TR2 | none | 0 | TR1 | none
A06 | mixed | iso | wider | smooth | comet | 26 | 2 | TR2 | none | 0 | TR1 | none
A07 | mixed | hyper | wider | ill | none | 12 | 2 | TR2 | none | 0 | TR1 | none
A08 | mixed | hypo | wider | smooth | none | 25 | 3 | TR3 | FNA | 2 | TR2 | none
A09 | mixed | hypo | wider | smooth | none | 24.9 | 3 | TR3 | FU | 2 | TR2 | none
A10 | mixed | hypo | wider | smooth | none | 15 | 3 | TR3 | FU | 2 | TR2 | none
A11 | mixed | hypo | wider | smooth | none | 14.9 | 3 | TR3 | none | 2 | TR2 | none
A12 | mixed | anechoic | wider | smooth | none | 30 | raise (naive 1) | - | - | raise | - | -
A13 | solid | iso | wider | smooth | none | 26 | 3 | TR3 | FNA | 3 | TR3 | FNA
A14 | solid | iso | wider | ill | comet | 18 | 3 | TR3 | FU | 3 | TR3 | FU
A15 | solid | hyper | wider | smooth | macro | 15 | 4 | TR4 | FNA | 3 | TR3 | FU
A16 | solid | iso | wider | smooth | macro | 14.9 | 4 | TR4 | FU | 3 | TR3 | none
A17 | solid | hypo | wider | smooth | none | 10 | 4 | TR4 | FU | 5 | TR4 | FU
A18 | solid | hypo | wider | smooth | none | 9.9 | 4 | TR4 | none | 5 | TR4 | none
A19 | solid | iso | taller | smooth | none | 16 | 6 | TR4 | FNA | 4 | TR4 | FNA
A20 | solid | iso | wider | lobirr | none | 12 | 5 | TR4 | FU | 5 | TR4 | FU
A21 | solid | hypo | wider | lobirr | none | 15 | 6 | TR4 | FNA | 7 | TR5 | FNA
A22 | solid | veryhypo | wider | smooth | none | 11 | 5 | TR4 | FU | 6 | TR4 | FU
A23 | solid | veryhypo | wider | smooth | macro | 20 | 6 | TR4 | FNA | 6 | TR4 | FNA
A24 | solid | iso | wider | smooth | rim | 13 | 5 | TR4 | FU | 5 | TR4 | FU
A25 | solid | iso | wider | smooth | pef | 15 | 6 | TR4 | FNA | 6 | TR4 | FNA
A26 | mixed | iso | wider | smooth | pef | 9 | 5 | TR4 | none | 3 | TR3 | none
A27 | solid | hypo | wider | smooth | pef | 10 | 7 | TR5 | FNA | 8 | TR5 | FNA
A28 | solid | hypo | wider | smooth | pef | 9.9 | 7 | TR5 | FU | 8 | TR5 | FU
A29 | solid | hypo | taller | smooth | none | 5 | 7 | TR5 | FU | 6 | TR4 | none
A30 | solid | hypo | taller | smooth | none | 4.9 | 7 | TR5 | none | 6 | TR4 | none
A31 | solid | veryhypo | taller | lobirr | pef | 8 | 13 | TR5 | FU | 12 | TR5 | FU
A32 | solid | hypo | wider | ete | none | 12 | 7 | TR5 | FNA | 8 | TR5 | FNA
A33 | solid | iso | wider | smooth | macro+pef | 11 | 7 | TR5 | FNA | 6 | TR4 | FU
A34 | solid | iso | wider | smooth | macro+rim+pef | 30 | 9 | TR5 | FNA | 8 | TR5 | FNA
A35 | solid | hypo | wider | smooth | macro+rim | 10 | 7 | TR5 | FNA | 7 | TR5 | FNA
A36 | undetermined | undetermined | wider | undetermined | macro | 16 | 4 | TR4 | FNA | 0 | TR1 | none
A37 | undetermined | undetermined | wider | undetermined | rim | 14 | 5 | TR4 | FU | 2 | TR2 | none
A38 | undetermined | undetermined | wider | undetermined | rim+macro | 10 | 6 | TR4 | FU | 2 | TR2 | none
A39 | solid | undetermined | wider | undetermined | none | 25 | 3 | TR3 | FNA | 3 | TR3 | FNA
A40 | solid | veryhypo | taller | ete | macro+rim+pef | 40 | 17 | TR5 | FNA | 15 | TR5 | FNA
A41 | mixed | hyper | wider | smooth | macro | 24 | 3 | TR3 | FU | 0 | TR1 | none
A42 | mixed | hypo | taller | smooth | none | 14 | 6 | TR4 | FU | 3 | TR3 | none
"""
ROWS = [[cell.strip() for cell in line.split("|")] for line in VECTORS.strip().splitlines()]
ACTIONS = {"none": "none", "FU": "follow-up", "FNA": "FNA"}
SOLID = ("solid", "iso", "wider", "smooth")


def nodule(row):
    foci = set() if row[5] == "none" else set(row[5].split("+"))
    return Descriptors(row[1], row[2], row[3], row[4], foci), float(row[6])


@pytest.mark.parametrize("row", [row for row in ROWS if row[0] != "A12"], ids=lambda row: row[0])
@pytest.mark.parametrize("system", [acr, ai], ids=["acr", "ai"])
def test_worked_vectors(system, row):
    descriptors, size_mm = nodule(row)
    points, level, action = row[7:10] if system is acr else row[10:13]
    found = system.assess(descriptors, size_mm)
    assert (found.points, f"TR{found.level}", found.action) == (int(points), level, ACTIONS[action])
    assert system.points(descriptors) == int(points)
    assert system.level(int(points)) == found.level
    assert found.label.startswith(level)


def test_there_are_42_vectors():
    assert [row[0] for row in ROWS] == [f"A{number:02d}" for number in range(1, 43)]


def test_vector_a12_is_refused_before_any_rule():
    row = next(row for row in ROWS if row[0] == "A12")
    with pytest.raises(ParameterError, match="mixed nodule cannot be anechoic"):
        nodule(row)


@pytest.mark.parametrize("margin", ["lobirr", "ete"])
def test_r1_spongiform_and_cystic_end_the_count(margin):
    loud = ("taller", margin, {"macro", "rim", "pef"})
    for composition in ("spongiform", "cystic"):
        assert acr.points(Descriptors(composition, "veryhypo", *loud)) == 0
    assert sum("reconsider" in note for note in acr.assess(Descriptors("spongiform", "hypo", *loud)).notes) == 2
    assert not acr.assess(Descriptors("spongiform", "iso", "wider", "smooth", {"comet"})).notes


def test_r2_mixed_says_that_the_solid_part_is_scored():
    assert any("solid part" in note for note in acr.assess(Descriptors("mixed", "iso", "wider", "smooth")).notes)
    assert not acr.assess(Descriptors(*SOLID)).notes


def test_r3_a_total_of_one_cannot_be_reached():
    totals = {acr.points(record) for record in every()}
    assert 1 not in totals and min(totals) == 0 and max(totals) == 17
    with pytest.raises(ParameterError, match=r"0, 2, 3, 4 to 6, 7 to 17"):
        acr.level(1)
    assert min(acr.points(record) for record in every() if record.composition == "mixed") == 2


@pytest.mark.parametrize("total", [-1, 1, 18])
def test_totals_that_do_not_exist(total):
    with pytest.raises(ParameterError):
        acr.level(total)


def test_r4_unknown_scores_two_one_and_zero():
    parts = acr.parts(Descriptors("undetermined", "undetermined", "wider", "undetermined"))
    assert parts == {"composition": 2, "echogenicity": 1, "shape": 0, "margin": 0, "foci": 0}


def test_r5_foci_add_up_and_count_once():
    def points(*foci):
        return acr.points(Descriptors(*SOLID, foci))

    assert [points(), points("macro"), points("rim"), points("pef")] == [3, 4, 5, 6]
    assert points("macro", "rim", "pef", "pef", "comet") == 9


@pytest.mark.parametrize("size_mm", [1, 4.9])
def test_r8_under_5_mm_nothing_is_followed(size_mm):
    record = Descriptors("solid", "veryhypo", "taller", "lobirr", {"pef"})
    assert acr.assess(record, size_mm).action == "none"
    assert any("in mm" in note for note in acr.assess(record, size_mm).notes)


@pytest.mark.parametrize(("size_mm", "noted"), [(4.9, False), (5, True), (9.9, True), (10, False)])
def test_r9_shared_decision_from_5_to_9_mm(size_mm, noted):
    found = acr.assess(Descriptors("solid", "hypo", "taller", "smooth"), size_mm)
    assert any("shared decision" in note for note in found.notes) is noted
    assert (found.action == "FNA") is (size_mm >= 10)


@pytest.mark.parametrize(
    ("record", "cut", "below", "above"),
    [
        (("solid", "iso", "wider", "smooth"), 25, "follow-up", "FNA"),
        (("solid", "iso", "wider", "smooth"), 15, "none", "follow-up"),
        (("solid", "hypo", "wider", "smooth"), 15, "follow-up", "FNA"),
        (("solid", "hypo", "wider", "smooth"), 10, "none", "follow-up"),
        (("solid", "hypo", "taller", "smooth"), 10, "follow-up", "FNA"),
        (("solid", "hypo", "taller", "smooth"), 5, "none", "follow-up"),
    ],
)
def test_r10_cut_offs_are_inclusive(record, cut, below, above):
    actions = [acr.assess(Descriptors(*record), mm).action for mm in (cut - 0.001, cut, cut + 0.001)]
    assert actions == [below, above, above]


def test_r11_four_are_reported_and_two_sampled():
    tr5 = Descriptors("solid", "hypo", "taller", "smooth")  # 7 points
    tr4 = Descriptors("solid", "hypo", "wider", "smooth")  # 4 points
    tr3 = Descriptors(*SOLID)  # 3 points
    chosen = acr.select([(tr3, 40), (tr4, 20), (tr5, 9), (tr4, 30), (tr5, 8), (tr3, 26)])
    assert chosen.report == (2, 4, 3, 1)
    assert chosen.sample == (3, 1)  # the two TR5 are under 10 mm: not sampled
    assert acr.select([]) == acr.Selection((), ())


@pytest.mark.parametrize(
    ("before", "after", "grown"),
    [
        ((10, 10, 10), (12, 12, 10), True),  # 20 % and 2 mm in two
        ((10, 10, 10), (12, 10, 10), False),  # in one only
        ((9, 9, 9), (10.9, 10.9, 9), False),  # over 20 %, under 2 mm, volume + 46.7 %
        ((20, 20, 20), (22, 22, 20), False),  # 2 mm, but 10 %
        ((10, 10, 10), (15, 10, 10), True),  # volume + 50 %
        ((10, 10, 10), (14.9, 10, 10), False),
    ],
)
def test_r12_growth(before, after, grown):
    assert acr.grew(before, after) is grown


def test_r12_growth_needs_three_diameters():
    with pytest.raises(ParameterError, match="three"):
        acr.grew((10, 10), (12, 12))


def test_r13_scope_is_said():
    assert "FDG" in acr.SYSTEM.scope and "MEN 2" in acr.SYSTEM.scope and "Adults" in acr.SYSTEM.scope


def test_r14_extension_is_flagged_at_any_size():
    for size_mm in (6, 30, None):
        notes = acr.assess(Descriptors("solid", "iso", "wider", "ete"), size_mm).notes
        assert any("until proven otherwise" in note for note in notes)


@pytest.mark.parametrize(
    "size_mm", [0, -5, 0.9, 1.2e-3, 150.1, 1000, float("nan"), float("inf"), "12", "1.2 cm", True, [12]]
)
def test_sizes_that_cannot_be(size_mm):
    with pytest.raises(ParameterError, match=r"in mm, 1 to 150"):
        acr.assess(Descriptors(*SOLID), size_mm)


def test_a_size_in_cm_is_recognised():
    with pytest.raises(ParameterError, match=r"0\.8 cm would be 8 mm"):
        size(0.8)
    assert (size(1), size(150), size(None)) == (1.0, 150.0, None)


def test_without_a_size_the_cuts_are_named():
    found = acr.assess(Descriptors(*SOLID))
    assert found.action is None and "at least 25 mm" in found.advice and "at least 15 mm" in found.advice


def test_printed_text_and_sources():
    for record in (Descriptors(*SOLID), Descriptors("mixed", "iso", "taller", "ete", {"pef"})):
        for system in (acr, ai):
            found = system.assess(record, 12)
            assert str(found).endswith("for teaching, not for diagnosis")
            assert found.source.startswith("10.") and found.source in str(found)
    assert acr.assess(Descriptors(*SOLID)).status.startswith("current; confirmed on a page")
    assert ai.assess(Descriptors(*SOLID)).status.startswith("proposal")


def test_reported_malignancy_by_level():  # Middleton 2017
    assert [row.risk for row in acr.LEVELS] == ["0.3 %", "1.5 %", "4.8 %", "9.1 %", "35.0 %"]
    assert {row.risk for row in ai.LEVELS} == {"not read for these points"}


def test_ai_changes_eight_points_and_six_become_zero():  # as its abstract says, hyper and iso counted apart
    changed = {
        (category, word): ai.POINTS[category][word]
        for category, table in acr.POINTS.items()
        for word, points in table.items()
        if points != ai.POINTS[category][word]
    }
    assert len(changed) == 8 and sum(points == 0 for points in changed.values()) == 6
    assert {word: points for word, points in changed.items() if points} == {
        ("composition", "solid"): 3,
        ("shape", "taller"): 1,
    }


def test_ai_total_of_one_has_no_level_of_its_own():
    found = ai.assess(Descriptors("mixed", "iso", "taller", "smooth"), 40)
    assert (found.points, found.level, found.action) == (1, 2, "none")
    assert "no level is defined" in found.label and "TR1 or TR2" in found.label
    assert "TR1 and TR2" in found.advice


def test_ai_reaches_fifteen():
    assert {ai.points(record) for record in every()} == set(range(16))


def test_ai_says_that_extension_was_kept():
    assert any("training data" in note for note in ai.assess(Descriptors("solid", "iso", "wider", "ete")).notes)
