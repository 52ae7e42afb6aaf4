"""The training loop that every task shares: one process or many, CPU or GPU, stopped and resumed.

`Loop.step` is the heart; a lesson that shows the loop written out (start/learning_loop) shows these lines.
"""

from __future__ import annotations

import json
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from thyrolearn.errors import ParameterError
from thyrolearn.seeding import stream, torch_seed
from thyrolearn.training import checkpoint
from thyrolearn.training.hints import layout, one_cycle, spared
from thyrolearn.training.progress import Progress
from thyrolearn.training.run import Run, floats, outputs_of

if TYPE_CHECKING:
    from accelerate import Accelerator

    from thyrolearn.training.plan import Plan
    from thyrolearn.training.task import Task

__all__ = ["Loop", "Augment", "smaller"]

Augment = Callable[..., Any]


class Loop:
    """The state of one training: what `fit` steps through."""

    def __init__(
        self, model: nn.Module, task: Task, train: Any, validation: Any, plan: Plan,
        accelerator: Accelerator, place: torch.device, augment: Augment | None,
    ) -> None:  # fmt: skip
        self.model, self.task, self.train, self.validation = model, task, train, validation
        self.plan, self.accelerator, self.place, self.augment = plan, accelerator, place, augment
        self.folder: Path | None = None
        self.history: list[dict[str, float]] = []
        self.best: dict[str, Tensor] | None = None
        self.small = False  # whether this step trains on smaller pictures
        self.targets = task.targets(train)
        self.data = zlib.crc32(train.images.cpu().contiguous().numpy())  # a checkpoint knows its own images again
        self.size = min(plan.batch, len(train))
        self.steps = len(train) // self.size if self.size else 0
        if self.size < accelerator.num_processes:
            raise ParameterError(
                f"{len(train)} training cases in batches of {plan.batch} are too few.", "Give more cases."
            )
        self.layout = layout(model, place)
        model.to(place).to(memory_format=self.layout)  # type: ignore[call-overload]
        self.optimiser = torch.optim.AdamW(
            model.parameters(), lr=plan.rate, betas=plan.betas, weight_decay=plan.weight_decay, fused=True
        )
        several = accelerator.num_processes > 1
        self.wrapped = accelerator.prepare_model(model, device_placement=False) if several else model

    @property
    def settings(self) -> dict[str, Any]:
        """What a resumed training must share with the one that it goes on from."""
        recipe = getattr(self.model, "recipe", type(self.model).__name__)
        task = {"name": self.task.name, **self.task.options}
        values = {**asdict(self.plan), "model": recipe, "task": task, "cases": len(self.train), "data": self.data}
        return json.loads(json.dumps(values))  # as they will be when they are read back

    def spent(self, key: str) -> float:
        """Seconds of training so far, wall (``seconds``) or process CPU (``cpu_seconds``)."""
        return sum(row[key] for row in self.history)

    def open(self, folder: Path, resume: bool) -> None:
        """Take ``folder`` for the checkpoints and go on from what lies there."""
        self.folder = folder
        if resume:
            self.history, self.best = checkpoint.restore(folder, self.model, self.optimiser, self.settings)

    def go(self, progress: bool, threads: int) -> None:
        """Train epoch after epoch, on at most ``threads`` threads, until the plan, the budget or the patience ends."""
        budget = self.plan.cpu_seconds
        start = self.spent("cpu_seconds") if budget else len(self.history)
        bar = Progress(
            budget or self.plan.epochs or 0, "CPU seconds" if budget else "epoch", enabled=progress, start=start
        )
        try:
            with bar:
                while not self.over():
                    torch.set_num_threads(spared(threads))
                    row = self.epoch(len(self.history))
                    shown = {name: row[name] for name in ("loss", f"validation_{self.task.watch}") if name in row}
                    bar.step(row["cpu_seconds"] if budget else 1, **shown)
        except KeyboardInterrupt:
            if self.accelerator.is_main_process:
                print(self.farewell(), file=sys.stderr)
            raise

    def farewell(self) -> str:
        """What to tell someone who pressed Ctrl-C."""
        done = f"Stopped after {len(self.history)} finished epochs."
        if self.folder is None:
            return f"{done} Nothing was kept; give fit a folder=… to be able to go on."
        return f"{done} They are kept in {self.folder}: the same call goes on from there."

    def over(self) -> bool:
        """Whether the training has ended."""
        plan, rows = self.plan, self.history
        if plan.patience and rows:
            scores = [row[f"validation_{self.task.watch}"] for row in rows]
            if len(scores) - 1 - int(np.argmax(scores)) >= plan.patience:
                return True
        if plan.cpu_seconds:
            return self.spent("cpu_seconds") >= plan.cpu_seconds
        return len(rows) >= (plan.epochs or 0)

    def epoch(self, number: int) -> dict[str, float]:
        """Pass once over the training data, look at the validation data, write the checkpoint."""
        rank = self.accelerator.process_index
        torch.manual_seed(torch_seed(self.plan.seed, "dropout", number, rank))
        draw = torch.Generator(self.place).manual_seed(torch_seed(self.plan.seed, "augment", number, rank))
        self.wrapped.train()
        before = self.spent("cpu_seconds")
        wall, cpu = time.perf_counter(), time.process_time()
        total, count, rate = torch.zeros((), device=self.place), 0, 0.0
        for index in self.order(number):
            used = before + time.process_time() - cpu
            fraction = self.fraction(number, count, used)
            if fraction > 1:
                break
            rate = self.plan.rate * one_cycle(fraction, self.plan.warm)
            self.small = fraction < self.plan.small
            total += self.step(index, rate, draw)
            count += 1
        loss = float(total) / max(count, 1)
        row = {"epoch": number + 1, "loss": loss, "rate": rate, "images": count * self.size}
        row |= {"seconds": time.perf_counter() - wall, "cpu_seconds": self.shared(time.process_time() - cpu)}
        self.history.append(row | self.look())
        self.keep()
        return self.history[-1]

    def order(self, number: int) -> Iterator[Tensor]:
        """The batches of an epoch as case numbers; of each, the part that belongs to this process."""
        # Raw words are stable between numpy versions; Generator.permutation is not promised to be.
        words = stream(self.plan.seed, "order", number).bit_generator.random_raw(len(self.train))
        shuffled = torch.from_numpy(np.argsort(words, kind="stable"))
        rank, ranks = self.accelerator.process_index, self.accelerator.num_processes
        share = self.size // ranks
        for first in range(0, self.steps * self.size, self.size):
            yield shuffled[first + rank * share : first + (rank + 1) * share]

    def fraction(self, epoch: int, step: int, used: float) -> float:
        """How far the training is, 0 to 1, by steps or by CPU time (that of the first process, for all)."""
        if self.plan.cpu_seconds is None:
            return (epoch * self.steps + step) / max(1, (self.plan.epochs or 1) * self.steps - 1)
        return self.shared(used) / self.plan.cpu_seconds

    def shared(self, value: float) -> float:
        """The first process's ``value``: all must stop at the same step, or they wait for each other for ever."""
        if self.accelerator.num_processes == 1:
            return value
        from accelerate.utils import broadcast

        return float(broadcast(torch.tensor(value, device=self.place)))

    def step(self, index: Tensor, rate: float, draw: torch.Generator) -> Tensor:
        """One update from the cases ``index``; returns their mean loss."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad()
        total = torch.zeros((), device=self.place)
        parts = index.chunk(self.plan.accumulate)
        for part in parts:
            images, targets = self.batch(part, draw)
            with torch.autocast(self.place.type, torch.bfloat16, enabled=self.plan.half):
                outputs = self.wrapped(images, targets) if self.task.given else self.wrapped(images)
            loss = self.task.loss(outputs.float(), targets) * (len(part) / len(index))
            if part is parts[-1]:
                self.accelerator.backward(loss)
            else:
                with self.accelerator.no_sync(self.wrapped):
                    self.accelerator.backward(loss)
            total += loss.detach()
        if self.plan.clip is not None:
            nn.utils.clip_grad_norm_(self.model.parameters(), self.plan.clip)
        self.optimiser.step()
        return total

    def batch(self, index: Tensor, draw: torch.Generator) -> tuple[Tensor, Tensor]:
        """Images (float32, 0 to 1, channels last) and targets of the cases ``index``, on the device, augmented."""
        images = floats(self.train.images[index].to(self.place))
        targets = self.targets[index].to(self.place)
        if self.small and images.dim() == 4:
            images, targets = smaller(images, targets, self.task.spatial)
        if images.dim() == 5:  # a clip: its frames stand where the channels do, so that all are moved alike
            moved = self.augment(images[:, :, 0], draw) if self.augment is not None else images[:, :, 0]
            return moved.unsqueeze(2), targets
        if images.dim() < 4:  # features, not pictures
            return images, targets
        if self.augment is not None and self.task.spatial:
            images, targets = self.augment(images, draw, masks=targets)
        elif self.augment is not None:
            images = self.augment(images, draw)
        return images.contiguous(memory_format=self.layout), targets

    def look(self) -> dict[str, float]:
        """Share the batch statistics between processes and judge the network on the validation data."""
        if self.accelerator.num_processes > 1:
            for buffer in self.model.buffers():
                if buffer.is_floating_point():
                    buffer.copy_(self.accelerator.reduce(buffer, "mean"))
        if self.validation is None:
            return {}
        targets = self.task.targets(self.validation)
        outputs = outputs_of(self.model, self.validation.images, targets if self.task.given else None)
        found = {"validation_loss": float(self.task.loss(outputs, targets))}
        if self.task.monitor is not None:
            score = self.task.monitor(self.validation, self.task.decode(outputs))
            found[f"validation_{self.task.watch}"] = score
            earlier = [row[f"validation_{self.task.watch}"] for row in self.history]
            if self.plan.patience and not any(score <= other for other in earlier):
                self.best = {name: value.clone() for name, value in self.model.state_dict().items()}
        return found

    def keep(self) -> None:
        """Write the checkpoint (first process only)."""
        if self.folder is not None and self.accelerator.is_main_process:
            checkpoint.save(self.folder, self.model, self.optimiser, self.history, self.settings, self.best)

    def finish(self, environment: dict[str, Any]) -> Run:
        """Return the run, with the best weights if there was a patience, judged on the validation data."""
        if self.best is not None:
            self.model.load_state_dict(self.best)
        run = Run(
            self.model.eval(), self.task, self.history, self.settings, environment,
            self.spent("seconds"), self.spent("cpu_seconds"),
        )  # fmt: skip
        if self.validation is not None and self.task.monitor is not None:
            try:
                run.evaluate(self.validation, "validation")
            except ParameterError as problem:  # one class only, one patient: no interval, but a trained network
                print(f"The validation set was not judged: {problem}", file=sys.stderr)
        return run


def smaller(images: Tensor, targets: Tensor, spatial: bool) -> tuple[Tensor, Tensor]:
    """Images (n, 1, h, w) at three quarters of their size, sides multiples of 16; maps that move with them likewise.

    >>> images, targets = smaller(torch.zeros(2, 1, 128, 192), torch.zeros(2, 1, 128, 192, dtype=torch.uint8), True)
    >>> images.shape[2:], targets.shape[2:], targets.dtype
    (torch.Size([96, 144]), torch.Size([96, 144]), torch.uint8)
    """
    size = [max(16, int(side * 0.75 / 16 + 0.5) * 16) for side in images.shape[2:]]
    if spatial:
        targets = interpolate(targets.float(), size, mode="nearest-exact").to(targets.dtype)
    return interpolate(images, size, mode="bilinear", antialias=True), targets
