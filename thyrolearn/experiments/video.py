"""Clips against stills: the encoder that clip networks start from, and what a clip is worth over its middle frame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.experiments.experiment import Experiment, columns, ends, prepare
from thyrolearn.experiments.origin import origin

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from thyrolearn.data import Cohort
    from thyrolearn.evaluation import Estimate
    from thyrolearn.training import Features

__all__ = ["encoder", "over_still"]

STILL = "middle still"

_ONLY_CLIPS = ("join", "hidden", "frozen")
_KEPT: dict[str, nn.Module] = {}  # encoders made from the stills in this process, for folds share them


def encoder(experiment: Experiment, cohort: Cohort, *, out: Path | None = None, **fit: Any) -> nn.Module:
    """Return a still-image network for the clip network of ``experiment`` to start from.

    On the phantom it learns from the cohort of stills, none of whose patients has a clip; elsewhere from the single
    frames of ``cohort``, the clips that will be trained on. With ``out`` the run is kept there. Lesson:
    architectures/rnn.

    >>> import numpy as np
    >>> from thyrolearn import data
    >>> few = data.Cohort(data.Case.of(np.full((40, 40), 90 * (i % 2), np.uint8), patient=str(i), label=i % 2)
    ...                   for i in range(40))
    >>> encoder(Experiment("video", size=16, options={"width": 4}), few, epochs=1, progress=False).recipe["name"]
    'resnet'
    """
    from thyrolearn import data
    from thyrolearn.experiments import running

    options = {name: value for name, value in experiment.options.items() if name not in _ONLY_CLIPS}
    still = replace(
        experiment, task="classification", model="resnet", method="supervised", options=options, share=1.0
    )  # of the cohort that is given, or of all stills
    fit = {name: value for name, value in fit.items() if name in ("progress", "device", "augment", "epochs")}
    if cohort[0].source != "phantom":
        return running.run(still, cohort=cohort, holdout=0, out=out, **fit).model
    fit.pop("epochs", None)  # those of the clips
    key = f"{still} {fit.get('augment')}"
    if out is not None or key not in _KEPT:
        stills = data.split(data.load("phantom", progress=bool(fit.get("progress", True)))).train
        _KEPT[key] = running.run(still, cohort=stills, holdout=0, out=out, **fit).model
    return _KEPT[key]


def over_still(
    seeds: int = 5, *, cohort: Cohort | None = None, folds: int = 5, options: dict[str, Any] | None = None, **fit: Any
) -> list[dict[str, Any]]:
    """Return rows, ready to `store`: each way to read a clip, and its paired difference to the middle still.

    For each seed one encoder (`encoder`) sees every frame once. "middle still" is its answer to the middle frame,
    "mean answer" the mean of its answers to all frames; "mean", "attention" and "gru" are `Joiner` networks on its
    features, trained on clips in ``folds`` so that each patient is tested once. ``start`` names the way; the metric
    ``auc_over_still`` is the paired difference, patients drawn; ``mean of seeds`` draws patients once for all seeds.
    Lesson: architectures/rnn.

    >>> from thyrolearn import data
    >>> frame = lambda n, k: np.full((40, 40), 9 * n, np.uint8)
    >>> few = data.Cohort(data.Case.of(frame(n, k), id=f"{n}/{k}", patient=str(n), label=n % 2, raw={"frame": k})
    ...                   for n in range(24) for k in range(3))
    >>> small = {"options": {"width": 4}, "epochs": 1, "progress": False}
    >>> sorted({row["start"] for row in over_still(1, cohort=few, folds=3, **small)})
    ['attention', 'gru', 'mean', 'mean answer', 'middle still']
    """
    from thyrolearn import training
    from thyrolearn.experiments.running import load_cohort

    first = Experiment("video", options=options or {})
    cohort = cohort if cohort is not None else load_cohort(first)
    clips, source, table = prepare(first, cohort), origin(), []
    labels, answers = clips.cohort.labels, {}  # type: ignore[var-annotated]
    for seed in range(seeds):
        mine = replace(first, seed=seed)
        net = encoder(mine, cohort, **fit)
        found = _answers(net, training.features(net, clips), folds, seed)
        for name, scores in found.items():
            answers.setdefault(name, []).append(scores)
            table += _rows(mine, name, labels, [scores], [found[STILL]], clips.groups)
    for name, many in answers.items():
        table += _rows(first, name, labels, many, answers[STILL], clips.groups, ", mean of seeds")
    return [row | source for row in table]


def _answers(net: nn.Module, made: Features, folds: int, seed: int) -> dict[str, np.ndarray]:
    """What each way of reading a clip says of every clip, (n,)."""
    import torch

    with torch.no_grad():
        frames = net.head(made.images)[..., 0].numpy()  # type: ignore[operator]
    found = {STILL: frames[:, frames.shape[1] // 2], "mean answer": frames.mean(axis=1)}
    scaled = made.with_images((made.images - made.images.mean((0, 1))) / (made.images.std((0, 1)) + 1e-3))
    return found | {join: _tested(join, scaled, folds, seed) for join in ("mean", "attention", "gru")}


def _tested(join: str, made: Features, folds: int, seed: int) -> np.ndarray:
    from thyrolearn import data, models, training

    place = {case.id: i for i, case in enumerate(made.cohort)}
    scores = np.zeros(len(made))
    for parts in data.folds(made.cohort, folds):
        tested = np.array([place[case.id] for case in parts.test])
        trained = np.setdiff1d(np.arange(len(made)), tested)
        net = models.create("joiner", join=join, channels=made.images.shape[2], hidden=16, seed=seed)
        given: dict[str, Any] = {"epochs": 12, "batch": 32, "rate": 3e-3, "weight_decay": 0.1, "seed": seed}
        run = training.fit(net, training.video(), made[trained], progress=False, **given)
        scores[tested] = run.predict(made[tested])
    return scores


def _rows(
    experiment: Experiment, name: str, labels: np.ndarray, mine: list[np.ndarray], still: list[np.ndarray],
    groups: np.ndarray, more: str = "",
) -> list[dict[str, Any]]:  # fmt: skip
    from sklearn.metrics import roc_auc_score

    from thyrolearn.evaluation import bootstrap

    def auc(y: np.ndarray, *scores: np.ndarray) -> float:
        return float(np.mean([roc_auc_score(y, s) for s in scores]))

    def gain(y: np.ndarray, *scores: np.ndarray) -> float:
        return auc(y, *scores[: len(mine)]) - auc(y, *scores[len(mine) :])

    rows = [_row(experiment, name, f"auc{more}", bootstrap(auc, labels, *mine, groups=groups, resamples=1000))]
    if name != STILL:
        estimate = bootstrap(gain, labels, *mine, *still, groups=groups, resamples=1000)
        rows.append(_row(experiment, name, f"auc_over_still{more}", estimate))
    return rows


def _row(experiment: Experiment, name: str, metric: str, e: Estimate) -> dict[str, Any]:
    return {**columns(experiment), "start": name, "fold": 0, "metric": metric, **ends(e)}
