"""What an exercise is, and how an answer becomes a verdict that helps.

A lesson's exercises live in ``thyrolearn/course/exercises/<part>_<lesson>.py`` as a list ``EXERCISES``.
Each source (starter, solution, alternates, wrong answers) is a whole piece of code that defines the answer,
so that tests can run every one of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Exercise", "Wrong", "Verdict", "Unanswered", "call", "close", "judge", "grade"]


@dataclass(frozen=True)
class Verdict:
    """What a checker says: right or not, in words, with the name of the misconception where it knows it."""

    ok: bool
    message: str
    diagnosis: str = ""


@dataclass(frozen=True)
class Wrong:
    """A named wrong answer: of the right type and shape, runs without error, fails with ``diagnosis``."""

    name: str
    source: str
    diagnosis: str


@dataclass(frozen=True)
class Exercise:
    """One exercise. ``check`` is a short pure function from the learner's answer to a `Verdict`.

    ``answer`` is the name that the sources define (default: ``name``). ``setup`` is code that runs before each
    source, as the lesson's import cell does. ``inputs`` returns example arguments where the answer is a function,
    so that tests can compare type and shape of what wrong answers return with what the solution returns.
    """

    name: str
    prompt: str
    starter: str
    hint: str
    solution: str
    check: Callable[[Any], Verdict]
    alternates: tuple[str, ...]
    wrong: tuple[Wrong, ...]
    answer: str = ""
    setup: str = ""
    inputs: Callable[[], tuple[Any, ...]] = field(default=tuple)

    def run(self, source: str) -> Any:
        """Run ``source`` after ``setup`` and return the answer that it defines."""
        names: dict[str, Any] = {}
        exec(compile(f"{self.setup}\n{source}", f"<{self.name}>", "exec"), names)
        return names[self.answer or self.name]


class Unanswered(Exception):
    """The learner has not written anything yet."""


def call(answer: Callable[..., Any], *inputs: Any) -> Any:
    """Call the learner's function; a result of None or ``...`` means that it is still the starter.

    >>> call(lambda a: a + 1, 2)
    3
    """
    result = answer(*inputs)
    if result is None or result is Ellipsis:
        raise Unanswered
    return result


def close(found: Any, wanted: Any, tolerance: float = 1e-5) -> bool:
    """Whether two numbers, arrays or tensors have the same shape and agree within ``tolerance``.

    ``tolerance`` is both relative and absolute. Works for what numpy can read, tensors with gradients included.

    >>> close([1.0, 2.0], [1.0, 2.0 + 1e-9]), close([1.0, 2.0], [1.0, 2.1]), close([1.0], 1.0)
    (True, False, False)
    """
    import numpy as np

    a, b = (np.asarray(x.detach().cpu() if hasattr(x, "detach") else x, dtype=float) for x in (found, wanted))
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True))


def judge(ok: bool, praise: str, *known: tuple[bool, str, str], otherwise: str) -> Verdict:
    """Return the verdict: ``praise`` when right, else the first known misconception that fits, else ``otherwise``.

    Each of ``known`` is (whether it fits, diagnosis, message).

    >>> judge(False, "Right.", (True, "iou", "This is the IoU."), otherwise="Not yet.")
    Verdict(ok=False, message='This is the IoU.', diagnosis='iou')
    """
    if ok:
        return Verdict(True, praise)
    for fits, diagnosis, message in known:
        if fits:
            return Verdict(False, message, diagnosis)
    return Verdict(False, otherwise, "other")


def grade(exercise: Exercise, answer: Any) -> Verdict:
    """Check ``answer`` and never raise: what goes wrong in the learner's code becomes a hint."""
    if answer is None or answer is Ellipsis:
        return _unanswered(exercise)
    try:
        return exercise.check(answer)
    except (Unanswered, NotImplementedError):
        return _unanswered(exercise)
    except Exception as problem:  # the learner's code may raise anything
        said = " ".join(str(problem).split())[:200]
        message = f"Your code stopped with {type(problem).__name__}: {said or 'no message'}. Hint: {exercise.hint}"
        return Verdict(False, message, "error")


def _unanswered(exercise: Exercise) -> Verdict:
    return Verdict(False, f"Yours to write. Hint: {exercise.hint}", "unanswered")
