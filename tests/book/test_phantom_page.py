"""The page on the phantom: every table is made, says what the code says, and every picture is small and is there."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "tools"))
import drawings  # noqa: E402
import phantom_tables  # noqa: E402

PAGE = (ROOT / "book" / "phantom.md").read_text(encoding="utf-8")


def cells(name):
    rows = re.findall(r"<tr>(.*?)</tr>", phantom_tables.TABLES[name](), re.S)
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]


def test_the_page_shows_every_table_and_names_no_other():
    shown = re.findall(r"\{drawing\} ([\w-]+)", PAGE)
    assert sorted(shown) == sorted(phantom_tables.TABLES) == sorted(drawings.PHANTOM)
    assert set(shown) <= set(drawings.DRAWINGS)


@pytest.mark.parametrize("name", phantom_tables.TABLES)
def test_a_table_has_as_many_cells_in_each_row_as_in_its_head(name):
    for table in drawings.DRAWINGS[name]("").split("</table>")[:-1]:
        rows = re.findall(r"<tr>(.*?)</tr>", table, re.S)
        assert len(rows) > 1 and len({len(re.findall("</t[hd]>", row)) for row in rows}) == 1


def test_signs_are_as_often_as_in_the_specification():
    """Malignant against benign, percent: solid 88 and 50, taller 23 and 5.5, punctate 38 and 7 (rounded there)."""
    found = {name: [float(v[:-1]) for v in values] for name, *values in cells("phantom-signs")[1:]}
    assert found["solid"] == pytest.approx([50, 88], abs=1.5)
    assert found["taller than wide"] == pytest.approx([5.5, 23], abs=0.6)
    assert found["punctate foci"] == pytest.approx([7, 38], abs=1.0)


def test_the_ceiling_is_known_and_falls_with_less_to_go_by():
    rows = cells("phantom-ceiling")
    assert rows[0][1:] == ["easy", "default", "hard"]
    default = [float(row[2]) for row in rows[1:]]
    assert default[1] == pytest.approx(0.864, abs=0.005) and default == sorted(default, reverse=True)


def test_stored_rows_are_shown_unchanged():
    def stored(question, test):
        rows = [row for row in phantom_tables.stored("difficulty") if row["question"] == question]
        (row,) = [r for r in rows if (r["model"], r["test"], r["seed"]) == ("resnet", test, "mean")]
        return tuple(round(float(row[name]), 2) for name in ("value", "low", "high"))

    def numbers(text):
        return tuple(float(number) for number in re.findall(r"-?[0-9.]+", text.replace("−", "-")))

    shown = {(row[0].split(",")[0], row[1]): row[2] for row in cells("phantom-difficulty")[1:]}
    for test in ("ABD", "C", "E"):
        assert numbers(shown["resnet", phantom_tables.TEST[test]]) == pytest.approx(stored("AUC", test), abs=0.011)
    costs = {row[0]: row[1] for row in cells("phantom-cost")[1:]}
    for test in "CE":
        name = f"resnet: cost of scanner {test}, never seen"
        assert numbers(costs[name]) == pytest.approx(stored("cost of the scanner", test), abs=0.011)


def test_pictures_are_there_small_and_said_to_be_synthetic():
    figures = re.findall(r"\{figure\} (\S+)\n:alt: (.+)\n:name: \S+\n\n(.+)", PAGE)
    assert len(figures) == PAGE.count("{figure}") == 5
    for path, alt, caption in figures:
        assert (ROOT / "book" / path).stat().st_size < 400_000
        assert "ynthetic" in caption and "ynthetic" in alt
