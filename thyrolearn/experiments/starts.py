"""What a warm start from the phantom is worth on real frames: the same folds from scratch and from its weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.experiments.experiment import Experiment, columns, ends, prepare
from thyrolearn.experiments.origin import origin
from thyrolearn.experiments.running import evaluate, load_cohort, pooled

if TYPE_CHECKING:
    from thyrolearn.data import Batches, Cohort
    from thyrolearn.evaluation import Estimate

__all__ = ["starts"]

Row = dict[str, Any]


def starts(
    experiment: Experiment,
    phantom: Path | str,
    out: Path | str,
    *,
    seeds: int = 2,
    folds: int = 5,
    root: Path | str | None = None,
    cohort: Cohort | None = None,
    **given: Any,
) -> list[Row]:
    """Return rows of Dice, ready to `store`: for each seed from scratch, after a warm start, and the paired gain.

    ``phantom`` is the folder of a run on the phantom; it is judged alone, too, on every frame, none of which it has
    seen. ``start`` names the kind of row and ``fold`` is 0 for all folds together; intervals draw patients.
    ``out/scratch0`` … keep the runs, so that an interrupted call goes on. ``given`` as in `cross_validate`.
    Lesson: tasks/segmentation.

    >>> import tempfile
    >>> from thyrolearn import data, experiments
    >>> mask = np.zeros((32, 48), bool); mask[8:24, 12:36] = True
    >>> few = data.Cohort(data.Case.of(90 * mask.astype(np.uint8), mask, patient=str(i)) for i in range(8))
    >>> tiny, brief = Experiment("segmentation", size=(32, 48)), {"cohort": few, "epochs": 1, "progress": False}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = experiments.run(tiny, holdout=0, out=f"{folder}/phantom", **brief)
    ...     table = starts(tiny, f"{folder}/phantom", f"{folder}/runs", seeds=1, folds=3, **brief)
    >>> sorted({row["start"] for row in table})
    ['phantom', 'phantom - scratch', 'phantom alone', 'scratch']
    """
    cohort = cohort if cohort is not None else load_cohort(experiment, root)
    source, table = origin(), []
    dice = {"scratch": [], "phantom": []}  # type: dict[str, list[np.ndarray]]
    batches = prepare(experiment, cohort)
    for seed in range(seeds):
        mine = replace(experiment, seed=seed)
        for kind in dice:
            place = Path(out) / f"{kind}{seed}"
            start = phantom if kind == "phantom" else None
            _, found = pooled(mine, folds=folds, cohort=cohort, out=place, start=start, **given)
            dice[kind].append(dices(batches, found))
            table += _folds(mine, place, kind)
            table.append(_row(mine, kind, "dice", _mean(batches, dice[kind][-1])))
        gain = dice["phantom"][-1] - dice["scratch"][-1]
        table.append(_row(mine, "phantom - scratch", "dice", _mean(batches, gain)))
    both = np.mean(dice["phantom"], axis=0) - np.mean(dice["scratch"], axis=0)
    table.append(_row(experiment, "phantom - scratch", "dice, mean of seeds", _mean(batches, both)))
    alone = evaluate(phantom, data=experiment.data, cohort=cohort)["dice"]
    table.append(_row(experiment, "phantom alone", "dice", alone))
    return [row | source for row in table]


def dices(batches: Batches, predictions: np.ndarray) -> np.ndarray:
    from thyrolearn.evaluation import dice

    truth = np.asarray(batches.masks)[:, 0] > 0
    return np.array([dice(t, p > 0.5) for t, p in zip(truth, predictions, strict=True)])


def _mean(batches: Batches, values: np.ndarray) -> Estimate:
    from thyrolearn.evaluation.resampling import bootstrap_mean

    return bootstrap_mean(values, groups=np.asarray(batches.groups))


def _folds(experiment: Experiment, place: Path, kind: str) -> list[Row]:
    """A row a fold, from the runs that `pooled` kept."""
    from thyrolearn.training import Run

    table = []
    for folder in sorted(file.parent for file in place.glob("fold*/run.json")):
        result = Run.load(folder)
        row = _row(experiment, kind, "dice", result.metrics["test"]["dice"])
        row |= {"fold": int(folder.name.removeprefix("fold")), "cases": result.settings["cases"]}
        table.append(row | {"cpu_seconds": round(result.cpu_seconds, 1)})
    return table


def _row(experiment: Experiment, kind: str, metric: str, e: Estimate) -> Row:
    return {
        **columns(experiment),
        "start": kind,
        "fold": 0,
        "metric": metric,
        **ends(e),
        "cases": "",
        "cpu_seconds": "",
    }
