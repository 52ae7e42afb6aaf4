"""A checkpoint an epoch: weights and optimiser as safetensors, the rest as JSON; no pickles.

No random state is kept: order, augmentation and dropout of an epoch follow from (seed, epoch) alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thyrolearn.errors import DataError, ParameterError
from thyrolearn.files import load_weights, save_weights, write_json
from thyrolearn.training.run import fill

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ["save", "restore"]


def save(
    folder: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    history: list[dict[str, float]],
    settings: dict[str, Any],
    best: dict[str, torch.Tensor] | None = None,
) -> None:
    """Write the state after the last epoch of ``history``; a kill at any moment leaves a whole checkpoint.

    The JSON goes first: if the kill comes between the two files, `restore` cuts its history to the tensors' epoch.
    """
    import torch

    write_json(folder / "checkpoint.json", {"settings": settings, "history": history})
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": value for name, value in state.items()}
    tensors |= {f"best.{name}": value for name, value in (best or {}).items()}
    save_weights(folder / "checkpoint.safetensors", tensors | {"epoch": torch.tensor(len(history))})


def restore(
    folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, settings: dict[str, Any]
) -> tuple[list[dict[str, float]], dict[str, torch.Tensor] | None]:
    """Fill ``model`` and ``optimiser`` from ``folder`` and return the history and the best weights so far.

    An empty folder gives an empty history. A checkpoint made with other settings raises `ParameterError`.
    """
    if not (folder / "checkpoint.safetensors").exists():
        return [], None
    try:
        record = json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise DataError(f"{folder / 'checkpoint.json'} cannot be read ({problem}).", "Give resume=False.") from None
    _same(record["settings"], settings, folder)
    tensors = load_weights(folder / "checkpoint.safetensors")
    fill(model, _part(tensors, "model."), folder)
    _fill_optimiser(optimiser, _part(tensors, "optimiser."))
    return record["history"][: int(tensors["epoch"])], _part(tensors, "best.") or None


def _same(old: dict[str, Any], new: dict[str, Any], folder: Path) -> None:
    for name in new:
        if old.get(name) != new[name]:
            raise ParameterError(
                f"{folder} was begun with {name}={old.get(name)!r}, not {new[name]!r}.",
                "Give the same settings to go on, resume=False to begin again, or another folder.",
            )


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _fill_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    import torch

    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        parameter = parameters[int(number)]
        # The fused step wants the moments laid out in memory as the parameter is (channels last).
        like = torch.empty_like(parameter).copy_(value) if value.shape == parameter.shape else value
        state.setdefault(int(number), {})[name] = like
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
