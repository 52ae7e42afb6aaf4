"""Train once, train in folds, judge elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn import settings as house
from thyrolearn.errors import DataError, ParameterError
from thyrolearn.experiments.experiment import TASKS, WHOLE, Experiment, prepare
from thyrolearn.experiments.origin import origin
from thyrolearn.files import write_json

if TYPE_CHECKING:
    from thyrolearn.data import Batches, Cohort
    from thyrolearn.evaluation import Estimate
    from thyrolearn.training import Run

EVERY = 8  # frames of a public clip, of which one is read: 11 of about 90

__all__ = ["run", "cross_validate", "pooled", "load_cohort", "evaluate"]


def run(
    experiment: Experiment,
    *,
    root: Path | str | None = None,
    cohort: Cohort | None = None,
    holdout: float = 0.2,
    judge: str = "test",
    epochs: int | None = None,
    cpu_seconds: float | None = None,
    start: Path | str | None = None,
    out: Path | str | None = None,
    also: Callable[[Run, Batches], dict[str, Estimate]] | None = None,
    progress: bool = True,
    device: str | None = None,
    **fit: Any,
) -> Run:
    """Train once and judge on patients that were held out: `Run` with ``metrics["test"]``, saved in ``out``.

    ``holdout`` is the share of patients for the test (0: all are trained on, and nothing is judged). For tasks on
    crops as much again is set aside for validation, so that the training patients are those of the lessons, and
    ``judge="validation"`` judges on those: a setting is chosen there. Tasks on whole frames, of which there are few,
    train on all the rest. The split has its own fixed seed: another ``experiment.seed`` changes weights and order
    only. Without ``epochs`` and ``cpu_seconds`` the tier says how long.
    ``start`` is the folder of an earlier run whose weights are taken (a warm start). ``also`` measures more, from the
    run and the batches that it was judged on. An ``out`` that holds another experiment, or a ``judge`` that is neither
    of the two, raises `ParameterError`. ``fit`` goes to `thyrolearn.training.fit`, whose errors it raises, and those of
    `data.load`.

    >>> from thyrolearn import data
    >>> few = data.Cohort(data.Case.of(np.full((40, 40), 90 * (i % 2), np.uint8), patient=str(i), label=i % 2)
    ...                   for i in range(40))
    >>> result = run(Experiment(size=16, options={"width": 4}), cohort=few, epochs=1, progress=False)
    >>> sorted(result.metrics)
    ['test']
    """
    from thyrolearn import data

    if judge not in ("test", "validation"):
        raise ParameterError(f"judge={judge!r} names no patients that are set aside.", "Give test or validation.")
    cohort = cohort if cohort is not None else load_cohort(experiment, root)
    if holdout:
        parts = data.split(cohort, (1 - 2 * holdout, holdout, holdout))
        train, judged = parts.train, parts.parts[judge]
        if experiment.task in WHOLE and judge == "test":
            train = train + parts.validation
    else:
        train, judged = cohort, None
    more = {"holdout": holdout, "judge": judge, "start": str(start) if start else None}
    _claim(out, experiment, cohort, more)
    result = _train(
        experiment, train, epochs=epochs, cpu_seconds=cpu_seconds, start=start, out=out,
        progress=progress, device=device, **fit,
    )  # fmt: skip
    if judged is not None:
        batches = prepare(experiment, judged)
        result.evaluate(batches, judge, mirror=experiment.mirror)
        result.metrics[judge] |= also(result, batches) if also is not None else {}
    _save(result, out)
    return result


def cross_validate(
    experiment: Experiment,
    *,
    folds: int = 5,
    root: Path | str | None = None,
    cohort: Cohort | None = None,
    out: Path | str | None = None,
    **given: Any,
) -> dict[str, Estimate]:
    """Train ``folds`` times, each patient tested once, and return the metrics of all predictions together.

    ``out/fold1`` … keep the runs; an interrupted call goes on where it stopped. ``given`` as in `run`.

    >>> from thyrolearn import data
    >>> few = data.Cohort(data.Case.of(np.full((40, 40), 90 * (i % 2), np.uint8), patient=str(i), label=i % 2)
    ...                   for i in range(40))
    >>> tiny = Experiment(size=16, model="linear")
    >>> cross_validate(tiny, cohort=few, folds=4, epochs=1, progress=False)["auc"].n
    40
    """
    from thyrolearn.training import tasks

    cohort = cohort if cohort is not None else load_cohort(experiment, root)
    batches, found = pooled(experiment, folds=folds, cohort=cohort, out=out, **given)
    metrics = tasks.create(experiment.task).metrics(batches, found)
    if out and _first():
        record = {name: vars(estimate) for name, estimate in metrics.items()}
        write_json(Path(out) / "folds.json", {"experiment": asdict(experiment), "folds": folds, "metrics": record})
    return metrics


def pooled(
    experiment: Experiment, *, folds: int, cohort: Cohort, out: Path | str | None = None, **given: Any
) -> tuple[Batches, np.ndarray]:
    """Train as `cross_validate` does; return the cohort's batches and, row by row, what the fold that tested it said.

    >>> from thyrolearn import data
    >>> few = data.Cohort(data.Case.of(np.full((40, 40), 90 * (i % 2), np.uint8), patient=str(i), label=i % 2)
    ...                   for i in range(40))
    >>> rows, found = pooled(Experiment(size=16, model="linear"), folds=4, cohort=few, epochs=1, progress=False)
    >>> len(rows), found.shape
    (40, (40,))
    """
    from thyrolearn import data

    found, order = [], []
    for number, parts in enumerate(data.folds(cohort, folds), 1):
        folder = Path(out) / f"fold{number}" if out else None
        tested = {id(case) for case in parts.test}
        training = cohort.filter(lambda case, tested=tested: id(case) not in tested)
        start = str(given["start"]) if given.get("start") else None
        _claim(folder, experiment, cohort, {"fold": number, "folds": folds, "start": start})
        result = _train(experiment, training, out=folder, **given)
        batches = prepare(experiment, parts.test)
        result.evaluate(batches, "test", mirror=experiment.mirror)
        _save(result, folder)
        found.append(result.predictions["test"])
        order += [case.id for case in batches.cohort]
    place = {case: i for i, case in enumerate(order)}
    batches = prepare(experiment, cohort)
    rows = [place[case.id] for case in batches.cohort]
    return batches, np.concatenate(found)[rows]


def evaluate(
    folder: Path | str,
    *,
    data: str | None = None,
    root: Path | str | None = None,
    cohort: Cohort | None = None,
    device: str | None = None,
) -> dict[str, Estimate]:
    """Judge a finished run on the data set ``data`` in ``root``, every case of it, with intervals over patients.

    A folder of `cross_validate` is judged as an ensemble: the mean of its folds' probabilities. The cases must not
    have been trained on; for the data of the run itself see its own ``metrics["test"]``.

    >>> import tempfile
    >>> from thyrolearn import data
    >>> few = data.Cohort(data.Case.of(np.full((40, 40), 90 * (i % 2), np.uint8), patient=str(i), label=i % 2)
    ...                   for i in range(40))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = run(Experiment(size=16), cohort=few, holdout=0, epochs=1, out=folder, progress=False)
    ...     evaluate(folder, cohort=few)["auc"].n
    40
    """
    from thyrolearn.training import Run

    folder = Path(folder)
    several = sorted(folder.glob("fold*/run.json"))
    places = [file.parent for file in several] if several else [folder]
    experiment = _experiment(places[0])
    if data is not None:
        experiment = replace(experiment, data=data)
    batches = prepare(experiment, cohort if cohort is not None else load_cohort(experiment, root))
    found = []
    for place in places:
        result = Run.load(place)
        result.model.to(house.device(device))
        found.append(result.predict(batches, mirror=experiment.mirror).astype(np.float64))
    return result.task.metrics(batches, np.mean(found, axis=0))


def _experiment(folder: Path) -> Experiment:
    try:
        return Experiment(**json.loads((folder / "experiment.json").read_text(encoding="utf-8"))["experiment"])
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(
            f"{folder} is not the folder of a finished run.", "Give what --out was given to train."
        ) from None


def load_cohort(experiment: Experiment, root: Path | str | None = None) -> Cohort:
    """The cases that the experiment is about: the phantom's cohort of its task, or the public set in ``root``."""
    from thyrolearn import data

    settings = house.current(data=experiment.data, root=root, tier=experiment.tier)
    if experiment.task == "grading":
        return data.load(settings, unlabelled=True).filter(lambda case: bool(case.level))
    more = {"every": EVERY} if (experiment.task, experiment.data) == ("video", "stanford") else {}
    return data.load(settings, name=TASKS[experiment.task].phantom, unlabelled=experiment.task in WHOLE, **more)


def _train(
    experiment: Experiment, cohort: Cohort, *, epochs: int | None = None, cpu_seconds: float | None = None,
    start: Path | str | None = None, out: Path | str | None = None, **fit: Any,
) -> Run:  # fmt: skip
    from thyrolearn import data, models, training
    from thyrolearn.models.rnn import ClipNet
    from thyrolearn.training import tasks

    cohort = data.portion(cohort, experiment.share)  # a warm start, too, learns from these patients alone
    recipe, batches = TASKS[experiment.task], prepare(experiment, cohort)
    side = experiment.pixels if isinstance(experiment.pixels, int) else max(experiment.pixels)
    options = {"outputs": recipe.outputs, **options_of(experiment)}
    model = models.create(experiment.model, size=side, seed=experiment.seed, **options)
    if start is not None:
        training.fill(model, training.Run.load(start).model.state_dict(), Path(start))
    elif isinstance(model, ClipNet) and experiment.method != "scratch":
        from thyrolearn.experiments.video import encoder

        model.warm_start(encoder(experiment, cohort, out=Path(out) / "encoder" if out else None, **fit))
    if epochs is None and cpu_seconds is None:
        epochs = _epochs(experiment, len(batches))
    given: dict[str, Any] = {"batch": recipe.batch, "rate": recipe.rate, "seed": experiment.seed, "folder": out}
    given |= recipe.fit | (recipe.warm if start is not None else {}) | fit
    return training.fit(model, tasks.create(experiment.task), batches, epochs=epochs, cpu_seconds=cpu_seconds, **given)


def options_of(experiment: Experiment) -> dict[str, Any]:
    """The model's options: those of the task, if this is its model, and the experiment's own."""
    recipe = TASKS[experiment.task]
    return {**(recipe.options if experiment.model == recipe.model else {}), **experiment.options}


def _epochs(experiment: Experiment, cases: int) -> int:
    budget, images = house.TIERS[experiment.tier], TASKS[experiment.task].images
    if images is None or experiment.tier != "lesson":
        return budget.epochs_for(cases)
    return max(1, round(images[experiment.data != "phantom"] / max(1, cases)))


def _first() -> bool:
    return os.environ.get("RANK", "0") == "0"


def _claim(out: Path | str | None, experiment: Experiment, cohort: Cohort, more: dict[str, Any]) -> None:
    """Write into ``out`` what it is an experiment of, before training: a folder never goes on as another one."""
    if out is None:
        return
    file = Path(out) / "experiment.json"
    mine = json.loads(json.dumps({"experiment": asdict(experiment), "cohort": cohort.fingerprint, **more}))
    if file.is_file():
        there = json.loads(file.read_text(encoding="utf-8"))
        there["experiment"] = {"share": 1.0, **there.get("experiment", {})}  # written before there were shares
        for name, value in mine.items():
            if there.get(name) != value:
                raise ParameterError(f"{out} holds a run with another {name}.", "Give another folder, or empty it.")
    elif _first():
        write_json(file, mine | {"cases": len(cohort)} | origin())


def _save(result: Run, out: Path | str | None) -> None:
    """Save the run again, now with its test metrics."""
    if out is not None and _first():
        result.save(out)
