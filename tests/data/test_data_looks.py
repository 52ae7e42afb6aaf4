"""The simplest generator and translator against numpy, and a nodule under another scanner against the phantom."""

import numpy as np
import pytest
import torch

from thyrolearn import data
from thyrolearn.data import phantom as recipes
from thyrolearn.data.phantom import Part, Recipe, render_case
from thyrolearn.errors import DataError, ParameterError, SettingsError
from thyrolearn.phantom import patients, render


def test_gaussian_pictures_have_mean_and_covariance():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(9, 9)) * 6
    source = (128 + rng.normal(size=(400, 9)) @ root).clip(0, 255).astype(np.uint8).reshape(400, 1, 3, 3)
    drawn = data.gaussian_pictures(torch.from_numpy(source), 20000, seed=1).flatten(1).numpy().astype(float)
    source = source.reshape(400, 9).astype(float)
    np.testing.assert_allclose(drawn.mean(axis=0), source.mean(axis=0), atol=0.8)
    spread = np.sqrt(np.outer(source.var(axis=0), source.var(axis=0)))
    np.testing.assert_allclose(np.cov(drawn.T) / spread, np.cov(source.T) / spread, atol=0.05)
    with pytest.raises(ParameterError, match="no covariance"):
        data.gaussian_pictures(torch.zeros(1, 1, 3, 3, dtype=torch.uint8), 4)


def test_grey_table_gives_the_other_histogram_and_keeps_the_order():
    rng = np.random.default_rng(1)
    source, target = rng.gamma(3, 15, (40, 1, 16, 16)), rng.normal(150, 30, (30, 1, 16, 16))
    source, target = (torch.from_numpy(x.clip(0, 255).astype(np.uint8)) for x in (source, target))
    table = data.grey_table(source, target)
    assert table.dtype == torch.uint8 and (np.diff(table.numpy().astype(int)) >= 0).all()
    moved = table[source.long()].numpy()
    at = [5, 25, 50, 75, 95]
    np.testing.assert_allclose(np.percentile(moved, at), np.percentile(target.numpy(), at), atol=3)


@pytest.fixture
def case(monkeypatch):
    recipe = Recipe("for tests", (Part("main", 4, {"A": 1.0}),), size=64, seed=11, prevalence=0.4)
    monkeypatch.setitem(recipes.COHORTS, "tiny", recipe)
    patient = patients(3, 11, scanners="A", prevalence=0.4)[2]
    return render_case("main", patient, patient.nodules[-1], 1, recipe)


def test_rescan_is_what_the_other_scanner_shows(case):
    cohort = data.Cohort([case])
    same, other = (data.rescan(cohort, name, "tiny")[0] for name in ("A", "C"))
    assert (same.image == case.image).all() and same.site == case.site
    patient = patients(3, 11, scanners="A", prevalence=0.4)[2]
    frame = render(patient, patient.nodules[-1], 1, 11, scanner="C", size=64)
    assert (other.image == frame.image).all() and (other.mask == frame.mask).all()
    assert (other.scanner, other.site, other.id, other.label) == ("C", "Cedar", case.id, case.label)


def test_rescan_refuses_what_it_cannot_know(case):
    with pytest.raises(DataError, match="scanned again"):
        data.rescan(data.Cohort([case.with_(source="elsewhere")]), "C", "tiny")
    with pytest.raises(ParameterError, match="Scanner"):
        data.rescan(data.Cohort([case]), "Q", "tiny")
    with pytest.raises(SettingsError, match="no cohort"):
        data.rescan(data.Cohort([case]), "C", "nowhere")
