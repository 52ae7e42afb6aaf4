"""A frame's truth, its determinism, and what may and may not reach its pixels."""

from dataclasses import replace

import numpy as np
import pytest
from phantom_factory import gallery, make_nodule, make_patient

from thyrolearn.errors import ParameterError
from thyrolearn.phantom.rendering import render


@pytest.mark.parametrize("view", ["transverse", "longitudinal"])
@pytest.mark.parametrize("case", gallery(), ids=lambda case: case[0])
def test_every_descriptor_gives_a_frame_with_consistent_truth(case, view):
    _, patient, nodule = case
    frame = render(patient, nodule, 0, 5, view=view, size=128)
    assert frame.image.dtype == np.uint8 and frame.image.shape == frame.mask.shape == (128, 128)
    assert frame.mask.any() and not (frame.visible & ~frame.mask).any()
    x0, y0, x1, y1 = frame.box
    rows, columns = np.nonzero(frame.mask)
    assert (x0, y0, x1, y1) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert 20 < frame.image.mean() < 140


def test_same_arguments_same_pixels_whatever_came_before():
    patient = make_patient()
    first = render(patient, patient.nodules[0], 0, 3)
    render(make_patient(number=9), make_nodule(), 1, 8, size=128)
    again = render(patient, patient.nodules[0], 0, 3)
    assert np.array_equal(first.image, again.image) and np.array_equal(first.mask, again.mask)
    assert not np.array_equal(first.image, render(patient, patient.nodules[0], 2, 3).image)
    assert not np.array_equal(first.image, render(patient, patient.nodules[0], 0, 4).image)


@pytest.mark.parametrize(
    "change",
    [{"label": 1}, {"histotype": "PTC"}, {"severity": 1.65}, {"posterior": 0.99}, {"readers": ()}],
    ids=lambda change: next(iter(change)),
)
def test_the_label_reaches_pixels_only_by_descriptors_and_latents(change):
    for _, patient, nodule in gallery()[3:7]:
        plain = render(patient, nodule, 0, 1, size=128)
        other = render(patient, replace(nodule, **change), 0, 1, size=128)
        assert np.array_equal(plain.image, other.image) and np.array_equal(plain.mask, other.mask)


def test_drawn_diameters_are_the_recorded_ones():
    for ratio in (0.6, 0.9, 1.2):
        nodule = make_nodule(size_mm=12.0, ap_ratio=ratio)
        frame = render(make_patient(nodule), nodule, 0, 2, view="transverse")
        x0, y0, x1, y1 = frame.box
        drawn = (x1 - x0) * frame.spacing_mm[1], (y1 - y0) * frame.spacing_mm[0]
        assert drawn == pytest.approx(frame.diameters_mm[:2], abs=1.1 * max(frame.spacing_mm))
        assert frame.diameters_mm[1] / frame.diameters_mm[0] == pytest.approx(ratio)
        assert max(frame.diameters_mm) == pytest.approx(12.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"size": 0}, "64 to 1024"),
        ({"size": -256}, "64 to 1024"),
        ({"scanner": "Z"}, "A, B, C, D, E"),
        ({"view": "sagittal"}, "transverse, longitudinal"),
        ({"spacing_mm": (-0.1, 0.1)}, "0.02 to 1 mm"),
        ({"number": -1}, "0 or more"),
    ],
)
def test_bad_parameters_name_the_allowed_range(options, words):
    patient = make_patient()
    with pytest.raises(ParameterError, match=words):
        render(patient, patient.nodules[0], options.pop("number", 0), 0, **options)


def test_a_nodule_larger_than_the_neck_is_refused():
    nodule = make_nodule(size_mm=90.0)
    with pytest.raises(ParameterError, match="2 to 60"):
        render(make_patient(nodule), nodule, 0, 0)


def test_exports_are_not_hidden_by_submodules():
    import importlib
    import pkgutil

    from thyrolearn import phantom

    for module in pkgutil.iter_modules(phantom.__path__):
        importlib.import_module(f"thyrolearn.phantom.{module.name}")
        assert module.name not in phantom.__all__
    assert callable(phantom.render)
