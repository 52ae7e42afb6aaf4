"""The settings of a training, checked."""

from dataclasses import dataclass

from thyrolearn.errors import ParameterError

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """What decides the result of a training, beside the network, the task and the data."""

    epochs: int | None
    cpu_seconds: float | None
    batch: int
    rate: float
    weight_decay: float
    betas: tuple[float, float]
    clip: float | None
    accumulate: int
    patience: int | None
    seed: int
    augment: bool
    half: bool
    warm: float = 0.3
    small: float = 0.0

    def __post_init__(self) -> None:
        if (self.epochs is None) == (self.cpu_seconds is None):
            raise ParameterError("Give either epochs or cpu_seconds.", "For example fit(..., epochs=8).")
        for name in ("warm", "small"):
            if not 0 <= getattr(self, name) < 1:
                raise ParameterError(f"{name}={getattr(self, name)} is no share.", f"Give 0 <= {name} < 1.")
        for name in ("epochs", "cpu_seconds", "batch", "rate", "clip", "accumulate", "patience"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ParameterError(f"{name}={value} trains nothing.", f"Give {name} > 0.")
