"""The record refuses what cannot be, names what is allowed, and reads short words and full terms."""

import pickle
import subprocess
import sys

import pytest

from thyrolearn.errors import ParameterError
from thyrolearn.tirads import WORDS, Composition, Descriptors, Echogenicity, Focus, Margin, Shape, every

GOOD = {"composition": "solid", "echogenicity": "hypo", "shape": "taller", "margin": "smooth", "foci": {"pef"}}

# The words of ACR TI-RADS as the standard's table lists them.
STANDARD = {
    "composition": ["cystic", "spongiform", "mixed", "solid", "undetermined"],
    "echogenicity": ["anechoic", "hyper", "iso", "hypo", "veryhypo", "undetermined"],
    "shape": ["wider", "taller"],
    "margin": ["smooth", "ill", "undetermined", "lobirr", "ete"],
    "foci": ["none", "comet", "macro", "rim", "pef"],
}


def test_words_are_the_standards():
    assert {name: [word.value for word in words] for name, words in WORDS.items()} == STANDARD


def test_short_words_become_members():
    record = Descriptors(**GOOD)
    assert record == Descriptors(
        Composition.SOLID, Echogenicity.HYPO, Shape.TALLER, Margin.SMOOTH, frozenset({Focus.PEF})
    )
    assert isinstance(record.margin, Margin) and isinstance(record.foci, frozenset)
    assert hash(record) == hash(Descriptors(**GOOD))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("composition", "fest"),  # German
        ("composition", "Solid"),
        ("composition", ""),
        ("composition", None),
        ("echogenicity", "dark"),
        ("echogenicity", 2),
        ("shape", "round"),
        ("margin", "smoth"),
        ("margin", "lobirr "),
    ],
)
def test_unknown_words_name_the_allowed_ones(field, value):
    with pytest.raises(ParameterError) as caught:
        Descriptors(**{**GOOD, field: value})
    message = str(caught.value)
    assert repr(value) in message and "\n" not in message
    assert all(word in message for word in STANDARD[field])


@pytest.mark.parametrize("foci", ["pef", {"pefs"}, {"PEF"}, ["pef", 3], {"none", "pef"}, {"none", "comet"}])
def test_impossible_foci(foci):
    with pytest.raises(ParameterError, match=r"pef"):
        Descriptors(**{**GOOD, "foci": foci})


def test_case_gets_a_suggestion():
    with pytest.raises(ParameterError, match="Did you mean 'hypo'"):
        Descriptors.parse("solid", "Hypoechoic", "taller", "smooth")


@pytest.mark.parametrize("composition", ["mixed", "solid", "undetermined"])
def test_anechoic_belongs_to_cysts(composition):
    with pytest.raises(ParameterError, match="hyper, iso, hypo, veryhypo, undetermined"):
        Descriptors(composition, "anechoic", "wider", "smooth")


def test_none_is_the_empty_set_and_foci_are_a_set():
    plain = Descriptors(**{**GOOD, "foci": set()})
    assert Descriptors(**{**GOOD, "foci": {"none"}}) == plain
    assert Descriptors(**{**GOOD, "foci": ["pef", "pef", "macro"]}).foci == {Focus.PEF, Focus.MACRO}


def test_full_terms_are_read():
    record = Descriptors.parse(
        "solid or almost completely solid",
        "very hypoechoic",
        "taller than wide",
        "extra-thyroidal extension",
        ["punctate echogenic foci", "peripheral (rim) calcification", "macrocalcification"],
    )
    assert record == Descriptors("solid", "veryhypo", "taller", "ete", {"pef", "rim", "macro"})


def test_no_full_term_means_two_things():
    for words in WORDS.values():
        names = [name for word in words for name in {word.value, *word.terms}]
        assert len(names) == len(set(names))


def test_every_term_is_read_as_its_word():
    for words in WORDS.values():
        for word in words:
            assert {words.parse(name) for name in (word.value, *word.terms)} == {word}


def test_words_give_the_record_back():
    assert all(Descriptors.parse(**record.words()) == record for record in every())


def test_every_holds_each_possible_record_once():
    records = list(every())
    # 5 x 6 x 2 x 5 x 16 less the anechoic ones of three compositions
    assert len(set(records)) == len(records) == 4800 - 3 * 2 * 5 * 16


@pytest.mark.parametrize(
    ("height", "width", "shape"), [(9, 9, "wider"), (9.1, 9, "taller"), (8, 9, "wider"), (0.5, 0.4, "taller")]
)
def test_shape_from_diameters_needs_a_ratio_above_one(height, width, shape):  # rule R6
    assert Shape.measured(height, width) == shape


@pytest.mark.parametrize("pair", [(0, 9), (9, -1), (float("nan"), 3)])
def test_shape_refuses_what_has_no_ratio(pair):
    with pytest.raises(ParameterError):
        Shape.measured(*pair)


def test_small_comet_tails_are_explained():  # rule R7
    assert "over 1 mm" in Focus.__doc__ and "punctate" in Focus.__doc__


def test_record_survives_pickling():
    record = Descriptors(**GOOD)
    copy = pickle.loads(pickle.dumps(record))
    assert copy == record and copy.shape is Shape.TALLER


def test_import_needs_the_standard_library_only():
    code = (
        "import sys, thyrolearn.tirads; "
        "print([m for m in ('numpy', 'pandas', 'torch', 'pydantic', 'scipy') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
