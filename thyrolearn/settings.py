"""Which data, how much work, which device, which folders: all decided here and nowhere else.

=====================  ==========================================  =========
variable               meaning                                     default
=====================  ==========================================  =========
``THYROLEARN_DATA``    ``phantom`` or the name of a public set     phantom
``THYROLEARN_ROOT``    the folder that holds that public set       (none)
``THYROLEARN_TIER``    ``lesson`` (laptop) or ``full`` (patience)  lesson
``THYROLEARN_DEVICE``  ``auto``, ``cpu``, ``cuda`` or ``mps``      auto
``THYROLEARN_SEED``    the seed of initial weights and order       0
``THYROLEARN_CACHE``   where cohorts are kept                      user cache
=====================  ==========================================  =========
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from thyrolearn.errors import SettingsError

if TYPE_CHECKING:
    import torch

__all__ = ["Budget", "Settings", "TIERS", "current", "device", "Folders", "folders"]


class Budget(BaseModel):
    """How much work a tier allows. A tier changes this record and nothing else.

    >>> TIERS["lesson"].pixels < TIERS["full"].pixels
    True
    """

    model_config = ConfigDict(frozen=True)

    pixels: int = Field(description="side of a nodule crop, pixels")
    cases: int = Field(description="a training set that `epochs` is meant for; see `epochs_for`")
    epochs: int = Field(description="passes over the training set")
    width: int = Field(description="channels of a network's first stage")
    resamples: int = Field(description="bootstrap resamples for an interval")

    def epochs_for(self, cases: int) -> int:
        """Passes over ``cases`` that make as many weight updates as ``epochs`` passes over a full training set.

        >>> TIERS["lesson"].epochs_for(4000), TIERS["lesson"].epochs_for(250)
        (8, 128)
        """
        return max(1, round(self.epochs * self.cases / max(1, cases)))


TIERS: dict[str, Budget] = {
    "lesson": Budget(pixels=64, cases=4000, epochs=8, width=16, resamples=1000),
    "full": Budget(pixels=128, cases=4000, epochs=40, width=32, resamples=2000),
}


class Settings(BaseModel):
    """The learner's choices, read from the environment by `current`."""

    model_config = ConfigDict(frozen=True)

    data: str = "phantom"
    root: Path | None = None
    tier: Literal["lesson", "full"] = "lesson"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"  # house: the one list of device names
    seed: int = Field(default=0, ge=0)

    @property
    def budget(self) -> Budget:
        """The work this tier allows."""
        return TIERS[self.tier]


def current(**changes: object) -> Settings:
    """Read the settings from the environment; keyword arguments win over it.

    Raises `SettingsError` naming the variable and the allowed values.

    >>> current(tier="full").tier
    'full'
    """
    found: dict[str, object] = {}
    for name in Settings.model_fields:
        text = os.environ.get(f"THYROLEARN_{name.upper()}", "").strip()
        if text:
            found[name] = text
    found.update({name: value for name, value in changes.items() if value is not None})
    try:
        return Settings.model_validate(found)
    except ValidationError as problem:
        first = problem.errors()[0]
        name = str(first["loc"][0])
        raise SettingsError(
            f"{name}={first['input']!r} cannot be used: {first['msg']}.",
            f"Set THYROLEARN_{name.upper()} (or the option --{name}) to an allowed value.",
        ) from None


def device(choice: str | None = None) -> "torch.device":
    """Return the torch device for ``choice`` (default: the settings). The only place that names one.

    ``auto`` takes CUDA, else Apple's MPS, else the CPU. A device that is asked for by name and is not
    there raises `SettingsError`: nothing is switched silently.

    >>> device("cpu")
    device(type='cpu')
    """
    import torch

    choice = choice or current().device
    present = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    there = [name for name, is_there in present.items() if is_there]
    if choice == "auto":
        choice = there[0]
    if choice not in there:
        raise SettingsError(f"Device {choice!r} is not here ({', '.join(there)}).", "Use THYROLEARN_DEVICE=auto.")
    return torch.device(choice)


class Folders(BaseModel):
    """Where things lie: ``notebooks`` and ``datasets`` ship with the package, ``cache`` is the user's."""

    model_config = ConfigDict(frozen=True)

    notebooks: Path
    datasets: Path
    cache: Path
    checkout: Path | None = None


def folders() -> Folders:
    """Resolve the folders: those of the checkout in an editable install, else those inside the wheel.

    >>> folders().notebooks.name
    'notebooks'
    """
    package = Path(__file__).resolve().parent
    checkout = package.parent if (package.parent / "pyproject.toml").is_file() else None
    shipped = checkout or package / "_shipped"
    cache = os.environ.get("THYROLEARN_CACHE")
    if not cache:
        import pooch

        cache = str(pooch.os_cache("thyrolearn"))
    return Folders(
        notebooks=shipped / "notebooks",
        datasets=shipped / "datasets",
        cache=Path(cache).expanduser(),
        checkout=checkout,
    )
