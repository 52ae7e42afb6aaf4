"""Subgroups: the same metric in each declared group, unknown a group of its own, differences with intervals.

Declare the groups before looking (sex, size band, scanner, centre, histology, label source), and say how many
were compared: of twenty differences one lies outside its 95 % interval by chance.
Lesson: `challenges/shortcuts_and_fairness`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import binary, column, patient_codes, share
from thyrolearn.evaluation.classification import auc
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.resampling import bootstrap

__all__ = ["Subgroup", "size_bands", "by_subgroup", "subgroup_gap"]

Metric = Callable[..., Estimate]


@dataclass(frozen=True)
class Subgroup:
    """One group: its name, cases, events (malignant cases), and the estimate, or why there is none.

    >>> row = by_subgroup([0, 1] * 12, np.arange(24), ["a"] * 24)[0]
    >>> row.name, row.n, row.events, row.note
    ('a', 24, 12, '')
    """

    name: str
    n: int
    events: int
    estimate: Estimate | None
    note: str = ""


def _names(attribute: ArrayLike, n: int) -> NDArray[np.str_]:
    values = np.asarray(attribute, dtype=object)
    if values.shape != (n,):
        raise ParameterError(f"The attribute has shape {values.shape} for {n} cases.", "Give one value a case.")
    return np.array(["unknown" if v is None or v != v or v == "" else str(v) for v in values.tolist()])


def size_bands(sizes_mm: ArrayLike, edges: Sequence[float] = (10, 20)) -> NDArray[np.str_]:
    """Return the band of each size in mm, (n,) words: "<10 mm", "10-20 mm", ">=20 mm", or "unknown" for NaN.

    >>> size_bands([4, 10, 25, float("nan")]).tolist()
    ['<10 mm', '10-20 mm', '>=20 mm', 'unknown']
    """
    sizes = np.asarray(sizes_mm, dtype=np.float64)
    words = [f"<{edges[0]:g} mm", *(f"{a:g}-{b:g} mm" for a, b in pairwise(edges)),
             f">={edges[-1]:g} mm", "unknown"]  # fmt: skip
    return np.array(words)[np.where(np.isnan(sizes), len(words) - 1, np.searchsorted(edges, sizes, side="right"))]


def by_subgroup(
    labels: ArrayLike,
    scores: ArrayLike,
    attribute: ArrayLike,
    metric: Metric = auc,
    groups: ArrayLike | None = None,
    min_events: int = 10,
    comparisons: int = 1,
    **options: object,
) -> list[Subgroup]:
    """Estimate ``metric(labels, scores, groups=…, confidence=…)`` in each group of ``attribute`` (n,).

    A group with fewer than ``min_events`` malignant or benign cases gets no estimate but stays in the table, and
    so does "unknown". With ``comparisons`` above 1 the intervals are widened for that many (Bonferroni).
    ``options`` go on to the metric.

    >>> labels, scanner = [0, 1] * 30, ["A"] * 40 + ["B"] * 15 + [None] * 5
    >>> rows = by_subgroup(labels, np.arange(60) % 7, scanner)
    >>> [(r.name, r.n, r.events, r.note) for r in rows]
    [('A', 40, 20, ''), ('B', 15, 7, 'fewer than 10 of a class'), ('unknown', 5, 3, 'fewer than 10 of a class')]
    """
    y = binary(labels)
    s, names = column(scores, "scores", y.size), _names(attribute, y.size)
    codes = patient_codes(groups, y.size)
    if comparisons < 1:
        raise ParameterError(f"{comparisons} comparisons were named.", "Give 1 or more.")
    rows = []
    for name in np.unique(names):
        here = names == name
        events = int(y[here].sum())
        few = min(events, int(here.sum()) - events) < min_events
        found = (
            None if few else metric(y[here], s[here], groups=codes[here], confidence=1 - 0.05 / comparisons, **options)
        )
        note = f"fewer than {min_events} of a class" if few else ""
        rows.append(Subgroup(str(name), int(here.sum()), events, found, note))
    return rows


def subgroup_gap(
    labels: ArrayLike,
    scores: ArrayLike,
    attribute: ArrayLike,
    first: str,
    second: str,
    statistic: Callable[[NDArray[np.int64], NDArray[np.float64]], float] | None = None,
    groups: ArrayLike | None = None,
    comparisons: int = 1,
    resamples: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Estimate ``statistic(labels, scores)`` (AUC by default) in group ``first`` minus that in ``second``.

    Patients are drawn, so that a patient with cases in both groups counts in both.

    >>> rng = np.random.default_rng(0)
    >>> labels, side = np.tile([0, 1], 100), np.repeat(["A", "B"], 100)
    >>> scores = labels * np.where(side == "A", 2.0, 0.2) + rng.normal(size=200)
    >>> subgroup_gap(labels, scores, side, "A", "B", resamples=200).low > 0
    True
    """
    y = binary(labels)
    s, names = column(scores, "scores", y.size), _names(attribute, y.size)
    missing = [g for g in (first, second) if g not in names]
    if missing:
        raise ParameterError(f"There is no group {missing[0]!r}.", f"Choose from {', '.join(np.unique(names))}.")
    measure = statistic or _area
    share(1 - 0.05 / comparisons, "confidence", closed=False)

    def gap(a: NDArray[np.int64], b: NDArray[np.float64], g: NDArray[np.str_]) -> float:
        return measure(a[g == first], b[g == first]) - measure(a[g == second], b[g == second])

    return bootstrap(gap, y, s, names, groups=groups, resamples=resamples, confidence=1 - 0.05 / comparisons, seed=seed)


def _area(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> float:
    from thyrolearn.evaluation.delong import placements

    return placements(labels, scores)[0]
