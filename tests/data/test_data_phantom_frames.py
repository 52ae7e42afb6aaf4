"""The phantom's whole frames: the nodule where and as large as on real frames, two views with one outline each."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from thyrolearn.data import phantom
from thyrolearn.data.phantom import COHORTS, FrameRecipe, Part, load_phantom, recipe_from
from thyrolearn.data.phantom_frames import HALF_ASPECT, frame_case
from thyrolearn.phantom import patients

SCANNERS = COHORTS["frames"].parts[0].scanners


def cases(count, two_views, seed=5):
    return [
        frame_case("main", patient, patient.nodules[0], seed, size=128, two_views=two_views)
        for patient in patients(count, seed, scanners=SCANNERS)
    ]


@pytest.fixture(scope="module")
def single():
    return cases(40, 0.0)


@pytest.fixture(scope="module")
def double():
    return cases(40, 1.0)


def test_one_view_holds_one_box_round_its_outline(single):
    for case in single:
        rows, columns = np.nonzero(case.mask)
        assert case.boxes == ((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1),)
        assert case.image.dtype == np.uint8 and case.mask.shape == case.image.shape and not case.raw["two_views"]


def test_two_views_stand_side_by_side_with_a_box_each(double):
    for case in double:
        half = case.shape[1] // 2
        assert case.raw["two_views"] and case.shape[1] == 2 * half and len(case.boxes) == 2
        assert sorted(x1 <= half for _, _, x1, _ in case.boxes) == [False, True]
        assert case.shape[1] * case.spacing_mm[1] / 2 == pytest.approx(HALF_ASPECT * 128 * case.spacing_mm[0], rel=0.02)
        assert (case.mask[:, :half].any(), case.mask[:, half:].any()) == (True, True)


def test_the_nodule_is_large_and_in_the_middle_as_on_real_frames(single):
    """DDTI's single views: half of the nodules take 5 to 25 % of the frame, their middles spread by few percent."""
    area = np.array([case.mask.mean() for case in single])
    middle = np.array([np.nonzero(case.mask)[1].mean() / case.shape[1] for case in single])
    assert 0.07 < np.median(area) < 0.17 and area.max() > 0.25
    assert abs(np.median(middle) - 0.53) < 0.03 and middle.std() < 0.09


def test_every_frame_has_a_machine_of_its_own_and_the_same_call_the_same_pixels(single):
    again = cases(3, 0.0)
    assert all((a.image == b.image).all() and (a.mask == b.mask).all() for a, b in zip(again, single, strict=False))
    patient = patients(1, 5, scanners=SCANNERS)[0]
    other = frame_case("main", patient, patient.nodules[0], 6, size=128, two_views=0.0)
    assert other.image.shape != single[0].image.shape or (other.image != single[0].image).any()
    spread = [np.percentile(case.image, 95) for case in single]
    assert max(spread) - min(spread) > 40


def test_a_resized_nodule_has_no_label(single):
    for case in single[:3]:
        assert case.label is None and case.descriptors is None and case.posterior is None and case.points is None


def test_the_cohort_comes_from_the_disk_as_it_was_drawn(tmp_path, monkeypatch):
    recipe = replace(COHORTS["frames"], parts=(Part("main", 3, SCANNERS),), size=128)
    monkeypatch.setenv("THYROLEARN_CACHE", str(tmp_path))
    monkeypatch.setitem(phantom.COHORTS, "few", recipe)
    cohort = load_phantom("few", progress=False)
    drawn = [
        frame_case("main", p, n, recipe.seed, size=128, two_views=recipe.two_views)
        for p in patients(3, recipe.seed, scanners=SCANNERS, prevalence=recipe.prevalence)
        for n in p.nodules
    ]
    assert [case.id for case in cohort] == [case.id for case in drawn]
    for stored, fresh in zip(cohort, drawn, strict=True):
        assert (stored.image == fresh.image).all() and (stored.mask == fresh.mask).all()
        assert stored.boxes == fresh.boxes and stored.raw["two_views"] == fresh.raw["two_views"]
    assert isinstance(recipe_from(asdict(recipe)), FrameRecipe) and recipe_from(asdict(recipe)) == recipe
    assert type(recipe_from(asdict(COHORTS["stills"]))) is phantom.Recipe
