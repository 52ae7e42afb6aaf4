"""The signal model against physics: speckle statistics, loss, resolution, enhancement."""

from dataclasses import replace

import numpy as np
import pytest
from phantom_factory import make_nodule, make_patient

from thyrolearn.phantom.acquisition import axial_sigma, display, envelope, lateral_sigma, round_trip_loss
from thyrolearn.phantom.rendering import render, scene
from thyrolearn.phantom.scanner import SCANNERS
from thyrolearn.seeding import stream

EXTENT = (40.0, 40.0)
ONE_LOOK = replace(SCANNERS["E"], jpeg=0)


def speckle(scanner, seed, shape=(256, 256), amplitude=1.0, points=()):
    even = np.full(shape, amplitude, np.float32)
    return envelope(even, None, list(points), EXTENT, scanner, stream(seed, "test"))


def test_one_look_speckle_is_rayleigh():
    ratios = [e.mean() / e.std() for e in (speckle(ONE_LOOK, s)[20:-20, 20:-20] for s in range(6))]
    assert np.mean(ratios) == pytest.approx(np.sqrt(np.pi / (4 - np.pi)), abs=0.03)  # 1.913


def test_compounding_raises_the_ratio_as_independent_looks_would_at_most():
    def ratio(looks):
        return np.mean([e.mean() / e.std() for e in (speckle(replace(ONE_LOOK, looks=looks), s) for s in range(3))])

    one, three, five = ratio(1), ratio(3), ratio(5)
    assert one < three < five < 1.913 * np.sqrt(5)
    assert three == pytest.approx(2.20, abs=0.12)


@pytest.mark.parametrize("name", "ABCDE")
def test_power_of_even_tissue_does_not_hang_on_the_scanner_or_the_grid(name):
    for shape in ((256, 256), (128, 192)):
        power = (speckle(replace(SCANNERS[name], looks=1), 1, shape)[20:-20, 16:-16] ** 2).mean()
        assert 10 * np.log10(power) == pytest.approx(0, abs=0.4)


def test_loss_is_proportional_to_frequency_and_depth():
    loss = np.full((400, 3), 1.0, np.float32)
    five, ten = (round_trip_loss(loss, 0.1, f, reference=0.0) for f in (5.0, 10.0))
    assert np.allclose(ten, 2 * five)
    assert ten[-1, 0] == pytest.approx(2 * 10.0 * 1.0 * 4.0)  # two ways, dB/cm/MHz, MHz, 4 cm


def test_a_cyst_of_one_centimetre_lights_up_what_lies_behind_it_by_the_law():
    f, dz = 7.5, EXTENT[0] / 256
    loss = np.full((256, 256), 0.62, np.float32)
    cyst = slice(round(10 / dz), round(20 / dz))
    loss[cyst, 96:160] = 0.12
    amplitude = 10 ** (-round_trip_loss(loss, dz, f) / 20)
    power = np.mean([envelope(amplitude, None, [], EXTENT, ONE_LOOK, stream(s, "cyst")) ** 2 for s in range(4)], axis=0)
    behind = power[2 * cyst.stop + 20 :]
    gain = 10 * np.log10(behind[:, 110:146].mean() / behind[:, 10:80].mean())
    assert gain == pytest.approx(2 * f * (0.62 - 0.12), abs=0.5)


def full_width(profile, step):
    half = profile.max() / 2
    above = np.flatnonzero(profile >= half)
    a, b = above[0], above[-1]
    left = a - (profile[a] - half) / (profile[a] - profile[a - 1])
    right = b + (profile[b] - half) / (profile[b] - profile[b + 1])
    return (right - left) * step


@pytest.mark.parametrize("depth", [8.0, 20.0, 32.0])
def test_a_point_is_as_wide_as_the_beam_and_as_long_as_the_pulse(depth):
    scanner, shape = replace(SCANNERS["B"], looks=1), (512, 512)
    image = speckle(scanner, 0, shape, amplitude=1e-6, points=[(depth / EXTENT[0], 0.5, 1.0)])
    row, column = np.unravel_index(image.argmax(), image.shape)
    wide = full_width(image[row], EXTENT[1] / shape[1])
    long = full_width(image[:, column], EXTENT[0] / (2 * shape[0]))
    assert wide == pytest.approx(2.355 * lateral_sigma(scanner, depth), rel=0.05)
    assert long == pytest.approx(2.355 * axial_sigma(scanner), rel=0.08)


def test_the_beam_is_narrowest_at_the_focus_and_follows_diffraction_there():
    a = SCANNERS["A"]
    z = np.linspace(2, 45, 200)
    assert z[np.argmin(lateral_sigma(a, z))] == pytest.approx(a.focus_mm, abs=0.3)
    assert 2.355 * lateral_sigma(a, a.focus_mm) == pytest.approx(0.88 * a.wavelength_mm * a.f_number, rel=0.02)


def test_gain_moves_grey_by_its_share_of_the_dynamic_range():
    scanner = replace(SCANNERS["A"], gamma=1.0, floor=0.0, noise_db=-200.0, haze_db=-200.0, range_db=80.0, gain_db=0.0)
    env = speckle(scanner, 3)

    def grey(gain):
        return display(env, EXTENT[0], scanner, gain, lambda name: stream(0, name))[40:-40].mean()

    assert grey(6.0) - grey(0.0) == pytest.approx(6.0 / 80.0, abs=0.002)


def test_the_mask_is_the_ellipse_that_was_asked_for_within_half_a_pixel():
    nodule = make_nodule(size_mm=14.0, roughness=0.0, ap_ratio=0.8)
    patient = make_patient(nodule)
    s = scene(patient, nodule, 0, 4, view="longitudinal", spacing_mm=(0.17, 0.17))
    frame = render(patient, nodule, 0, 4, view="longitudinal", spacing_mm=(0.17, 0.17))
    a, b = s.half[2], s.half[1]
    rho = np.hypot((s.canvas.x - s.lesion.x) / a, (s.canvas.z - s.lesion.z) / b)
    far = np.abs(rho - 1) * b > 0.5 * 0.17
    assert np.array_equal(frame.mask[far], (rho < 1)[far])


def test_behind_a_cyst_the_frame_is_brighter_than_behind_a_solid_nodule():
    frames = []
    for composition in ("cystic", "solid"):
        nodule = make_nodule(composition, size_mm=14.0)
        frames.append(render(make_patient(nodule, scanner="A"), nodule, 0, 6, view="longitudinal"))
    x0, _, x1, y1 = (int(v) for v in frames[0].box)
    behind = (slice(y1 + 6, y1 + 26), slice((3 * x0 + x1) // 4, (x0 + 3 * x1) // 4))
    cyst, solid = (f.image[behind].mean() for f in frames)
    assert cyst > solid + 10


def test_a_macrocalcification_casts_a_shadow_that_the_visible_mask_leaves_out():
    plain, stone = make_nodule(size_mm=20.0), make_nodule(size_mm=20.0, foci=("macro",))
    clear, dark = (render(make_patient(n), n, 0, 3) for n in (plain, stone))
    assert clear.visible.sum() > 0.97 * clear.mask.sum()
    assert dark.visible.sum() < dark.mask.sum()


@pytest.mark.parametrize("echo", ["hyper", "iso", "hypo", "veryhypo"])
def test_echogenicity_is_drawn_in_order(echo):
    order = ["veryhypo", "hypo", "iso", "hyper"]
    nodules = [make_nodule(echo=e) for e in order]
    grey = [f.image[f.mask].mean() for f in (render(make_patient(n), n, 0, 12) for n in nodules)]
    assert grey == sorted(grey)
