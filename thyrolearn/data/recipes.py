"""The phantom's named cohorts, as a table that all lessons share: what each is for, of whom, how many and how large."""

from dataclasses import dataclass
from typing import Any

__all__ = ["COHORTS", "FrameRecipe", "LATER", "Part", "Recipe", "recipe_from"]


@dataclass(frozen=True)
class Part:
    """A share of a cohort: which patients of the population, on which scanners."""

    name: str
    patients: int
    scanners: dict[str, float]
    first: int = 0


@dataclass(frozen=True)
class Recipe:
    """What a named cohort is made of; two frames a nodule are a transverse and a longitudinal view.

    With ``sweep`` the ``frames`` of a nodule are those of a clip that crosses it from end to end; with ``curves`` a
    nodule has no frames but the time-intensity curves of a contrast examination (`data.curves`).
    """

    purpose: str
    parts: tuple[Part, ...]
    frames: int = 2
    size: int = 256
    prevalence: float = 0.25
    difficulty: str = "default"
    seed: int = 2025
    sweep: bool = False
    curves: bool = False


LATER = ("sweep", "curves")  # fields that recipes did not have at first: left out of the key where they say no


@dataclass(frozen=True)
class FrameRecipe(Recipe):
    """A cohort of whole frames as real machines store them (`phantom_frames`); ``two_views`` is the share of pairs."""

    two_views: float = 0.42


COHORTS: dict[str, Recipe] = {
    "stills": Recipe(
        purpose="benign or malignant: two frames a nodule, three training scanners, two held out",
        parts=(
            Part("main", 2000, {"A": 0.55, "B": 0.30, "D": 0.15}),
            Part("held-out", 500, {"C": 1.0, "E": 1.0}, first=100_000),
        ),
    ),
    "clips": Recipe(
        purpose="clips: eight frames that cross a nodule, of patients that `stills` does not have",
        parts=(
            Part("main", 600, {"A": 0.55, "B": 0.30, "D": 0.15}, first=10_000),
            Part("held-out", 60, {"C": 1.0, "E": 1.0}, first=110_000),
        ),
        frames=8,
        size=128,
        sweep=True,
    ),
    "contrast": Recipe(
        purpose="contrast curves alone, one case a nodule: cheap, so that there may be many",
        parts=(
            Part("main", 2500, {"A": 0.55, "B": 0.30, "D": 0.15}, first=20_000),
            Part("held-out", 200, {"C": 1.0, "E": 1.0}, first=120_000),
        ),
        frames=1,
        curves=True,
    ),
    "sample": Recipe(
        purpose="forty patients for a first look and for tests",
        parts=(
            Part("main", 30, {"A": 0.55, "B": 0.30, "D": 0.15}),
            Part("held-out", 10, {"C": 1.0, "E": 1.0}, 100_000),
        ),
        seed=7,
    ),
    "frames": FrameRecipe(
        purpose="outlines for real frames: large central nodules, two views in many, another machine for each",
        parts=(Part("main", 1900, {"A": 0.07, "B": 0.72, "C": 0.07, "D": 0.07, "E": 0.07}),),
        frames=1,
        size=192,
        prevalence=0.5,
        seed=2026,
    ),
}


def recipe_from(values: dict[str, Any]) -> Recipe:
    """The recipe from its `asdict` form, as a helper process receives it.

    >>> from dataclasses import asdict
    >>> recipe_from(asdict(COHORTS["stills"])) == COHORTS["stills"]
    True
    """
    kind = FrameRecipe if "two_views" in values else Recipe
    return kind(**{**values, "parts": tuple(Part(**part) for part in values["parts"])})
