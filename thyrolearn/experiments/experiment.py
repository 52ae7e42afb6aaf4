"""What an experiment is, and the batches that its task needs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from thyrolearn import models
from thyrolearn import settings as house
from thyrolearn.errors import ParameterError

if TYPE_CHECKING:
    from thyrolearn.data import Batches, Cohort
    from thyrolearn.evaluation import Estimate

__all__ = ["Experiment", "Recipe", "TASKS", "METHODS", "FRAMES", "columns", "ends", "folds_of", "prepare"]


@dataclass(frozen=True)
class Recipe:
    """What a task takes when nothing else is said."""

    model: str
    batch: int
    rate: float
    outputs: int = 1
    options: dict[str, Any] = field(default_factory=dict)
    fit: dict[str, Any] = field(default_factory=dict)  # more for `training.fit`
    warm: dict[str, Any] = field(default_factory=dict)  # the same after a warm start
    phantom: str = "stills"  # the phantom's cohort
    images: tuple[int, int] | None = None  # to train on, over all passes: phantom, real; None: the tier's


TASKS: dict[str, Recipe] = {
    "classification": Recipe("resnet", batch=64, rate=4e-3),
    "grading": Recipe("resnet", batch=64, rate=4e-3, outputs=4),
    # Chosen on DDTI: a high rate, and small pictures first; after a warm start the rate is soon at its height.
    "segmentation": Recipe(
        "fpn",
        batch=8,
        rate=1e-2,
        fit={"small": 0.65},
        warm={"rate": 8e-3, "warm": 0.1, "small": 0.5},
        phantom="frames",
        images=(40_000, 16_000),
    ),
    "detection": Recipe("fcos", batch=8, rate=3e-3),
    # A clip network starts from a still one (`video.encoder`), so it needs few passes and a low rate.
    "video": Recipe("clipnet", batch=32, rate=1e-3, options={"join": "mean"}, phantom="clips", images=(2_400, 2_400)),
}
FRAMES = {"lesson": (128, 192), "full": (192, 288)}  # rows, columns of a whole frame
WHOLE = ("segmentation", "detection")  # tasks on whole frames, which need outlines and no label
METHODS = ("supervised", "scratch")  # scratch: no warm start where the task has one of its own (video)


@dataclass(frozen=True)
class Experiment:
    """One line of the course's results: what is trained, on what, how; ``model=""`` is the task's own default.

    ``size`` is the side of a crop or (rows, columns) of a frame in pixels, None for the tier's. ``options`` go to the
    model. ``share`` is the part of the training patients that is trained on: see `thyrolearn.data.portion`. Raises
    `ParameterError` for a task, method or model that there is none of, or a share that is not above 0 and up to 1.

    >>> Experiment("segmentation").model
    'fpn'
    """

    task: str = "classification"
    model: str = ""
    data: str = "phantom"
    tier: str = "lesson"
    method: str = "supervised"
    seed: int = 0
    size: int | tuple[int, int] | None = None
    options: dict[str, Any] = field(default_factory=dict)
    share: float = 1.0

    def __post_init__(self) -> None:
        for name, known in (("task", TASKS), ("method", METHODS), ("tier", house.TIERS)):
            if getattr(self, name) not in known:
                raise ParameterError(f"There is no {name} {getattr(self, name)!r}.", f"There are: {', '.join(known)}.")
        if not 0 < self.share <= 1:
            raise ParameterError(f"share={self.share} is no share of the patients.", "Give 0 < share <= 1.")
        if not self.model:
            object.__setattr__(self, "model", TASKS[self.task].model)
        models.entry(self.model)  # an unknown name is told now, not after the images are read
        if isinstance(self.size, list):  # as it comes back from JSON
            object.__setattr__(self, "size", tuple(self.size))

    @property
    def mirror(self) -> bool:
        """Whether answers to an image and its mirror image are averaged: for masks, where it gained 0.01 of Dice."""
        return self.task == "segmentation"

    @property
    def pixels(self) -> Any:
        """Side of a crop, or (rows, columns) of a frame."""
        if self.size is not None:
            return self.size
        return FRAMES[self.tier] if self.task in WHOLE else house.TIERS[self.tier].pixels


def columns(experiment: Experiment) -> dict[str, Any]:
    """The experiment as the columns of a stored row.

    >>> columns(Experiment(size=32))["size"], columns(Experiment(options={"width": 8}))["options"]
    ('32', '{"width": 8}')
    """
    return {**asdict(experiment), "options": json.dumps(experiment.options), "size": str(experiment.pixels)}


def ends(e: Estimate) -> dict[str, Any]:
    """An estimate as the columns of a stored row: value, low, high, to four digits, and n.

    >>> from thyrolearn.evaluation import Estimate
    >>> ends(Estimate(0.75, 0.70, 0.80, "t", 9))
    {'value': 0.75, 'low': 0.7, 'high': 0.8, 'n': 9}
    """
    return {"value": round(e.value, 4), "low": round(e.low, 4), "high": round(e.high, 4), "n": e.n}


def folds_of(experiment: Experiment, budgeted: bool = False) -> int | None:
    """How a training is judged when nobody says: 5 folds, 0 (all cases are trained on), or None (a part is held out).

    Outlined frames of public sets are few: each is tested once, in five folds. A training within a budget of time is
    one training, and no frame is spared for it.

    >>> few = Experiment("segmentation", data="ddti")
    >>> folds_of(few), folds_of(few, budgeted=True), folds_of(Experiment("segmentation"), budgeted=True)
    (5, 0, None)
    """
    if experiment.data == "phantom" or experiment.task not in WHOLE:
        return None
    return 0 if budgeted else 5


def prepare(experiment: Experiment, cohort: Cohort) -> Batches:
    """Turn cases into the batches that the experiment's task needs: nodule crops, clips, or whole frames with masks.

    >>> import numpy as np
    >>> from thyrolearn import data
    >>> prepare(Experiment(size=32), data.Cohort([data.Case.of(np.zeros((40, 60), np.uint8), label=1)]))
    Batches of 'cohort': 1 images of 32x32
    """
    from thyrolearn import data

    if experiment.task == "video":
        return data.clips(cohort, size=experiment.pixels, each="frame")
    if experiment.task in WHOLE:
        return data.frames(cohort.filter(lambda case: bool(case.boxes)), experiment.pixels)
    return data.batches(cohort, size=experiment.pixels)
