"""Exercises of the lesson on diffusion and foundation models: a stride of DDIM, the map of a box, a probe's leak."""

from collections.abc import Callable
from typing import Any

from thyrolearn.course.exercise import Exercise, Verdict, Wrong, call, close, judge

__all__ = ["EXERCISES", "noise_share"]


def noise_share() -> str:
    """The numeric key of the quiz: the factor of the noise where 0.36 of the picture's variance is left.

    >>> noise_share()
    '0.80'
    """
    return f"{(1 - 0.36) ** 0.5:.2f}"


def _stride() -> tuple[Any, ...]:
    """A noisy picture of six pixels, its turn, and what is left before and after the stride."""
    import numpy as np

    rng = np.random.default_rng(5)
    clean, noise = rng.uniform(-0.9, 0.9, (2, 3)), rng.normal(size=(2, 3))
    return 0.3**0.5 * clean + 0.7**0.5 * noise, 0.3**0.5 * noise - 0.7**0.5 * clean, 0.3, 0.8


def _check_stride(answer: Callable[..., Any]) -> Verdict:
    x, turn, now, later = _stride()
    clean, noise = now**0.5 * x - (1 - now) ** 0.5 * turn, (1 - now) ** 0.5 * x + now**0.5 * turn
    got, truth = call(answer, x, turn, now, later), later**0.5 * clean + (1 - later) ** 0.5 * noise
    known = (
        (
            close(got, clean),
            "jumped to the end",
            "This is the guessed clean picture. The first guesses are blurs: lay the right amount of noise on again.",
        ),
        (
            close(got, later**0.5 * clean + (1 - later) ** 0.5 * turn),
            "turn taken for noise",
            "You laid the turn on as if it were the noise. The noise follows from the picture and the turn.",
        ),
        (
            close(got, later * clean + (1 - later) * noise),
            "no roots",
            "Shares of variance were used as factors. A factor is the square root of its share.",
        ),
        (
            close(got, now**0.5 * clean + (1 - now) ** 0.5 * noise),
            "did not move",
            "You mixed for the old step, so the picture is where it was. Mix for `later`.",
        ),
    )
    right = close(got, truth) and close(call(answer, x, turn, now, 1.0), clean)
    praise = "Right. With nothing left to add, the last stride ends at the guessed picture."
    return judge(right, praise, *known, otherwise="Turn back to picture and noise first, then mix them for `later`.")


_BACK = (
    "def ddim_stride(x, turn, now, later):\n"
    "    clean, noise = now**0.5 * x - (1 - now) ** 0.5 * turn, (1 - now) ** 0.5 * x + now**0.5 * turn\n"
)

STRIDE = Exercise(
    name="ddim_stride",
    prompt="Return the picture after one stride of DDIM, without fresh noise.",
    hint="Turn back to picture and noise, and mix them again for `later`.",
    starter="def ddim_stride(x, turn, now, later):\n    ...  # arrays x and turn; shares of variance now and later",
    solution=_BACK + "    return later**0.5 * clean + (1 - later) ** 0.5 * noise",
    alternates=(
        "def ddim_stride(x, turn, now, later):\n"
        "    angle = np.arccos(later**0.5) - np.arccos(now**0.5)\n"
        "    return np.cos(angle) * x + np.sin(angle) * turn",
        "def ddim_stride(x, turn, now, later):\n"
        "    clean = np.sqrt(now) * x - np.sqrt(1 - now) * turn\n"
        "    noise = (x - np.sqrt(now) * clean) / np.sqrt(1 - now)\n"
        "    return np.sqrt(later) * clean + np.sqrt(1 - later) * noise",
    ),
    wrong=(
        Wrong("the clean guess at once", _BACK + "    return clean", "jumped to the end"),
        Wrong(
            "the turn in the noise's place",
            _BACK + "    return later**0.5 * clean + (1 - later) ** 0.5 * turn",
            "turn taken for noise",
        ),
        Wrong("shares as factors", _BACK + "    return later * clean + (1 - later) * noise", "no roots"),
        Wrong("mixed for now", _BACK + "    return now**0.5 * clean + (1 - now) ** 0.5 * noise", "did not move"),
    ),
    check=_check_stride,
    inputs=_stride,
    setup="import numpy as np",
)


def _box() -> tuple[Any, ...]:
    """A box whose edges lie between the pixels' middles, wider than high, on a square map."""
    return (1.0, 2.0, 6.0, 4.0), (8, 8)


def _check_map(answer: Callable[..., Any]) -> Verdict:
    import numpy as np
    import torch

    from thyrolearn.models.prompted import draw_boxes

    def drawn(box: tuple[float, ...], shape: tuple[int, int]) -> Any:
        return draw_boxes(torch.tensor([box]), shape)[0, 0].numpy()

    (box, shape), odd = _box(), ((0.6, 0.4, 2.4, 3.0), (4, 6))
    got, truth = np.asarray(call(answer, box, shape), dtype=float), drawn(box, shape)
    wider = np.zeros(shape)
    wider[2:5, 1:7] = 1
    known = (
        (
            close(got, truth.T),
            "x and y swapped",
            "The box lies on its side: x runs along columns, which is an array's second index.",
        ),
        (
            close(got, wider),
            "one pixel too far",
            "The ends lie outside of a box. A pixel whose middle is beyond the edge does not belong to it.",
        ),
        (
            close(got, 1 - truth),
            "inside out",
            "The map is 1 outside of the box and 0 inside.",
        ),
    )
    right = close(got, truth) and close(call(answer, *odd), drawn(*odd))
    praise = "The same as the library draws, edges between pixels included."
    return judge(right, praise, *known, otherwise="Compare the middle of each pixel, k + 1/2, with the four edges.")


_MIDDLES = "    x0, y0, x1, y1 = box\n    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5\n"

MAP = Exercise(
    name="box_map",
    prompt="Return the map of a box: 1 where a pixel's middle lies inside it, 0 elsewhere.",
    hint="The middle of pixel k is at k + 1/2, and x runs along columns.",
    starter="def box_map(box, shape):\n    ...  # (x0, y0, x1, y1) and (rows, columns); an array of shape",
    solution=(
        "def box_map(box, shape):\n" + _MIDDLES + "    return ((x > x0) & (x < x1) & (y > y0) & (y < y1)).astype(float)"
    ),
    alternates=(
        "def box_map(box, shape):\n"
        "    x0, y0, x1, y1 = np.ceil(np.array(box) - 0.5).astype(int)\n"
        "    found = np.zeros(shape)\n"
        "    found[max(y0, 0):y1, max(x0, 0):x1] = 1\n"
        "    return found",
    ),
    wrong=(
        Wrong(
            "rows for columns",
            "def box_map(box, shape):\n"
            "    x0, y0, x1, y1 = box\n"
            "    x, y = np.mgrid[: shape[0], : shape[1]] + 0.5\n"
            "    return ((x > x0) & (x < x1) & (y > y0) & (y < y1)).astype(float)",
            "x and y swapped",
        ),
        Wrong(
            "the ends belong to the box",
            "def box_map(box, shape):\n"
            "    x0, y0, x1, y1 = (round(edge) for edge in box)\n"
            "    found = np.zeros(shape)\n"
            "    found[y0 : y1 + 1, x0 : x1 + 1] = 1\n"
            "    return found",
            "one pixel too far",
        ),
        Wrong(
            "the outside",
            "def box_map(box, shape):\n"
            + _MIDDLES
            + "    return ((x < x0) | (x > x1) | (y < y0) | (y > y1)).astype(float)",
            "inside out",
        ),
    ),
    check=_check_map,
    inputs=_box,
    setup="import numpy as np",
)


def _features() -> tuple[Any, Any]:
    """Features of six training and four test crops; the test crops are brighter, as of another scanner."""
    import numpy as np

    rng = np.random.default_rng(8)
    return rng.normal(2.0, 3.0, (6, 3)), rng.normal(5.0, 1.5, (4, 3))


def _check_leak(answer: Callable[..., Any]) -> Verdict:
    import numpy as np
    from sklearn.preprocessing import StandardScaler

    train, test = _features()
    scaler, both = StandardScaler().fit(train), np.concatenate([train, test])
    first, second = call(answer, train, test)
    known = (
        (
            close(second, (test - both.mean(axis=0)) / both.std(axis=0)),
            "test patients had a say",
            "Mean and spread were taken over both sets. The test patients must not have a say.",
        ),
        (
            close(second, StandardScaler().fit_transform(test)),
            "each by its own",
            "The test set was standardised by itself: a scanner that is brighter would be made to vanish, and one "
            "patient alone could not be judged.",
        ),
        (
            close(second, (test - train.mean()) / train.std()),
            "one mean for all",
            "One mean was taken over all features. Each feature has its own.",
        ),
        (
            close(first, scaler.transform(train)) and close(second, test),
            "test set left as it was",
            "The line is fitted to standardised features and would then be given raw ones.",
        ),
    )
    right = close(first, scaler.transform(train)) and close(second, scaler.transform(test))
    praise = "Right, and the same as StandardScaler: what is fitted is fitted on training patients."
    return judge(right, praise, *known, otherwise="Take mean and spread of each feature over the training rows only.")


LEAK = Exercise(
    name="standardise",
    prompt="Return the training and the test features, standardised without the test set having a say.",
    hint="Whose mean may you know before the test patients arrive?",
    starter="def standardise(train, test):\n    ...  # features (n, d) and (m, d); return both, as a pair",
    solution=(
        "def standardise(train, test):\n"
        "    return tuple((part - train.mean(axis=0)) / train.std(axis=0) for part in (train, test))"
    ),
    alternates=(
        "def standardise(train, test):\n"
        "    from sklearn.preprocessing import StandardScaler\n"
        "    scaler = StandardScaler().fit(train)\n"
        "    return scaler.transform(train), scaler.transform(test)",
    ),
    wrong=(
        Wrong(
            "mean and spread of both sets",
            "def standardise(train, test):\n"
            "    both = np.concatenate([train, test])\n"
            "    return tuple((part - both.mean(axis=0)) / both.std(axis=0) for part in (train, test))",
            "test patients had a say",
        ),
        Wrong(
            "each set by itself",
            "def standardise(train, test):\n"
            "    return tuple((part - part.mean(axis=0)) / part.std(axis=0) for part in (train, test))",
            "each by its own",
        ),
        Wrong(
            "one mean over all features",
            "def standardise(train, test):\n"
            "    return tuple((part - train.mean()) / train.std() for part in (train, test))",
            "one mean for all",
        ),
        Wrong(
            "only the training set",
            "def standardise(train, test):\n    return (train - train.mean(axis=0)) / train.std(axis=0), test",
            "test set left as it was",
        ),
    ),
    check=_check_leak,
    inputs=_features,
    setup="import numpy as np",
)

EXERCISES = [STRIDE, MAP, LEAK]
