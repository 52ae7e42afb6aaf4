import re

import pytest
import yaml

from thyrolearn import data
from thyrolearn.data.datacards import read_card
from thyrolearn.data.public import READERS
from thyrolearn.errors import DataError, SettingsError
from thyrolearn.settings import folders

NAMES = sorted(data.cards())


def test_every_reader_has_a_card_and_every_card_is_named_after_its_file():
    files = {path.stem for path in folders().datasets.glob("*.yml")}
    assert files == set(NAMES)
    assert {c.reader for c in data.cards().values() if c.reader} == set(READERS) - {"folder", "ddti-pairs"}


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_what_a_learner_must_know(name):
    card = data.card(name)
    text = str(card)
    assert card.name == name and (card.reader or card.why_no_reader)
    for part in ("Size:", "Labels:", "What the labels mean:", "Terms:", "How to get it:", "[R]"):
        assert part in text
    assert not card.terms.redistribute
    if card.reader:
        assert f"thyrolearn data check {name} FOLDER" in text
        assert any(fact.grade == "F" for fact in card.layout), "a layout that nobody has seen gets no reader"
    if card.get.doi:  # a program may fetch only where a licence allows it
        assert card.terms.licence.startswith("CC BY")
    assert card.doi is None or re.fullmatch(r"10\.\d{4,}/\S+", card.doi)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: {**t, "colour": "red"}, "colour: Extra inputs"),
        (lambda t: {**t, "size": [{"says": "big", "grade": "X"}]}, r"size\.0\.grade"),
        (lambda t: {k: v for k, v in t.items() if k != "meaning"}, "meaning: Field required"),
        (lambda t: {**t, "terms": "MIT"}, "terms"),
    ],
)
def test_a_card_with_a_mistake_names_the_field(tmp_path, change, message):  # F20
    table = yaml.safe_load((folders().datasets / "ddti.yml").read_text("utf-8"))
    path = tmp_path / "x.yml"
    path.write_text(yaml.safe_dump(change(table)))
    with pytest.raises(DataError, match=message):
        read_card(path)


def test_yaml_that_would_run_code_is_refused(tmp_path):  # F20
    path = tmp_path / "x.yml"
    marker = tmp_path / "ran"
    path.write_text(
        f"name: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{marker}']]\n"
    )
    with pytest.raises(DataError, match="not plain YAML"):
        read_card(path)
    assert not marker.exists()


def test_an_unknown_card_lists_the_known_ones():
    with pytest.raises(SettingsError, match=r"no card for 'x'.*ddti"):
        data.card("x")
