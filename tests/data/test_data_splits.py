import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thyrolearn.data import Case, Cohort, folds, joined_groups, leakage_report, leave_one_out, portion, split
from thyrolearn.data.images import perceptual_hash
from thyrolearn.data.repeats import duplicates
from thyrolearn.data.splits import Split
from thyrolearn.errors import DataError, ParameterError

FRAME = np.zeros((8, 8), np.uint8)


def build(rows):
    return Cohort(
        Case.of(FRAME, id=str(i), patient=str(p), label=y, digest=d, scanner=s) for i, (p, y, d, s) in enumerate(rows)
    )


row = st.tuples(
    st.integers(0, 14),
    st.sampled_from([0, 1, None]),
    st.one_of(st.none(), st.integers(0, 6).map(str)),
    st.sampled_from("ABC"),
)
rows = st.lists(row, min_size=30, max_size=80).map(
    lambda found: [*found, *[(100 + i, i % 2, None, "A") for i in range(9)]]
)


def assert_partition(cohort, parts):
    ids = [c.id for part in parts for c in part]
    assert sorted(ids) == sorted(c.id for c in cohort)


def assert_apart(parts):
    """No patient and no picture on two sides, checked without the library's own report."""
    for key in (lambda c: c.group, lambda c: c.digest):
        seen = [{key(c) for c in part} - {None} for part in parts]
        assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])


@given(rows, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_split_is_disjoint_by_patient_and_picture_and_exhaustive(found, seed):
    cohort = build(found)
    parts = split(cohort, seed=seed)
    assert_partition(cohort, parts.parts.values())
    assert_apart(list(parts.parts.values()))
    assert leakage_report(parts).clean
    again = split(cohort, seed=seed)
    assert [c.id for c in again.test] == [c.id for c in parts.test]


@given(rows, st.integers(3, 6))
@settings(max_examples=30, deadline=None)
def test_folds_test_every_case_once(found, k):
    cohort = build(found)
    splits = folds(cohort, k=k)
    assert_partition(cohort, [s.test for s in splits])
    for s in splits:
        assert_apart([s.train, s.validation, s.test])
        assert_partition(cohort, [s.train, s.validation, s.test])


@given(rows)
@settings(max_examples=30, deadline=None)
def test_groups_are_the_transitive_closure_of_patient_and_picture(found):
    """Against a brute-force closure: repeat joining until nothing changes."""
    cohort = build(found)
    names = list(range(len(cohort)))
    changed = True
    while changed:
        changed = False
        for i, a in enumerate(cohort):
            for j, b in enumerate(cohort):
                linked = a.group == b.group or (a.digest is not None and a.digest == b.digest)
                if linked and names[i] != names[j]:
                    names[i] = names[j] = min(names[i], names[j])
                    changed = True
    groups = joined_groups(cohort)
    truth = np.equal.outer(names, names)
    assert (np.equal.outer(groups, groups) == truth).all()


def test_split_keeps_shares_and_prevalence():
    rng = np.random.default_rng(0)
    rows = [(p, int(p % 4 == 0), None, "A") for p in range(400) for _ in range(rng.integers(1, 5))]
    cohort = build(rows)
    parts = split(cohort, (0.5, 0.25, 0.25), seed=3)
    for part, share in zip(parts.parts.values(), (0.5, 0.25, 0.25), strict=True):
        assert len(part) / len(cohort) == pytest.approx(share, abs=0.01)
        assert part.labels.mean() == pytest.approx(cohort.labels.mean(), abs=0.01)
        # Patients with many frames must not gather in one part.
        assert len(part) / len(set(part.patients)) == pytest.approx(len(cohort) / 400, rel=0.12)


def test_split_depends_on_its_seed_only():
    cohort = build([(p, p % 2, None, "A") for p in range(50)])
    tests = [tuple(c.id for c in split(cohort, seed=s).test) for s in (0, 0, 1)]
    assert tests[0] == tests[1] != tests[2]


def test_a_source_without_patients_is_warned_of():
    cohort = build([(p, p % 2, None, "A") for p in range(50)])
    unnamed = Cohort(cohort.cases, name="tn3k", unit="image")
    with pytest.warns(UserWarning, match="tn3k names no patients: images of one patient may lie on both sides"):
        parts = split(unnamed)
    assert repr(parts).startswith("Split by image (the source names no patients)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert repr(split(cohort)).startswith("Split by patient\n")


def test_wrong_requests_are_refused():
    cohort = build([(0, 1, None, "A")] * 5)
    with pytest.raises(DataError, match="too few patients"):
        split(cohort)
    with pytest.raises(ParameterError, match="sum to 1"):
        split(cohort, (0.5, 0.2, 0.2))
    with pytest.raises(ParameterError, match="Choose 3 to"):
        folds(build([(p, p % 2, None, "A") for p in range(9)]), k=10)
    with pytest.raises(DataError, match="nothing to leave out"):
        leave_one_out(build([(p, p % 2, None, "A") for p in range(9)]))


def test_leave_one_out_holds_a_scanner_and_its_patients_out():
    # Patient 0 was seen on A and on B: training for B's test must not contain patient 0 at all.
    rows = [(0, 1, None, "A"), (0, 1, None, "B"), *[(p, p % 2, None, "AB"[p % 3 == 0]) for p in range(1, 60)]]
    held = leave_one_out(build(rows))
    assert set(held) == {"A", "B"}
    assert {c.scanner for c in held["B"].test} == {"B"}
    for part in (held["B"].train, held["B"].validation):
        assert {c.scanner for c in part} == {"A"} and "memory:0" not in part.patients


def textured(seed):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (12, 16)).astype(np.uint8)
    return np.kron(coarse, np.ones((16, 16), np.uint8))


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda a: np.roll(a, 2, axis=1), "near"),
        (lambda a: np.clip(a * 0.8 + 12, 0, 255).astype(np.uint8), "near"),
        (lambda a: np.ascontiguousarray(a[:, ::-1]), "mirrored"),
        (lambda a: a[::2, ::2].copy(), "near"),
    ],
    ids=["shifted", "brightened", "mirrored", "halved"],
)
def test_a_disguised_copy_under_another_patient_is_found_and_joined(change, how):
    pictures = [textured(i) for i in range(20)] + [change(textured(4))]
    cohort = Cohort(Case.of(p, id=str(i), look=perceptual_hash(p), label=i % 2) for i, p in enumerate(pictures))
    assert [(pair.first, pair.second, pair.how) for pair in duplicates(cohort)] == [(4, 20, how)]
    groups = joined_groups(cohort)
    assert groups[4] == groups[20] and len(set(groups.tolist())) == 20


def test_leakage_report_names_what_a_split_by_image_shares():
    cohort = build([(p, p % 2, None, "A") for p in range(10) for _ in range(4)])
    order = np.random.default_rng(0).permutation(40)
    by_image = Split(cohort[order[:20]], cohort[order[20:30]], cohort[order[30:]])
    report = leakage_report(by_image)
    assert not report.clean and len(report.patients) > 5
    with pytest.raises(DataError, match="leaks"):
        report.require_clean()


def test_one_picture_under_two_labels_is_reported():
    cohort = build([(0, 1, "same", "A"), (1, 0, "same", "A")])
    report = leakage_report(Split(cohort, cohort[:0], cohort[:0]))
    assert report.conflicts == (("0", "1"),) and report.clean


def test_portions_are_nested_hold_whole_patients_and_keep_the_share_of_cancers():
    rows = [(p, p % 4 == 0, None, "A") for p in range(400) for _ in range(1 + p % 3)]
    cohort = build(rows)
    parts = [portion(cohort, share) for share in (1 / 16, 1 / 4, 1)]
    held = [set(part.patients) for part in parts]
    assert held[0] < held[1] < held[2] and [len(names) for names in held] == [25, 100, 400]
    for part, names in zip(parts, held, strict=True):
        assert len(part) == sum(patient in names for patient in cohort.patients), "all cases of a patient"
        malignant = {case.patient for case in part if case.label}
        assert 0.22 <= len(malignant) / len(names) <= 0.28
    assert set(portion(cohort, 1 / 16, seed=1).patients) != held[0]
    for wrong in (0, 1.5):
        with pytest.raises(ParameterError, match="no share"):
            portion(cohort, wrong)
