"""The scorer says what the rules say, refuses what they refuse, and can be read without sight."""

import subprocess
import sys
import xml.etree.ElementTree as ET

import ipywidgets
import pytest

from thyrolearn.errors import ParameterError
from thyrolearn.tirads import Descriptors, compare, every
from thyrolearn.widgets import Scorer, scorer_table


def parsed(markup):
    return ET.fromstring(f"<x>{markup}</x>")  # well formed, or this raises


def text(element):
    return " ".join("".join(element.itertext()).split())


@pytest.mark.parametrize("size_mm", [None, 4, 18])
def test_the_table_says_what_the_rules_say(size_mm):
    for record in list(every())[::97]:
        rows = parsed(scorer_table(record, size_mm)).findall(".//tbody/tr")
        for row, found in zip(rows, compare(record, size_mm), strict=True):
            system, points, level, advice = (text(cell) for cell in row)
            assert system.startswith(found.system) and found.source in system and found.status in system
            assert points.startswith("by pattern" if found.points is None else str(found.points))
            assert level.startswith(found.label)
            assert advice.startswith(found.advice) and all(note in advice for note in found.notes)


def test_the_table_is_accessible_and_carries_the_notice():
    page = parsed(scorer_table(Descriptors("solid", "hypo", "taller", "smooth"), 12))
    assert [cell.get("scope") for cell in page.findall(".//thead//th")] == ["col"] * 4
    assert [cell.get("scope") for cell in page.findall(".//tbody//th")] == ["row"] * 5
    assert "12 mm" in text(page.find(".//caption")) and "hypoechoic" in text(page.find(".//caption"))
    assert text(page).endswith("For teaching, not for diagnosis.")


def test_points_are_shown_by_category():
    page = parsed(scorer_table(Descriptors("solid", "hypo", "taller", "smooth"), 12))
    assert "composition 2, echogenicity 2, shape 3" in text(page.findall(".//tbody/tr")[0])


def test_moving_any_control_updates_the_table():
    app = Scorer(Descriptors("mixed", "iso", "wider", "smooth"), size_mm=18)
    for name, value in [("composition", "solid"), ("echogenicity", "hypo"), ("shape", "taller"), ("margin", "lobirr")]:
        app.choices[name].value = value
        assert app.output.value == scorer_table(app.descriptors(), 18)
    app.foci["pef"].value = True
    app.size.value = 9.5
    record = Descriptors("solid", "hypo", "taller", "lobirr", {"pef"})
    assert app.descriptors() == record and app.output.value == scorer_table(record, 9.5)


@pytest.mark.parametrize("size_mm", [0.8, 0, -3, 200, float("nan")])
def test_an_impossible_size_is_said_in_place_of_the_table(size_mm):
    app = Scorer(size_mm=18)
    app.size.value = size_mm
    alert = parsed(app.output.value).find(".//*[@role='alert']")
    assert "1 to 150" in text(alert) and "<table>" not in app.output.value
    app.size.value = 18
    assert "<table>" in app.output.value


def test_an_impossible_nodule_is_said_with_its_remedy():
    app = Scorer(Descriptors("mixed", "iso", "wider", "smooth"))
    app.choices["echogenicity"].value = "anechoic"
    assert "cannot be anechoic" in app.output.value and "cystic" in app.output.value


def test_a_first_size_out_of_range_is_refused():
    with pytest.raises(ParameterError):
        Scorer(size_mm=0.5)


def test_every_control_has_a_label_and_each_word_its_full_term():
    app = Scorer()
    controls = [*app.choices.values(), *app.foci.values(), app.size]
    assert all(control.description for control in controls)
    assert isinstance(app, ipywidgets.Widget) and app.children[-1] is app.output
    assert ("very hypoechoic", "veryhypo") in app.choices["echogenicity"].options


def test_the_room_loads_ipywidgets_only_when_used():
    code = "import sys, thyrolearn.widgets; print('ipywidgets' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
