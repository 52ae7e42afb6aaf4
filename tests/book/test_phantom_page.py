"""The page on the phantom: every table is made, says what the code says, and every picture is small and is there."""

import json
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
    assert sorted(shown) == sorted([*phantom_tables.TABLES, "phantom-knobs"])
    assert sorted(phantom_tables.TABLES) == sorted(drawings.PHANTOM)
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
    assert len(figures) == PAGE.count("{figure}") == 6
    for path, alt, caption in figures:
        assert (ROOT / "book" / path).stat().st_size < 400_000
        assert "ynthetic" in caption and "ynthetic" in alt


def test_realism_says_of_every_pair_how_much_of_it_was_tuned_on():
    rows = {row[0]: row[1:] for row in cells("phantom-tell-apart")[1:]}
    assert len(rows) >= 6
    for name, said in rows.items():
        words = "out-of-sample" if "TN3K" in name else "held out" if "half 2" in name and "F (" in name else "in-sample"
        assert said[0].startswith(words), name
    stored = {(r["reference"], r["scanner"]): r for r in phantom_tables.stored("realism") if r["quantity"] == "auc all"}
    assert len(stored) == len(rows)


def test_the_fusion_is_inside_its_range_and_less_than_of_independent_witnesses():
    rows = {name: (float(a), float(b)) for name, a, b in cells("phantom-fusion")[1:]}
    together = rows["descriptors + stiffness + arrival"]
    assert 0.90 <= together[0] <= 0.93 < together[1]


def test_the_knobs_show_one_picture_for_every_setting_and_are_those_of_the_playground():
    import phantom_knobs
    from PIL import Image

    from thyrolearn.widgets import playground_frame

    facts = json.loads((ROOT / "book/_static/phantom_knobs.json").read_text(encoding="utf-8"))
    rows = phantom_knobs.settings()
    assert [(f["knob"], f["words"]) for f in facts] == [(knob, words) for knob, words, _ in rows]
    for i in (0, 5, len(rows) - 1):  # drawn by the library of today
        frame = playground_frame(**rows[i][2])
        assert abs(frame.image[frame.mask].mean() - facts[i]["nodule"]) <= 1
    picture = ROOT / "book/_static/phantom_knobs.webp"
    wide, high = Image.open(picture).size
    assert wide == phantom_knobs.SIDE * phantom_knobs.COLUMNS and high >= phantom_knobs.SIDE * len(rows) / 6
    assert picture.stat().st_size < 200_000
    page = phantom_knobs.board("../")
    ids = re.findall(r'<input type="radio" name="th-knob" id="([\w-]+)"', page)
    assert len(ids) == len(rows) == page.count("Synthetic ultrasound frame") and page.count(" checked>") == 1
    assert all(f":has(#{key}:checked) .{key}" in page and f'<div class="{key}">' in page for key in ids)
    places = re.findall(r"background-position:(-?\d+)px (-?\d+)px", page)
    assert len(set(places)) == len(rows) and "<script" not in page and "../_static/phantom_knobs.webp" in page


def test_the_gain_on_real_frames_is_the_stored_one_and_few_frames_gain_more():
    rows = {row[0]: row[1:] for row in cells("phantom-on-real-frames")[1:]}
    table = phantom_tables.stored("segmentation_ddti")
    stored = [row for row in table if (row["metric"], row["fold"]) == ("dice", "0")]
    gained = [row for row in stored if row["start"] == "phantom - scratch"]
    shown = [row[2] for name, row in rows.items() if "seed" in name]
    assert sorted(shown) == sorted(phantom_tables.interval(row, digits=3) for row in gained)
    lows = [float(row["low"]) for row in gained if row["share"] == "0.25"]
    assert lows and min(lows) > 0  # the page says: a quarter of the patients gains clearly
    assert rows["none at all"][1] and not rows["none at all"][0]
