import numpy as np
import pytest
import torch

from thyrolearn.data import Case, Cohort, batches, frames
from thyrolearn.data.tensors import crop, window
from thyrolearn.errors import ParameterError


def disc(rows, columns, middle, radius_mm, spacing):
    """A disc of ``radius_mm`` on a grid of (z, x) ``spacing``: round in mm, an ellipse in pixels."""
    z, x = np.mgrid[:rows, :columns]
    return ((z + 0.5 - middle[0]) * spacing[0]) ** 2 + ((x + 0.5 - middle[1]) * spacing[1]) ** 2 < radius_mm**2


def test_a_crop_is_isotropic_in_mm():
    spacing = (0.1, 0.25)
    mask = disc(300, 160, (150, 80), 8.0, spacing)
    case = Case.of(mask.astype(np.uint8) * 200, mask, spacing_mm=spacing, label=1)
    out = batches(Cohort([case]), size=64, context=1.6, masks=True)
    round_mask = out.masks[0, 0].numpy()
    height, width = round_mask.any(1).sum(), round_mask.any(0).sum()
    assert abs(int(height) - int(width)) <= 1
    # 16 mm across in a window of 25.6 mm and 64 pixels is 40 pixels; its area is that of the disc.
    assert height == pytest.approx(40, abs=1) and out.spacing_mm[0] == pytest.approx(0.4, rel=0.02)
    assert round_mask.sum() * out.spacing_mm[0] ** 2 == pytest.approx(np.pi * 64, rel=0.02)


def test_without_spacing_a_crop_is_isotropic_in_pixels():
    mask = np.zeros((100, 200), bool)
    mask[40:60, 50:90] = True
    out = batches(Cohort([Case.of(mask.astype(np.uint8) * 200, mask)]), size=32, context=2.0, masks=True)
    assert out.windows[0].tolist() == [30.0, 10.0, 110.0, 90.0]
    assert out.masks[0, 0].any(1).sum() == 8 and out.masks[0, 0].any(0).sum() == 16
    assert np.isnan(out.spacing_mm[0]) and torch.isnan(out.labels[0])


def test_beyond_the_picture_the_crop_is_reflected_or_black_and_the_mask_empty():
    ramp = np.tile(np.arange(40, dtype=np.uint8) + 100, (40, 1))
    part = (-20.0, 0.0, 20.0, 40.0)
    mirrored = crop(ramp, part, (40, 40))
    assert np.abs(mirrored[20, 20:].astype(int) - np.arange(100, 120)).max() <= 1
    assert np.abs(mirrored[20, 1:20].astype(int)[::-1] - np.arange(101, 120)).max() <= 1
    assert crop(ramp, part, (40, 40), "zero")[:, :19].max() == 0
    mask = np.ones((40, 40), bool)
    out = batches(Cohort([Case.of(ramp, mask, boxes=((0, 0, 10, 40),))]), size=40, context=2.0, masks=True)
    assert out.masks[0, 0, :, :9].max() == 0 and out.masks[0, 0, 20, 25] == 1


def test_a_picture_smaller_than_its_window_by_far():
    case = Case.of(np.full((12, 12), 77, np.uint8), boxes=((2, 2, 10, 10),))
    out = batches(Cohort([case]), size=16, context=8.0)
    assert out.images.min() == out.images.max() == 77


def test_rows_labels_groups_and_slices(make_cohort):
    cohort = make_cohort([{"patient": str(i // 2), "label": i % 2, "boxes": ((2, 2, 9, 9),)} for i in range(6)])
    out = batches(cohort, size=16)
    assert out.images.shape == (6, 1, 16, 16) and out.images.dtype == torch.uint8
    assert out.labels.tolist() == [0, 1, 0, 1, 0, 1] and out.labels.dtype == torch.float32
    assert out.groups.tolist() == cohort.patients.tolist() and len(out) == 6
    part = out[[4, 1]]
    assert part.groups.tolist() == ["memory:2", "memory:0"] and [c.id for c in part.cohort] == ["4", "1"]
    assert len(out[out.labels.numpy() == 1]) == 3 and len(batches(cohort[:0])) == 0


def test_each_box_gives_one_row_per_view():
    picture = np.zeros((60, 120), np.uint8)
    picture[20:40, 10:30], picture[20:40, 80:100] = 100, 200
    case = Case.of(picture, boxes=((10, 20, 30, 40), (80, 20, 100, 40)), label=1, id="two")
    out = batches(Cohort([case]), size=20, context=1.0, each="box")
    assert len(out) == 2 and [c.id for c in out.cohort] == ["two", "two"]
    assert out.images[0].float().mean() == 100 and out.images[1].float().mean() == 200
    assert len(batches(Cohort([case]))) == 1


def test_a_case_without_a_box_gives_its_whole_picture():
    assert window(Case.of(np.zeros((50, 50), np.uint8))) == (0.0, 0.0, 50.0, 50.0)


def test_frames_keep_proportions_in_mm_and_boxes_fit_masks():
    spacing = (0.1, 0.3)
    mask = disc(200, 100, (90, 40), 5.0, spacing)
    ys, xs = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = (float(xs[0]), float(ys[0]), float(xs[-1] + 1), float(ys[-1] + 1))
    case = Case.of(np.full((200, 100), 90, np.uint8), mask, boxes=(box,), spacing_mm=spacing)
    out = frames(Cohort([case]), size=(96, 128))
    # 20 x 30 mm in 96 x 128 pixels: 30 mm / 128 is the finer limit, so 0.234 mm a pixel, black above and below.
    assert out.spacing_mm[0] == pytest.approx(30 / 128)
    lit = (out.images[0, 0] > 45).numpy()
    assert lit.any(0).all() and lit.any(1).sum() == pytest.approx(20 / (30 / 128), abs=1)
    inside = out.masks[0, 0].numpy()
    found = [np.flatnonzero(inside.any(0)), np.flatnonzero(inside.any(1))]
    seen = [found[0][0], found[1][0], found[0][-1] + 1, found[1][-1] + 1]
    assert np.abs(out.boxes[0][0].numpy() - seen).max() <= 1.5
    assert inside.sum() * out.spacing_mm[0] ** 2 == pytest.approx(np.pi * 25, rel=0.03)


def test_frames_of_several_boxes_and_of_none():
    cohort = Cohort([
        Case.of(np.zeros((40, 40), np.uint8), boxes=((0, 0, 10, 10), (20, 20, 40, 40)), id="a"),
        Case.of(np.zeros((40, 40), np.uint8), id="b"),
    ])  # fmt: skip
    out = frames(cohort, size=(80, 80), masks=False)
    assert out.boxes[0].tolist() == [[0, 0, 20, 20], [40, 40, 80, 80]] and out.boxes[1].shape == (0, 4)
    assert out[[1]].boxes[0].shape == (0, 4) and out.masks is None


def test_impossible_requests_are_refused(make_cohort):
    with pytest.raises(ParameterError, match="context above 0"):
        batches(make_cohort([{}]), context=0)
    with pytest.raises(ParameterError, match="cannot be indexed"):
        batches(make_cohort([{}]))[0]


def test_other_pixels_keep_rows_and_refuse_another_shape():
    made = batches(Cohort([Case.of(np.full((40, 40), 9, np.uint8), label=1, patient="7")]), size=16)
    other = made.with_images(255 - made.images)
    assert (other.images + made.images == 255).all()
    assert other.groups.tolist() == made.groups.tolist() and other.labels.tolist() == [1.0]
    with pytest.raises(ParameterError, match=r"\(1, 1, 16, 16\)"):
        made.with_images(made.images[..., :8])
