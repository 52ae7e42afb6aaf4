import json

import pytest

from thyrolearn import course, data
from thyrolearn.course import progress
from thyrolearn.errors import DataError, LessonError, SettingsError


class FakeCohort(list):
    name = "ddti"

    def __getitem__(self, key):
        found = super().__getitem__(key)
        return FakeCohort(found) if isinstance(key, slice) else found


class FakeCase:
    label, label_source, posterior, mask, raw = 1, "TI-RADS category", None, None, {}


@pytest.fixture
def doors(monkeypatch):
    """Stand in for `data.load`, noting what it was asked for."""
    asked = []

    def load(settings, root=None, name="stills"):
        asked.append((settings.data, root, name))
        if settings.data == "phantom":
            return "the phantom"
        return FakeCohort([FakeCase(), FakeCase()])

    monkeypatch.setattr(data, "load", load, raising=False)
    return asked


def test_the_header_says_data_tier_device_and_notice(small_course, doors, capsys):
    lesson = course.begin("demo/first")
    said = capsys.readouterr().out
    assert "Synthetic images" in said and "For teaching, not for diagnosis." in said
    assert "Tier: lesson, seed 0, on the CPU" in said
    assert "Takes: not measured yet" in said
    assert lesson.budget.pixels == lesson.settings.budget.pixels == 64
    assert doors == [], "the cohort is loaded when it is used and not before"


def test_the_cost_in_the_header_is_the_measured_reference(small_course, doors, capsys):
    reference = "lessons:\n  demo/first: {seconds: 25.2, cpu_seconds: 30.0, memory_mb: 712.4, machine: 2 cores}\n"
    (small_course / "notebooks" / "measured.yml").write_text(reference)
    course.begin("demo/first")
    assert "Takes: 0.4 minutes and 712 MB on 2 cores" in capsys.readouterr().out


def test_the_cohort_is_loaded_once_when_used(small_course, doors):
    lesson = course.begin("demo/first", cohort="clips")
    assert lesson.cohort is lesson.cohort == "the phantom"
    assert doors == [("phantom", None, "clips")]


def test_real_data_states_its_label_rule(small_course, doors, monkeypatch, capsys):
    monkeypatch.setenv("THYROLEARN_DATA", "ddti")
    monkeypatch.setenv("THYROLEARN_ROOT", str(small_course))
    lesson = course.begin("demo/first", needs=("label",))
    said = capsys.readouterr().out
    assert "ddti, 2 cases; label: TI-RADS category" in said and "Synthetic" not in said
    assert "not pathology" in said
    assert len(lesson.cohort) == 2


def test_a_lesson_goes_on_with_the_phantom_where_labels_are_lacking(small_course, doors, monkeypatch, capsys):
    monkeypatch.setenv("THYROLEARN_DATA", "ddti")
    monkeypatch.setenv("THYROLEARN_ROOT", str(small_course))
    lesson = course.begin("demo/first", needs=("label", "posterior", "mask"))
    said = capsys.readouterr().out
    assert "ddti has no posterior and mask, so this lesson goes on with the phantom." in said
    assert "Synthetic images" in said
    assert lesson.settings.data == "phantom" and lesson.cohort == "the phantom"


def test_a_wrong_tier_is_one_clear_line(small_course, monkeypatch):
    monkeypatch.setenv("THYROLEARN_TIER", "huge")
    with pytest.raises(SettingsError, match="THYROLEARN_TIER"):
        course.begin("demo/first")


def test_an_unknown_exercise_names_those_there_are(small_course):
    with pytest.raises(LessonError, match=r"no exercise 'dise'\. It has: dice"):
        course.begin("demo/first").check("dise", None)


def test_check_speaks_and_never_raises(small_course, capsys):
    lesson = course.begin("demo/first")
    lesson.check("dice", lambda a, b: 1 / 0)
    lesson.check("dice", lambda a, b: (a & b).sum() / (a | b).sum())
    lesson.check("dice", lambda a, b: 2 * (a & b).sum() / (a.sum() + b.sum()))
    said = capsys.readouterr().out
    assert "ZeroDivisionError" in said and "This is the IoU" in said and "Solved." in said


def test_progress_is_kept_in_a_learners_folder_only(small_course):
    lesson = course.begin("demo/first")
    lesson.check("dice", None)
    assert not (small_course / progress.MARK).exists()
    (small_course / progress.MARK).mkdir()
    lesson.check("dice", None)
    lesson.check("dice", lambda a, b: 0.8)
    lesson.check("dice", None)
    assert progress.read(small_course) == {"demo/first": {"dice": {"tries": 3, "solved": True}}}


def test_progress_is_found_from_a_folder_below(small_course, monkeypatch):
    (small_course / progress.MARK).mkdir()
    below = small_course / "notebooks" / "1_demo"
    monkeypatch.chdir(below)
    assert progress.home() == small_course.resolve()


def test_damaged_progress_is_named(small_course):
    (small_course / progress.MARK).mkdir()
    (small_course / progress.MARK / "progress.json").write_text('{"demo')
    with pytest.raises(DataError, match=r"progress\.json is not readable"):
        progress.read(small_course)


def test_progress_is_shown(small_course, capsys):
    (small_course / progress.MARK).mkdir()
    progress.remember("demo/first", "dice", True)
    course.show_progress()
    assert "Counting overlaps: 1 of 1 exercises" in capsys.readouterr().out


def test_real_data_shows_the_line_and_the_stored_bands(small_course, capsys):
    band = "{statement: It wins., mean: 0.1, sd: 0.01, low: 0.05, high: 0.15, seeds: 10, sim_version: '1'}"
    (small_course / "notebooks" / "claims.yml").write_text(f"demo/first:\n  ddti/lesson:\n    gain: {band}\n")
    course.begin("demo/first").real_data()
    said = capsys.readouterr().out
    assert "thyrolearn run demo/first --data ddti --root FOLDER" in said
    assert "It wins. | ddti | 0.100 | 0.010 | 10" in said
    course.begin("demo/first").real_data("thyrolearn train video --data stanford --root FOLDER")
    said = capsys.readouterr().out
    assert "real recordings: thyrolearn train video --data stanford" in said and "ddti --root" not in said


def test_in_a_notebook_html_and_plain_text_go_out_together(small_course, monkeypatch):
    from IPython.core import interactiveshell
    from IPython.display import display  # noqa: F401  (the module must be there before it is watched)

    sent = []
    monkeypatch.setattr(interactiveshell.InteractiveShell, "initialized", classmethod(lambda cls: True))
    monkeypatch.setattr("IPython.display.publish_display_data", sent.append)
    course.begin("demo/first").hint("dice")
    assert set(sent[0]) == {"text/html", "text/plain"}
    assert "<code>(a &amp; b).sum()</code>" in sent[1]["text/html"]
    json.dumps(sent)


def test_what_a_set_has_is_seen_in_arrays_too():
    import numpy as np

    from thyrolearn.course.lesson import _has
    from thyrolearn.data import Case, Cohort

    image = np.zeros((20, 30), np.uint8)
    cohort = Cohort([Case.of(image, image > 0, label=1, boxes=((1, 1, 5, 5),)), Case.of(image)])
    assert all(_has(cohort, need) for need in ("image", "mask", "label", "boxes"))
    assert not any(_has(cohort, need) for need in ("posterior", "scanner", "readers", "descriptors"))
