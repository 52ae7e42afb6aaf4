"""A whole network and its parts: the paired rows are those of the runs themselves."""

from dataclasses import replace

import numpy as np
import pytest

from thyrolearn import data, evaluation, seeding
from thyrolearn.experiments import Experiment, halves, prepare, run, store

PARTS = {"wide": {"width": 8}, "narrow": {"width": 4}}
BRIEF = {"epochs": 2, "batch": 8}


@pytest.fixture(scope="module")
def cohort():
    """Speckle with a dark disc; the malignant ones are larger. Two frames a patient."""
    cases = []
    for n in range(60):
        rng = seeding.stream(0, "halves", n)
        z, x = np.mgrid[:32, :48]
        mask = (z - 16) ** 2 + (x - rng.integers(18, 30)) ** 2 < (11 if n // 2 % 2 else 6) ** 2
        frame = (rng.rayleigh(70, mask.shape) * np.where(mask, 0.4, 1)).clip(0, 255).astype(np.uint8)
        found = np.argwhere(mask)
        (top, left), (bottom, right) = found.min(0), found.max(0) + 1
        box = tuple(float(v) for v in (left, top, right, bottom))
        cases.append(data.Case.of(frame, mask, id=f"c{n}", patient=f"p{n // 2}", label=n // 2 % 2, boxes=(box,)))
    return data.Cohort(cases)


def by(table, start, metric, seed=0):
    (row,) = [r for r in table if (r["start"], r["metric"], r["seed"]) == (start, metric, seed)]
    return row["value"], row["low"], row["high"]


def rounded(estimate):
    return tuple(round(v, 4) for v in (estimate.value, estimate.low, estimate.high))


def test_a_pair_is_the_difference_of_two_runs_on_the_same_patients(cohort):
    experiment, rates = Experiment(size=16), {"wide": 3e-3, "narrow": 1e-3}
    table = halves(experiment, PARTS, seeds=2, rates=rates, cohort=cohort, progress=False, **BRIEF)
    test = prepare(experiment, data.split(cohort).test)
    labels, found = test.labels.numpy().astype(int), {}
    for name, options in PARTS.items():
        for seed in (0, 1):
            mine = replace(experiment, seed=seed, options=options)
            alone = run(mine, cohort=cohort, rate=rates[name], progress=False, **BRIEF)
            found[name, seed] = alone.predictions["test"]
            assert by(table, name, "auc", seed) == rounded(alone.metrics["test"]["auc"])
    gain = evaluation.auc_difference(labels, found["wide", 1], found["narrow", 1], groups=test.groups)
    assert by(table, "wide - narrow", "auc", 1) == rounded(gain)
    means = [np.mean([found[name, seed] for seed in (0, 1)], axis=0) for name in PARTS]
    gain = evaluation.auc_difference(labels, *means, groups=test.groups)
    assert by(table, "wide - narrow", "auc, mean of seeds") == rounded(gain)
    assert {row["rate"] for row in table if row["start"] == "narrow" and row["metric"] == "auc"} == {1e-3}


def test_outlines_are_paired_frame_by_frame_and_stored(cohort, tmp_path):
    experiment, parts = (
        Experiment("segmentation", "transunet", size=(32, 48)),
        {"with": {"depth": 1}, "without": {"depth": 0}},
    )
    table = halves(experiment, parts, seeds=1, cohort=cohort, progress=False, epochs=1)
    gap = by(table, "with", "dice")[0] - by(table, "without", "dice")[0]
    assert by(table, "with - without", "dice")[0] == pytest.approx(gap, abs=2e-4)
    assert by(table, "with - without", "dice, mean of seeds") == by(table, "with - without", "dice")
    text = store("demo", table, tmp_path).read_text()
    assert text.count("\n") == 1 + len(table)
