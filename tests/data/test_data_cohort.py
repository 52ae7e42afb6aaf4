import numpy as np
import pytest

from thyrolearn.data.case import Case, boxes_of
from thyrolearn.data.cohort import Cohort, Skipped
from thyrolearn.errors import DataError, ParameterError


@pytest.fixture
def cohort(make_cohort):
    rows = [
        {"patient": str(i // 2), "label": i % 2, "scanner": "AB"[i % 2], "spacing_mm": (0.1, 0.2), "level": f"{i}"}
        for i in range(6)
    ]
    return make_cohort(rows, name="six", skipped=[Skipped("x.jpg", "cut off")])


def test_indexing_gives_cases_and_cohorts(cohort):
    assert isinstance(cohort[3], Case)
    assert [c.id for c in cohort[2:5]] == ["2", "3", "4"]
    assert [c.id for c in cohort[np.array([5, 0, 0])]] == ["5", "0", "0"]
    assert [c.id for c in cohort[cohort.labels == 1]] == ["1", "3", "5"]
    assert cohort[-1].id == "5" and cohort[1:].skipped == cohort.skipped
    with pytest.raises(ParameterError, match="mask of 2 for 6"):
        cohort[np.array([True, False])]


def test_where_takes_values_and_sets_and_names_wrong_fields(cohort):
    assert len(cohort.where(scanner="A")) == 3
    assert [c.id for c in cohort.where(label=1, level=["1", "5"])] == ["1", "5"]
    with pytest.raises(ParameterError, match="No case has a field 'colour'"):
        cohort.where(colour="red")


def test_where_looks_into_the_source_s_own_words(make_cohort):
    cohort = make_cohort([{"raw": {"part": "test"}}, {"raw": {"part": "train"}}, {"raw": {}}])
    assert [c.id for c in cohort.where(part="test")] == ["0"]
    assert [c.id for c in cohort.where(part=["train", None])] == ["1", "2"]


def test_columns(cohort):
    assert cohort.labels.dtype == np.int64 and cohort.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert cohort.patients.tolist() == ["memory:0", "memory:0", "memory:1", "memory:1", "memory:2", "memory:2"]
    assert cohort.column("scanner").tolist() == list("ABABAB")
    assert cohort.column("spacing_mm")[0] == (0.1, 0.2)
    assert list(cohort.table().label) == [0, 1, 0, 1, 0, 1]


def test_a_missing_label_is_an_error_not_a_number(make_cohort):
    cohort = make_cohort([{"label": 1}, {"label": None}])
    with pytest.raises(DataError, match=r"1 of 2 cases.*cohort\.labelled"):
        _ = cohort.labels
    assert cohort.labelled.labels.tolist() == [1]


def test_pixels_are_not_read_before_they_are_asked_for():
    class Untouched:
        token = "t"

        def image(self):
            raise AssertionError("a pixel was read")

        mask = image

    cohort = Cohort([Case(id=str(i), source="s", patient=str(i), pixels=Untouched(), label=i % 2) for i in range(4)])
    repr(cohort), cohort._repr_html_(), cohort.table(), cohort[1:].where(label=1), cohort.fingerprint, cohort.labels
    with pytest.raises(AssertionError, match="a pixel was read"):
        _ = cohort[0].image


def test_fingerprint_follows_the_content(cohort):
    same = Cohort(cohort.cases, name="another name")
    assert same.fingerprint == cohort.fingerprint
    assert cohort[::-1].fingerprint != cohort.fingerprint
    changed = [cohort[0].with_(label=1), *cohort.cases[1:]]
    assert Cohort(changed).fingerprint != cohort.fingerprint


def test_summary_counts_patients_nodules_and_the_word_of_the_label(make_cohort):
    rows = [{"patient": "p", "nodule": n, "label": 1, "label_source": "<b>truth"} for n in "112"]
    cohort = make_cohort(rows, unit="image")
    text = repr(cohort)
    assert "3 cases, 1 patients, 2 nodules" in text and "3 of 3 positive (100 %)" in text
    assert "grouped by image" in text
    assert "<b>" not in cohort._repr_html_() and "&lt;b&gt;truth" in cohort._repr_html_()


def test_boxes_of_separate_objects_largest_first():
    mask = np.zeros((30, 40), bool)
    mask[2:6, 2:6] = True
    mask[10:20, 10:30] = True
    mask[25, 35] = True  # a speck
    assert boxes_of(mask) == ((10.0, 10.0, 30.0, 20.0), (2.0, 2.0, 6.0, 6.0))
    assert Case.of(mask.astype(np.uint8), mask).box == (10.0, 10.0, 30.0, 20.0)
