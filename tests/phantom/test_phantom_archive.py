"""The recorder of an old archive: detail and noise as its settings say, off for the five scanners."""

from dataclasses import replace

import numpy as np
import pytest
from phantom_factory import make_nodule, make_patient

from thyrolearn import phantom
from thyrolearn.phantom.acquisition import recorded
from thyrolearn.phantom.population import DEFAULT_SCANNERS, patients
from thyrolearn.phantom.scanner import ARCHIVE, SCANNERS, adjusted, get_scanner
from thyrolearn.seeding import normals, stream

F = ARCHIVE["F"]


def draw(name):
    return stream(2, "archive", name)


def test_the_five_scanners_are_not_recorded():
    page = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    for scanner in SCANNERS.values():
        assert recorded(page, 40.0, scanner, draw) is page and scanner.habits == 1
    assert "F" not in SCANNERS and "F" not in DEFAULT_SCANNERS and get_scanner("F") is F


@pytest.mark.parametrize("size", [128, 256])
def test_detail_down_the_picture_has_lost_half_its_amplitude_at_the_bandwidth_and_across_nothing(size):
    machine = replace(F, bandwidth=1.0, grain=0.0)
    wave = 0.5 + 0.3 * np.cos(2 * np.pi * 1.0 * 40 * (np.arange(size) + 0.5) / size).astype(np.float32)
    down = recorded(np.repeat(wave[:, None], size, 1), 40.0, machine, draw)
    across = recorded(np.repeat(wave[None], size, 0), 40.0, machine, draw)
    assert np.ptp(down[20:-20]) / np.ptp(wave) == pytest.approx(0.5, abs=0.02)
    assert across == pytest.approx(np.repeat(wave[None], size, 0), abs=1e-5)


def test_its_noise_has_the_grain_asked_for():
    page = np.full((256, 256), 0.5, np.float32)
    noise = recorded(page, 40.0, replace(F, bandwidth=0.0, grain=3.0), draw) - page
    assert 255 * noise.std() == pytest.approx(3.0, rel=0.03)
    assert abs(np.corrcoef(noise[1:].ravel(), noise[:-1].ravel())[0, 1]) < 0.02


def test_patients_of_an_archive_differ_less_in_their_settings():
    rows = [normals(stream(1, k), (6,)) for k in range(200)]
    spread = [np.std([np.log(adjusted(s, n).f_number) for n in rows]) for s in (SCANNERS["B"], F)]
    assert spread[1] / spread[0] == pytest.approx(F.habits, abs=0.01)


def test_the_archive_is_a_site_of_its_own_with_the_patients_of_any_other():
    people = patients(5, 3, scanners="F")
    assert {(p.scanner, p.site) for p in people} == {("F", "Fir")}
    assert [p.nodules for p in people] == [p.nodules for p in patients(5, 3)]
    nodule = make_nodule()
    frames = [phantom.render(make_patient(nodule), nodule, 0, 1, scanner=s, size=128) for s in ("B", "F", "F")]
    assert np.array_equal(frames[1].image, frames[2].image) and np.array_equal(frames[0].mask, frames[1].mask)
    assert not np.array_equal(frames[0].image, frames[1].image) and frames[1].extra["scanner"] == "F"
    assert phantom.render(make_patient(nodule), nodule, 0, 1, scanner="F", overlays="auto").extra["overlays"] == (
        "ticks",
    )
