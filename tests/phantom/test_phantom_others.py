"""Several nodules in one frame: each with its own truth, none on top of another, and the frame's own as it was."""

from dataclasses import replace

import numpy as np
import pytest
from phantom_factory import make_nodule, make_patient
from scipy.ndimage import distance_transform_edt

from thyrolearn.phantom.others import same_lobe
from thyrolearn.phantom.population import patients
from thyrolearn.phantom.rendering import render

SEED = 3


def company(view="longitudinal", **options):
    """A patient with a small nodule and another one, made of ``options``, in the same lobe and in view."""
    own = make_nodule(size_mm=8.0)
    for number in range(1, 30):
        other = make_nodule(**{"size_mm": 8.0, **options, "number": number})
        patient = make_patient(own, 2, nodules=(own, other))
        if same_lobe(patient, own, SEED):
            frame = render(patient, own, 0, SEED, view=view, others=True)
            if frame.others and frame.others[0].mask.sum() > 500:
                return patient, frame
    raise AssertionError("no room was found")


def test_one_nodule_alone_is_drawn_as_without_the_option():
    for view in ("transverse", "longitudinal"):
        patient = make_patient()
        plain, asked = (render(patient, patient.nodules[0], 0, 7, size=128, view=view, others=o) for o in (False, True))
        assert np.array_equal(plain.image, asked.image) and np.array_equal(plain.mask, asked.mask)
        assert asked.others == () and asked.boxes == (asked.box,)


def test_the_frames_own_nodule_keeps_its_truth_and_the_picture_changes_only_around_the_other():
    patient, frame = company()
    plain = render(patient, patient.nodules[0], 0, SEED, view="longitudinal")
    assert plain.others == () and np.array_equal(plain.mask, frame.mask) and plain.box == frame.box
    change = np.abs(plain.image.astype(int) - frame.image.astype(int))
    near = distance_transform_edt(~frame.others[0].mask) < 12
    below = np.logical_or.accumulate(near, axis=0)  # the other nodule's shadow or enhancement
    assert change[near].mean() > 10 * change[~below].mean()


def test_every_nodule_of_a_population_has_a_mask_and_a_tight_box_and_none_covers_another():
    seen = 0
    for patient in patients(60, 5):
        for view in ("transverse", "longitudinal") if len(patient.nodules) > 1 else ():
            frame = render(patient, patient.nodules[0], 0, 5, size=128, view=view, others=True)
            seen += len(frame.others)
            masks = [frame.mask, *(o.mask for o in frame.others)]
            assert np.sum(masks, axis=0).max() == 1 and np.array_equal(frame.all_nodules, np.any(masks, axis=0))
            assert len(frame.boxes) == len(masks) and {o.nodule for o in frame.others} <= set(patient.nodules[1:])
            for other in frame.others:
                rows, columns = np.nonzero(other.mask)
                assert other.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
                assert not (other.visible & ~other.mask).any()
    assert seen >= 5


@pytest.mark.parametrize(
    ("options", "low", "high"),
    [({"echo": "veryhypo"}, -80, -25), ({"composition": "cystic"}, -140, -50), ({"echo": "hyper"}, 8, 40)],
    ids=["very hypo", "cyst", "hyper"],
)
def test_the_other_nodule_is_drawn_from_its_own_descriptors(options, low, high):
    frames = [company(**words)[1] for words in ({"echo": "iso"}, options)]  # the same place, other words
    iso, other = (float(f.image[f.others[0].mask].mean()) for f in frames)
    assert low < other - iso < high


def test_a_calcification_of_the_other_nodule_hides_what_is_below_it():
    _, frame = company(foci=("macro",), size_mm=10.0)
    (other,) = frame.others
    assert 0 < other.visible.sum() < other.mask.sum()


def test_labels_of_neighbours_reach_no_pixel_and_who_lies_elsewhere_moves_none():
    patient, frame = company()
    own, other = patient.nodules
    ill = replace(patient, nodules=(own, replace(other, label=1, histotype="PTC", severity=1.65, posterior=0.99)))
    assert np.array_equal(render(ill, own, 0, SEED, view="longitudinal", others=True).image, frame.image)
    for number in range(40, 60):
        third = make_nodule(number=number)
        if third not in same_lobe(replace(patient, nodules=(own, third)), own, SEED):
            more = replace(patient, nodules=(own, other, third))
            assert np.array_equal(render(more, own, 0, SEED, view="longitudinal", others=True).image, frame.image)
            return
    raise AssertionError("every nodule was on one side")


def test_what_finds_no_room_is_left_out():
    own, big = make_nodule(size_mm=30.0), make_nodule(size_mm=40.0)
    for number in range(1, 12):
        patient = make_patient(own, 2, nodules=(own, replace(big, number=number)))
        frame = render(patient, own, 0, SEED, size=128, view="transverse", others=True)
        assert frame.others == ()
