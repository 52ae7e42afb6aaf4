"""What moves in a sweep: tremor, pulse and pressure as specified, in picture and truth alike, and off by default."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from phantom_factory import make_nodule, make_patient
from scipy.ndimage import center_of_mass
from skimage.registration import phase_cross_correlation

from thyrolearn.errors import ParameterError
from thyrolearn.phantom.acquisition import envelope
from thyrolearn.phantom.canvas import new_canvas
from thyrolearn.phantom.cine import sweep
from thyrolearn.phantom.motion import PULSE_HZ, bend, draw_motion, grid
from thyrolearn.phantom.scanner import SCANNERS
from thyrolearn.seeding import normals, stream

NODULE = make_nodule(size_mm=12.0, foci=("pef",))
PATIENT = make_patient(NODULE, 3)  # both vessels are well inside the frame
GOLDEN = Path(__file__).with_name("golden_sweep.npz")


def draw(name):
    return stream(5, name)


def strength(clip, name):
    return clip.extra[name].sum((1, 2)).astype(float)


@pytest.mark.parametrize("view", ["transverse", "longitudinal"])
def test_nothing_moves_by_default_and_the_pixels_are_those_of_before(view):
    patient = make_patient(NODULE)
    clip = sweep(patient, NODULE, 4, frames=3, step_mm=0.4, size=64, view=view)
    none = sweep(patient, NODULE, 4, frames=3, step_mm=0.4, size=64, view=view, tremor_mm=0, pulsation=0, pressure=0)
    assert set(clip.extra) == {"scanner", "volume_mm3"} and np.array_equal(clip.images, none.images)
    with np.load(GOLDEN) as kept:  # drawn before anything could move
        step = np.abs(clip.images.astype(int) - kept[view].astype(int))
        assert (step <= 1).mean() >= 0.999 and (clip.masks == kept[f"{view}-masks"]).mean() >= 0.999


def test_tremor_is_a_first_order_process_of_the_amplitude_asked_for():
    shift = draw_motion(draw, 20_000, 20.0, tremor_mm=0.15).shift_mm
    assert shift.std(0) == pytest.approx([0.15, 0.15], abs=0.01)
    assert abs(np.corrcoef(shift.T)[0, 1]) < 0.06
    for axis in shift.T:
        for lag in (1, 5, 10, 20):
            found = np.corrcoef(axis[lag:], axis[:-lag])[0, 1]
            assert found == pytest.approx(np.exp(-lag / 20 / 0.5), abs=0.06)


def test_picture_and_mask_move_as_the_truth_says():
    still = sweep(PATIENT, NODULE, 4, frames=5, step_mm=0.05)
    clip = sweep(PATIENT, NODULE, 4, frames=5, step_mm=0.05, tremor_mm=0.6)
    true = clip.extra["shift_mm"] / clip.spacing_mm
    assert np.ptp(true, axis=0).min() > 1.5
    middle = (slice(70, 190), slice(60, 220))
    for i, expected in enumerate(true):
        mask = np.subtract(center_of_mass(clip.masks[i]), center_of_mass(still.masks[i]))
        assert mask == pytest.approx(expected, abs=0.15)
        seen = phase_cross_correlation(still.images[i][middle], clip.images[i][middle], upsample_factor=10)[0]
        assert -seen == pytest.approx(expected, abs=0.5)


def test_the_skin_stays_at_the_probe_and_what_lies_deep_follows_the_hand():
    canvas = new_canvas((0, 0, 0, "test"), (256, 256), (40.0, 38.0), 0.0, 1)
    rows, columns = grid(canvas, np.array([0.5, -0.3])) - np.indices((256, 256))
    down, right = -rows * canvas.step[0], -columns * canvas.step[1]
    assert np.abs(down[0]).max() < 0.03 and down[80:] == pytest.approx(0.5, abs=0.01)
    assert right == pytest.approx(-0.3, abs=1e-4)


def test_the_carotid_beats_at_1_1_hz_by_the_amplitude_asked_for():
    clip = sweep(PATIENT, NODULE, 4, frames=60, step_mm=0.05, size=128, pulsation=0.04)
    time = np.arange(60) / clip.frames_per_second
    area = strength(clip, "carotid")
    area /= np.polyval(np.polyfit(time, area, 2), time)  # the vessel is not the same all along the sweep
    power = np.abs(np.fft.rfft((area - 1) * np.hanning(60), 2048)) ** 2
    found = np.fft.rfftfreq(2048, 1 / clip.frames_per_second)[power.argmax()]
    assert found == pytest.approx(PULSE_HZ, abs=0.1)
    assert np.polyfit(clip.extra["pulse"], area, 1)[0] == pytest.approx(2.0, abs=0.25)  # area goes as radius squared
    assert np.abs(clip.extra["pulse"]).max() == pytest.approx(0.04, abs=0.002)
    inside = [image[mask].mean() for image, mask in zip(clip.images, clip.extra["carotid"], strict=True)]
    around = clip.images[:, 60:90, 50:100].mean()
    assert max(inside) < 0.4 * around  # the blood stays in its mask


def test_a_beat_moves_the_neighbours_less_than_the_wall_and_loses_no_area():
    clip = sweep(PATIENT, NODULE, 4, frames=12, step_mm=0.05, size=128, pulsation=0.1)
    still = sweep(PATIENT, NODULE, 4, frames=12, step_mm=0.05, size=128)
    assert not np.array_equal(clip.masks, still.masks)  # the nodule is pushed a little
    ratio = clip.masks.sum((1, 2)) / still.masks.sum((1, 2))
    assert ratio == pytest.approx(1, abs=0.012)


def test_the_jugular_flattens_under_pressure_and_the_artery_does_not():
    clip = sweep(PATIENT, NODULE, 4, frames=24, step_mm=0.05, pressure=1.0)
    pressure = clip.extra["pressure"]
    assert pressure[0] < 0.01 and pressure[-1] < 0.01 and pressure.max() > 0.98
    height = clip.extra["jugular"].sum(1).max(1).astype(float)
    assert np.corrcoef(pressure, height)[0, 1] < -0.97
    assert height[pressure.argmax()] / height[0] == pytest.approx(0.25, abs=0.1)
    assert strength(clip, "carotid") == pytest.approx(strength(clip, "carotid")[0], rel=0.12)
    depth = [center_of_mass(mask)[0] * clip.spacing_mm[0] for mask in clip.masks]
    assert depth[0] - depth[pressure.argmax()] == pytest.approx(0.85, abs=0.2)  # the nodule comes nearer


def test_movements_have_streams_of_their_own():
    alone = draw_motion(draw, 30, 20.0, tremor_mm=0.15)
    joined = draw_motion(draw, 30, 20.0, tremor_mm=0.15, pulsation=0.04, pressure=0.5)
    assert np.array_equal(alone.shift_mm, joined.shift_mm) and not alone.pulse.any() and not alone.pressure.any()
    longitudinal = sweep(PATIENT, NODULE, 4, frames=2, size=64, view="longitudinal", tremor_mm=0.15, pressure=0.5)
    assert "carotid" not in longitudinal.extra


@pytest.mark.parametrize("part", [0.25, 0.5, 0.8])
def test_bent_scatterers_keep_their_strength_and_their_law(part):
    """One look at uniform tissue: mean over standard deviation 1.91 (Rayleigh), whatever the shift within a pixel."""
    noise, flat = normals(stream(1, "bent"), (2, 512, 256)), np.ones((256, 256), np.float32)
    where = np.indices((256, 256), np.float64) + part
    scanner = replace(SCANNERS["A"], looks=1)
    straight, moved = (
        envelope(flat, None, [], (40, 38), scanner, stream(1, "x"), n) for n in (noise, bend(noise, where))
    )
    inner = (slice(40, -40), slice(20, -20))
    assert (moved[inner] ** 2).mean() == pytest.approx((straight[inner] ** 2).mean(), rel=0.03)
    assert moved[inner].mean() / moved[inner].std() == pytest.approx(1.913, abs=0.05)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tremor_mm": -0.1}, "0 to 1"),
        ({"pulsation": 0.5}, "0 to 0.2"),
        ({"pressure": float("nan")}, "0 to 1"),
        ({"pulsation": 0.04, "view": "longitudinal"}, "transverse"),
    ],
)
def test_wrong_movements_are_refused_with_the_range(wrong, words):
    with pytest.raises(ParameterError, match=words):
        sweep(PATIENT, NODULE, 4, frames=1, size=64, **wrong)
