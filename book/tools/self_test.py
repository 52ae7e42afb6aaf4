"""The self-test at the door: three short quizzes, with numeric keys that a test computes anew."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "book" / "self_test"
SUBJECTS = ("python", "chance", "ultrasound")


def items(subject: str) -> list:
    """Return the quiz items of ``subject``, one of `SUBJECTS`."""
    from thyrolearn.course import quiz

    return quiz.load(f"self/{subject}", FOLDER)


def _shown(subject: str) -> str:
    from thyrolearn.course import quiz

    return quiz.render(items(subject), f"self/{subject}")


def python(up: str = "") -> str:
    """Return the questions on Python."""
    del up
    return _shown("python")


def chance(up: str = "") -> str:
    """Return the questions on probability."""
    del up
    return _shown("chance")


def ultrasound(up: str = "") -> str:
    """Return the questions on ultrasound."""
    del up
    return _shown("ultrasound")


def shape_of_a_sum() -> str:
    """The key of ``shape``: what broadcasting does."""
    import numpy as np

    return str((np.zeros((4, 1, 8)) + np.zeros((3, 8))).shape)


def weight_after_a_step() -> str:
    """The key of ``step``: one step of torch's own optimiser."""
    import torch

    weight = torch.nn.Parameter(torch.tensor(5.0))
    optimiser = torch.optim.SGD([weight], lr=0.25)
    (weight - 3).square().backward()
    optimiser.step()
    return f"{weight.item():.1f}"


def predictive_value() -> str:
    """The key of ``ppv``: by counting nodules."""
    malignant, benign = 50, 950
    found, alarms = 0.9 * malignant, 0.2 * benign
    return f"{found / (found + alarms):.0%}".replace("%", " %")
