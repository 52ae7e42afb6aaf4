"""Masks against MONAI's vectors; where other tools disagree, the disagreement is the test."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from thyrolearn import evaluation
from thyrolearn.errors import ParameterError

two_masks = st.tuples(arrays(bool, (9, 11)), arrays(bool, (9, 11)))


def unpacked(rows):
    return np.array([[c == "#" for c in row] for row in rows])


@pytest.fixture
def cases(vectors):
    return {c["id"]: (unpacked(c["truth"]), unpacked(c["prediction"]), c) for c in vectors("monai_masks")["cases"]}


@pytest.mark.parametrize(
    ("name", "dice", "iou", "hd95", "nsd"),
    [
        ("S1", 1, 1, 0, 1),
        ("S2", 0.8333, 0.7143, 1, 1),
        ("S3", 0.6667, 0.5, 2, 0.6),
        ("S4", 0.6667, 0.5, 1, 1),
        ("S5", 0.5, 0.3333, 0.6, 1),
        ("S6", 0.9863, 0.9730, 0, 0.9756),
        ("S10", 0.9750, 0.9512, 1, 1),
        ("S11", 0.6667, 0.5, 1, 1),
    ],
)
def test_printed_vectors(cases, name, dice, iou, hd95, nsd):
    truth, prediction, case = cases[name]
    spacing = tuple(case["spacing"])
    assert evaluation.dice(truth, prediction) == pytest.approx(dice, abs=5e-5)
    assert evaluation.iou(truth, prediction) == pytest.approx(iou, abs=5e-5)
    assert evaluation.hausdorff(truth, prediction, spacing) == pytest.approx(hd95, abs=5e-5)
    assert evaluation.surface_dice(truth, prediction, 1.0, spacing) == pytest.approx(nsd, abs=5e-5)


def test_equals_monai(cases):
    for name, (truth, prediction, case) in cases.items():
        if name in ("S7", "S8", "S9"):
            continue
        spacing = tuple(case["spacing"])
        assert evaluation.dice(truth, prediction) == pytest.approx(case["dice"], abs=1e-6)
        assert evaluation.iou(truth, prediction) == pytest.approx(case["iou"], abs=1e-6)
        assert evaluation.hausdorff(truth, prediction, spacing) == pytest.approx(case["hd95"], abs=1e-5)
        assert evaluation.hausdorff(truth, prediction, spacing, percentile=100) == pytest.approx(case["hd"], abs=1e-5)
        assert evaluation.surface_dice(truth, prediction, 1.0, spacing) == pytest.approx(case["nsd"], abs=1e-6)


def test_known_disagreement_on_a_stray_pixel(cases, vectors):
    """S6: HD95 is 0 in MONAI, MedPy and here, 6.40 in surface-distance; the full Hausdorff distance agrees."""
    truth, prediction, monai = cases["S6"]
    other, medpy = ({c["id"]: c for c in vectors(name)["cases"]}["S6"] for name in ("surface_distance", "medpy"))
    assert evaluation.hausdorff(truth, prediction) == monai["hd95"] == medpy["hd95"] == 0
    assert other["hd95"] == pytest.approx(6.4031, abs=5e-5)
    for hd in (evaluation.hausdorff(truth, prediction, percentile=100), monai["hd"], other["hd"], medpy["hd"]):
        assert hd == pytest.approx(7.0711, abs=5e-5)
    assert (monai["nsd"], other["nsd"]) == (pytest.approx(0.9756, abs=5e-5), pytest.approx(0.9417, abs=5e-5))


def test_known_disagreement_on_boundary_elements(cases, vectors):
    """surface-distance measures between pixels and weighs by length: S3's NSD is 0.5876 there, 0.6 here."""
    other = {c["id"]: c for c in vectors("surface_distance")["cases"]}
    truth, prediction, _ = cases["S3"]
    assert other["S3"]["nsd"] == pytest.approx(0.5876, abs=5e-5)
    assert evaluation.surface_dice(truth, prediction, 1.0) == pytest.approx(0.6)
    gaps = [
        abs(evaluation.surface_dice(t, p, 1.0, tuple(c["spacing"])) - other[name]["nsd"])
        for name, (t, p, c) in cases.items()
        if name.startswith("blob")
    ]
    assert 0 < max(gaps) < 0.08


def test_known_disagreement_on_directions(cases, vectors):
    """MedPy pools both directions before the percentile; the larger of two percentiles (here) is never smaller."""
    medpy = {c["id"]: c for c in vectors("medpy")["cases"]}
    gaps = []
    for name, (truth, prediction, case) in cases.items():
        if name.startswith("blob"):
            ours = evaluation.hausdorff(truth, prediction, tuple(case["spacing"]))
            gaps.append(ours - medpy[name]["hd95"])
            full = evaluation.hausdorff(truth, prediction, tuple(case["spacing"]), percentile=100)
            assert full == pytest.approx(medpy[name]["hd"], abs=1e-6)
    assert min(gaps) > -1e-6
    assert max(gaps) > 1


def test_known_disagreement_on_empty_masks(cases, vectors):
    """S7 to S9: nan, infinity or an exception elsewhere; here a stated policy."""
    other, medpy = ({c["id"]: c for c in vectors(name)["cases"]} for name in ("surface_distance", "medpy"))
    diagonal = np.hypot(20, 20)
    for name, dice, hd95, nsd in (("S7", 0, diagonal, 0), ("S8", 0, diagonal, 0), ("S9", 1, 0, 1)):
        truth, prediction, monai = cases[name]
        assert np.isnan(monai["hd95"])
        assert np.isinf(other[name]["hd95"])
        assert medpy[name]["hd95"].startswith("RuntimeError")
        assert evaluation.dice(truth, prediction) == evaluation.iou(truth, prediction) == dice
        assert evaluation.hausdorff(truth, prediction) == pytest.approx(hd95)
        assert evaluation.surface_dice(truth, prediction, 1.0) == nsd
    truth, prediction, monai = cases["S9"]
    assert np.isnan(monai["dice"])
    assert np.isnan(evaluation.dice(truth, prediction, both_empty="nan"))
    assert np.isnan(evaluation.hausdorff(truth, prediction, both_empty="nan"))
    assert np.isnan(evaluation.surface_dice(truth, prediction, 1.0, both_empty="nan"))
    truth, prediction, _ = cases["S7"]
    assert evaluation.dice(truth, prediction, both_empty="nan") == 0
    assert evaluation.hausdorff(truth, prediction, (0.1, 0.05)) == pytest.approx(np.hypot(2, 1))


@settings(max_examples=80, deadline=None)
@given(two_masks)
def test_symmetric_bounded_and_related(pair):
    a, b = pair
    d, j = evaluation.dice(a, b), evaluation.iou(a, b)
    assert 0 <= j <= d <= 1
    assert j == pytest.approx(d / (2 - d))
    assert d == evaluation.dice(b, a)
    assert (d == 1) == bool((a == b).all())
    assert evaluation.hausdorff(a, b) == pytest.approx(evaluation.hausdorff(b, a))
    assert evaluation.hausdorff(a, b) <= evaluation.hausdorff(a, b, percentile=100) + 1e-12 <= np.hypot(9, 11) + 1e-9
    nsd = [evaluation.surface_dice(a, b, t) for t in (0, 1, 3, 20)]
    assert nsd == sorted(nsd)
    if a.any() and b.any():
        assert nsd[-1] == 1
        assert evaluation.hausdorff(a, b, (0.5, 0.5)) == pytest.approx(evaluation.hausdorff(a, b) / 2)


@settings(max_examples=30, deadline=None)
@given(arrays(bool, (6, 7)), arrays(bool, (6, 7)))
def test_hausdorff_equals_scipy(a, b):
    from scipy.spatial.distance import directed_hausdorff

    a[0, 0] = b[2, 3] = True
    edge = [np.argwhere(m & ~_inside(m)) for m in (a, b)]
    expected = max(directed_hausdorff(edge[0], edge[1])[0], directed_hausdorff(edge[1], edge[0])[0])
    assert evaluation.hausdorff(a, b, percentile=100) == pytest.approx(expected)


def _inside(mask):
    """Pixels whose four neighbours are all in the mask; outside the picture nothing is."""
    wide = np.pad(mask, 1)
    return wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:] & mask


def test_summary_counts_failures_and_draws_patients():
    truth = np.zeros((30, 30), dtype=bool)
    truth[10:20, 10:20] = True
    shifted, empty = np.roll(truth, 1, axis=1), np.zeros_like(truth)
    truths = [truth, truth, truth, empty, empty]
    predictions = [truth, shifted, empty, truth, empty]
    found = evaluation.segmentation_scores(truths, predictions, spacing_mm=(0.1, 0.1), groups=list("aabbc"))
    assert found["dice"].value == pytest.approx((1 + 0.9 + 0 + 0 + 1) / 5)
    assert found["dice"].method == "bootstrap of 3 patients"
    assert (found["missed"].value, found["invented"].value) == (0.2, 0.2)
    assert found["hd95_mm"].value == pytest.approx((0 + 0.1 + 2 * np.hypot(3, 3) + 0) / 5)
    left_out = evaluation.segmentation_scores(truths, predictions, both_empty="nan")
    assert left_out["dice"].n == 4
    assert left_out["dice"].value == pytest.approx(1.9 / 4)
    assert "hd95_pixels" in left_out


def test_pooled_dice_is_another_number():
    large, small = np.ones((50, 50), bool), np.zeros((50, 50), bool)
    small[0, :4] = True
    truths, predictions = [large, small], [large, np.roll(small, 2, axis=1)]
    mean = evaluation.segmentation_scores(truths, predictions)["dice"].value
    assert mean == pytest.approx(0.75)
    assert evaluation.pooled_dice(truths, predictions).value == pytest.approx(1 - 4 / (2500 * 2 + 8))


@pytest.mark.parametrize(
    ("truth", "prediction", "options", "words"),
    [
        (np.ones((3, 3)), np.ones((3, 4)), {}, "nearest neighbour"),
        (np.full((3, 3), 255), np.ones((3, 3)), {}, "0 and 1"),
        (np.ones(3), np.ones(3), {}, "shape"),
        (np.ones((3, 3)), np.ones((3, 3)), {"spacing_mm": (0, 1)}, "above 0"),
        (np.zeros((3, 3)), np.zeros((3, 3)), {"both_empty": "skip"}, "perfect or nan"),
    ],
)
def test_errors(truth, prediction, options, words):
    with pytest.raises(ParameterError, match=words):
        evaluation.hausdorff(truth, prediction, **options)


def test_speed_of_a_hundred_cases():
    import time

    rng = np.random.default_rng(0)
    masks = [np.hypot(*np.mgrid[-128:128, -128:128]) < r for r in rng.uniform(30, 90, 100)]
    start = time.process_time()
    evaluation.segmentation_scores(masks, masks[1:] + masks[:1], spacing_mm=(0.1, 0.1))
    assert time.process_time() - start < 4
