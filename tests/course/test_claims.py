import json
import statistics
from xml.etree import ElementTree

import pytest

from thyrolearn import course
from thyrolearn.course import claims
from thyrolearn.errors import ClaimError, ParameterError
from thyrolearn.evaluation import Estimate

GAIN = Estimate(0.10, 0.04, 0.16, "bootstrap", 90)
BANDS = """
demo/first:
  phantom/lesson:
    gain: {statement: The network beats the line., mean: 0.1, sd: 0.01, low: 0.05, high: 0.15,
      seeds: 10, sim_version: "1"}
"""


@pytest.fixture
def lesson(small_course, capsys):
    (small_course / "notebooks" / "claims.yml").write_text(BANDS)
    begun = course.begin("demo/first")
    capsys.readouterr()
    return begun


def test_a_band_is_the_mean_and_five_sample_standard_deviations():
    values = [0.71, 0.75, 0.74, 0.79, 0.70]
    band = claims.band_of(values, "s", "1")
    assert band.low == pytest.approx(statistics.mean(values) - 5 * statistics.stdev(values), rel=1e-5)
    assert band.high == pytest.approx(statistics.mean(values) + 5 * statistics.stdev(values), rel=1e-5)
    assert all(band.holds(value) for value in values)


def test_a_value_that_no_seed_moves_still_has_room_for_rounding():
    band = claims.band_of([0.5, 0.5, 0.5], "s", "1")
    assert band.holds(0.5 + 1e-4) and not band.holds(0.51)


def test_one_seed_makes_no_band():
    with pytest.raises(ParameterError, match="at least 2"):
        claims.band_of([0.5], "s", "1")


def test_a_value_in_its_band_is_shown(lesson, capsys):
    lesson.claim("gain", GAIN, excludes=0)
    said = capsys.readouterr().out
    assert "The network beats the line." in said and "Inside its band, 0.050 to 0.150" in said


def test_a_value_outside_its_band_is_shown_and_raises(lesson, capsys):
    with pytest.raises(ClaimError, match=r"'gain' of demo/first.*0\.300, lies outside the band 0\.050 to 0\.150"):
        lesson.claim("gain", Estimate(0.3, 0.2, 0.4, "bootstrap", 90))
    assert "This claim fails" in capsys.readouterr().out


@pytest.mark.parametrize(("low", "high"), [(-0.01, 0.21), (0.0, 0.2), (-0.2, 0.0)])
def test_an_interval_that_touches_the_excluded_value_raises(lesson, low, high):
    with pytest.raises(ClaimError, match="holds 0"):
        lesson.claim("gain", Estimate(0.1, low, high, "bootstrap", 90), excludes=0)


def test_without_a_band_the_value_stands_alone(lesson, capsys):
    lesson.claim("other", Estimate(99.0, 98.0, 100.0, "bootstrap", 5), "Something else.")
    assert "No band is stored for this data set and tier" in capsys.readouterr().out


def test_without_a_band_an_open_question_is_said_and_not_raised(lesson, capsys):
    lesson.claim("other", Estimate(0.1, -0.3, 0.5, "bootstrap", 9), "Something else.", excludes=0)
    assert "leave the question open" in capsys.readouterr().out


def test_a_band_belongs_to_its_data_and_tier(small_course, monkeypatch, capsys):
    (small_course / "notebooks" / "claims.yml").write_text(BANDS)
    monkeypatch.setenv("THYROLEARN_TIER", "full")
    course.begin("demo/first").claim("gain", Estimate(0.3, 0.2, 0.4, "bootstrap", 90))
    assert "No band is stored for this data set and tier" in capsys.readouterr().out


def test_a_bare_number_is_refused(lesson):
    with pytest.raises(ParameterError, match="Give an Estimate"):
        lesson.claim("gain", 0.1)


def test_recording_appends_and_does_not_judge(lesson, small_course, monkeypatch):
    monkeypatch.setenv(claims.RECORD, str(small_course / "rows.jsonl"))
    lesson.claim("gain", Estimate(0.9, -1, 1, "bootstrap", 9), "Said.", excludes=0)
    lesson.claim("gain", Estimate(0.8, -1, 1, "bootstrap", 9))
    rows = [json.loads(line) for line in (small_course / "rows.jsonl").read_text().splitlines()]
    assert [row["value"] for row in rows] == [0.9, 0.8]
    assert rows[0] == {
        "lesson": "demo/first", "data": "phantom", "tier": "lesson", "name": "gain",
        "value": 0.9, "low": -1, "high": 1, "n": 9, "seed": 0, "statement": "Said.",
    }  # fmt: skip


def _shapes(svg):
    root = ElementTree.fromstring(svg)
    return {child.tag: child.attrib for child in root if child.tag in ("rect", "circle")}


def test_the_strip_is_drawn_to_scale():
    band = claims.Band("s", 0.1, 0.01, 0.05, 0.15, 10, "1")
    shapes = _shapes(claims.strip(Estimate(0.1, 0.0, 0.2, "bootstrap", 9), band))
    assert float(shapes["circle"]["cx"]) == pytest.approx(220)  # the middle of 0.0 to 0.2 on 16 to 424
    assert float(shapes["rect"]["x"]) == pytest.approx(118)
    assert float(shapes["rect"]["width"]) == pytest.approx(204)


def test_the_strip_says_in_words_what_it_shows():
    band = claims.Band("s", 0.1, 0.01, 0.05, 0.15, 10, "1")
    svg = claims.strip(Estimate(0.1, 0.0, 0.2, "bootstrap", 9), band, reference=0)
    said = ElementTree.fromstring(svg).attrib["aria-label"]
    assert said == "Value 0.100, interval 0.000 to 0.200, band 0.050 to 0.150, compared with 0."


def test_a_statement_cannot_break_the_page():
    html = claims.shown("<script>alert(1)</script>", GAIN)[0]
    assert "<script>" not in html and "&lt;script&gt;" in html
