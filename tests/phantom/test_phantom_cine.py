"""Sweeps and the other modalities: laws of correlation, strain and arrival; determinism; folders."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from phantom_factory import make_nodule, make_patient

from thyrolearn.errors import DataError, ParameterError
from thyrolearn.phantom import folder
from thyrolearn.phantom.cine import elevation_weights, sweep
from thyrolearn.phantom.folder import write_folder
from thyrolearn.phantom.modalities import contrast, doppler, elastogram
from thyrolearn.phantom.population import patients
from thyrolearn.phantom.rendering import render

NODULE = make_nodule(size_mm=12.0)
PATIENT = make_patient(NODULE)


@pytest.mark.parametrize("shift", [0.1, 0.25, 0.5, 1.0])
def test_the_field_of_two_planes_correlates_as_the_elevation_beam_says(shift):
    a, b = elevation_weights(0.0), elevation_weights(shift)
    overlap = sum(w * b[1][list(b[0]).index(k)] for k, w in zip(*a, strict=True) if k in b[0])
    assert overlap == pytest.approx(np.exp(-(shift**2) / (4 * 0.45**2)), abs=0.03)


def test_a_sweep_is_deterministic_and_its_mask_swells_and_shrinks():
    clip = sweep(PATIENT, NODULE, 4, frames=13, step_mm=1.0, size=64)
    again = sweep(PATIENT, NODULE, 4, frames=13, step_mm=1.0, size=64)
    assert np.array_equal(clip.images, again.images) and np.array_equal(clip.masks, again.masks)
    area = clip.masks.sum((1, 2))
    assert 4 <= area.argmax() <= 8 and area[0] < 0.6 * area.max() and area[-1] < 0.6 * area.max()
    assert np.all(np.diff(clip.y_mm) > 0)


def test_neighbours_in_a_sweep_look_alike_and_distant_frames_do_not():
    images = sweep(PATIENT, NODULE, 4, frames=9, step_mm=0.2, size=128).images.astype(float)
    fine = images - images.mean(0)

    def similar(i, j):
        return np.corrcoef(fine[i].ravel(), fine[j].ravel())[0, 1]

    assert similar(4, 5) > similar(4, 6) > similar(4, 8)


def test_bad_sweeps_are_refused():
    with pytest.raises(ParameterError, match="1 to 200"):
        sweep(PATIENT, NODULE, 0, frames=0)


def test_stiff_nodules_strain_less():
    soft, hard = (replace(NODULE, label=label, severity=u) for label, u in ((0, -1.65), (1, 1.65)))
    views = [elastogram(PATIENT, n, 0, 2, size=128) for n in (soft, hard)]
    assert views[0].facts["modulus_kpa"] < views[1].facts["modulus_kpa"]
    assert views[0].facts["strain_ratio"] < views[1].facts["strain_ratio"]
    assert views[0].rgb.shape == (128, 128, 3)


def test_stiffness_has_the_published_means():
    from thyrolearn.phantom import modalities

    for label, mean in ((0, 15.9), (1, 31.9)):
        cues = [modalities._cue(replace(NODULE, number=k, label=label), PATIENT, 0, "stiffness") for k in range(400)]
        assert np.mean(cues) == pytest.approx(0, abs=0.15) and np.std(cues) == pytest.approx(0.917, abs=0.1), mean


def test_doppler_leaves_pixels_alone_where_nothing_flows():
    view = doppler(PATIENT, NODULE, 0, 2, size=128)
    still = render(PATIENT, NODULE, 0, 2, size=128).image
    quiet = view.values == 0
    assert quiet.mean() > 0.5
    assert np.array_equal(view.rgb[quiet][:, 0], still[quiet])
    assert np.abs(view.values).max() < view.facts["nyquist_cm_s"] + 3


def test_contrast_arrives_when_it_says():
    run = contrast(PATIENT, NODULE, 3, seconds=40, rate=1, size=64)
    before = run.images[run.times < run.facts["arrival_s"] - 1]
    peak = run.images[int(run.gland.argmax())]
    assert before.mean() < 0.6 * peak.mean()
    assert run.gland.max() == pytest.approx(1.0, abs=0.05)
    with pytest.raises(ParameterError, match="5 to 120"):
        contrast(PATIENT, NODULE, 3, seconds=0)


def test_a_folder_has_a_row_and_two_pictures_a_frame_and_comes_out_the_same_twice(tmp_path):
    people = patients(2, 5)
    first, second = (write_folder(tmp_path / name, people, 5, size=64) for name in "ab")
    rows = list(csv.DictReader((first / "cases.csv").open()))
    assert len(rows) == sum(n.frames for p in people for n in p.nodules)
    for row in rows:
        for kind in ("images", "masks"):
            assert (first / kind / row["file"]).read_bytes() == (second / kind / row["file"]).read_bytes()
    assert "not for diagnosis" in (first / "card.yml").read_text()
    with pytest.raises(ParameterError, match="1 or more"):
        write_folder(tmp_path / "c", [], 0)


@pytest.mark.parametrize("wrong", [{"size": 0}, {"size": 100}, {"scanner": "Z"}])
def test_wrong_arguments_write_nothing(tmp_path, wrong):
    with pytest.raises(ParameterError):
        write_folder(tmp_path / "new", patients(1, 5), 5, **wrong)
    assert not (tmp_path / "new").exists()


def test_an_interrupted_folder_goes_on_and_another_one_is_refused(tmp_path, monkeypatch):
    people, whole = patients(1, 5), tmp_path / "whole"
    write_folder(whole, people, 5, size=64)
    save = folder._save
    monkeypatch.setattr(folder, "_save", lambda path, pixels: save(path, pixels) if "masks" in str(path) else 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_folder(tmp_path / "half", people, 5, size=64)
    monkeypatch.undo()
    assert not (tmp_path / "half" / "cases.csv").exists()
    with pytest.raises(DataError, match="other arguments"):
        write_folder(tmp_path / "half", people, 6, size=64)
    write_folder(tmp_path / "half", people, 5, size=64)
    contents = [{p.relative_to(root): p.read_bytes() for p in root.rglob("*.*")} for root in (whole, tmp_path / "half")]
    assert contents[0] == contents[1] and len(contents[0]) == 2 + 2 * sum(n.frames for n in people[0].nodules)
