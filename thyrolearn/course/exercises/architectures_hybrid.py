"""Exercises of the lesson on hybrid networks: tokens to a map, costs of two blocks, a paired interval over seeds."""

from collections.abc import Callable
from typing import Any

from thyrolearn.course.exercise import Exercise, Verdict, Wrong, call, close, judge

__all__ = ["EXERCISES", "crossing"]


def crossing() -> str:
    """The numeric key of the quiz: the places at which both blocks cost the same, for 48 channels.

    An attention block multiplies 8 t c² + 2 t² c times, a residual block 18 t c²: equal at t = 5 c.

    >>> crossing()
    '240'
    """
    c = 48
    (t,) = [t for t in range(1, 1000) if 8 * t * c**2 + 2 * t**2 * c == 18 * t * c**2]
    return str(t)


def _tokens() -> tuple[Any, int, int]:
    """Two lists of six tokens with four channels, and the map's rows and columns."""
    import torch

    return torch.arange(48.0).reshape(2, 6, 4), 2, 3


def _check_map(answer: Callable[..., Any]) -> Verdict:
    tokens, h, w = _tokens()
    truth = tokens.transpose(1, 2).unflatten(2, (h, w))
    got = call(answer, tokens, h, w)
    known = (
        (
            close(got, tokens.reshape(2, 4, h, w)),
            "scrambled",
            "The shape is right, but the numbers were only cut anew: channels and places are mixed. Swap the two axes "
            "first, then lay the places out.",
        ),
        (
            close(got, tokens.reshape(2, h, w, 4)),
            "channels last",
            "The places are laid out well, but the channels come last. A convolution wants them second: (n, c, h, w).",
        ),
        (
            close(got, tokens.transpose(1, 2).unflatten(2, (w, h)).transpose(2, 3)),
            "along columns",
            "You read the list down the columns. It runs along the rows: the second token lies right of the first.",
        ),
        (
            close(got, truth.flip(2)),
            "upside down",
            "The first row has come out at the bottom. In a picture rows are counted from the top.",
        ),
    )
    praise = "Right. The inverse is flatten(2).transpose(1, 2), as in the lesson."
    return judge(close(got, truth), praise, *known, otherwise="From (n, h w, c) to (n, c, h w) to (n, c, h, w).")


MAP = Exercise(
    name="to_map",
    prompt="Return the map (n, c, h, w) of tokens (n, h w, c).",
    hint="Only the order of axes and the way they are cut matter: which of the two comes first?",
    starter="def to_map(tokens, h, w):\n    ...  # tokens (n, h * w, c), row by row; a map (n, c, h, w)",
    solution=(
        "def to_map(tokens, h, w):\n    n, _, c = tokens.shape\n    return tokens.transpose(1, 2).reshape(n, c, h, w)"
    ),
    alternates=(
        "def to_map(tokens, h, w):\n    return tokens.unflatten(1, (h, w)).permute(0, 3, 1, 2)",
        "def to_map(tokens, h, w):\n"
        "    rows = [tokens[:, i * w : (i + 1) * w] for i in range(h)]\n"
        "    return torch.stack(rows, dim=1).movedim(-1, 1)",
    ),
    wrong=(
        Wrong(
            "reshape alone",
            "def to_map(tokens, h, w):\n    return tokens.reshape(len(tokens), -1, h, w)",
            "scrambled",
        ),
        Wrong(
            "down the columns",
            "def to_map(tokens, h, w):\n    return tokens.transpose(1, 2).unflatten(2, (w, h)).transpose(2, 3)",
            "along columns",
        ),
        Wrong(
            "from the bottom up",
            "def to_map(tokens, h, w):\n    return tokens.unflatten(1, (h, w)).permute(0, 3, 1, 2).flip(2)",
            "upside down",
        ),
    ),
    check=_check_map,
    inputs=_tokens,
    setup="import torch",
)

_SIZES = ((36, 64), (96, 96), (4096, 64))


def _check_costs(answer: Callable[..., Any]) -> Verdict:
    truth = [(8 * t * c * c + 2 * t * t * c, 18 * t * c * c) for t, c in _SIZES]
    got = [tuple(int(v) for v in call(answer, t, c)) for t, c in _SIZES]

    def same(attention: Callable[[int, int], int], residual: Callable[[int, int], int]) -> bool:
        return got == [(attention(t, c), residual(t, c)) for t, c in _SIZES]

    def residual(t: int, c: int) -> int:
        return 18 * t * c * c

    known = (
        (
            same(lambda t, c: 8 * t * c * c, residual),
            "no talk",
            "You counted what every token does for itself. Questions meet keys, and shares meet values: two products "
            "of t times t times c.",
        ),
        (
            same(lambda t, c: 8 * t * c * c + t * t * c, residual),
            "half the talk",
            "Agreement is one product of t times t times c. Taking the values by their shares is a second one.",
        ),
        (
            same(lambda t, c: 4 * t * c * c + 2 * t * t * c, residual),
            "no perceptron",
            "After the talk each token thinks: to twice as many channels and back, 4 c² more a token.",
        ),
        (
            same(lambda t, c: 8 * t * c * c + 2 * t * t * c, lambda t, c: 9 * t * c * c),
            "one convolution",
            "A residual block holds two convolutions of 3 x 3.",
        ),
    )
    praise = "Right: equal where there are five times as many places as channels; on smaller maps attention is cheaper."
    return judge(got == truth, praise, *known, otherwise="Count layer by layer: in, talk, out, perceptron.")


COSTS = Exercise(
    name="block_costs",
    prompt="Return the multiplications of an attention block and of a residual block, both on t places, c channels.",
    hint="Linear layers cost t times inputs times outputs; the two products of attention cost t times t times c each.",
    starter="def block_costs(t, c):\n    ...  # a pair: (attention block, residual block)",
    solution=(
        "def block_costs(t, c):\n"
        "    alone = 3 * c**2 + c**2 + 2 * c * c + 2 * c * c\n"
        "    talk = 2 * t * c\n"
        "    return t * (alone + talk), t * 2 * 9 * c**2"
    ),
    alternates=("def block_costs(t, c):\n    return 8 * t * c * c + 2 * t * t * c, 18 * t * c * c",),
    wrong=(
        Wrong(
            "the tokens never talk",
            "def block_costs(t, c):\n    return 8 * t * c**2, 18 * t * c**2",
            "no talk",
        ),
        Wrong(
            "one product of two",
            "def block_costs(t, c):\n    return 8 * t * c**2 + t * t * c, 18 * t * c**2",
            "half the talk",
        ),
        Wrong(
            "without the perceptron",
            "def block_costs(t, c):\n    return 4 * t * c**2 + 2 * t * t * c, 18 * t * c**2",
            "no perceptron",
        ),
        Wrong(
            "a single convolution",
            "def block_costs(t, c):\n    return 8 * t * c**2 + 2 * t * t * c, 9 * t * c**2",
            "one convolution",
        ),
    ),
    check=_check_costs,
    inputs=lambda: _SIZES[0],
)


def _seeds() -> tuple[Any, Any]:
    """Five seeds' AUC of a whole and of a half: both vary from seed to seed, the difference hardly."""
    import numpy as np

    return np.array([0.741, 0.728, 0.752, 0.733, 0.747]), np.array([0.729, 0.719, 0.738, 0.722, 0.733])


def _interval(difference: Any, *, times: float | None = None, error: float | None = None) -> Any:
    import numpy as np
    from scipy import stats

    times = stats.t.ppf(0.975, len(difference) - 1) if times is None else times
    half = times * (stats.sem(difference) if error is None else error)
    return np.array([difference.mean() - half, difference.mean() + half])


def _check_interval(answer: Callable[..., Any]) -> Verdict:
    import numpy as np
    from scipy import stats

    whole, half = _seeds()
    truth, got = stats.ttest_rel(whole, half).confidence_interval(0.95), call(answer, whole, half)
    gap = whole - half
    apart = np.sqrt(stats.sem(whole) ** 2 + stats.sem(half) ** 2)
    unpaired = stats.ttest_ind(whole, half, equal_var=False).confidence_interval(0.95)
    pooled = stats.ttest_ind(whole, half).confidence_interval(0.95)
    known = (
        (
            any(
                close(got, other)
                for other in (unpaired, pooled, _interval(gap, error=apart), _interval(gap, times=1.96, error=apart))
            ),
            "not paired",
            "You added the spreads of both lists. What a seed does to both falls out of the difference: take it first.",
        ),
        (
            close(got, _interval(gap, times=1.96)),
            "normal for few",
            "1.96 holds for many seeds. With five, the spread itself is uncertain: take Student's t with n - 1.",
        ),
        (
            close(got, _interval(gap, error=float(gap.std(ddof=1)))),
            "spread of a seed",
            "This is where a single new seed would fall. The mean of n seeds is surer by the root of n.",
        ),
        (
            close(got, _interval(half - whole)),
            "sign turned",
            "Whole minus half, so that a gain is positive.",
        ),
    )
    praise = "Right. It says what other seeds would do on these patients, and nothing about other patients."
    return judge(
        close(got, truth), praise, *known, otherwise="Differences first; then their mean, t and standard error."
    )


_GAP = "    gap = whole - half\n    error = gap.std(ddof=1) / len(gap) ** 0.5\n"

INTERVAL = Exercise(
    name="paired_interval",
    prompt="Return low and high of the 95 % t interval of the mean paired difference, whole minus half.",
    hint="Take the difference seed by seed before you take any spread.",
    starter="def paired_interval(whole, half):\n    ...  # arrays of AUC, one a seed; return (low, high)",
    solution=(
        "def paired_interval(whole, half):\n" + _GAP + "    reach = stats.t.ppf(0.975, len(gap) - 1) * error\n"
        "    return gap.mean() - reach, gap.mean() + reach"
    ),
    alternates=(
        "def paired_interval(whole, half):\n    return tuple(stats.ttest_rel(whole, half).confidence_interval())",
        "def paired_interval(whole, half):\n"
        "    gap = whole - half\n"
        "    return stats.t.interval(0.95, len(gap) - 1, loc=gap.mean(), scale=stats.sem(gap))",
    ),
    wrong=(
        Wrong(
            "two lists that do not know each other",
            "def paired_interval(whole, half):\n"
            "    return tuple(stats.ttest_ind(whole, half, equal_var=False).confidence_interval())",
            "not paired",
        ),
        Wrong(
            "1.96 with five seeds",
            "def paired_interval(whole, half):\n"
            + _GAP
            + "    return gap.mean() - 1.96 * error, gap.mean() + 1.96 * error",
            "normal for few",
        ),
        Wrong(
            "the spread instead of the error of the mean",
            "def paired_interval(whole, half):\n"
            "    gap = whole - half\n"
            "    reach = stats.t.ppf(0.975, len(gap) - 1) * gap.std(ddof=1)\n"
            "    return gap.mean() - reach, gap.mean() + reach",
            "spread of a seed",
        ),
        Wrong(
            "half minus whole",
            "def paired_interval(whole, half):\n    return tuple(stats.ttest_rel(half, whole).confidence_interval())",
            "sign turned",
        ),
    ),
    check=_check_interval,
    inputs=_seeds,
    setup="import numpy as np\nfrom scipy import stats",
)

EXERCISES = [MAP, COSTS, INTERVAL]
