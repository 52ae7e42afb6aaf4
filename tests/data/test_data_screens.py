"""Two frames on one screen: which is where, and whose mask is asked for."""

import numpy as np
import pytest
import torch

from thyrolearn import data
from thyrolearn.errors import DataError


def cohort(count):
    """Frames of one grey each, with the nodule in a corner that tells the frame."""
    cases = []
    for k in range(count):
        mask = np.zeros((8, 8), bool)
        mask[k, k] = True
        cases.append(data.Case.of(np.full((8, 8), 10 * (k + 1), np.uint8), mask, patient=str(k)))
    return data.Cohort(cases)


def test_the_asked_frame_changes_sides_and_the_other_is_half_the_set_away():
    frames = data.frames(cohort(6), (8, 8))
    screens, beside = data.side_by_side(frames)
    assert screens.images.shape == screens.masks.shape == beside.shape == (6, 1, 8, 16)
    for k in range(6):
        own, other = (slice(0, 8), slice(8, 16)) if k % 2 == 0 else (slice(8, 16), slice(0, 8))
        partner = (k + 3) % 6
        assert (screens.images[k, ..., own] == 10 * (k + 1)).all()
        assert (screens.images[k, ..., other] == 10 * (partner + 1)).all()
        assert torch.equal(screens.masks[k, ..., own], frames.masks[k]) and screens.masks[k, ..., other].sum() == 0
        assert torch.equal(beside[k, ..., other], frames.masks[partner]) and beside[k, ..., own].sum() == 0
    assert list(screens.groups) == list(frames.groups)


def test_no_masks_or_one_frame_is_refused():
    with pytest.raises(DataError, match="two nodules"):
        data.side_by_side(data.frames(cohort(4), (8, 8), masks=False))
    with pytest.raises(DataError, match="two nodules"):
        data.side_by_side(data.frames(cohort(1), (8, 8)))
