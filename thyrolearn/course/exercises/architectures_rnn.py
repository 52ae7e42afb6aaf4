"""Exercises of the lesson on recurrent networks: a gated step, weights, arrival of contrast, an honest shuffle."""

from collections.abc import Callable
from typing import Any

from thyrolearn.course.exercise import Exercise, Verdict, Wrong, call, close, judge

__all__ = ["EXERCISES", "weights_of_a_gru"]


def weights_of_a_gru() -> str:
    """The numeric key of the quiz: the weights and biases of a GRU with 2 inputs and 16 hidden values.

    >>> weights_of_a_gru()
    '960'
    """
    from torch import nn

    return f"{sum(weight.numel() for weight in nn.GRU(2, 16).parameters()):,}"


def _gru_inputs() -> tuple[Any, ...]:
    """Numbers for which no two misconceptions agree."""
    import torch

    h, new_x, new_h = torch.tensor([0.5, -0.8]), torch.tensor([0.3, 0.9]), torch.tensor([1.2, -0.4])
    return h, new_x, new_h, torch.tensor([0.2, 0.7]), torch.tensor([0.9, 0.25])


def _check_gru(answer: Callable[..., Any]) -> Verdict:
    import torch

    h, new_x, new_h, reset, update = _gru_inputs()
    got = call(answer, h, new_x, new_h, reset, update)
    new = torch.tanh(new_x + reset * new_h)
    known = (
        (
            close(got, update * new + (1 - update) * h),
            "update swapped",
            "An update gate near one keeps the old memory in torch. Yours replaces it. Papers differ in this sign; a "
            "set of weights fits one convention only.",
        ),
        (
            close(got, (1 - update) * torch.tanh(reset * (new_x + new_h)) + update * h),
            "input reset too",
            "The reset gate says how much of the past enters the candidate. What just came in is not reset.",
        ),
        (
            close(got, (1 - update) * torch.tanh(new_x + new_h) + update * h),
            "no reset",
            "The candidate ignores the reset gate: it always listens to the whole past.",
        ),
        (
            close(got, (1 - update) * (new_x + reset * new_h) + update * h),
            "no squashing",
            "The candidate must pass through tanh, or the memory can grow from step to step.",
        ),
    )
    kept = call(answer, h, new_x, new_h, reset, torch.ones(2))
    right = close(got, (1 - update) * new + update * h) and close(kept, h)
    praise = "Right. With an update gate of one the memory is carried over untouched: that is how it lasts."
    return judge(right, praise, *known, otherwise="First the candidate, from input and reset past; then the mixture.")


GRU_STEP = Exercise(
    name="gru_step",
    prompt="Return the next memory of a GRU, from the old one, the two parts of the candidate, and the two gates.",
    hint="Form the candidate, letting the reset gate act on the past only; then mix old and new by the update gate.",
    starter="def gru_step(h, new_x, new_h, reset, update):\n    ...  # tensors of one shape; the gates are from 0 to 1",
    solution=(
        "def gru_step(h, new_x, new_h, reset, update):\n"
        "    new = torch.tanh(new_x + reset * new_h)\n"
        "    return (1 - update) * new + update * h"
    ),
    alternates=(
        "def gru_step(h, new_x, new_h, reset, update):\n"
        "    return torch.lerp(torch.tanh(new_x + reset * new_h), h, update)",
    ),
    wrong=(
        Wrong(
            "the other convention",
            "def gru_step(h, new_x, new_h, reset, update):\n"
            "    return update * torch.tanh(new_x + reset * new_h) + (1 - update) * h",
            "update swapped",
        ),
        Wrong(
            "resets what comes in",
            "def gru_step(h, new_x, new_h, reset, update):\n"
            "    return (1 - update) * torch.tanh(reset * (new_x + new_h)) + update * h",
            "input reset too",
        ),
        Wrong(
            "forgets the reset gate",
            "def gru_step(h, new_x, new_h, reset, update):\n"
            "    return (1 - update) * torch.tanh(new_x + new_h) + update * h",
            "no reset",
        ),
        Wrong(
            "forgets tanh",
            "def gru_step(h, new_x, new_h, reset, update):\n"
            "    return (1 - update) * (new_x + reset * new_h) + update * h",
            "no squashing",
        ),
    ),
    check=_check_gru,
    inputs=_gru_inputs,
    setup="import torch",
)


def _arrival_inputs() -> tuple[Any, float]:
    import numpy as np

    return np.array([0.0, 0.0, 1.0, 3.0, 6.0, 10.0, 9.0, 7.0, 5.5, 4.0, 3.0]), 0.7


def _check_arrival(answer: Callable[..., Any]) -> Verdict:
    curve, step = _arrival_inputs()
    got = call(answer, curve, step)
    known = (
        (
            close(got, 5 * step),
            "time of the peak",
            "This is when the curve is highest. The peak is flat and wanders with the speckle; half of it is steep.",
        ),
        (
            close(got, 4),
            "steps, not seconds",
            "This counts samples. Multiply by the seconds between two of them.",
        ),
        (
            close(got, 8 * step),
            "last crossing",
            "The curve is above half of its peak until then. Contrast arrives at the first crossing, not the last.",
        ),
        (
            close(got, 2 * step),
            "first signal",
            "This is the first value above zero. With noise before the bolus that would be the first sample.",
        ),
    )
    late = call(answer, curve[::-1].copy(), step)
    right = close(got, 4 * step) and close(late, 2 * step)
    praise = "Right. On the steep flank the noise moves the time least, so software reports it in this way."
    return judge(right, praise, *known, otherwise="Find the peak, halve it, and look for the first sample that high.")


ARRIVAL = Exercise(
    name="arrival",
    prompt="Return the time in seconds at which the curve first reaches half of its peak.",
    hint="A comparison gives an array of yes and no; `argmax` of that is the first yes.",
    starter="def arrival(curve, step_s):\n    ...  # intensities, the first at 0 s; step_s seconds between them",
    solution="def arrival(curve, step_s):\n    return step_s * np.argmax(curve >= curve.max() / 2)",
    alternates=(
        "def arrival(curve, step_s):\n"
        "    return next(i for i, value in enumerate(curve) if value >= max(curve) / 2) * step_s",
    ),
    wrong=(
        Wrong(
            "time to peak",
            "def arrival(curve, step_s):\n    return step_s * np.argmax(curve)",
            "time of the peak",
        ),
        Wrong(
            "last crossing",
            "def arrival(curve, step_s):\n    return step_s * np.flatnonzero(curve >= curve.max() / 2)[-1]",
            "last crossing",
        ),
        Wrong(
            "counts samples",
            "def arrival(curve, step_s):\n    return np.argmax(curve >= curve.max() / 2)",
            "steps, not seconds",
        ),
        Wrong(
            "first signal",
            "def arrival(curve, step_s):\n    return step_s * np.argmax(curve > 0)",
            "first signal",
        ),
    ),
    check=_check_arrival,
    inputs=_arrival_inputs,
    setup="import numpy as np",
)


def _shuffle_inputs() -> tuple[Any, Any]:
    """Three nodules, two curves each, nine steps; every number occurs once and tells where it came from."""
    import numpy as np

    nodule, curve, step = np.ogrid[:3, :2, :9]
    return 100 * nodule + 10 * curve + step, np.random.default_rng(4)


def _check_shuffle(answer: Callable[..., Any]) -> Verdict:
    import numpy as np

    curves, rng = _shuffle_inputs()
    before = curves.copy()
    got = np.asarray(call(answer, curves, rng))
    if got.shape != before.shape:
        return Verdict(False, f"Return an array of the shape {before.shape}, not {got.shape}.", "shape")
    steps = got % 10
    home = (got // 100 == before // 100).all() and (got // 10 % 10 == before // 10 % 10).all()
    whole = (np.sort(steps, axis=2) == np.arange(9)).all()
    known = (
        (
            (got == before).all(),
            "nothing moved",
            "The curves came back as they were. `rng.permutation(n)` returns a new order; it must be used as an index.",
        ),
        (
            not home,
            "nodules mixed",
            "A value went to another nodule or the other curve. Shuffle along time only, or labels and values part.",
        ),
        (
            not (steps[:, 0] == steps[:, 1]).all(),
            "pairs torn",
            "Lesion and gland were shuffled apart. Their values of one second belong together: keep the pairs, so that "
            "order is all that is lost.",
        ),
        (
            home and whole and (steps == steps[:1]).all(),
            "one order for all",
            "Every nodule got the same new order. A network can learn that order as well as the old one, so nothing "
            "was taken from it. Draw a new order for each nodule.",
        ),
    )
    right = home and whole and (steps[:, 0] == steps[:, 1]).all() and not (steps == steps[:1]).all()
    praise = "Right: the same values, the same pairs, the same labels, and no order left to learn."
    return judge(right, praise, *known, otherwise="For each nodule draw one order and apply it to both of its curves.")


SHUFFLE_TIME = Exercise(
    name="shuffle_time",
    prompt="Return the curves with time shuffled, so that order, and nothing but order, is lost.",
    hint="Which values must stay together, and may two nodules share an order?",
    starter="def shuffle_time(curves, rng):\n    ...  # (nodules, 2, steps); rng.permutation(n) draws an order",
    solution=(
        "def shuffle_time(curves, rng):\n"
        "    return np.stack([pair[:, rng.permutation(pair.shape[1])] for pair in curves])"
    ),
    alternates=(
        "def shuffle_time(curves, rng):\n"
        "    orders = rng.random((len(curves), 1, curves.shape[2])).argsort(axis=2)\n"
        "    return np.take_along_axis(curves, np.repeat(orders, 2, axis=1), axis=2)",
    ),
    wrong=(
        Wrong(
            "one order for all nodules",
            "def shuffle_time(curves, rng):\n    return curves[:, :, rng.permutation(curves.shape[2])]",
            "one order for all",
        ),
        Wrong(
            "each curve on its own",
            "def shuffle_time(curves, rng):\n    return rng.permuted(curves, axis=2)",
            "pairs torn",
        ),
        Wrong(
            "shuffles over the nodules too",
            "def shuffle_time(curves, rng):\n"
            "    order = rng.permutation(curves.shape[0] * curves.shape[2])\n"
            "    pairs = curves.transpose(0, 2, 1).reshape(-1, 2)[order]\n"
            "    return pairs.reshape(curves.shape[0], curves.shape[2], 2).transpose(0, 2, 1)",
            "nodules mixed",
        ),
    ),
    check=_check_shuffle,
    inputs=_shuffle_inputs,
    setup="import numpy as np",
)

EXERCISES = [GRU_STEP, ARRIVAL, SHUFFLE_TIME]
