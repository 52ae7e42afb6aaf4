"""Exercises of the lesson on the training loop: a gradient, the number of updates, early stopping."""

from collections.abc import Callable
from typing import Any

from thyrolearn.course.exercise import Exercise, Verdict, Wrong, call, close, judge

__all__ = ["EXERCISES", "updates_of_a_day"]


def updates_of_a_day() -> str:
    """The numeric key of the quiz: updates of 10 epochs over 1,000 cases in batches of 64.

    >>> updates_of_a_day()
    '150'
    """
    from torch.utils.data import BatchSampler

    return str(10 * len(list(BatchSampler(range(1000), 64, drop_last=True))))


def _regression() -> tuple[Any, Any, Any]:
    import torch

    inputs = torch.tensor([[1.0, 2.0], [0.5, -1.0], [-2.0, 0.3]])
    return inputs, torch.tensor([1.0, 0.0, 1.0]), torch.tensor([0.2, -0.4])


def _check_gradient(answer: Callable[..., Any]) -> Verdict:
    import torch

    inputs, labels, weights = _regression()
    free = weights.clone().requires_grad_()
    (inputs @ free - labels).square().mean().backward()
    got, right = call(answer, inputs, labels, weights), free.grad
    logistic = (torch.sigmoid(inputs @ weights) - labels) @ inputs / len(labels)
    known = (
        (close(got, right / 2), "factor forgotten", "The derivative of a square is twice what was squared."),
        (close(got, -right), "sign turned", "This points downhill. The gradient points uphill: answer minus label."),
        (
            close(got, right * len(labels)),
            "sum for mean",
            "This is the gradient of the sum. The loss is a mean, so divide by the number of cases.",
        ),
        (
            close(got, logistic) or close(got, 2 * logistic),
            "sigmoid kept",
            "There is no sigmoid here: the answer is the plain product of inputs and weights.",
        ),
    )
    praise = "As autograd finds it. The shape is that of logistic regression: answer minus label, times input."
    return judge(close(got, right), praise, *known, otherwise="Start from (answer - label) times input, case by case.")


SQUARED_GRADIENT = Exercise(
    name="squared_gradient",
    prompt="Return the gradient of mean((inputs @ weights - labels)**2) with respect to the weights.",
    hint="The square brings down a factor.",
    starter="def squared_gradient(inputs, labels, weights):\n    ...  # tensors (n, d), (n,), (d,); return (d,)",
    solution=(
        "def squared_gradient(inputs, labels, weights):\n"
        "    return 2 * (inputs @ weights - labels) @ inputs / len(labels)"
    ),
    alternates=(
        "def squared_gradient(inputs, labels, weights):\n"
        "    free = weights.clone().requires_grad_()\n"
        "    (inputs @ free - labels).square().mean().backward()\n"
        "    return free.grad",
    ),
    wrong=(
        Wrong(
            "no factor of two",
            "def squared_gradient(inputs, labels, weights):\n"
            "    return (inputs @ weights - labels) @ inputs / len(labels)",
            "factor forgotten",
        ),
        Wrong(
            "label minus answer",
            "def squared_gradient(inputs, labels, weights):\n"
            "    return 2 * (labels - inputs @ weights) @ inputs / len(labels)",
            "sign turned",
        ),
        Wrong(
            "sums over the cases",
            "def squared_gradient(inputs, labels, weights):\n    return 2 * (inputs @ weights - labels) @ inputs",
            "sum for mean",
        ),
        Wrong(
            "keeps the sigmoid",
            "def squared_gradient(inputs, labels, weights):\n"
            "    return 2 * (torch.sigmoid(inputs @ weights) - labels) @ inputs / len(labels)",
            "sigmoid kept",
        ),
    ),
    check=_check_gradient,
    inputs=_regression,
    setup="import torch",
)


def _check_updates(answer: Callable[..., Any]) -> Verdict:
    got = [call(answer, 100, 32, 5), call(answer, 64, 64, 3)]
    known = (
        (close(got, [20, 3]), "last batch counted", "The incomplete last batch is left out, so round down."),
        (close(got, [3, 1]), "one epoch", "Right for one epoch. Every epoch makes that many updates."),
        (close(got, [500, 192]), "cases counted", "You counted cases. One batch makes one update."),
    )
    praise = "Right. What is left out differs from epoch to epoch, since the order does."
    return judge(close(got, [15, 3]), praise, *known, otherwise="How many whole batches fit into one epoch?")


UPDATES_OF = Exercise(
    name="updates_of",
    prompt="Return the number of updates of a training; an incomplete last batch of an epoch is left out.",
    hint="Count the whole batches of one epoch first.",
    starter="def updates_of(cases, batch, epochs):\n    ...  # an integer",
    solution="def updates_of(cases, batch, epochs):\n    return epochs * (cases // batch)",
    alternates=(
        "def updates_of(cases, batch, epochs):\n"
        "    return sum(1 for _ in range(epochs) for first in range(0, cases - batch + 1, batch))",
    ),
    wrong=(
        Wrong(
            "counts the last batch",
            "def updates_of(cases, batch, epochs):\n    return epochs * -(-cases // batch)",
            "last batch counted",
        ),
        Wrong("forgets the epochs", "def updates_of(cases, batch, epochs):\n    return cases // batch", "one epoch"),
        Wrong("counts cases", "def updates_of(cases, batch, epochs):\n    return epochs * cases", "cases counted"),
    ),
    check=_check_updates,
    inputs=lambda: (100, 32, 5),
)

AUCS = [0.60, 0.66, 0.64, 0.65, 0.70, 0.69, 0.68, 0.66, 0.72]


def _check_stopping(answer: Callable[..., Any]) -> Verdict:
    got = [tuple(int(v) for v in call(answer, list(AUCS), patience)) for patience in (2, 3, 9)]
    known = (
        (
            [b for _, b in got] == [s for s, _ in got] == [4, 8, 9],
            "last weights",
            "The last epoch's weights are those of a network that had stopped getting better. Keep the best epoch's.",
        ),
        (
            got == [(3, 2), (4, 2), (9, 9)] or got == [(5, 2), (9, 9), (9, 9)],
            "counted one off",
            "The count starts after the best epoch: with patience 2, two epochs in a row must bring nothing better.",
        ),
        (
            got == [(3, 2), (6, 5), (9, 9)] or got == [(3, 2), (7, 5), (9, 9)] or got == [(7, 5), (8, 5), (9, 9)],
            "compared with the epoch before",
            "You compared with the epoch before. What counts is the best so far, however long ago.",
        ),
        (
            got == [(9, 9)] * 3,
            "never stops",
            "This knows the whole curve, as if the training had never been stopped. Stop as soon as patience runs out.",
        ),
    )
    praise = "Right. Note what patience 2 has missed: a better epoch was still to come, and it could not know."
    other = "Walk through the epochs; remember the best so far and how long ago it was."
    return judge(got == [(4, 2), (8, 5), (9, 9)], praise, *known, otherwise=other)


STOPPING = Exercise(
    name="stopping",
    prompt="Return (stop, keep): after how many epochs training ends, and the epoch (from 1) whose weights are kept.",
    hint="Walk through the epochs and remember the best.",
    starter="def stopping(aucs, patience):\n    ...  # a pair of integers",
    solution=(
        "def stopping(aucs, patience):\n"
        "    best = 0\n"
        "    for epoch, auc in enumerate(aucs):\n"
        "        if auc > aucs[best]:\n"
        "            best = epoch\n"
        "        if epoch - best >= patience:\n"
        "            return epoch + 1, best + 1\n"
        "    return len(aucs), best + 1"
    ),
    alternates=(
        "def stopping(aucs, patience):\n"
        "    for stop in range(1, len(aucs) + 1):\n"
        "        keep = int(np.argmax(aucs[:stop])) + 1\n"
        "        if stop - keep >= patience:\n"
        "            break\n"
        "    return stop, keep",
    ),
    wrong=(
        Wrong(
            "keeps the last weights",
            "def stopping(aucs, patience):\n"
            "    best = 0\n"
            "    for epoch, auc in enumerate(aucs):\n"
            "        best = epoch if auc > aucs[best] else best\n"
            "        if epoch - best >= patience:\n"
            "            return epoch + 1, epoch + 1\n"
            "    return len(aucs), len(aucs)",
            "last weights",
        ),
        Wrong(
            "stops one epoch early",
            "def stopping(aucs, patience):\n"
            "    best = 0\n"
            "    for epoch, auc in enumerate(aucs):\n"
            "        best = epoch if auc > aucs[best] else best\n"
            "        if epoch - best >= patience - 1 and epoch > best:\n"
            "            return epoch + 1, best + 1\n"
            "    return len(aucs), best + 1",
            "counted one off",
        ),
        Wrong(
            "counts falls in a row",
            "def stopping(aucs, patience):\n"
            "    falls = 0\n"
            "    for epoch in range(1, len(aucs)):\n"
            "        falls = falls + 1 if aucs[epoch] < aucs[epoch - 1] else 0\n"
            "        if falls >= patience:\n"
            "            return epoch + 1, int(np.argmax(aucs[: epoch + 1])) + 1\n"
            "    return len(aucs), int(np.argmax(aucs)) + 1",
            "compared with the epoch before",
        ),
        Wrong(
            "looks at the whole curve",
            "def stopping(aucs, patience):\n    return len(aucs), int(np.argmax(aucs)) + 1",
            "never stops",
        ),
    ),
    check=_check_stopping,
    inputs=lambda: (list(AUCS), 2),
    setup="import numpy as np",
)

EXERCISES = [SQUARED_GRADIENT, UPDATES_OF, STOPPING]
