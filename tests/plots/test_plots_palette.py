"""The palette is measured, not believed: WCAG contrast, and distance under simulated colour blindness and in grey."""

import itertools

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from thyrolearn.plots.palette import DARK, LIGHT, LIGHTBOX, SERIES

# Machado, Oliveira and Fernandes, IEEE TVCG 2009, severity 1.0, for linear RGB
DEFICIENCY = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(colour):
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    high, low = sorted((linear(c) @ [0.2126, 0.7152, 0.0722] for c in (a, b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def seen(colour, matrix):
    value = np.clip(np.array(matrix) @ linear(colour), 0, 1)
    srgb = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    return rgb2lab(srgb.reshape(1, 1, 3))[0, 0]


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_marks_stand_out_from_the_paper(colours):
    for name in ("ink", "muted"):
        assert contrast(colours[name], colours["paper"]) >= 4.5, name
    for name in SERIES:
        assert contrast(colours[name], colours["paper"]) >= 3, name


@pytest.mark.parametrize("kind", DEFICIENCY)
@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_the_first_four_series_stay_apart_without_full_colour_vision(colours, kind):
    labs = {name: seen(colours[name], DEFICIENCY[kind]) for name in SERIES[:4]}
    for a, b in itertools.combinations(labs, 2):
        assert deltaE_ciede2000(labs[a], labs[b]) > 10, (a, b)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_the_first_four_series_differ_in_grey(colours):
    grey = [linear(colours[name]) @ [0.2126, 0.7152, 0.0722] for name in SERIES[:4]]
    light = [116 * np.cbrt(y) - 16 for y in grey]
    assert min(abs(a - b) for a, b in itertools.combinations(light, 2)) > 4, light


def test_labels_on_the_lightbox_are_readable():
    for name in ("ink", "muted", "benign", "malignant", "other"):
        assert contrast(LIGHTBOX[name], LIGHTBOX["paper"]) >= 4.5, name


def test_both_themes_have_the_same_names():
    assert list(LIGHT) == list(DARK)
