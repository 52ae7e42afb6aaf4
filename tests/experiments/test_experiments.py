"""The one path from a cohort to a judged run, on a small cohort of our own making and on real frames."""

import csv
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from thyrolearn import data, seeding
from thyrolearn.errors import DataError, ParameterError
from thyrolearn.experiments import (
    Experiment,
    cross_validate,
    evaluate,
    folds_of,
    outdated,
    prepare,
    rows,
    run,
    starts,
    store,
)

SMALL = {"progress": False, "device": "cpu"}


@pytest.fixture(scope="module")
def cohort():
    """Speckle with a dark disc; the malignant ones are larger. Two frames a patient."""
    cases = []
    for n in range(96):
        rng = seeding.stream(0, "experiments", n)
        label = (n // 2) % 2
        z, x = np.mgrid[:48, :64]
        mask = (z - 24 - rng.integers(-6, 7)) ** 2 + (x - 32 - rng.integers(-8, 9)) ** 2 < (14 if label else 7) ** 2
        frame = (rng.rayleigh(70, mask.shape) * np.where(mask, 0.4, 1)).clip(0, 255).astype(np.uint8)
        found = np.argwhere(mask)
        (top, left), (bottom, right) = found.min(0), found.max(0) + 1
        box = tuple(float(v) for v in (left, top, right, bottom))
        cases.append(data.Case.of(frame, mask, id=f"c{n}", patient=f"p{n // 2}", label=label, boxes=(box,)))
    return data.Cohort(cases)


def test_classification_is_learned_and_filed(cohort, tmp_path):
    given = {"cohort": cohort, "epochs": 30, "batch": 16, "out": tmp_path, **SMALL}
    result = run(Experiment(size=32, options={"width": 8}), **given)
    auc = result.metrics["test"]["auc"]
    assert auc.value > 0.8 and 16 <= auc.n <= 24
    known = json.loads((tmp_path / "experiment.json").read_text())
    assert known["experiment"]["model"] == "resnet" and known["cohort"] == cohort.fingerprint
    assert {"commit", "sim_version", "machine", "version"} <= set(known)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"weights.safetensors", "run.json", "predictions.npz", "experiment.json"} <= names
    again = run(Experiment(size=32, options={"width": 8}), **given)  # finished: only judged again
    assert again.metrics == result.metrics


def test_test_patients_are_not_trained_on(cohort, monkeypatch):
    from thyrolearn import experiments

    seen = []

    def spy(experiment, part):
        seen.append(set(part.patients))
        return prepare(experiment, part)

    monkeypatch.setattr(experiments.running, "prepare", spy)
    run(Experiment(size=16, model="linear"), cohort=cohort, epochs=1, **SMALL)
    training, test = seen
    assert training and test and not training & test


def test_settings_are_chosen_on_patients_that_are_neither_trained_on_nor_tested(cohort):
    from thyrolearn import data

    parts = data.split(cohort, (0.6, 0.2, 0.2))
    tiny = Experiment(size=16, model="linear")
    chosen = run(tiny, cohort=cohort, epochs=1, judge="validation", **SMALL)
    assert list(chosen.metrics) == ["validation"]
    assert len(chosen.predictions["validation"]) == len(parts.validation)
    assert chosen.settings["cases"] == len(parts.train)
    with pytest.raises(ParameterError, match="Give test or validation"):
        run(tiny, cohort=cohort, epochs=1, judge="train", **SMALL)


def test_more_can_be_measured_of_a_run(cohort):
    def halved(found, batches):
        assert len(found.predictions["test"]) == len(batches)
        return {"half": replace(found.metrics["test"]["auc"], value=found.metrics["test"]["auc"].value / 2)}

    table = rows([Experiment(size=16, model="linear")], 1, cohort=cohort, epochs=1, also=halved, **SMALL)
    value = {row["metric"]: row["value"] for row in table}
    assert value["half"] == pytest.approx(value["auc"] / 2, abs=1e-4)


def test_rows_tell_rates_and_the_judged_apart(cohort, tmp_path):
    for rate, judge in ((1e-2, "test"), (1e-3, "test"), (1e-3, "validation")):
        table = rows([Experiment(size=16, model="linear")], 1, cohort=cohort, epochs=2, rate=rate, judge=judge, **SMALL)
        path = store("rates", table, tmp_path)
    with path.open() as file:
        stored = {(r["judged"], r["rate"], r["batch"], r["epochs"]) for r in csv.DictReader(file)}
    assert stored == {("test", "0.01", "64", "2"), ("test", "0.001", "64", "2"), ("validation", "0.001", "64", "2")}
    old = {k: v for k, v in table[0].items() if k not in ("rate", "judged")} | {"model": "lenet"}
    with store("rates", [old], tmp_path).open() as file:  # a table from before these columns keeps its place
        assert sorted((r["model"], r["rate"]) for r in csv.DictReader(file))[0] == ("lenet", "")


def test_segmentation_goes_to_evaluate(cohort, tmp_path):
    experiment = Experiment("segmentation", size=(48, 64), options={"width": 8})
    result = run(experiment, cohort=cohort, epochs=8, rate=5e-3, out=tmp_path, **SMALL)
    assert result.metrics["test"]["dice"].value > 0.7
    elsewhere = evaluate(tmp_path, cohort=cohort)
    assert elsewhere["dice"].n == len(cohort) and elsewhere["dice"].value > 0.7


def test_warm_start_begins_where_the_other_ended(cohort, tmp_path):
    experiment = Experiment(size=32, options={"width": 8})
    run(experiment, cohort=cohort, epochs=8, batch=16, out=tmp_path / "first", **SMALL)
    cold = run(experiment, cohort=cohort, epochs=1, rate=1e-4, **SMALL)
    warm = run(experiment, cohort=cohort, epochs=1, rate=1e-4, start=tmp_path / "first", **SMALL)
    assert warm.history[0]["loss"] < cold.history[0]["loss"] - 0.1
    with pytest.raises(ParameterError, match="another start"):  # never a finished run under a new name
        given = {"cohort": cohort, "epochs": 8, "batch": 16, "start": tmp_path / "first", **SMALL}
        run(experiment, out=tmp_path / "first", **given)
    with pytest.raises(DataError, match="another network"):
        run(Experiment(size=32, model="lenet"), cohort=cohort, epochs=1, start=tmp_path / "first", **SMALL)


def test_each_patient_is_tested_once_and_folds_judge_together(cohort, tmp_path):
    experiment = Experiment(size=16, model="linear")
    metrics = cross_validate(experiment, folds=4, cohort=cohort, epochs=4, rate=3e-2, out=tmp_path, **SMALL)
    assert metrics["auc"].n == len(cohort)
    runs = [json.loads((tmp_path / f"fold{k}" / "run.json").read_text()) for k in range(1, 5)]
    assert sum(r["metrics"]["test"]["auc"]["n"] for r in runs) == len(cohort)
    assert sum(len(cohort) - r["settings"]["cases"] for r in runs) == len(cohort)
    assert evaluate(tmp_path, cohort=cohort)["auc"].value >= metrics["auc"].value - 0.05


def test_rows_are_stored_and_replaced(cohort, tmp_path):
    table = rows([Experiment(size=16, model=m) for m in ("linear", "lenet")], seeds=2, cohort=cohort, epochs=1, **SMALL)
    assert [(r["model"], r["seed"]) for r in table] == [("linear", 0), ("linear", 1), ("lenet", 0), ("lenet", 1)]
    assert all(r["low"] <= r["value"] <= r["high"] and r["parameters"] > 0 for r in table)
    path = store("families", table, tmp_path)
    store("families", [table[0] | {"value": 0.123}], tmp_path)
    with path.open() as file:
        stored = list(csv.DictReader(file))
    assert len(stored) == 4 and sum(r["value"] == "0.123" for r in stored) == 1
    newer = [row | {"sim_version": "99"} for row in table[:1]]
    with store("families", newer, tmp_path).open() as file:
        assert [r["sim_version"] for r in csv.DictReader(file)] == ["99"]


def test_a_share_of_the_training_patients_is_an_experiment_of_its_own(cohort, tmp_path):
    small = Experiment(size=16, model="linear", share=0.25)
    given = {"seeds": 1, "cohort": cohort, "epochs": 1, **SMALL}
    whole, quarter = rows([replace(small, share=1.0)], **given), rows([small], **given)
    assert quarter[0]["n"] == whole[0]["n"] and quarter[0]["cases"] == pytest.approx(whole[0]["cases"] / 4, abs=2)
    store("sizes", [{k: v for k, v in whole[0].items() if k != "share"}], tmp_path)  # as rows were before
    with store("sizes", quarter + whole, tmp_path).open() as file:
        assert sorted(row["share"] for row in csv.DictReader(file)) == ["0.25", "1.0"]
    with pytest.raises(ParameterError, match="no share"):
        Experiment(share=0.0)


def test_a_folder_from_before_there_were_shares_is_known_again(cohort, tmp_path):
    experiment, given = Experiment(size=16, model="linear"), {"cohort": cohort, "epochs": 1, "out": tmp_path, **SMALL}
    first = run(experiment, **given)
    record = json.loads((tmp_path / "experiment.json").read_text())
    del record["experiment"]["share"]
    (tmp_path / "experiment.json").write_text(json.dumps(record))
    assert run(experiment, **given).metrics == first.metrics
    with pytest.raises(ParameterError, match="another experiment"):
        run(replace(experiment, share=0.5), **given)


def test_stored_results_speak_of_the_present_simulator(tmp_path):
    (tmp_path / "old.csv").write_text("task,sim_version\nclassification,0.1\n")
    assert len(outdated(tmp_path)) == 1 and "line 2" in outdated(tmp_path)[0]
    assert outdated() == []


def test_outlines_are_learned_by_the_recipe_on_the_phantoms_whole_frames(monkeypatch):
    from thyrolearn import training

    asked = {}

    def load(settings, **given):
        asked.update(given)
        return COHORT

    def fit(model, task, batches, **given):
        asked.update(given, task=task.name)
        raise KeyboardInterrupt

    tiny = data.Case.of(np.full((32, 48), 60, np.uint8), boxes=((9.0, 9.0, 20.0, 20.0),))
    COHORT = data.Cohort(tiny.with_(id=str(i), patient=str(i)) for i in range(10))
    monkeypatch.setattr(data, "load", load)
    monkeypatch.setattr(training, "fit", fit)
    with pytest.raises(KeyboardInterrupt):
        run(Experiment("segmentation", size=(32, 48)))
    assert asked["name"] == "frames" and asked["epochs"] * 8 == 40_000 and asked["rate"] == 1e-2
    with pytest.raises(KeyboardInterrupt):
        run(Experiment("segmentation", data="ddti", size=(32, 48)), holdout=0, rate=1e-4)
    assert asked["epochs"] * 10 == 16_000 and asked["rate"] == 1e-4  # what is asked for wins


def test_what_a_start_is_worth_is_measured_on_the_same_folds(cohort, tmp_path):
    experiment = Experiment("segmentation", size=(48, 64))
    run(experiment, cohort=cohort, holdout=0, epochs=6, out=tmp_path / "before", **SMALL)
    given = {"cohort": cohort[:48], "seeds": 2, "folds": 3, "epochs": 1, "out": tmp_path / "folds", **SMALL}
    table = starts(experiment, tmp_path / "before", **given)
    kinds = [(row["start"], row["seed"], row["fold"]) for row in table]
    assert len(kinds) == 2 * (2 * 4 + 1) + 2 and kinds.count(("scratch", 1, 0)) == 1
    value = {(row["start"], row["seed"], row["metric"]): row["value"] for row in table if row["fold"] == 0}
    for seed in (0, 1):
        difference = value["phantom", seed, "dice"] - value["scratch", seed, "dice"]
        assert value["phantom - scratch", seed, "dice"] == pytest.approx(difference, abs=2e-4)
        assert difference > 0.05  # one pass from nothing against one more
    gain = next(row for row in table if row["metric"] == "dice, mean of seeds")
    assert gain["low"] > 0 and gain["n"] == 48
    assert starts(experiment, tmp_path / "before", **given) == table  # nothing is trained again
    stored = store("starts", table, tmp_path).read_text()
    assert stored.count("\n") == len(table) + 1 and store("starts", table, tmp_path).read_text() == stored


def test_few_frames_are_judged_in_folds():
    assert folds_of(Experiment("detection", data="tn3k")) == 5
    assert folds_of(Experiment("segmentation", data="ddti"), budgeted=True) == 0
    assert folds_of(Experiment("segmentation")) is folds_of(Experiment(data="ddti")) is None


def test_wrong_experiments_are_met_with_the_right_ones():
    for wrong in ({"task": "poetry"}, {"method": "magic"}, {"tier": "huge"}):
        with pytest.raises(ParameterError, match="There are"):
            Experiment(**wrong)
    with pytest.raises(DataError, match="finished run"):
        evaluate(Path("nowhere"))


@pytest.mark.real
@pytest.mark.slow
def test_real_frames(tmp_path):
    root = os.environ.get("THYROLEARN_REAL")
    if not root:
        pytest.skip("THYROLEARN_REAL is not set: no real frames here")
    experiment = Experiment("segmentation", data="ddti", size=(64, 96), options={"width": 8})
    result = run(experiment, root=Path(root) / "DDTI", cpu_seconds=10, out=tmp_path, **SMALL)
    dice = result.metrics["test"]["dice"]
    assert dice.n >= 40 and dice.value > 0.25 and dice.high - dice.low < 0.3
