"""What must hold for every nodule: monotone where the standard is, and named where it is not."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thyrolearn.tirads import SYSTEMS, Action, Descriptors, acr, ai, assess, c, compare, eu, every, k

RECORDS = list(every())
records = st.sampled_from(RECORDS)
sizes = st.floats(1, 150)
foci = st.sampled_from(["comet", "macro", "rim", "pef"])
MORE = {  # from less to more suspicious in every system
    "echogenicity": ["iso", "hypo", "veryhypo"],
    "shape": ["wider", "taller"],
    "margin": ["smooth", "lobirr", "ete"],
}
steps = st.sampled_from(
    [(field, low, high) for field, order in MORE.items() for low, high in itertools.combinations(order, 2)]
)
ORDER = list(Action)  # none, follow-up, FNA


def with_word(record, field, word):
    return Descriptors(**{**record.__dict__, field: word})


@given(records, steps)
@pytest.mark.parametrize("name", ["acr", "ai", "eu", "k", "c"])
def test_a_more_suspicious_word_never_lowers_the_level(name, record, step):
    field, low, high = step
    if record.echogenicity == "anechoic" and field != "echogenicity":
        record = with_word(record, "echogenicity", "iso")
    less, more = (assess(name, with_word(record, field, word)) for word in (low, high))
    assert less.rank <= more.rank
    assert less.points is None or less.points <= more.points


@given(records, foci)
def test_adding_a_focus_never_lowers_acr_ai_or_eu(record, focus):
    more = with_word(record, "foci", record.foci | {focus})
    assert acr.points(record) <= acr.points(more)
    assert ai.points(record) <= ai.points(more)
    assert eu.category(record) <= eu.category(more)


@given(records)
def test_a_comet_tail_lowers_c_by_one_and_k_only_to_class_2(record):
    bare = with_word(record, "foci", record.foci - {"comet"})
    comet = with_word(record, "foci", record.foci | {"comet"})
    assert c.points(comet) == c.points(bare) - 1
    assert k.category(comet) == (2 if record.composition == "mixed" else k.category(bare))


@given(records, sizes, sizes)
def test_a_larger_nodule_is_never_done_less_with(record, one, other):
    small, large = sorted((one, other))
    for before, after in zip(compare(record, small), compare(record, large), strict=True):
        assert ORDER.index(before.action) <= ORDER.index(after.action)
        assert before.level == after.level


@given(st.permutations(["comet", "macro", "rim", "pef"]), st.integers(0, 4))
def test_order_of_foci_is_irrelevant(order, count):
    words = ("solid", "iso", "wider", "smooth")
    assert compare(Descriptors(*words, order[:count]), 20) == compare(Descriptors(*words, set(order[:count])), 20)


def test_cystic_and_spongiform_are_constant_in_acr_and_ai():
    for record in RECORDS:
        if record.composition in ("cystic", "spongiform"):
            assert acr.points(record) == ai.points(record) == 0


def test_all_scoring_combinations_have_a_level():  # clinical enumeration: 1,440 less the 240 anechoic ones
    scored = [
        record
        for record in RECORDS
        if record.composition in ("mixed", "solid", "undetermined") and "comet" not in record.foci
    ]
    assert len(scored) == 1440 - 240
    for record in scored:
        assert acr.level(acr.points(record)) in (2, 3, 4, 5)


def test_every_record_has_advice_and_a_notice_in_every_system():
    for record in RECORDS[::7]:
        for size_mm in (None, 3, 12, 40):
            for found in compare(record, size_mm):
                assert found.advice.endswith(".") and str(found).endswith("for teaching, not for diagnosis")


def test_every_level_has_advice_for_each_action_it_can_give():
    for system in SYSTEMS.values():
        for row in system.levels:
            always = any(cut and cut.reached(1.0) for cut in (row.fna, row.follow_up))
            possible = {Action.FNA} if row.fna else set()
            possible |= {Action.FOLLOW_UP} if row.follow_up else set()
            possible |= set() if always else {Action.NONE}
            assert set(row.advice) == possible
