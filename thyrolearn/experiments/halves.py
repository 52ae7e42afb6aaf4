"""What each part of a network is worth: whole and parts, trained alike, judged in pairs on the same patients."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.experiments.experiment import Experiment, columns, ends, prepare
from thyrolearn.experiments.origin import origin
from thyrolearn.experiments.running import load_cohort, run
from thyrolearn.experiments.starts import dices

if TYPE_CHECKING:
    from thyrolearn.data import Batches, Cohort
    from thyrolearn.evaluation import Estimate

__all__ = ["halves"]

Row = dict[str, Any]


def halves(
    experiment: Experiment,
    parts: Mapping[str, Mapping[str, Any]],
    *,
    seeds: int = 3,
    rates: Mapping[str, float] | None = None,
    root: Path | str | None = None,
    cohort: Cohort | None = None,
    progress: bool = True,
    **given: Any,
) -> list[Row]:
    """Return rows ready to `store`: every part's own result by seed, and what the first of ``parts`` gains on the rest.

    ``parts`` are model options by name, the whole network first; ``rates`` are learning rates by the same names, chosen
    on validation patients beforehand. The column ``start`` names a part, or a pair as in ``both - conv``. Metrics are
    AUC or mean Dice; intervals draw patients. Rows "mean of seeds" judge the mean of the seeds' answers (of Dice: the
    mean of their Dices). ``given`` goes to `run`. Lesson: architectures/hybrid.

    >>> from thyrolearn import data
    >>> few = data.Cohort(data.Case.of(np.full((40, 40), 90 * (i % 2), np.uint8), patient=str(i), label=i % 2)
    ...                   for i in range(40))
    >>> brief = {"cohort": few, "epochs": 1, "progress": False}
    >>> table = halves(Experiment(size=16), {"wide": {"width": 8}, "narrow": {"width": 4}}, seeds=1, **brief)
    >>> [(row["start"], row["metric"]) for row in table][:3]
    [('wide', 'auc'), ('narrow', 'auc'), ('wide - narrow', 'auc')]
    """
    from thyrolearn import data

    cohort = cohort if cohort is not None else load_cohort(experiment, root)
    test = prepare(experiment, data.split(cohort, (0.6, 0.2, 0.2)).test)
    found: dict[str, list[np.ndarray]] = {name: [] for name in parts}
    table: list[Row] = []
    for seed in range(seeds):
        costs = {}
        for name, options in parts.items():
            mine = replace(experiment, seed=seed, options={**experiment.options, **options})
            rate: dict[str, Any] = {"rate": rates[name]} if rates else {}
            result = run(mine, cohort=cohort, progress=False, **rate, **given)
            found[name].append(_answers(experiment, test, result.predictions["test"]))
            costs[name] = _cost(result, experiment)
        now = {name: answers[-1] for name, answers in found.items()}
        table += _rows(replace(experiment, seed=seed), test, now, "", costs)
        if progress:
            print(*(f"{row['start']} {row['value']}" for row in table[-2 * len(parts) + 1 :]), file=sys.stderr)
    means = {name: np.mean(answers, axis=0) for name, answers in found.items()}
    source = origin()
    return [row | source for row in (*table, *_rows(experiment, test, means, ", mean of seeds", {}))]


def _answers(experiment: Experiment, test: Batches, predictions: np.ndarray) -> np.ndarray:
    """One number a case: its probability, or its Dice."""
    return dices(test, predictions) if experiment.task == "segmentation" else predictions.astype(np.float64)


def _cost(result: Any, experiment: Experiment) -> Row:
    from thyrolearn import models

    size = models.count(result.model, experiment.pixels)
    told = {name: result.settings[name] for name in ("rate", "batch", "epochs")}
    return {**told, **size._asdict(), "cpu_seconds": round(result.cpu_seconds, 1)}


def _rows(
    experiment: Experiment, test: Batches, answers: Mapping[str, np.ndarray], suffix: str, costs: Mapping[str, Row]
) -> list[Row]:
    """A row a part, and a row a pair of the whole and another part."""
    whole, *others = answers
    judged = {name: _judge(experiment, test, answer) for name, answer in answers.items()}
    judged |= {
        f"{whole} - {other}": _judge(experiment, test, answers[whole], answers[other]) for other in others
    }  # fmt: skip
    metric = ("dice" if experiment.task == "segmentation" else "auc") + suffix
    blank = dict.fromkeys(("rate", "batch", "epochs", "parameters", "macs", "cpu_seconds"), "")
    return [
        {**columns(experiment), "start": name, "metric": metric, **ends(e), **(blank | costs.get(name, {}))}
        for name, e in judged.items()
    ]  # fmt: skip


def _judge(experiment: Experiment, test: Batches, answer: np.ndarray, other: np.ndarray | None = None) -> Estimate:
    from thyrolearn import evaluation

    groups = np.asarray(test.groups)
    if experiment.task == "segmentation":
        return evaluation.bootstrap_mean(answer if other is None else answer - other, groups=groups)
    labels = np.asarray(test.labels).astype(np.int64)
    if other is None:
        return evaluation.auc(labels, answer, groups=groups)
    return evaluation.auc_difference(labels, answer, other, groups=groups)
