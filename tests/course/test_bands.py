import json
import statistics

import pytest
from small_lesson import notebook

from thyrolearn.course import bands, claims, run
from thyrolearn.course.records import find
from thyrolearn.errors import LessonError, ParameterError

CLAIM = """
import json, os
file, seed = os.environ["THYROLEARN_CLAIMS"], int(os.environ["THYROLEARN_SEED"])
row = {"name": "gain", "value": 0.1 + 0.01 * seed, "low": 0, "high": 1, "seed": seed, "statement": "It wins."}
print(json.dumps(row), file=open(file, "a"))
"""


@pytest.fixture
def course_with_claim(small_course, monkeypatch):
    monkeypatch.setattr("thyrolearn.phantom.SIM_VERSION", "7", raising=False)
    write(small_course, CLAIM)
    return small_course


def write(folder, *cells):
    file = folder / "notebooks" / "1_demo" / "01_first.ipynb"
    file.write_text(json.dumps(notebook(("markdown", "# T\n\nA promise."), *(("code", cell) for cell in cells))))


def stored(folder):
    return claims.read_bands(folder / "notebooks" / "claims.yml")


def test_bands_come_from_the_seeds(course_with_claim):
    bands.make_bands("demo/first", seeds=2, say=lambda _: None)
    band = stored(course_with_claim)[claims.Key("demo/first", "phantom", "lesson", "gain")]
    values = [0.10, 0.11]
    assert band.mean == pytest.approx(statistics.mean(values))
    assert band.high == pytest.approx(statistics.mean(values) + 5 * statistics.stdev(values), rel=1e-5)
    assert (band.statement, band.seeds, band.sim_version) == ("It wins.", 2, "7")


def test_an_interrupted_command_goes_on_where_it_stopped(course_with_claim, monkeypatch):
    seen, real = [], run.execute

    def stops_at_one(record, settings, variables):
        if settings.seed == 1 and 1 not in seen:
            seen.append(1)
            raise KeyboardInterrupt
        seen.append(settings.seed)
        return real(record, settings, variables, progress=False)

    monkeypatch.setattr(run, "execute", stops_at_one)
    with pytest.raises(KeyboardInterrupt):
        bands.make_bands("demo/first", seeds=2, say=lambda _: None)
    assert not (course_with_claim / "notebooks" / "claims.yml").exists()
    bands.make_bands("demo/first", seeds=2, say=lambda _: None)
    assert seen == [0, 1, 1], "seed 0 was not run again"
    assert len(stored(course_with_claim)) == 1


def test_a_changed_notebook_does_not_use_old_runs(course_with_claim):
    before = bands.state_of(find("demo/first"))
    write(course_with_claim, CLAIM, "extra = 1")
    assert bands.state_of(find("demo/first")) != before


def test_bands_of_other_lessons_stay(course_with_claim):
    file = course_with_claim / "notebooks" / "claims.yml"
    band = "{statement: S., mean: 1.0, sd: 0.1, low: 0.5, high: 1.5, seeds: 10, sim_version: '7'}"
    file.write_text(f"other/one:\n  phantom/lesson:\n    a: {band}\ndemo/first:\n  ddti/lesson:\n    gain: {band}\n")
    bands.make_bands("demo/first", seeds=2, say=lambda _: None)
    assert {(key.lesson, key.data) for key in stored(course_with_claim)} == {
        ("other/one", "phantom"), ("demo/first", "ddti"), ("demo/first", "phantom"),
    }  # fmt: skip


def test_a_lesson_without_claims_says_so(course_with_claim):
    write(course_with_claim, "1")
    with pytest.raises(LessonError, match="makes no claim"):
        bands.make_bands("demo/first", seeds=2, say=lambda _: None)


def test_a_claim_made_twice_is_refused(course_with_claim):
    write(course_with_claim, CLAIM, CLAIM)
    with pytest.raises(LessonError, match="'gain' 4 times in 2 runs"):
        bands.make_bands("demo/first", seeds=2, say=lambda _: None)


def test_one_seed_is_refused(course_with_claim):
    with pytest.raises(ParameterError, match="at least 2"):
        bands.make_bands("demo/first", seeds=1)
