"""A small course of one lesson, with everything that a lesson has, for the tests of the machinery."""

from thyrolearn.course.exercise import Exercise, Wrong, call, close, judge

PARTS = "1_demo:\n  title: Demonstration\n  lessons: [01_first]\n"

MARKDOWN = """\
# Counting overlaps

You will write the Dice score and see when it misleads. It takes a minute.

**After this lesson you can**

- compute the Dice score of two masks
- say why *size* matters,
  and by how much

**Prerequisites**

- `start/first_look`
"""

SOLVED = """\
### BEGIN SOLUTION
def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())
### END SOLUTION
lesson.check("dice", dice)"""


def _dice_inputs():
    import numpy as np

    return np.array([1, 1, 1, 0], bool), np.array([0, 1, 1, 0], bool)


def _check_dice(dice):
    got = call(dice, *_dice_inputs())
    return judge(
        close(got, 0.8),
        "Twice the overlap over the sum of the areas: 0.8 here.",
        (close(got, 2 / 3), "iou", "This is the IoU: the union stands below the line. Dice has the sum of both areas."),
        (close(got, 0.75), "accuracy", "This counts agreement outside the nodule too."),
        (close(got, 0.4), "half", "The overlap counts twice in the Dice score."),
        otherwise="Divide twice the overlap by the sum of the two areas.",
    )


# The format of an exercise: copy this.
DICE = Exercise(
    name="dice",
    prompt="Write the Dice score of two boolean masks.",
    starter="def dice(a, b):\n    ...  # twice the overlap over the sum of the areas",
    hint="Count the overlap with `(a & b).sum()`.",
    solution="def dice(a, b):\n    return 2 * (a & b).sum() / (a.sum() + b.sum())",
    check=_check_dice,
    inputs=_dice_inputs,
    setup="import numpy as np",
    alternates=("def dice(a, b):\n    return 2 * np.logical_and(a, b).mean() / (a.mean() + b.mean())",),
    wrong=(
        Wrong("IoU", "def dice(a, b):\n    return (a & b).sum() / (a | b).sum()", "iou"),
        Wrong("accuracy", "def dice(a, b):\n    return (a == b).mean()", "accuracy"),
        Wrong("overlap once", "def dice(a, b):\n    return (a & b).sum() / (a.sum() + b.sum())", "half"),
    ),
)


def notebook(*cells):
    """A notebook as JSON from (type, source) pairs."""
    made = []
    for number, (kind, source) in enumerate(cells):
        cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": source.splitlines(keepends=True)}
        made.append(cell | ({"outputs": [], "execution_count": None} if kind == "code" else {}))
    meta = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return {"cells": made, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}
