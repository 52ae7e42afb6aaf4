"""Exercises of the lesson on adversarial networks: value of the game, kernel distance, copies."""

from collections.abc import Callable
from typing import Any

from thyrolearn.course.exercise import Exercise, Verdict, Wrong, call, close, judge

__all__ = ["EXERCISES", "best_discriminator"]


def best_discriminator() -> str:
    """The numeric key of the quiz: the best discriminator where real pictures are three times as dense.

    >>> best_discriminator()
    '0.75'
    """
    p, q = 0.6, 0.2
    return f"{p / (p + q):.2f}"


def _game() -> tuple[Any, Any]:
    """Two distributions over five places, with a zero in each."""
    import numpy as np

    return np.array([0.1, 0.4, 0.3, 0.2, 0.0]), np.array([0.3, 0.1, 0.0, 0.2, 0.4])


def _check_value(answer: Callable[..., Any]) -> Verdict:
    import numpy as np
    from scipy.spatial.distance import jensenshannon

    p, q = _game()
    divergence = jensenshannon(p, q) ** 2
    truth, got = 2 * divergence - np.log(4), call(answer, p, q)
    known = (
        (
            close(got, -truth),
            "sign turned",
            "This is the discriminator's loss, the negative of the value. The value itself is what it raises.",
        ),
        (
            close(got, truth / 2),
            "averaged",
            "You took half of it: the mean of the two expectations. The value is their sum.",
        ),
        (
            close(got, divergence),
            "divergence only",
            "This is the Jensen-Shannon divergence. The value of the game is twice that, minus log 4.",
        ),
        (
            close(got, float(np.log(p[p > 0] / (p + q)[p > 0]).sum() + np.log(q[q > 0] / (p + q)[q > 0]).sum())),
            "not weighted",
            "Each logarithm must be weighed by the density over which the expectation runs.",
        ),
        (
            np.isnan(np.asarray(got, dtype=float)).any(),
            "zero times infinity",
            "Where a density is zero it contributes nothing, but numpy makes 0 log 0 not a number.",
        ),
    )
    right = close(got, truth) and close(call(answer, p[:4], p[:4]), -np.log(4))
    praise = "Right. Where q equals p it is -log 4, the least that the generator can reach."
    return judge(right, praise, *known, otherwise="Write D as p / (p + q) and take the two expectations over it.")


VALUE = Exercise(
    name="value_of_game",
    prompt="Return the value of the game, E_p[log D] + E_q[log(1 - D)], for the best discriminator D.",
    hint="Write D place by place, weigh each logarithm by its own density, and take 0 log 0 as zero.",
    starter="def value_of_game(p, q):\n    ...  # arrays of probabilities over the same places",
    solution=(
        "def value_of_game(p, q):\n    return sum((a[a > 0] * np.log((a / (p + q))[a > 0])).sum() for a in (p, q))"
    ),
    alternates=(
        "def value_of_game(p, q):\n"
        "    from scipy.special import xlogy\n"
        "    return xlogy(p, p / (p + q)).sum() + xlogy(q, q / (p + q)).sum()",
        "def value_of_game(p, q):\n"
        "    from scipy.spatial.distance import jensenshannon\n"
        "    return 2 * jensenshannon(p, q) ** 2 - np.log(4)",
    ),
    wrong=(
        Wrong(
            "the discriminator's loss",
            "def value_of_game(p, q):\n"
            "    return -sum((a[a > 0] * np.log((a / (p + q))[a > 0])).sum() for a in (p, q))",
            "sign turned",
        ),
        Wrong(
            "the mean of the two expectations",
            "def value_of_game(p, q):\n"
            "    return sum((a[a > 0] * np.log((a / (p + q))[a > 0])).sum() for a in (p, q)) / 2",
            "averaged",
        ),
        Wrong(
            "the divergence",
            "def value_of_game(p, q):\n"
            "    m = (p + q) / 2\n"
            "    return sum((a[a > 0] * np.log((a / m)[a > 0])).sum() for a in (p, q)) / 2",
            "divergence only",
        ),
        Wrong(
            "logarithms without their densities",
            "def value_of_game(p, q):\n    return sum(np.log((a / (p + q))[a > 0]).sum() for a in (p, q))",
            "not weighted",
        ),
    ),
    check=_check_value,
    inputs=_game,
    setup="import numpy as np",
)


def _clouds() -> tuple[Any, Any]:
    """Two clouds of features of different size."""
    import numpy as np

    rng = np.random.default_rng(4)
    return rng.normal(size=(7, 3)), rng.normal(size=(5, 3)) + 0.6


def _within(x: Any, y: Any, *, scale: bool = True, between: float = 2.0, biased: bool = False) -> Any:
    """The kernel distance with one thing done otherwise."""
    import numpy as np

    d = x.shape[1] if scale else 1
    kernels = [(a @ b.T / d + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))]
    if biased:
        return kernels[0].mean() + kernels[1].mean() - between * kernels[2].mean()
    inside = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in kernels[:2]]
    return sum(inside) - between * kernels[2].mean()


def _check_kernel(answer: Callable[..., Any]) -> Verdict:
    from thyrolearn.evaluation import kernel_distance

    x, y = _clouds()
    got, truth = call(answer, x, y), kernel_distance(x, y).value
    known = (
        (
            close(got, _within(x, y, biased=True)),
            "own neighbour",
            "Each picture is compared with itself too, which makes both sets look tighter than they are. "
            "Leave the diagonal out.",
        ),
        (
            close(got, _within(x, y, scale=False)),
            "length ignored",
            "The inner product is not divided by the number of features, so its size grows with the network.",
        ),
        (
            close(got, _within(x, y, between=1.0)),
            "between once",
            "The mean between the sets counts twice, or two equal sets would not come out at zero.",
        ),
    )
    right = close(got, truth) and close(call(answer, y, x), truth)
    praise = "The same as the library gives; the library adds the interval."
    return judge(right, praise, *known, otherwise="Three means: within x, within y, and between, the last one twice.")


_KERNELS = (
    "def kernel_distance(x, y):\n    kernels = [(a @ b.T / x.shape[1] + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))]\n"
)
_INSIDE = "    within = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in kernels[:2]]\n"

KERNEL = Exercise(
    name="kernel_distance",
    prompt="Return the unbiased kernel distance of two clouds of features, cubic kernel.",
    hint="A picture must not be its own neighbour.",
    starter="def kernel_distance(x, y):\n    ...  # arrays (n, d) and (m, d)",
    solution=_KERNELS + _INSIDE + "    return sum(within) - 2 * kernels[2].mean()",
    alternates=(
        "def kernel_distance(x, y):\n"
        "    def k(a, b):\n"
        "        return (np.dot(a, b) / len(a) + 1) ** 3\n"
        "    def within(s):\n"
        "        return np.mean([k(s[i], s[j]) for i in range(len(s)) for j in range(len(s)) if i != j])\n"
        "    return within(x) + within(y) - 2 * np.mean([k(a, b) for a in x for b in y])",
    ),
    wrong=(
        Wrong(
            "the diagonal counts",
            _KERNELS + "    return kernels[0].mean() + kernels[1].mean() - 2 * kernels[2].mean()",
            "own neighbour",
        ),
        Wrong(
            "no division by the length",
            _KERNELS.replace(" / x.shape[1]", "") + _INSIDE + "    return sum(within) - 2 * kernels[2].mean()",
            "length ignored",
        ),
        Wrong(
            "the mean between counts once",
            _KERNELS + _INSIDE + "    return sum(within) - kernels[2].mean()",
            "between once",
        ),
    ),
    check=_check_kernel,
    inputs=_clouds,
    setup="import numpy as np",
)


def _distances() -> tuple[Any, Any]:
    """Six generated and five held-out pictures against four training pictures; picture 1 is a copy, 4 is central."""
    import numpy as np

    generated = np.array([
        [0.50, 0.62, 0.58, 0.71], [0.03, 0.90, 0.88, 0.95], [0.44, 0.47, 0.52, 0.49],
        [0.66, 0.21, 0.70, 0.68], [0.33, 0.34, 0.35, 0.36], [0.60, 0.57, 0.29, 0.64],
    ])  # fmt: skip
    held_out = np.array([
        [0.40, 0.55, 0.61, 0.58], [0.52, 0.26, 0.49, 0.63], [0.71, 0.66, 0.24, 0.59],
        [0.45, 0.48, 0.51, 0.42], [0.57, 0.62, 0.65, 0.38],
    ])  # fmt: skip
    return generated, held_out


def _check_copies(answer: Callable[..., Any]) -> Verdict:
    import numpy as np

    generated, held_out = _distances()
    got = np.asarray(call(answer, generated, held_out))
    nearest = generated.min(axis=1)
    known = (
        (
            close(got, generated.mean(axis=1) < held_out.mean(axis=1).min()),
            "mean distance",
            "By the mean a picture near to everything is caught, and the copy is not: it is far from all but one.",
        ),
        (
            close(got, nearest < np.median(held_out.min(axis=1))),
            "half of strangers",
            "Half of the held-out pictures are nearer than their own median: this calls strangers copies.",
        ),
        (
            close(got, nearest < held_out.mean()),
            "everyone",
            "Nearest distances are always smaller than an average distance. Compare nearest with nearest.",
        ),
        (
            close(got, nearest == nearest.min()),
            "always one",
            "The nearest of the generated pictures is not a copy because it is the nearest. Some set has no copy.",
        ),
    )
    right = close(got, nearest < held_out.min()) and not np.asarray(call(answer, generated[[0, 2]], held_out)).any()
    praise = "Right: two pictures are nearer to a training patient than any stranger is."
    return judge(
        right, praise, *known, otherwise="Take each picture's nearest training picture; how near do strangers come?"
    )


COPIES = Exercise(
    name="copies",
    prompt="Return which generated pictures are nearer to a training picture than any held-out picture is.",
    hint="A copy has one small distance, not a small mean.",
    starter="def copies(generated, held_out):\n    ...  # distances (pictures, training pictures); a boolean array",
    solution="def copies(generated, held_out):\n    return generated.min(axis=1) < held_out.min()",
    alternates=(
        "def copies(generated, held_out):\n"
        "    limit = min(row.min() for row in held_out)\n"
        "    return np.array([bool((row < limit).any()) for row in generated])",
    ),
    wrong=(
        Wrong(
            "by mean distance",
            "def copies(generated, held_out):\n    return generated.mean(axis=1) < held_out.mean(axis=1).min()",
            "mean distance",
        ),
        Wrong(
            "against the median stranger",
            "def copies(generated, held_out):\n    return generated.min(axis=1) < np.median(held_out.min(axis=1))",
            "half of strangers",
        ),
        Wrong(
            "against an average distance",
            "def copies(generated, held_out):\n    return generated.min(axis=1) < held_out.mean()",
            "everyone",
        ),
        Wrong(
            "the nearest one is the copy",
            "def copies(generated, held_out):\n    return generated.min(axis=1) == generated.min()",
            "always one",
        ),
    ),
    check=_check_copies,
    inputs=_distances,
    setup="import numpy as np",
)

EXERCISES = [VALUE, KERNEL, COPIES]
