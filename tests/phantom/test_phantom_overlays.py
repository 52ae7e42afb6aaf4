"""Overlays change pixels where they say, and nothing else."""

import numpy as np
import pytest
from phantom_factory import make_nodule, make_patient

from thyrolearn.errors import ParameterError
from thyrolearn.phantom.overlays import OVERLAYS
from thyrolearn.phantom.rendering import render

PATIENT = make_patient(make_nodule(size_mm=16.0), scanner="D")


def frame(overlays="none"):
    return render(PATIENT, PATIENT.nodules[0], 0, 2, overlays=overlays)


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_moves_pixels_but_no_truth(name):
    plain, drawn = frame(), frame(name)
    changed = (plain.image != drawn.image).mean()
    assert 0 < changed < (1.0 if name == "jpeg" else 0.3)
    assert np.array_equal(plain.mask, drawn.mask) and plain.box == drawn.box
    assert drawn.extra["overlays"] == (name,) and "overlays" not in plain.extra


def test_calipers_mark_the_ends_of_the_nodule():
    plain, drawn = frame(), frame("calipers")
    rows, columns = np.nonzero(plain.image != drawn.image)
    x0, y0, x1, y1 = plain.box
    assert rows.min() == pytest.approx(y0, abs=4) and rows.max() == pytest.approx(y1, abs=4)
    assert columns.min() == pytest.approx(x0, abs=4) and columns.max() == pytest.approx(x1, abs=4)


def test_ticks_are_five_millimetres_apart():
    plain, drawn = frame(), frame("ticks")
    rows = np.unique(np.nonzero(plain.image != drawn.image)[0])
    assert np.diff(rows).mean() * plain.spacing_mm[0] == pytest.approx(5.0, abs=0.1)


def test_auto_draws_the_scanners_own_style_and_an_unknown_name_is_an_error():
    assert frame("auto").extra["overlays"] == ("calipers",)
    with pytest.raises(ParameterError, match="calipers, ticks"):
        frame("watermark")
