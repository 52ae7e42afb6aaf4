"""The door to training: `fit` checks what it is given, sets the machine, runs the loop, returns a `Run`.

The recipe was measured (per second of CPU time) before it was chosen: images stay uint8 in memory, a batch is
augmented at once on the device, convolutions run channels last and, where it pays, in bfloat16; fused AdamW
(Loshchilov and Hutter 2019, arXiv 1711.05101) under a one-cycle learning rate. Lesson: start/learning_loop.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from accelerate import Accelerator
from torch import nn

from thyrolearn.errors import ParameterError
from thyrolearn.files import writable_folder
from thyrolearn.training.environment import environment
from thyrolearn.training.hints import half_precision, hints
from thyrolearn.training.loop import Augment, Loop
from thyrolearn.training.plan import Plan

if TYPE_CHECKING:
    from thyrolearn.training.run import Run
    from thyrolearn.training.task import Task

__all__ = ["fit"]


def fit(
    model: nn.Module,
    task: Task,
    train: Any,
    validation: Any = None,
    *,
    epochs: int | None = None,
    cpu_seconds: float | None = None,
    batch: int = 64,
    rate: float = 4e-3,
    weight_decay: float = 1e-2,
    betas: tuple[float, float] = (0.9, 0.999),
    clip: float | None = 1.0,
    accumulate: int = 1,
    patience: int | None = None,
    seed: int = 0,
    augment: bool | Augment = True,
    half: bool | None = None,
    warm: float = 0.3,
    small: float = 0.0,
    folder: Path | str | None = None,
    resume: bool = True,
    progress: bool = True,
    device: str | None = None,
) -> Run:
    """Train ``model`` for ``task`` on the batches ``train`` and return the `Run`.

    ``train`` and ``validation`` have ``images`` (n, 1, h, w) uint8, ``labels``, ``groups`` and a length. Give
    ``epochs``, or ``cpu_seconds``: then the learning rate follows the share of that process CPU time that is used.
    An incomplete last batch of an epoch is left out (the order changes every epoch). ``accumulate`` splits a batch
    into parts that fit in memory. ``patience`` stops after so many epochs without a better *validation* monitor and
    returns the best epoch's weights. ``augment`` is True for `thyrolearn.data.augment`, or a function of the same
    form. ``half`` forces bfloat16 on or off. ``warm`` is the share of the training in which the rate rises. ``small``
    is the share, from the start, that trains on pictures of three quarters the size (Howard 2018, "progressive
    resizing"): more steps while the outlines are still coarse. With a ``folder`` every epoch is kept, and the same call
    goes on where it was stopped, to the same bits on a CPU with the same threads. (A busy machine is given fewer, since
    two on one free core are slower than one; ``THYROLEARN_THREADS`` fixes them.) Under ``torchrun`` or ``accelerate
    launch`` each process takes its share of every batch.

    >>> from types import SimpleNamespace
    >>> from thyrolearn import models
    >>> from thyrolearn.training import classification
    >>> dark, light = torch.zeros(32, 1, 16, 16), torch.full((32, 1, 16, 16), 200)
    >>> class Toy(SimpleNamespace):
    ...     def __len__(self): return len(self.images)
    >>> toy = Toy(images=torch.cat([dark, light]).byte(), labels=torch.arange(64) // 32, groups=list(range(64)))
    >>> run = fit(models.create("linear"), classification(), toy, epochs=3, rate=0.1, augment=False, progress=False)
    >>> run.history[-1]["loss"] < run.history[0]["loss"]
    True
    """
    accelerator, place = _processes(device)
    plan = Plan(
        epochs, cpu_seconds, batch, rate, weight_decay, betas, clip, accumulate, patience, seed, bool(augment),
        half_precision(model, place) if half is None else half, warm, small,
    )  # fmt: skip
    if patience is not None and validation is None:
        raise ParameterError("patience needs validation data.", "Give validation=…, never the test set.")
    with (
        hints(1 if cpu_seconds else 2) as threads,
        torch.random.fork_rng(devices=[place] if place.type not in ("cpu", "mps") else []),
    ):
        loop = Loop(model, task, train, validation, plan, accelerator, place, _augment(augment))
        if folder is not None:
            loop.open(writable_folder(folder), resume)
        loop.go(progress and accelerator.is_main_process, threads)
        run = loop.finish(environment(place, torch.get_num_threads(), accelerator.num_processes))
        if folder is not None and accelerator.is_main_process:
            run.save(folder)
        accelerator.wait_for_everyone()
    return run


def _processes(device: str | None) -> tuple[Accelerator, torch.device]:
    from thyrolearn import settings

    place = settings.device(device)
    accelerator = Accelerator(cpu=place.type == "cpu")
    return accelerator, accelerator.device if accelerator.num_processes > 1 else place


def _augment(choice: bool | Augment) -> Augment | None:
    if choice is True:
        from thyrolearn.data import augment

        return augment
    return choice or None
