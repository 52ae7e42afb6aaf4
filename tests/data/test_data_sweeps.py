"""Clips: the frames of a nodule as one row, from the phantom and from a public set; contrast curves."""

import hashlib
import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from thyrolearn import data, models, training
from thyrolearn.data import Case, Cohort, phantom, store
from thyrolearn.data.phantom import Part, Recipe, cases_of, folder_for, load_phantom
from thyrolearn.data.sweeps import positions
from thyrolearn.errors import DataError, ParameterError
from thyrolearn.phantom import SIM_VERSION, patients, render
from thyrolearn.phantom.cine import sweep
from thyrolearn.phantom.lesion import half_axes

SWEEPS = Recipe("for tests", (Part("main", 4, {"A": 1.0}), Part("held-out", 2, {"C": 1.0}, first=50)), frames=5,
                size=64, seed=11, sweep=True)  # fmt: skip


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("THYROLEARN_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.setitem(phantom.COHORTS, "swept", SWEEPS)
    patch.setattr(phantom, "SHARD", 12)  # not a multiple of 5: clips must not be cut
    yield load_phantom("swept", part=None, progress=False)
    patch.undo()


def test_a_stored_clip_is_what_the_phantom_sweeps(swept):
    people = patients(4, 11, scanners={"A": 1.0}) + patients(2, 11, scanners={"C": 1.0}, first=50)
    truth = [(p, n) for p in people for n in p.nodules]
    found = positions(swept)
    assert [len(clip) for clip in found] == [5] * len(truth) and len(swept) == 5 * len(truth)
    for clip, (patient, nodule) in zip(found, truth, strict=True):
        shown = sweep(patient, nodule, 11, frames=5, step_mm=None, size=64)
        for i, image, mask, y in zip(clip, shown.images, shown.masks, shown.y_mm, strict=True):
            case = swept[i]
            assert (case.image == image).all() and (case.mask == mask).all()
            assert case.raw["y_mm"] == pytest.approx(y, abs=1e-3) and case.label == nodule.label
            assert case.patient == str(patient.number) and case.nodule == str(nodule.number)
            assert case.posterior == nodule.posterior and bool(case.boxes) == mask.any()


def test_a_sweep_crosses_the_nodule_so_that_slices_add_up_to_its_volume(swept):
    ratios = []
    for clip in positions(swept):
        y = np.array([swept[i].raw["y_mm"] for i in clip])
        area = np.array([swept[i].mask.sum() * np.prod(swept[i].spacing_mm) for i in clip])
        ratios.append(area.sum() * np.diff(y).mean() / swept[clip[0]].raw["volume_mm3"])
        assert area[0] < 0.75 * area.max() > area[-1]
    assert np.median(ratios) == pytest.approx(1, abs=0.2)


def test_no_shard_ends_within_a_clip(swept):
    sizes = {len(shard) % SWEEPS.frames for shard in phantom.plan(SWEEPS)}
    assert sizes == {0}


def test_the_key_of_the_stills_did_not_change():
    """A new field of the recipe must not make everyone render the stills again."""
    plain, swept = (Recipe("x", SWEEPS.parts, sweep=value) for value in (False, True))
    before = {name: value for name, value in asdict(plain).items() if name not in ("sweep", "curves")}
    text = json.dumps([before, SIM_VERSION, store.VERSION, phantom.SHARD], sort_keys=True)
    assert folder_for("x", plain).name == f"x-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    assert folder_for("x", plain) != folder_for("x", swept)


def test_the_named_clips_share_no_patient_with_the_stills():
    used = [
        set(range(part.first, part.first + part.patients))
        for name in ("stills", "clips", "contrast")
        for part in phantom.COHORTS[name].parts
    ]
    assert sum(map(len, used)) == len(set.union(*used))


def test_clips_share_a_window_and_keep_their_order(swept):
    clips = data.clips(swept, size=32, frames=5, masks=True)
    found = positions(swept)
    assert clips.images.shape == (len(found), 5, 1, 32, 32) == clips.masks.shape and clips.images.dtype == torch.uint8
    assert [case.id for case in clips.cohort] == [swept[clip[2]].id for clip in found]
    assert clips.labels.tolist() == [swept[clip[0]].label for clip in found]
    area = clips.masks.float().mean((2, 3, 4))
    assert (area.argmax(1) > 0).all() and (area.argmax(1) < 4).all()
    row, clip = 0, found[0]
    for k, i in enumerate(clip):  # one window for all frames: the same as cropping each by hand
        shown = data.tensors.crop(swept[i].image, tuple(clips.windows[row]), (32, 32))
        assert (clips.images[row, k, 0].numpy() == shown).all()
    assert (clips.still().images == clips.images[:, 2]).all() and (clips.still(0).masks == clips.masks[:, 0]).all()
    assert clips[[2, 1]].images.shape[:2] == (2, 5) and "clips of 5 frames" in repr(clips)
    with pytest.raises(ParameterError, match="images already"):
        clips.still().still()


def test_a_window_that_follows_the_nodule_shows_what_a_still_would(swept):
    clips, stills = data.clips(swept, size=32, frames=5, each="frame"), data.batches(swept, size=32)
    for row, clip in zip(clips.images, positions(swept), strict=True):
        for picture, i in zip(row, clip, strict=True):
            assert not swept[i].boxes or (picture == stills.images[i]).all()
    fixed = data.clips(swept, size=32, frames=5)
    assert (clips.windows == fixed.windows).all() and not (clips.images == fixed.images).all()


def test_frames_are_taken_at_even_distances_whatever_the_order_of_the_cases(swept):
    turned = swept[::-1]
    few = data.clips(turned, size=16, frames=3)
    every = data.clips(swept, size=16, frames=5)
    rows = {case.group + case.nodule: i for i, case in enumerate(every.cohort)}
    for i, case in enumerate(few.cohort):
        assert case.raw["frame"] == 2
        assert case.boxes and (few.images[i].shape == (3, 1, 16, 16))
        whole = every.images[rows[case.group + case.nodule]]
        if (few.windows[i] == every.windows[rows[case.group + case.nodule]]).all():
            assert (few.images[i] == whole[[0, 2, 4]]).all()
    more = data.clips(swept, size=16, frames=9).images
    assert (more[:, 0] == every.images[:, 0]).all() and (more[:, -1] == every.images[:, -1]).all()


def test_stills_are_not_taken_for_clips():
    still = Cohort([Case.of(np.zeros((20, 20), np.uint8), id="a", label=0)])
    with pytest.raises(DataError, match="a does not say which frame"):
        data.clips(still)
    with pytest.raises(DataError, match="is empty"):
        data.clips(still[:0])


def test_augmentation_moves_all_frames_of_a_clip_alike_and_clips_are_learned():
    images = torch.zeros(32, 4, 1, 16, 16, dtype=torch.uint8)
    images[16:, :, :, 4:12, 4:12] = 200
    seen = []

    def spy(pictures, generator):
        seen.append(data.augment(pictures, generator))
        return seen[-1]

    class Toy(SimpleNamespace):
        def __len__(self):
            return len(self.images)

    toy = Toy(images=images, labels=torch.arange(32) // 16, groups=[str(i) for i in range(32)])
    net = models.create("clipnet", size=16, width=4, join="mean")
    run = training.fit(net, training.classification(), toy, epochs=6, batch=16, augment=spy, progress=False)
    assert seen and all((one == one[:, :1]).all() for one in seen), "frames that were alike stay alike"
    assert not all((one == one.flip(0)).all() for one in seen), "clips differ"
    assert run.evaluate(toy)["auc"].value > 0.95


def test_curves_are_a_row_a_nodule_on_the_patients_own_scale(swept):
    rows = data.curves(swept)
    nodules = {(c.group, c.nodule) for c in swept}
    assert rows.images.shape == (len(nodules), 1, 2, 60) and len(rows.labels) == len(nodules)
    for picture, case in zip(rows.images.numpy(), rows.cohort, strict=True):
        lesion, gland = (np.array(case.raw["contrast"][name]) for name in ("lesion", "gland"))
        assert np.percentile(picture[0, 1], 95) == pytest.approx(120, abs=2)
        ratio = picture[0, 0].sum() / picture[0, 1].sum()
        assert ratio == pytest.approx(lesion.sum() / gland.sum(), rel=0.06)
    with pytest.raises(DataError, match="no contrast"):
        data.curves(swept.filter(lambda case: case.raw["frame"] > 0))


def test_a_cohort_of_curves_alone_is_cheap_and_the_same_as_that_of_the_clips(swept, monkeypatch, tmp_path):
    monkeypatch.setenv("THYROLEARN_CACHE", str(tmp_path))
    monkeypatch.setitem(phantom.COHORTS, "alone", replace(SWEEPS, frames=1, sweep=False, curves=True))
    alone = load_phantom("alone", part=None, progress=False)
    both = [data.curves(cohort) for cohort in (alone, swept)]
    assert [(c.group, c.nodule) for c in both[0].cohort] == [(c.group, c.nodule) for c in both[1].cohort]
    assert (both[0].images == both[1].images).all() and (both[0].labels == both[1].labels).all()
    assert all((case.image == row[0].numpy()).all() for case, row in zip(alone, both[0].images, strict=True))
    assert {case.modality for case in alone} == {"contrast curves"}


def test_case_of_and_cases_of_say_the_same_of_a_nodule():
    patient = patients(1, 3)[0]
    nodule = patient.nodules[0]
    still = phantom.case_of(render(patient, nodule, 0, 3, size=64))
    frame = cases_of(sweep(patient, nodule, 3, frames=2, size=64))[1]
    for name in ("patient", "nodule", "label", "label_source", "descriptors", "points", "level", "posterior", "site",
                 "scanner", "notes"):  # fmt: skip
        assert getattr(still, name) == getattr(frame, name)
    volume = 4 / 3 * np.pi * np.prod(half_axes(nodule, 3, patient.number))
    assert frame.raw["volume_mm3"] == pytest.approx(volume, rel=1e-3)
