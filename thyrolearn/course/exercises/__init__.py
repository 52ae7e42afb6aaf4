"""The exercises of every lesson, one module each: ``architectures_cnn.py`` for ``architectures/cnn``."""

import importlib
import pkgutil

from thyrolearn.course.exercise import Exercise
from thyrolearn.errors import LessonError

__all__ = ["slugs", "exercises_of", "exercise"]


def slugs() -> list[str]:
    """Return the slugs of the lessons that have exercises.

    >>> all("/" in slug for slug in slugs())
    True
    """
    return sorted(name.replace("_", "/", 1) for _, name, _ in pkgutil.iter_modules(__path__))


def exercises_of(slug: str) -> dict[str, Exercise]:
    """Return the exercises of the lesson ``slug`` by name; none where it has no module."""
    module = f"{__name__}.{slug.replace('/', '_')}"
    try:
        found = importlib.import_module(module).EXERCISES
    except ModuleNotFoundError as problem:
        if problem.name != module:
            raise
        return {}
    return {exercise.name: exercise for exercise in found}


def exercise(slug: str, name: str) -> Exercise:
    """Return the exercise ``name`` of the lesson ``slug``; raise `LessonError` that lists those there are."""
    found = exercises_of(slug)
    if name not in found:
        there = ", ".join(found) or "none"
        raise LessonError(f"Lesson {slug} has no exercise {name!r}.", f"It has: {there}.")
    return found[name]
