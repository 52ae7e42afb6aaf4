"""Stored results: small tables in ``datasets/results``, a row a metric and seed, with where each comes from."""

from __future__ import annotations

import csv
import sys
from dataclasses import fields, replace
from io import StringIO
from pathlib import Path
from typing import Any

from thyrolearn import settings as house
from thyrolearn.experiments.experiment import Experiment, columns, ends
from thyrolearn.experiments.origin import origin
from thyrolearn.experiments.running import run
from thyrolearn.files import locked, write_text

__all__ = ["rows", "store", "outdated"]


def rows(
    experiments: list[Experiment], seeds: int = 3, *, progress: bool = True, **given: Any
) -> list[dict[str, str | int | float]]:
    """Run each experiment with seeds 0, 1, … and return one row a metric and seed, ready to `store`.

    ``given`` goes to `run`. A row holds the experiment, who was judged, the learning rate and the passes, the metric
    with its interval, parameters, multiply-accumulates, CPU seconds, and where it comes from (commit, simulator,
    machine class).

    >>> import numpy as np
    >>> from thyrolearn import data
    >>> few = data.Cohort(data.Case.of(np.full((40, 40), 90 * (i % 2), np.uint8), patient=str(i), label=i % 2)
    ...                   for i in range(40))
    >>> table = rows([Experiment(size=16, model="linear")], seeds=2, cohort=few, epochs=1, progress=False)
    >>> [(row["model"], row["metric"], row["seed"], row["parameters"]) for row in table]
    [('linear', 'auc', 0, 257), ('linear', 'auc', 1, 257)]
    """
    from thyrolearn import models

    table: list[dict[str, str | int | float]] = []
    source, judge = origin(), given.get("judge", "test")
    for experiment in experiments:
        for seed in range(seeds):
            result = run(replace(experiment, seed=seed), progress=False, **given)
            size = models.count(result.model, experiment.pixels)
            named = columns(replace(experiment, seed=seed))
            how = {name: result.settings[name] for name in ("rate", "batch", "epochs")}
            for metric, e in result.metrics[judge].items():
                table.append({
                    **named, "judged": judge, **how, "metric": metric, **ends(e),
                    "parameters": size.parameters, "macs": size.macs,
                    "cases": result.settings["cases"], "cpu_seconds": round(result.cpu_seconds, 1), **source,
                })  # fmt: skip
            if progress:
                said = ", ".join(f"{name} {e.value:.3f}" for name, e in result.metrics[judge].items())
                print(f"{experiment.model} on {experiment.data}, seed {seed}: {said}", file=sys.stderr, flush=True)
    return table


_KEY = (*(f.name for f in fields(Experiment)), "metric")
_MORE = ("judged", "rate", "start", "fold")  # of tables that have them


def store(name: str, table: list[dict[str, Any]], folder: Path | None = None) -> Path:
    """Write ``table`` into ``datasets/results/NAME.csv``; a row of the same experiment, seed and metric is replaced.

    Rows of an older simulator are dropped, since they do not speak of the present phantom. Returns the path.

    >>> import tempfile
    >>> row = dict.fromkeys([*_KEY, "sim_version"], "same") | {"value": 0.8}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = store("demo", [row], Path(folder))
    ...     store("demo", [row | {"value": 0.9}], Path(folder)).read_text().count("0.")
    1
    """
    path = (folder or house.folders().datasets / "results") / f"{name}.csv"
    with locked(path.with_suffix(".lock")):
        old: list[dict[str, Any]] = []
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                old = list(csv.DictReader(file))
        new = {_key(row): {k: str(v) for k, v in row.items()} for row in table}
        current = {row["sim_version"] for row in new.values()}
        kept = {_key(row): row for row in old if row["sim_version"] in current}
        merged = [row for _, row in sorted((kept | new).items())]
        text = StringIO()
        columns = list(dict.fromkeys(name for row in (*new.values(), *merged) for name in row))
        writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(merged)
        write_text(path, text.getvalue())
    path.with_suffix(".lock").unlink(missing_ok=True)
    return path


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    row = {**row, "share": row.get("share") or 1.0}  # older rows do not say that they had all patients
    return tuple(str(row.get(k, "")) for k in (*_KEY, *_MORE))


def outdated(folder: Path | None = None) -> list[str]:
    """Return a line for each stored row that another simulator made: such a table must be run again.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     row = dict.fromkeys([*_KEY, "sim_version"], "old")
    ...     _ = store("demo", [row], Path(folder))
    ...     len(outdated(Path(folder)))
    1
    """
    from thyrolearn.phantom import SIM_VERSION

    found = []
    for path in sorted((folder or house.folders().datasets / "results").glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                if row.get("sim_version") != str(SIM_VERSION):
                    found.append(f"{path.name}, line {number}: sim_version {row.get('sim_version')}, now {SIM_VERSION}")
    return found
