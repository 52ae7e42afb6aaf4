"""Exercises of the lesson on convolutional networks: receptive field, weights, AUC by pairs."""

from collections.abc import Callable
from typing import Any

from thyrolearn.course.exercise import Exercise, Verdict, Wrong, call, close, judge

__all__ = ["EXERCISES", "weights_of_a_layer"]


def weights_of_a_layer() -> str:
    """The numeric key of the quiz: weights of a 3 x 3 convolution from 16 to 32 channels, without bias.

    >>> weights_of_a_layer()
    '4,608'
    """
    from torch import nn

    layer = nn.Conv2d(16, 32, 3, bias=False)
    return f"{sum(weight.numel() for weight in layer.parameters()):,}"


LAYERS = [(7, 2), (3, 1), (3, 2), (5, 1)]  # kernel and stride; no two misconceptions agree on it


def _check_receptive_field(answer: Callable[..., Any]) -> Verdict:
    got = call(answer, list(LAYERS))
    known = (
        (
            close(got, sum(k for k, _ in LAYERS)),
            "sum of kernels",
            "You added the kernels. Two neighbouring units share "
            "most of what they see: each layer adds its kernel minus one.",
        ),
        (
            close(got, 1 + sum(k - 1 for k, _ in LAYERS)),
            "strides ignored",
            "Right for stride 1. After a stride of 2, one step in the next layer is two pixels of the picture.",
        ),
        (
            close(got, 41),
            "stride too early",
            "You let a layer's own stride widen its own kernel. The stride takes effect from the next layer on.",
        ),
    )
    right = close(got, 31) and close(call(answer, [(3, 1), (3, 1)]), 5) and close(call(answer, []), 1)
    praise = "31 pixels. Two kernels of 3 see 5 pixels, as VGG says; with strides the view grows faster."
    return judge(right, praise, *known, otherwise="Start from one pixel. Each layer adds (kernel - 1) steps.")


RECEPTIVE_FIELD = Exercise(
    name="receptive_field",
    prompt="Return the side, in pixels, of the theoretical receptive field of one unit of the last layer.",
    hint="A step of one unit in a layer is a step of several pixels, and the strides before it say how many.",
    starter="def receptive_field(layers):\n    ...  # layers: pairs (kernel, stride), the first layer first",
    solution=(
        "def receptive_field(layers):\n"
        "    field, step = 1, 1\n"
        "    for kernel, stride in layers:\n"
        "        field += (kernel - 1) * step\n"
        "        step *= stride\n"
        "    return field"
    ),
    alternates=(
        "def receptive_field(layers):\n"
        "    field = 1\n"
        "    for kernel, stride in reversed(layers):\n"
        "        field = (field - 1) * stride + kernel\n"
        "    return field",
    ),
    wrong=(
        Wrong(
            "adds the kernels",
            "def receptive_field(layers):\n    return sum(kernel for kernel, _ in layers)",
            "sum of kernels",
        ),
        Wrong(
            "forgets the strides",
            "def receptive_field(layers):\n    return 1 + sum(kernel - 1 for kernel, _ in layers)",
            "strides ignored",
        ),
        Wrong(
            "applies the stride to its own layer",
            "def receptive_field(layers):\n"
            "    field, step = 1, 1\n"
            "    for kernel, stride in layers:\n"
            "        step *= stride\n"
            "        field += (kernel - 1) * step\n"
            "    return field",
            "stride too early",
        ),
    ),
    check=_check_receptive_field,
    inputs=lambda: (list(LAYERS),),
)


def _check_weights(answer: Callable[..., Any]) -> Verdict:
    dense, split = call(answer, 12, 24, 5), call(answer, 12, 24, 5, 4)
    known = (
        (
            close(dense, 24 * 12 * 25),
            "bias forgotten",
            "The kernels are counted, but each output channel also has a bias.",
        ),
        (
            close(dense, 24 * 12 * 5 + 24),
            "kernel not squared",
            "A kernel has two sides: its weights are kernel x kernel.",
        ),
        (
            close(dense, 7224) and close(split, 7224),
            "groups ignored",
            "Right for one group. With groups, an output channel reads only the inputs of its own group.",
        ),
        (
            close(dense, 7224) and close(split, 474),
            "groups twice",
            "You divided the outputs by the groups as well. "
            "All the output channels are still there; each reads fewer inputs.",
        ),
    )
    right = close(dense, 7224) and close(split, 24 * 3 * 25 + 24) and close(call(answer, 8, 8, 3, 8), 80)
    praise = "Right, and with one kernel a channel the cost falls by as much as there are channels."
    return judge(
        right, praise, *known, otherwise="Count one output channel first: inputs it reads, times kernel x kernel."
    )


WEIGHTS = Exercise(
    name="weights",
    prompt="Return the number of weights of a convolution with bias and `groups` groups of channels.",
    hint="Ask how many inputs one output channel reads.",
    starter="def weights(inputs, outputs, kernel, groups=1):\n    ...  # an integer",
    solution=(
        "def weights(inputs, outputs, kernel, groups=1):\n    return outputs * (inputs // groups) * kernel**2 + outputs"
    ),
    alternates=(
        "def weights(inputs, outputs, kernel, groups=1):\n"
        "    layer = nn.Conv2d(inputs, outputs, kernel, groups=groups)\n"
        "    return sum(weight.numel() for weight in layer.parameters())",
    ),
    wrong=(
        Wrong(
            "no bias",
            "def weights(inputs, outputs, kernel, groups=1):\n    return outputs * (inputs // groups) * kernel**2",
            "bias forgotten",
        ),
        Wrong(
            "one side of the kernel",
            "def weights(inputs, outputs, kernel, groups=1):\n"
            "    return outputs * (inputs // groups) * kernel + outputs",
            "kernel not squared",
        ),
        Wrong(
            "no groups",
            "def weights(inputs, outputs, kernel, groups=1):\n    return outputs * inputs * kernel**2 + outputs",
            "groups ignored",
        ),
        Wrong(
            "groups on both sides",
            "def weights(inputs, outputs, kernel, groups=1):\n"
            "    return (outputs // groups) * (inputs // groups) * kernel**2 + outputs",
            "groups twice",
        ),
    ),
    check=_check_weights,
    inputs=lambda: (12, 24, 5, 4),
    setup="from torch import nn",
)


def _auc_inputs() -> tuple[Any, Any]:
    """Scores with ties, so that the three ways to count a tie differ."""
    import numpy as np

    labels = np.array([0, 0, 0, 0, 1, 1, 1])
    return labels, np.array([0.1, 0.4, 0.4, 0.8, 0.4, 0.9, 0.6])


def _check_auc(answer: Callable[..., Any]) -> Verdict:
    from sklearn.metrics import roc_auc_score

    labels, scores = _auc_inputs()
    truth, got = roc_auc_score(labels, scores), call(answer, labels, scores)
    known = (
        (
            close(got, 8 / 12),
            "ties lost",
            "A pair with equal scores counts as a miss here. It is a draw: count one half.",
        ),
        (
            close(got, 10 / 12),
            "ties won",
            "A pair with equal scores counts as a win here. It is a draw: count one half.",
        ),
        (
            close(got, 1 - truth),
            "classes swapped",
            "This is the share of pairs in which the benign nodule scored higher.",
        ),
        (
            close(got, ((scores > 0.5) == labels).mean()),
            "accuracy",
            "This is the share of right answers at one threshold. The AUC compares pairs and needs no threshold.",
        ),
    )
    right = close(got, truth) and close(call(answer, labels, labels.astype(float)), 1.0)
    praise = "The same as scikit-learn gives, from the meaning alone."
    return judge(right, praise, *known, otherwise="Compare each malignant score with each benign one, and average.")


AUC_BY_PAIRS = Exercise(
    name="auc_by_pairs",
    prompt="Return the share of pairs (one malignant, one benign) in which the malignant nodule has the higher score.",
    hint="What is fair for a pair with equal scores?",
    starter="def auc_by_pairs(labels, scores):\n    ...  # numpy arrays; label 1 is malignant",
    solution=(
        "def auc_by_pairs(labels, scores):\n"
        "    difference = scores[labels == 1][:, None] - scores[labels == 0][None, :]\n"
        "    return (difference > 0).mean() + (difference == 0).mean() / 2"
    ),
    alternates=(
        "def auc_by_pairs(labels, scores):\n"
        "    from scipy.stats import rankdata\n"
        "    positive = labels == 1\n"
        "    above = rankdata(scores)[positive].sum() - positive.sum() * (positive.sum() + 1) / 2\n"
        "    return above / (positive.sum() * (~positive).sum())",
    ),
    wrong=(
        Wrong(
            "ties count nothing",
            "def auc_by_pairs(labels, scores):\n"
            "    return (scores[labels == 1][:, None] > scores[labels == 0][None, :]).mean()",
            "ties lost",
        ),
        Wrong(
            "ties count in full",
            "def auc_by_pairs(labels, scores):\n"
            "    return (scores[labels == 1][:, None] >= scores[labels == 0][None, :]).mean()",
            "ties won",
        ),
        Wrong(
            "the other class",
            "def auc_by_pairs(labels, scores):\n"
            "    difference = scores[labels == 0][:, None] - scores[labels == 1][None, :]\n"
            "    return (difference > 0).mean() + (difference == 0).mean() / 2",
            "classes swapped",
        ),
        Wrong(
            "share of right answers",
            "def auc_by_pairs(labels, scores):\n    return ((scores > 0.5) == labels).mean()",
            "accuracy",
        ),
    ),
    check=_check_auc,
    inputs=_auc_inputs,
    setup="import numpy as np",
)

EXERCISES = [RECEPTIVE_FIELD, WEIGHTS, AUC_BY_PAIRS]
