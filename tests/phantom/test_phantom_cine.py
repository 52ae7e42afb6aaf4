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
from thyrolearn.phantom.perfusion import bolus, cue, time_intensity
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
    for label, mean in ((0, 15.9), (1, 31.9)):
        cues = [cue(replace(NODULE, number=k, label=label), PATIENT, 0, "stiffness") for k in range(400)]
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


def test_curves_are_those_of_the_images_and_breathing_and_speckle_are_all_that_is_added():
    """Averaged over patients, what an outline measures is the law; in a large nodule it is near it each time."""
    people = patients(150, 3)
    pairs = [(p, n) for p in people for n in p.nodules if n.size_mm > 12]
    errors = []
    for patient, nodule in pairs:
        true, seen = bolus(patient, nodule, 3), time_intensity(patient, nodule, 3)
        gain = 10 ** (patient.gain_db / 20)
        errors.append(seen.gland / gain - true.gland)
        assert np.abs(seen.lesion / gain - true.lesion)[true.times < 5].max() < 0.06
    mean, spread = np.mean(errors, axis=0), np.std(errors, axis=0)
    assert np.abs(mean - 0.035).max() < 0.02 and 0.04 < spread.max() < 0.12
    run = contrast(*pairs[0], 3, size=64)
    assert np.allclose(run.lesion, bolus(*pairs[0], 3).lesion)


def test_a_cancer_fills_later_and_less_and_the_cues_share_its_severity():
    pairs = [(p, n) for p in patients(900, 4) for n in p.nodules]
    facts = [bolus(p, n, 4).facts for p, n in pairs]
    label, severity = (np.array([getattr(n, name) for _, n in pairs]) for name in ("label", "severity"))
    delay, peak = (np.array([f[name] for f in facts]) for name in ("delay_s", "peak_ratio"))
    assert delay[label == 1].mean() - delay[label == 0].mean() == pytest.approx(1.86, abs=0.5)
    assert np.log(peak)[label == 1].mean() - np.log(peak)[label == 0].mean() == pytest.approx(-0.35, abs=0.08)
    inside = label == 0
    assert np.corrcoef(delay[inside], severity[inside])[0, 1] == pytest.approx(0.4, abs=0.1)


def test_a_coarse_sweep_passes_the_anatomy_of_a_fine_one():
    fine = sweep(PATIENT, NODULE, 4, frames=13, step_mm=1.0, size=64)
    coarse = sweep(PATIENT, NODULE, 4, frames=7, step_mm=2.0, size=64)
    assert fine.spacing_mm == coarse.spacing_mm
    shape = np.interp(coarse.y_mm, fine.y_mm, fine.masks.sum((1, 2)))
    inside = np.abs(coarse.y_mm) < 5
    assert coarse.masks.sum((1, 2))[inside] == pytest.approx(shape[inside], rel=0.15)


def test_a_sweep_without_a_step_crosses_the_nodule():
    clip = sweep(PATIENT, NODULE, 4, frames=8, step_mm=None, size=64)
    area = clip.masks.sum((1, 2)) * np.prod(clip.spacing_mm)
    volume = area.sum() * np.diff(clip.y_mm).mean()
    assert volume == pytest.approx(clip.extra["volume_mm3"], rel=0.15)


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
