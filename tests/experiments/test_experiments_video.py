"""Clips in the one path: the encoder they start from, who it has seen, and what comes of it."""

import numpy as np
import pytest
import torch

from thyrolearn import data, evaluation, training
from thyrolearn.errors import DataError, ParameterError
from thyrolearn.experiments import Experiment, evaluate, over_still, prepare, run, running, store, video

SMALL = {"progress": False, "device": "cpu"}
NET = {"width": 4, "join": "mean"}


@pytest.fixture(scope="module")
def cohort():
    """Eighty clips of three frames of noise; one frame of a malignant nodule, not the middle one, shows a disc."""
    rng, cases = np.random.default_rng(0), []
    disc = np.hypot(*np.mgrid[-16:16, -16:16]) < 9
    for n in range(80):
        shown = 2 * int(rng.integers(2))
        for k in range(3):
            image = rng.integers(0, 120, (32, 32)) + 90 * (n % 2) * (k == shown) * disc
            known = {"patient": f"p{n}", "label": n % 2, "boxes": ((5, 5, 27, 27),), "raw": {"frame": k}}
            cases.append(data.Case.of(image.astype(np.uint8), id=f"{n}-{k}", **known))
    return data.Cohort(cases)


def test_a_clip_tells_what_its_middle_frame_hides(cohort, tmp_path):
    experiment = Experiment("video", size=32, options=NET)
    result = run(experiment, cohort=cohort, epochs=12, batch=16, rate=5e-3, out=tmp_path, **SMALL)
    auc = result.metrics["test"]["auc"]
    assert auc.value > 0.8 and auc.n == 16 and result.task.name == "video"
    middle = cohort.filter(lambda case: case.raw["frame"] == 1)
    still = run(Experiment(size=32, options={"width": 4}), cohort=middle, epochs=12, batch=16, **SMALL)
    assert still.metrics["test"]["auc"].value < 0.75
    assert evaluate(tmp_path, cohort=cohort)["auc"].n == 80, "a row a clip"


def test_the_encoder_starts_from_frames_of_the_training_patients_only(cohort, tmp_path, monkeypatch):
    seen = {}

    def spy(experiment, part):
        seen.setdefault(experiment.task, []).append(set(part.patients))
        return prepare(experiment, part)

    monkeypatch.setattr(running, "prepare", spy)
    frozen = Experiment("video", size=32, options={**NET, "frozen": True})
    result = run(frozen, cohort=cohort, epochs=1, out=tmp_path, **SMALL)
    (frames,), (clips, test) = seen["classification"], seen["video"]
    assert frames == clips and not clips & test
    still = training.Run.load(tmp_path / "encoder").model.state_dict()
    mine = result.model.encoder.state_dict()
    assert all(torch.equal(still[name], value) for name, value in mine.items())


def test_from_scratch_there_is_no_encoder(cohort, monkeypatch):
    monkeypatch.setattr(video, "encoder", lambda *_, **__: 1 / 0)
    for model, options in (("clipnet", NET), ("convlstm", {"width": 4})):
        result = run(Experiment("video", model, method="scratch", size=32, options=options), cohort=cohort, epochs=1,
                     **SMALL)  # fmt: skip
        assert result.metrics["test"]["auc"].n == 16
    with pytest.raises(ZeroDivisionError):
        run(Experiment("video", size=32, options=NET), cohort=cohort, epochs=1, **SMALL)


def test_an_earlier_run_is_gone_on_from(cohort, tmp_path):
    experiment = Experiment("video", size=32, options=NET)
    run(experiment, cohort=cohort, epochs=8, batch=16, rate=5e-3, out=tmp_path / "first", **SMALL)
    again = run(experiment, cohort=cohort, epochs=1, rate=1e-5, start=tmp_path / "first", **SMALL)
    fresh = run(experiment, cohort=cohort, epochs=1, rate=1e-5, **SMALL)
    assert again.history[0]["loss"] < fresh.history[0]["loss"] - 0.1


def test_stills_are_no_clips():
    still = data.Cohort(data.Case.of(np.zeros((32, 32), np.uint8), patient=str(i), label=i % 2) for i in range(20))
    with pytest.raises(DataError, match="does not say which frame"):
        run(Experiment("video", size=32, options=NET), cohort=still, epochs=1, **SMALL)
    with pytest.raises(ParameterError, match="scratch"):
        Experiment("video", method="scratched")


@pytest.fixture
def few_draws(monkeypatch):
    """A tenth of the resamples: these tests ask what is compared, not how exactly."""
    full = evaluation.bootstrap
    monkeypatch.setattr(evaluation, "bootstrap", lambda *a, resamples, **k: full(*a, resamples=resamples // 10, **k))


def test_what_a_clip_is_worth_is_a_paired_difference_a_seed_and_one_for_all(cohort, tmp_path, few_draws):
    table = over_still(2, cohort=cohort, folds=4, options={"width": 4}, epochs=8, progress=False)
    rows = {(r["start"], r["metric"], r["seed"]): r for r in table if "mean of seeds" not in r["metric"]}
    assert len(rows) == 2 * (5 + 4), "five ways, four of them against the middle still"
    for (name, metric, seed), row in rows.items():
        assert row["n"] == 80 and row["low"] <= row["value"] <= row["high"]
        if metric == "auc_over_still":
            difference = rows[name, "auc", seed]["value"] - rows["middle still", "auc", seed]["value"]
            assert row["value"] == pytest.approx(difference, abs=2e-4)
    pooled = {r["start"]: r for r in table if r["metric"] == "auc_over_still, mean of seeds"}
    single = [rows["mean", "auc_over_still", seed]["value"] for seed in (0, 1)]
    assert pooled["mean"]["value"] == pytest.approx(np.mean(single), abs=2e-4)
    assert pooled["mean answer"]["low"] > 0, "the middle frame hides what another shows"
    assert len(store("clips", table, tmp_path).read_text().splitlines()) == 1 + len(table)


def test_a_share_of_the_patients_is_all_that_the_warm_start_sees(cohort, monkeypatch):
    seen = []

    def spy(experiment, part, **given):
        seen.append(set(part.patients))
        raise KeyboardInterrupt

    monkeypatch.setattr(video, "encoder", spy)
    with pytest.raises(KeyboardInterrupt):
        run(Experiment("video", size=32, options=NET, share=0.5), cohort=cohort, holdout=0, epochs=1, **SMALL)
    assert seen == [set(data.portion(cohort, 0.5).patients)] and len(seen[0]) == 40
