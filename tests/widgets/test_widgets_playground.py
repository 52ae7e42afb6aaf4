"""The playground obeys the physics it shows, leaves the truth alone, and can be used without mouse or sight."""

import base64
import io
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from thyrolearn.errors import ParameterError
from thyrolearn.phantom import SCANNERS, posterior, render
from thyrolearn.tirads import Descriptors
from thyrolearn.widgets import Playground, playground_frame, specimen
from thyrolearn.widgets.playground import RANGES

SEEDS = (3, 9, 16)


def grey(frame, low_mm, high_mm):
    """Mean grey between two depths."""
    depth = (np.arange(frame.shape[0]) + 0.5) * frame.spacing_mm[0]
    return float(frame.image[(depth >= low_mm) & (depth < high_mm)].mean())


def behind(frame, height_mm=6.0):
    """Mean grey under the middle half of the nodule."""
    rows, columns = np.nonzero(frame.mask)
    left, right = np.quantile(columns, [0.25, 0.75]).astype(int)
    first = rows.max() + 4
    return float(frame.image[first : first + int(height_mm / frame.spacing_mm[0]), left:right].mean())


def grain(frame):
    """Correlation three pixels apart across the beam in the nodule: the wider the speckle, the larger."""
    rows, columns = np.nonzero(frame.mask)
    part = frame.image[rows.min() : rows.max(), columns.min() : columns.max()].astype(float)
    part = part - part.mean(axis=1, keepdims=True)
    return float((part[:, 3:] * part[:, :-3]).mean() / part.var())


# The knobs


@pytest.mark.parametrize("seed", SEEDS)
def test_more_gain_is_brighter_and_changes_nothing_else(seed):
    frames = [playground_frame(gain_db=gain, seed=seed) for gain in (-10, 0, 10)]
    means = [frame.image.mean() for frame in frames]
    assert means[0] < means[1] - 10 and means[1] < means[2] - 10
    assert all((frame.mask == frames[1].mask).all() for frame in frames)
    assert len({frame.nodule.truth for frame in frames}) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_higher_frequency_loses_more_on_the_way_down(seed):
    low, high = (playground_frame(frequency_mhz=frequency, seed=seed) for frequency in (5, 14))
    kept = [grey(frame, 27, 35) / grey(frame, 10, 18) for frame in (low, high)]
    assert kept[0] > kept[1] + 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_a_higher_frequency_has_finer_speckle(seed):
    coarse, fine = (grain(playground_frame(frequency_mhz=f, seed=seed)) for f in (5, 14))
    assert coarse > fine + 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_the_beam_is_narrow_at_the_focus(seed):
    near, there = (grain(playground_frame(focus_mm=f, seed=seed)) for f in (5, 16))
    assert near > there


@pytest.mark.parametrize("seed", SEEDS)
def test_a_narrow_dynamic_range_has_more_black_and_more_contrast(seed):
    narrow, wide = (playground_frame(dynamic_range_db=db, seed=seed).image.astype(float) for db in (35, 85))
    assert narrow.std() > wide.std() and (narrow < 15).mean() > (wide < 15).mean() + 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cyst_is_black_with_enhancement_behind(seed):
    solid, cyst = (playground_frame(composition=word, seed=seed) for word in ("solid", "cystic"))
    assert (solid.mask == cyst.mask).all()
    assert cyst.image[cyst.mask].mean() < 0.4 * solid.image[solid.mask].mean()
    assert behind(cyst) > behind(solid) + 15


@pytest.mark.parametrize("seed", SEEDS)
def test_a_coarse_calcification_throws_a_shadow_and_punctate_foci_do_not(seed):
    bare, macro, fine = (playground_frame(foci=word, seed=seed) for word in ("none", "macro", "pef"))
    shade = bare.image.astype(int) - macro.image
    assert (shade > 60).sum() > 200 and (bare.image.astype(int) - fine.image > 60).sum() < 50
    assert macro.visible.sum() <= bare.visible.sum()
    assert len(fine.extra["foci_mm"]) >= 4 and not bare.extra["foci_mm"]


def test_calipers_are_burnt_in_only_when_asked():
    plain, marked = playground_frame(), playground_frame(shortcut=True)
    changed = plain.image != marked.image
    assert 20 < changed.sum() < 0.02 * plain.image.size and set(np.unique(marked.image[changed])) <= {200, 235}
    assert marked.extra["overlays"] == ("calipers",) and "overlays" not in plain.extra
    assert (plain.mask == marked.mask).all()


@pytest.mark.parametrize("name", sorted(SCANNERS))
def test_without_knobs_it_is_the_preset_itself(name):
    patient, nodule = specimen(Descriptors("solid", "hypo", "wider", "smooth"))
    wanted = render(patient, nodule, 0, 3, scanner=SCANNERS[name], size=128)
    assert (playground_frame(scanner=name, size=128).image == wanted.image).all()


@pytest.mark.parametrize("name", sorted(RANGES))
def test_a_knob_out_of_range_is_refused_with_its_range(name):
    low, high = RANGES[name]
    for value in (low - 1, high + 1, float("nan")):
        with pytest.raises(ParameterError, match=f"Give {low:g} to {high:g}"):
            playground_frame(**{name: value})
    assert playground_frame(**{name: low}, size=64).shape == (64, 64)
    assert playground_frame(**{name: high}, size=64).shape == (64, 64)


@pytest.mark.parametrize(
    "wrong", [{"scanner": "Z"}, {"composition": "jelly"}, {"foci": "dots"}, {"composition": "cystic", "foci": "pef"},
              {"composition": "undetermined"}]
)  # fmt: skip
def test_what_cannot_be_painted_is_refused(wrong):
    with pytest.raises(ParameterError):
        playground_frame(**wrong)


# The specimen


def test_two_specimens_differ_in_one_word_only():
    base = {"composition": "solid", "echogenicity": "hypo", "shape": "wider", "margin": "smooth"}
    (_, bare), (_, tall) = (specimen(Descriptors(**base | change)) for change in ({}, {"shape": "taller"}))
    assert bare.latents.ap_ratio < 1 < tall.latents.ap_ratio
    same = [name for name in vars(bare.latents) if getattr(bare.latents, name) == getattr(tall.latents, name)]
    assert len(same) == len(vars(bare.latents)) - 1
    assert (bare.size_mm, bare.halo, bare.label) == (tall.size_mm, tall.halo, tall.label)
    assert tall.posterior == posterior(tall.truth) > bare.posterior


def test_a_specimen_is_shown_as_its_words_say():
    patient, tall = specimen(Descriptors("solid", "hypo", "taller", "smooth"))
    across, deep, _ = render(patient, tall, 0, 3).diameters_mm
    assert deep > across


# The face


def figure(app):
    return ET.fromstring(f"<x>{app.output.value}</x>")  # well formed, or this raises


def test_the_first_picture_is_there_before_anything_is_moved():
    app = Playground(size=64)
    image = figure(app).find(".//img")
    data = base64.b64decode(image.get("src").partition(",")[2])
    assert Image.open(io.BytesIO(data)).size[1] == 420
    assert "Synthetic" in image.get("alt") and "10.0 MHz" in image.get("alt") and "solid" in image.get("alt")
    said = "".join(figure(app).find(".//figcaption").itertext())
    assert "Synthetic image" in said and "not for diagnosis" in said


def test_every_control_is_labelled_and_changes_the_picture():
    app = Playground(size=64)
    moves = {"frequency_mhz": 6.0, "focus_mm": 30.0, "gain_db": 8.0, "dynamic_range_db": 40.0}
    moves |= {"composition": "mixed", "foci": "macro", "scanner": "D"}
    for control, (name, value) in zip(app.controls(), moves.items(), strict=False):
        before = app.output.value
        control.value = value
        assert control.description and app.settings()[name] == value and app.output.value != before
    before = app.output.value
    app.shortcut.value = True
    assert app.output.value != before and len(app.controls()) == len(moves) + 1


def test_another_scanner_brings_its_own_settings():
    app = Playground(size=64)
    app.choices["scanner"].value = "C"
    row = SCANNERS["C"]
    assert app.settings()["frequency_mhz"] == row.frequency and app.settings()["dynamic_range_db"] == row.range_db
    assert "scanner C, 5.5 MHz" in app.output.value


def test_what_cannot_be_painted_is_said_in_place_of_the_picture():
    app = Playground(size=64)
    app.choices["foci"].value = "pef"
    app.choices["composition"].value = "cystic"
    assert figure(app).find(".//*[@role='alert']") is not None and "<img" not in app.output.value
    app.choices["foci"].value = "none"
    assert "<img" in app.output.value


def test_the_presets_lie_within_the_ranges():
    for row in SCANNERS.values():
        for name, value in zip(RANGES, (row.frequency, row.focus_mm, 0, row.range_db), strict=True):
            assert RANGES[name][0] <= value <= RANGES[name][1], (row.name, name)


def test_the_room_loads_ipywidgets_only_when_used():
    code = "import sys, thyrolearn.widgets; print('ipywidgets' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
