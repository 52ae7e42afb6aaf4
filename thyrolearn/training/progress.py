"""How training speaks: a bar in a terminal or a notebook, plain lines elsewhere, always on stderr."""

import sys
from typing import Any

__all__ = ["Progress"]


class Progress:
    """Counts epochs (or budget seconds) up to ``total``; silent with ``enabled=False``.

    >>> with Progress(2, "epoch", enabled=False) as progress:
    ...     progress.step(1, loss=0.5)
    """

    def __init__(self, total: float, unit: str, *, enabled: bool = True, start: float = 0) -> None:
        self.total, self.unit, self.done, self.enabled = total, unit, start, enabled
        self.lines = 0
        self.bar: Any = None

    def __enter__(self) -> "Progress":
        if self.enabled and (sys.stderr.isatty() or "ipykernel" in sys.modules):
            from tqdm import tqdm

            # Plain tqdm on purpose: tqdm.auto would make a widget, which an executed notebook cannot show.
            form = "{desc}{percentage:3.0f}%|{bar:20}| {n:g}/{total:g} {unit} [{elapsed}<{remaining}{postfix}]"
            self.bar = tqdm(
                total=self.total, unit=self.unit, desc="training", file=sys.stderr, initial=self.done, bar_format=form
            )
        return self

    def __exit__(self, *problem: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def step(self, amount: float, **values: float) -> None:
        """Go on by ``amount`` and show ``values``; plain lines come at most ten times a run, and at the end."""
        self.done = min(self.done + amount, self.total)
        text = {name: f"{value:.3g}" for name, value in values.items()}
        if self.bar is not None:
            self.bar.set_postfix(text, refresh=False)
            self.bar.update(self.done - self.bar.n)
        elif self.enabled:
            due = 1 + int(9 * self.done / self.total)
            if due > self.lines:
                self.lines = due
                said = ", ".join(f"{name} {value}" for name, value in text.items())
                print(f"training: {self.unit} {self.done:.4g} of {self.total:g}, {said}", file=sys.stderr, flush=True)
