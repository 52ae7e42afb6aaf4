"""Exercises of the lesson that compares the families: ranks over seeds, one more run, how many seeds."""

from collections.abc import Callable
from typing import Any

from thyrolearn.course.exercise import Exercise, Verdict, Wrong, call, close, judge

__all__ = ["EXERCISES", "tests_of_twelve_families"]


def tests_of_twelve_families() -> str:
    """The numeric key of the quiz: pairs among twelve families.

    >>> tests_of_twelve_families()
    '66'
    """
    from itertools import combinations

    return str(len(list(combinations(range(12), 2))))


def _runs() -> Any:
    """AUC of four families (columns) under four seeds (rows); square, so that a wrong axis runs without error."""
    import numpy as np

    return np.array(
        [[0.75, 0.74, 0.70, 0.74], [0.76, 0.73, 0.72, 0.71], [0.74, 0.75, 0.71, 0.70], [0.73, 0.76, 0.7, 0.7]]
    )


def _check_ranks(answer: Callable[..., Any]) -> Verdict:
    from scipy.stats import rankdata

    runs = _runs()
    got, right = call(answer, runs), rankdata(-runs, axis=1).mean(axis=0)
    known = (
        (
            close(got, rankdata(runs, axis=1).mean(axis=0)),
            "best is last",
            "Your best family has the highest rank. Rank 1 should go to the largest AUC of each seed.",
        ),
        (
            close(got, rankdata(-runs, axis=0).mean(axis=0)) or close(got, rankdata(-runs, axis=0).mean(axis=1)),
            "seeds ranked",
            "You ranked the seeds within each family. Rank the families within each seed: that is the fair contest.",
        ),
        (
            close(got, rankdata(-runs, axis=1, method="ordinal").mean(axis=0)),
            "ties by order",
            "Families with the same AUC were ranked by their place in the table. They share the mean of their ranks.",
        ),
        (
            close(got, rankdata(-runs.mean(axis=0))),
            "rank of the mean",
            "This ranks the mean AUC. The mean of the ranks asks another question: who tends to win a single contest?",
        ),
    )
    praise = "Ranks within a seed cancel what all families share under that seed, and ties share their ranks."
    return judge(
        close(got, right), praise, *known, otherwise="Rank each row from the largest value down, then average."
    )


MEAN_RANKS = Exercise(
    name="mean_ranks",
    prompt="Return the mean rank of each family over the seeds; rank 1 is the largest AUC, ties share their ranks.",
    hint="`rankdata` ranks from the smallest up, and takes an axis.",
    starter="def mean_ranks(runs):\n    ...  # runs: AUC, one row a seed, one column a family",
    solution="def mean_ranks(runs):\n    return rankdata(-runs, axis=1).mean(axis=0)",
    alternates=(
        "def mean_ranks(runs):\n"
        "    above = (runs[:, None, :] > runs[:, :, None]).sum(axis=2)\n"
        "    equal = (runs[:, None, :] == runs[:, :, None]).sum(axis=2)\n"
        "    return (above + (equal + 1) / 2).mean(axis=0)",
    ),
    wrong=(
        Wrong(
            "ranks from the smallest",
            "def mean_ranks(runs):\n    return rankdata(runs, axis=1).mean(axis=0)",
            "best is last",
        ),
        Wrong(
            "ranks the seeds",
            "def mean_ranks(runs):\n    return rankdata(-runs, axis=0).mean(axis=0)",
            "seeds ranked",
        ),
        Wrong(
            "breaks ties by place",
            "def mean_ranks(runs):\n    return (-runs).argsort(axis=1, kind='stable').argsort(axis=1).mean(axis=0) + 1",
            "ties by order",
        ),
        Wrong(
            "ranks the means",
            "def mean_ranks(runs):\n    return rankdata(-runs.mean(axis=0))",
            "rank of the mean",
        ),
    ),
    check=_check_ranks,
    inputs=lambda: (_runs(),),
    setup="import numpy as np\nfrom scipy.stats import rankdata",
)


def _seeds() -> Any:
    import numpy as np

    return np.array([0.741, 0.752, 0.748])


def _interval(values: Any, factor: float, ddof: int = 1, normal: bool = False) -> Any:
    import numpy as np
    from scipy import stats

    times = stats.norm.ppf(0.975) if normal else stats.t.ppf(0.975, len(values) - 1)
    half = times * values.std(ddof=ddof) * factor
    return np.array([values.mean() - half, values.mean() + half])


def _check_next_run(answer: Callable[..., Any]) -> Verdict:
    values = _seeds()
    n, got = len(values), call(answer, values)
    full = (1 + 1 / n) ** 0.5
    known = (
        (
            close(got, _interval(values, n**-0.5)),
            "interval of the mean",
            "This holds the mean of many runs. A single new run scatters around that mean: add its own variance.",
        ),
        (
            close(got, _interval(values, full, normal=True)),
            "normal instead of t",
            "With three runs the spread itself is poorly known; the t distribution with n - 1 degrees knows that.",
        ),
        (
            close(got, _interval(values, full, ddof=0)),
            "population sd",
            "numpy's `std` divides by n unless told otherwise. A sample's spread needs `ddof=1`.",
        ),
        (
            close(got, _interval(values, 1.0)),
            "mean taken as known",
            "Nearly: you let a new run scatter, and took the mean as known exactly. Its variance is added.",
        ),
    )
    praise = "Wider than the interval of the mean by a factor of sqrt(n + 1): a single run is a poor witness."
    other = "Start from mean ± t · s · sqrt(1 + 1/n), with s the sample standard deviation."
    return judge(close(got, _interval(values, full)), praise, *known, otherwise=other)


NEXT_RUN = Exercise(
    name="next_run",
    prompt="Return [low, high], which holds one more run with 95 % confidence, given the values of n runs.",
    hint="Two things scatter: the new run around the mean, and the mean of n runs itself.",
    starter="def next_run(values):\n    ...  # values: AUC of n seeds; return an array [low, high]",
    solution=(
        "def next_run(values):\n"
        "    n = len(values)\n"
        "    half = t.ppf(0.975, n - 1) * values.std(ddof=1) * np.sqrt(1 + 1 / n)\n"
        "    return values.mean() + np.array([-half, half])"
    ),
    alternates=(
        "def next_run(values):\n"
        "    n = len(values)\n"
        "    scale = values.std(ddof=1) * np.sqrt((n + 1) / n)\n"
        "    return np.array(t.interval(0.95, n - 1, loc=values.mean(), scale=scale))",
    ),
    wrong=(
        Wrong(
            "gives the interval of the mean",
            "def next_run(values):\n"
            "    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))\n"
            "    return values.mean() + np.array([-half, half])",
            "interval of the mean",
        ),
        Wrong(
            "uses the normal distribution",
            "def next_run(values):\n"
            "    half = norm.ppf(0.975) * values.std(ddof=1) * np.sqrt(1 + 1 / len(values))\n"
            "    return values.mean() + np.array([-half, half])",
            "normal instead of t",
        ),
        Wrong(
            "divides by n",
            "def next_run(values):\n"
            "    half = t.ppf(0.975, len(values) - 1) * values.std() * np.sqrt(1 + 1 / len(values))\n"
            "    return values.mean() + np.array([-half, half])",
            "population sd",
        ),
    ),
    check=_check_next_run,
    inputs=lambda: (_seeds(),),
    setup="import numpy as np\nfrom scipy.stats import norm, t",
)


def _check_seeds_needed(answer: Callable[..., Any]) -> Verdict:
    cases = ((0.005, 0.004), (0.01, 0.003))
    got = [call(answer, *case) for case in cases]
    exact = [2 * (1.96 * sd / gap) ** 2 for sd, gap in cases]
    up = [-int(-value // 1) for value in exact]
    known = (
        (
            close(got, [-int(-value / 2 // 1) for value in exact]),
            "one family",
            "Both families scatter: the variance of a difference is the sum of the two.",
        ),
        (
            close(got, [-int(-(value**0.5) // 1) for value in exact]),
            "not squared",
            "The interval shrinks with the root of n, so n grows with the square: half the gap, four times the seeds.",
        ),
        (
            close(got, [int(value) for value in exact]),
            "rounded down",
            "Rounded down, the interval is still a little too wide. Round up.",
        ),
    )
    praise = "A gap as small as the spread itself takes eight seeds a family; a third of it takes more than eighty."
    other = "Set 1.96 · sd · sqrt(2 / n) equal to the gap and solve for n; then round up."
    return judge(close(got, up), praise, *known, otherwise=other)


SEEDS_NEEDED = Exercise(
    name="seeds_needed",
    prompt="Return how many seeds each of two families needs for an interval of their difference within the gap.",
    hint="The variance of a difference is the sum of two variances, and each falls with n.",
    starter="def seeds_needed(sd, gap):\n    ...  # sd over seeds of either family, gap of their means; an integer",
    solution="def seeds_needed(sd, gap):\n    return int(np.ceil(2 * (1.96 * sd / gap) ** 2))",
    alternates=(
        "def seeds_needed(sd, gap):\n"
        "    n = 1\n"
        "    while 1.96 * sd * np.sqrt(2 / n) > gap:\n"
        "        n += 1\n"
        "    return n",
    ),
    wrong=(
        Wrong(
            "lets one family scatter",
            "def seeds_needed(sd, gap):\n    return int(np.ceil((1.96 * sd / gap) ** 2))",
            "one family",
        ),
        Wrong(
            "forgets the square",
            "def seeds_needed(sd, gap):\n    return int(np.ceil(np.sqrt(2) * 1.96 * sd / gap))",
            "not squared",
        ),
        Wrong(
            "rounds down",
            "def seeds_needed(sd, gap):\n    return int(2 * (1.96 * sd / gap) ** 2)",
            "rounded down",
        ),
    ),
    check=_check_seeds_needed,
    inputs=lambda: (0.005, 0.004),
    setup="import numpy as np",
)

EXERCISES = [MEAN_RANKS, NEXT_RUN, SEEDS_NEEDED]
