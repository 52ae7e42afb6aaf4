"""What training leaves behind: a `Run` with weights, history, predictions, timings, settings and environment."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.errors import DataError, ParameterError
from thyrolearn.files import load_weights, replacing, save_weights, writable_folder, write_json

if TYPE_CHECKING:
    import torch
    from torch import nn

    from thyrolearn.evaluation import Estimate
    from thyrolearn.training.task import Task

__all__ = ["Run", "fill", "floats", "outputs_of"]


@dataclass(repr=False)
class Run:
    """A trained network and all that is needed to judge it, to explain it and to train it again.

    ``history`` has one dict an epoch: ``epoch``, ``loss``, ``rate``, ``seconds``, ``cpu_seconds`` and, with
    validation data, ``validation_loss`` and the task's monitor (``validation_auc``). ``seconds`` and ``cpu_seconds``
    (of this process) count the training without the validation. ``predictions`` and ``metrics`` keep what
    `evaluate` was given a name for; `fit` files the validation set under ``"validation"``.

    >>> from thyrolearn import models
    >>> from thyrolearn.training import classification
    >>> Run(models.create("linear"), classification())
    Run(linear, classification, 0 epochs, 0.0 CPU seconds)
    """

    model: nn.Module
    task: Task
    history: list[dict[str, float]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    predictions: dict[str, np.ndarray] = field(default_factory=dict)
    metrics: dict[str, dict[str, Estimate]] = field(default_factory=dict)

    def __repr__(self) -> str:
        name = getattr(self.model, "recipe", {}).get("name", type(self.model).__name__)
        last = self.history[-1] if self.history else {}
        scores = [f"{key.removeprefix('validation_')} {last[key]:.3f}" for key in last if key.startswith("validation_")]
        parts = [name, self.task.name, f"{len(self.history)} epochs", f"{self.cpu_seconds:.1f} CPU seconds"]
        return f"Run({', '.join(parts + (['validation ' + ', '.join(scores)] if scores else []))})"

    def predict(self, batches: Any, *, batch: int = 256, mirror: bool = False) -> np.ndarray:
        """Return the decoded predictions (n, …) of ``batches``, in order, in full precision.

        ``mirror`` averages the outputs for each image and its left-right mirror image, for twice the time; for tasks
        that answer with a number or a mask (boxes would have to change sides: `ParameterError`).
        """
        given = self.task.targets(batches) if self.task.given else None
        outputs = outputs_of(self.model, batches.images, given, batch=batch)
        if mirror:
            if given is not None or self.task.name == "detection":
                raise ParameterError(f"{self.task.name} cannot be mirrored.", "Predict with mirror=False.")
            turned = outputs_of(self.model, batches.images.flip(-1), batch=batch)
            outputs = (outputs + (turned.flip(-1) if self.task.spatial else turned)) / 2
        return self.task.decode(outputs)

    def evaluate(self, batches: Any, name: str | None = None, *, mirror: bool = False) -> dict[str, Estimate]:
        """Return the task's metrics with intervals; with a ``name`` they and the predictions stay in the run."""
        predictions = self.predict(batches, mirror=mirror)
        metrics = self.task.metrics(batches, predictions)
        if name is not None:
            self.predictions[name], self.metrics[name] = predictions, metrics
        return metrics

    def save(self, folder: Path | str) -> Path:
        """Write ``weights.safetensors``, ``run.json`` and ``predictions.npz`` to ``folder`` and return it."""
        folder = writable_folder(folder)
        save_weights(folder / "weights.safetensors", self.model.state_dict())
        with replacing(folder / "predictions.npz") as part:
            np.savez_compressed(part, **self.predictions)  # type: ignore[arg-type]
        metrics = {name: {key: vars(e) for key, e in found.items()} for name, found in self.metrics.items()}
        record = {
            "model": getattr(self.model, "recipe", None),
            "task": {"name": self.task.name, "options": dict(self.task.options)},
            "settings": self.settings,
            "history": self.history,
            "seconds": self.seconds,
            "cpu_seconds": self.cpu_seconds,
            "metrics": metrics,
            "environment": self.environment,
        }
        write_json(folder / "run.json", record)
        return folder

    @classmethod
    def load(cls, folder: Path | str, model: nn.Module | None = None, task: Task | None = None) -> Run:
        """Open what `save` wrote. A model of `models.create` is built again; another one must be given as ``model``.

        Raises `DataError` for a missing or damaged folder or weights that do not fit ``model``.
        """
        from thyrolearn import models
        from thyrolearn.evaluation import Estimate
        from thyrolearn.training import tasks
        from thyrolearn.training.hints import layout

        folder = Path(folder)
        record = _read(folder / "run.json")
        if model is None and record["model"] is None:
            raise DataError(
                f"{folder} does not say how its network is built.", "Give the network: Run.load(folder, model)."
            )
        model = model if model is not None else models.create(**record["model"])
        fill(model, load_weights(folder / "weights.safetensors"), folder)
        place = next(model.parameters()).device
        model.to(memory_format=layout(model, place))  # type: ignore[call-overload]  # as `fit` leaves it
        task = task or tasks.create(record["task"]["name"], **record["task"]["options"])
        with np.load(folder / "predictions.npz") as file:
            predictions = {name: file[name] for name in file.files}
        metrics = {n: {key: Estimate(**e) for key, e in found.items()} for n, found in record["metrics"].items()}
        rest = {key: record[key] for key in ("history", "settings", "environment", "seconds", "cpu_seconds")}
        return cls(model.eval(), task, predictions=predictions, metrics=metrics, **rest)


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path} does not exist.", "Give the folder of a finished run.") from None
    except (OSError, ValueError) as problem:
        raise DataError(f"{path} cannot be read ({problem}).", "Train again or copy the folder again.") from None


def fill(model: nn.Module, tensors: dict[str, torch.Tensor], source: Path) -> None:
    """Load ``tensors`` into ``model``; weights of another network raise `DataError` that names their ``source``.

    >>> from thyrolearn import models
    >>> fill(models.create("linear"), models.create("linear", seed=1).state_dict(), Path("run"))
    """
    try:
        model.load_state_dict(tensors)
    except RuntimeError as problem:
        first = str(problem).splitlines()[1].strip() if "\n" in str(problem) else str(problem)
        raise DataError(
            f"{source} holds weights of another network ({first})", "Make the network it was trained with."
        ) from None


def floats(images: torch.Tensor) -> torch.Tensor:
    """Pictures (uint8) as numbers from 0 to 1; features, which are numbers already, as they are.

    >>> import torch
    >>> floats(torch.tensor([0, 255], dtype=torch.uint8)), floats(torch.tensor([-3.0]))
    (tensor([0., 1.]), tensor([-3.]))
    """
    import torch

    return images.float() / 255 if images.dtype == torch.uint8 else images.float()


def outputs_of(
    model: nn.Module, images: torch.Tensor, given: torch.Tensor | None = None, *, batch: int = 256
) -> torch.Tensor:
    """Return the network's outputs (n, …), float32, on the CPU, for uint8 images (n, 1, h, w), in evaluation mode.

    Of clips (n, frames, 1, h, w) as many go at once as have ``batch`` frames. ``given`` (n, …) goes to the network
    beside the images: a condition, a prompt.

    >>> import torch
    >>> from thyrolearn import models
    >>> outputs_of(models.create("linear"), torch.zeros(3, 1, 64, 64, dtype=torch.uint8)).shape
    torch.Size([3, 1])
    """
    import torch

    place = next(model.parameters()).device
    training = model.training
    model.eval()
    batch = max(1, batch // images.shape[1]) if images.dim() == 5 else batch
    parts = []
    with torch.no_grad():
        for first in range(0, len(images), batch):
            rows = slice(first, first + batch)
            extra = () if given is None else (given[rows].to(place),)
            parts.append(model(floats(images[rows].to(place)), *extra).float().cpu())
    model.train(training)
    return torch.cat(parts)
