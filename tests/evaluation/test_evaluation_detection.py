"""Boxes against torchmetrics (pycocotools) and MONAI."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thyrolearn import evaluation
from thyrolearn.errors import ParameterError

box = st.tuples(*[st.integers(0, 20)] * 2, *[st.integers(1, 20)] * 2).map(
    lambda b: [b[0], b[1], b[0] + b[2], b[1] + b[3]]
)


def test_vector_map():
    truth, found, score = [[[214, 41, 562, 285]]] * 3, [[[258, 41, 606, 285]]] * 3, [[0.536]] * 3
    assert evaluation.box_iou(truth[0], found[0])[0, 0] == pytest.approx(0.7755, abs=5e-5)
    assert evaluation.mean_average_precision(truth, found, score).value == pytest.approx(0.6)
    for iou, value in ((0.5, 1.0), (0.75, 1.0), (0.8, 0.0)):
        assert evaluation.mean_average_precision(truth, found, score, ious=[iou]).value == pytest.approx(value)
    assert evaluation.mean_average_precision(truth, found, score, size="large").value == pytest.approx(0.6)
    for size in ("small", "medium"):  # pycocotools says -1 here, which must never be averaged
        with pytest.raises(ParameterError, match=f"no truth of size '{size}'"):
            evaluation.mean_average_precision(truth, found, score, size=size)


def test_equals_torchmetrics(vectors):
    for case in vectors("torchmetrics")["detections"]:
        data = (case["truths"], case["boxes"], case["scores"])
        if len(data[0]) < 2:
            continue  # one image has no interval
        for key, options in {
            "map": {},
            "map_50": {"ious": [0.5]},
            "map_75": {"ious": [0.75]},
            "map_small": {"size": "small"},
            "map_medium": {"size": "medium"},
            "map_large": {"size": "large"},
        }.items():
            if case[key] == -1:
                with pytest.raises(ParameterError, match="no truth of size"):
                    evaluation.mean_average_precision(*data, resamples=2, **options)
            else:
                groups = np.arange(len(data[0]))
                found = evaluation.mean_average_precision(*data, resamples=20, groups=groups, **options)
                assert found.value == pytest.approx(case[key], abs=1e-6), key


def test_known_disagreement_on_float32_thresholds(vectors):
    """torchmetrics' default thresholds are float32, where a recall of 0.3 fails "0.30000001": a third digit moves."""
    gaps = [case["map"] - case["map_default"] for case in vectors("torchmetrics")["detections"]]
    assert 1e-4 < max(gaps) < 5e-3


def test_vector_froc(vectors):
    for case in vectors("monai_froc")["cases"][:2]:
        false, sens = evaluation.froc_points(case["hits"], case["false"], case["targets"], case["images"])
        theirs = sorted(zip(case["false_per_image"], case["sensitivity"], strict=True))
        assert sorted(zip(false, sens, strict=True)) == [pytest.approx(pair) for pair in theirs]
        assert np.interp(case["rates"], false, sens).mean() == pytest.approx(case["score"])
    false, sens = evaluation.froc_points([0.9, 0.8], [0.7, 0.6, 0.2], 3, 2)
    assert list(zip(false, sens.round(3), strict=True))[::-1] == [
        (1.5, 0.667),
        (1, 0.667),
        (0.5, 0.667),
        (0, 0.667),
        (0, 0.333),
        (0, 0),
    ]
    assert np.interp((0.25, 0.5, 1, 2), false, sens).mean() == pytest.approx(0.6667, abs=5e-5)


def test_known_disagreement_on_the_last_point(vectors):
    """MONAI drops the lowest score, meant for missed targets (probability 0), also where none is missed."""
    case = vectors("monai_froc")["cases"][2]
    false, _ = evaluation.froc_points(case["hits"], case["false"], case["targets"], case["images"])
    assert max(case["false_per_image"]) == 1.0
    assert max(false) == 1.5


def images(seed, n=30):
    rng = np.random.default_rng(seed)
    truths, boxes, scores = [], [], []
    for _ in range(n):
        corner = rng.integers(0, 60, (rng.integers(0, 3), 2))
        truth = np.hstack([corner, corner + rng.integers(10, 30, corner.shape)]).reshape(-1, 4)
        found = np.vstack([truth + rng.integers(-4, 5, truth.shape), [[70, 70, 80, 85]]])
        truths.append(truth)
        boxes.append(found)
        scores.append(rng.random(len(found)))
    return truths, boxes, scores


@pytest.mark.parametrize("hit", ["iou", "centre"])
def test_froc_from_boxes_by_hand(hit):
    truths = [[[0, 0, 10, 10]], [[0, 0, 10, 10]], []]
    boxes = [[[0, 0, 10, 9], [0, 0, 9, 10], [30, 30, 40, 40]], [[50, 50, 60, 60]], [[0, 0, 10, 10]]]
    scores = [[0.9, 0.8, 0.7], [0.6], [0.5]]
    false, sens = evaluation.froc_curve(truths, boxes, scores, hit=hit)
    assert list(zip(false, sens, strict=True)) == [(0, 0), (0, 0.5), (1 / 3, 0.5), (2 / 3, 0.5), (1, 0.5)]
    found = evaluation.froc_sensitivity(truths * 5, boxes * 5, scores * 5, false_per_image=0.5, hit=hit)
    assert found.value == pytest.approx(0.5)


def test_a_loose_box_counts_by_its_centre():
    truths, boxes, scores = [[[0, 0, 10, 10]]] * 4, [[[0, 0, 19, 19]]] * 4, [[0.9]] * 4
    assert evaluation.froc_score(truths, boxes, scores).value == 0
    assert evaluation.froc_score(truths, boxes, scores, hit="centre").value == 1


def test_froc_score_equals_the_curve_and_resamples_patients():
    data = images(1)
    false, sens = evaluation.froc_curve(*data)
    groups = np.arange(30) // 2
    found = evaluation.froc_score(*data, groups=groups, resamples=400)
    assert found.value == pytest.approx(np.interp((0.25, 0.5, 1, 2), false, sens).mean())
    assert found.low < found.value < found.high
    assert found.method == "bootstrap of 15 patients"


def test_map_interval_equals_copied_images():
    """Resampling by weights gives what copying the images gives."""
    data = images(2, 12)
    ids = np.arange(12)

    def slow(rows):
        parts = [[part[i] for i in rows] for part in data]
        return evaluation.mean_average_precision(*parts, ious=[0.5], resamples=1, groups=np.arange(len(rows))).value

    fast = evaluation.mean_average_precision(*data, ious=[0.5], resamples=60, seed=3)
    expected = evaluation.bootstrap(slow, ids, resamples=60, seed=3)
    assert (fast.value, fast.low, fast.high) == pytest.approx((expected.value, expected.low, expected.high), abs=2e-3)


@settings(max_examples=60, deadline=None)
@given(st.lists(box, min_size=1, max_size=5), st.lists(box, min_size=1, max_size=5))
def test_iou_is_symmetric_bounded_and_counts_pixels(a, b):
    found = evaluation.box_iou(a, b)
    assert found.shape == (len(a), len(b))
    np.testing.assert_allclose(found, evaluation.box_iou(b, a).T)
    assert (found >= 0).all() and (found <= 1).all()
    drawn = []
    for x0, y0, x1, y1 in (a[0], b[0]):
        mask = np.zeros((41, 41), dtype=bool)
        mask[y0:y1, x0:x1] = True
        drawn.append(mask)
    assert found[0, 0] == pytest.approx(evaluation.iou(*drawn))


@pytest.mark.parametrize(
    ("boxes", "scores", "words"),
    [
        ([[[5, 5, 4, 9]]], [[0.5]], "width and height"),
        ([[[5, 5, 5, 9]]], [[0.5]], "no area"),
        ([[[5, 5, 9, 9]]], [[0.5, 0.4]], "scores"),
        ([[[5, 5, 9]]], [[0.5]], "left, top"),
        ([[[5, 5, 9, np.nan]]], [[0.5]], "NaN"),
        ([[[5, 5, 9, 9]], []], [[0.5], []], "images"),
    ],
)
def test_errors(boxes, scores, words):
    with pytest.raises(ParameterError, match=words):
        evaluation.mean_average_precision([[[0, 0, 9, 9]]], boxes, scores)


def test_no_nodule_anywhere_is_an_error():
    with pytest.raises(ParameterError, match="No image has a nodule"):
        evaluation.froc_score([[], []], [[[0, 0, 1, 1]], []], [[0.3], []])
