"""Tasks that make pictures: adversarial generation, denoising; nothing is predicted of a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from thyrolearn.errors import DataError, ParameterError
from thyrolearn.training.task import Task

if TYPE_CHECKING:
    from torch import Tensor


__all__ = ["generation", "translation", "denoising"]


def generation(*columns: str, given: Callable[[Any], Tensor] | None = None) -> Task:
    """New pictures by a network whose ``forward`` returns its losses, (n, players), each for one player to minimise.

    ``columns`` name attributes of the batches, (n,) numbers, that the network is given as conditions; or ``given``
    makes them, (n, k), from the batches (no saved run can know that function: give the task to `Run.load` again).
    Nothing is judged here: a sample's quality is measured with `evaluation.kernel_distance`. Raises `ParameterError`
    for both at once. Lesson: architectures/gan.

    >>> import torch
    >>> float(generation().loss(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.zeros(2)))
    5.0
    """
    if columns and given is not None:
        raise ParameterError("Conditions are given twice.", "Give columns, or a function, not both.")
    return Task(
        name="generation",
        targets=given or (lambda batches: _conditions(batches, columns)),
        loss=lambda outputs, targets: outputs.mean(dim=0).sum(),
        decode=lambda outputs: outputs.cpu().numpy(),
        metrics=lambda batches, predictions: {},
        given=bool(columns) or given is not None,
        options={"columns": list(columns)} if columns else {},
    )


def translation(other: Tensor | None = None) -> Task:
    """One look into another without pairs: like `generation`, the network being given a picture of the other look.

    ``other`` are pictures of the other look, uint8 (n, 1, h, w), as many as are trained on and in any order; without
    them the batches must have an attribute of that name. Lesson: architectures/gan.

    >>> translation().given
    True
    """
    return replace(generation(), name="translation", targets=lambda batches: _other_look(batches, other), given=True)


def _other_look(batches: Any, other: Tensor | None) -> Tensor:
    other = getattr(batches, "other", None) if other is None else other
    if other is None or len(other) != len(batches):
        raise DataError("There are not as many pictures of the other look.", "Give `other`, as many as are trained on.")
    return other.float() / 255


def denoising(*columns: str) -> Task:
    """The noise in a noisy picture: mean squared error between the two maps (n, 2, h, w) that `models.DDPM` returns.

    ``columns`` as in `generation`. Lesson: architectures/diffusion_and_foundation.

    >>> import torch
    >>> float(denoising().loss(torch.tensor([[[[1.0]], [[3.0]]]]), torch.zeros(1)))
    4.0
    """

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs[:, 0] - outputs[:, 1]).square().mean()

    return replace(generation(*columns), name="denoising", loss=loss)


def _conditions(batches: Any, columns: tuple[str, ...]) -> Tensor:
    import torch

    if not columns:
        return torch.zeros(len(batches))
    return torch.stack([torch.as_tensor(getattr(batches, name)).float() for name in columns], dim=1)
