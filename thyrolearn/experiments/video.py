"""Clips against stills: the encoder that clip networks start from, and what a clip is worth over its middle frame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from thyrolearn.experiments.experiment import Experiment

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from thyrolearn.data import Cohort

__all__ = ["encoder"]

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
    still = replace(experiment, task="classification", model="resnet", method="supervised", options=options)
    fit = {name: value for name, value in fit.items() if name in ("progress", "device", "augment", "epochs")}
    if cohort[0].source != "phantom":
        return running.run(still, cohort=cohort, holdout=0, out=out, **fit).model
    fit.pop("epochs", None)  # those of the clips
    if out is not None or repr(still) not in _KEPT:
        stills = data.split(data.load("phantom", progress=bool(fit.get("progress", True)))).train
        _KEPT[repr(still)] = running.run(still, cohort=stills, holdout=0, out=out, **fit).model
    return _KEPT[repr(still)]
