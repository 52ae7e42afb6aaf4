"""Exercises of the lesson on transformers: attention with a mask, places as waves, how far a token looks."""

from collections.abc import Callable
from typing import Any

from thyrolearn.course.exercise import Exercise, Verdict, Wrong, call, close, judge

__all__ = ["EXERCISES", "pairs_when_patches_halve"]


def pairs_when_patches_halve() -> str:
    """The numeric key of the quiz: how many times as many pairs of tokens when the side of a patch is halved.

    >>> pairs_when_patches_halve()
    '16'
    """
    coarse, fine = ((64 // patch) ** 2 for patch in (16, 8))
    return f"{fine**2 / coarse**2:.0f}"


def _scores() -> tuple[Any, Any]:
    """Scores of four tokens, and whom each may look at: itself and those before it, the second not the first."""
    import numpy as np

    scores = np.array([[1.0, 2.0, 0.5, -1.0], [0.3, -0.2, 1.1, 0.7], [2.0, 0.1, 0.4, 1.5], [-0.5, 0.8, 1.2, 0.0]])
    allowed = np.tril(np.ones((4, 4), bool))
    allowed[1, 0] = False
    return scores, allowed


def _softmax(scores: Any, axis: int = 1) -> Any:
    import numpy as np

    grown = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return grown / grown.sum(axis=axis, keepdims=True)


def _check_mask(answer: Callable[..., Any]) -> Verdict:
    import numpy as np
    from scipy.special import softmax

    scores, allowed = _scores()
    truth = softmax(np.where(allowed, scores, -np.inf), axis=1)
    with np.errstate(all="ignore"):
        got, large = call(answer, scores, allowed), call(answer, 1000 * scores, allowed)
    known = (
        (
            close(got, _softmax(scores * allowed)),
            "zero is no score",
            "A score of zero is not nothing: exp(0) is one, so the hidden tokens are still looked at.",
        ),
        (
            close(got, _softmax(scores) * allowed),
            "shares lost",
            "The hidden tokens keep their part of the whole: the rows no longer sum to one.",
        ),
        (
            close(got, _softmax(np.where(allowed, scores, -np.inf), axis=0)),
            "over queries",
            "Your columns sum to one. Each row is one token that looks, and its shares sum to one.",
        ),
        (
            close(got, truth) and not np.isfinite(large).all(),
            "overflow",
            "Right for small scores; for large ones exp overflows. Take each row's largest score off first.",
        ),
    )
    right = close(got, truth) and close(large, softmax(np.where(allowed, 1000 * scores, -np.inf), axis=1))
    praise = "Right. With this mask a language model reads: no word may look at the words after it."
    return judge(right, praise, *known, otherwise="Make the hidden scores minus infinity, then take the softmax.")


MASK = Exercise(
    name="masked_attention",
    prompt="Return the attention weights where `allowed` says which tokens each token may look at.",
    hint="What score must a hidden token have for its weight to be exactly zero and the rest to sum to one?",
    starter="def masked_attention(scores, allowed):\n    ...  # arrays (t, t): scores, and True where i may look at j",
    solution=(
        "def masked_attention(scores, allowed):\n"
        "    scores = np.where(allowed, scores, -np.inf)\n"
        "    weights = np.exp(scores - scores.max(axis=1, keepdims=True))\n"
        "    return weights / weights.sum(axis=1, keepdims=True)"
    ),
    alternates=(
        "def masked_attention(scores, allowed):\n"
        "    import torch\n"
        "    scores = torch.from_numpy(scores).masked_fill(torch.from_numpy(~allowed), -torch.inf)\n"
        "    return scores.softmax(dim=1).numpy()",
    ),
    wrong=(
        Wrong(
            "hidden scores become zero",
            "def masked_attention(scores, allowed):\n"
            "    weights = np.exp(scores * allowed)\n"
            "    return weights / weights.sum(axis=1, keepdims=True)",
            "zero is no score",
        ),
        Wrong(
            "masks after the softmax",
            "def masked_attention(scores, allowed):\n"
            "    weights = np.exp(scores - scores.max(axis=1, keepdims=True))\n"
            "    return allowed * weights / weights.sum(axis=1, keepdims=True)",
            "shares lost",
        ),
        Wrong(
            "softmax down the columns",
            "def masked_attention(scores, allowed):\n"
            "    weights = np.exp(np.where(allowed, scores, -np.inf))\n"
            "    return weights / weights.sum(axis=0, keepdims=True)",
            "over queries",
        ),
        Wrong(
            "overflows",
            "def masked_attention(scores, allowed):\n"
            "    with np.errstate(over='ignore', invalid='ignore'):\n"
            "        weights = np.exp(scores) * allowed\n"
            "        return weights / weights.sum(axis=1, keepdims=True)",
            "overflow",
        ),
    ),
    check=_check_mask,
    inputs=_scores,
    setup="import numpy as np",
)


def _waves(tokens: int, channels: int, *, first: int = 0, step: float = 2.0, halves: bool = False) -> Any:
    """The sinusoidal places of Vaswani et al. 2017, section 3.5, with one thing done otherwise."""
    import numpy as np

    places = np.arange(first, tokens + first)[:, None]
    angles = places / 10_000 ** (step * np.arange(channels // 2) / channels)
    sines, cosines = np.sin(angles), np.cos(angles)
    if halves:
        return np.concatenate([sines, cosines], axis=1)
    return np.stack([sines, cosines], axis=2).reshape(tokens, channels)


def _check_waves(answer: Callable[..., Any]) -> Verdict:
    import numpy as np

    tokens, channels = 7, 8
    got, truth = np.asarray(call(answer, tokens, channels)), _waves(tokens, channels)
    known = (
        (
            close(got, _waves(tokens, channels, halves=True)),
            "not interleaved",
            "All sines, then all cosines. It works as well, but here channels 2i and 2i + 1 are a pair.",
        ),
        (
            close(got, _waves(tokens, channels, step=1.0)),
            "half the exponent",
            "Pair i has the exponent 2i / channels; yours is i / channels, so the longest wave is too short.",
        ),
        (
            close(got, _waves(tokens, channels, first=1)),
            "counts from one",
            "Your first token is at place one. Places count from zero: the first row is 0, 1, 0, 1, ...",
        ),
    )
    right = close(got, truth) and close(call(answer, 3, 4), _waves(3, 4))
    praise = "Right: a clock with many hands. Places need no training, and reach beyond the longest training sequence."
    return judge(right, praise, *known, otherwise="Look at row 1: sin(1), cos(1), then the same of slower waves.")


_ANGLES = (
    "def sinusoidal(tokens, channels):\n"
    "    angles = np.arange(tokens)[:, None] / 10_000 ** (np.arange(0, channels, 2) / channels)\n"
)

WAVES = Exercise(
    name="sinusoidal",
    prompt="Return the places of `tokens` tokens as waves, (tokens, channels), as Vaswani et al. made them.",
    hint="Compute the angles (tokens, channels / 2) first; sines go to the even channels, cosines to the odd ones.",
    starter="def sinusoidal(tokens, channels):\n    ...  # an array (tokens, channels); channels is even",
    solution=_ANGLES + "    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(tokens, channels)",
    alternates=(
        "def sinusoidal(tokens, channels):\n"
        "    table = np.zeros((tokens, channels))\n"
        "    for t in range(tokens):\n"
        "        for i in range(channels // 2):\n"
        "            angle = t / 10_000 ** (2 * i / channels)\n"
        "            table[t, 2 * i], table[t, 2 * i + 1] = np.sin(angle), np.cos(angle)\n"
        "    return table",
    ),
    wrong=(
        Wrong(
            "sines first, cosines after",
            _ANGLES + "    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)",
            "not interleaved",
        ),
        Wrong(
            "half the exponent",
            _ANGLES.replace("np.arange(0, channels, 2)", "np.arange(channels // 2)")
            + "    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(tokens, channels)",
            "half the exponent",
        ),
        Wrong(
            "places from one",
            _ANGLES.replace("np.arange(tokens)", "np.arange(1, tokens + 1)")
            + "    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(tokens, channels)",
            "counts from one",
        ),
    ),
    check=_check_waves,
    inputs=lambda: (6, 8),
    setup="import numpy as np",
)


def _weights() -> tuple[Any, float]:
    """Attention of nine tokens on a grid of three by three, each token 8 pixels wide."""
    import numpy as np

    return _softmax(np.random.default_rng(7).normal(size=(9, 9)) * 2), 8.0


def _apart(grid: int, line: bool = False) -> Any:
    import numpy as np
    from scipy.spatial.distance import cdist

    places = np.arange(grid**2)[:, None] if line else np.argwhere(np.ones((grid, grid)))
    return cdist(places, places)


def _check_distance(answer: Callable[..., Any]) -> Verdict:
    import torch

    from thyrolearn.models.transformer import attention_distance

    weights, patch = _weights()
    got, truth = call(answer, weights, patch), float(attention_distance(torch.from_numpy(weights), patch))
    apart = _apart(3) * patch
    known = (
        (
            close(got, apart.mean()),
            "not weighed",
            "This is the mean distance of two tokens, whatever they look at. Weigh each by its attention.",
        ),
        (
            close(got, (weights * _apart(3, line=True)).sum(axis=1).mean() * patch),
            "along the row",
            "Token 2 and token 3 are neighbours in the list, not in the picture: a new row begins between them.",
        ),
        (
            close(got, truth / patch),
            "in tokens",
            "Right in tokens; each of them is `patch` pixels wide.",
        ),
        (
            close(got, (weights * apart).mean()),
            "all pairs",
            "A row of weights already sums to one: sum over the keys, and average over the queries only.",
        ),
    )
    right = close(got, truth) and close(call(answer, weights[:4, :4] * 0 + 0.25, 1.0), _apart(2).mean())
    praise = "The same as the library gives. A token that looks at itself only is at zero."
    return judge(right, praise, *known, otherwise="Distances times weights: sum each row, then average the rows.")


_PLACES = (
    "def mean_distance(weights, patch):\n"
    "    grid = round(len(weights) ** 0.5)\n"
    "    places = np.argwhere(np.ones((grid, grid)))\n"
    "    apart = np.linalg.norm(places[:, None] - places[None], axis=2)\n"
)

DISTANCE = Exercise(
    name="mean_distance",
    prompt="Return how far the tokens look on average, in pixels, from one map of attention weights.",
    hint="`np.argwhere(np.ones((grid, grid)))` lists the places of the tokens in reading order.",
    starter="def mean_distance(weights, patch):\n    ...  # weights (t, t), rows sum to one; patch: pixels a token",
    solution=_PLACES + "    return patch * (weights * apart).sum(axis=1).mean()",
    alternates=(
        "def mean_distance(weights, patch):\n"
        "    grid = round(len(weights) ** 0.5)\n"
        "    total = 0.0\n"
        "    for i, row in enumerate(weights):\n"
        "        for j, weight in enumerate(row):\n"
        "            total += weight * np.hypot(i // grid - j // grid, i % grid - j % grid)\n"
        "    return patch * total / len(weights)",
    ),
    wrong=(
        Wrong("mean of all distances", _PLACES + "    return patch * apart.mean()", "not weighed"),
        Wrong(
            "distance in the list",
            "def mean_distance(weights, patch):\n"
            "    number = np.arange(len(weights))\n"
            "    return patch * (weights * abs(number[:, None] - number)).sum(axis=1).mean()",
            "along the row",
        ),
        Wrong("forgets the patch", _PLACES + "    return (weights * apart).sum(axis=1).mean()", "in tokens"),
        Wrong("mean over all pairs", _PLACES + "    return patch * (weights * apart).mean()", "all pairs"),
    ),
    check=_check_distance,
    inputs=_weights,
    setup="import numpy as np",
)

EXERCISES = [MASK, WAVES, DISTANCE]
