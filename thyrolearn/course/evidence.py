"""What a lesson sets beside its own result: the known ceiling, results stored by seed, and published studies."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thyrolearn import settings as house
from thyrolearn.course.show import card, escape, inline
from thyrolearn.errors import LessonError
from thyrolearn.evaluation.estimate import Estimate

if TYPE_CHECKING:
    import pandas as pd

    from thyrolearn.data import Batches, Cohort

__all__ = ["Published", "ceiling", "judged", "patience", "patience_cost", "published", "results", "table"]


def ceiling(cases: "Cohort | Batches") -> float | None:
    """Return the AUC that the best possible reader reaches on these very ``cases``, or None where truth is unknown.

    The best possible reader ranks by the posterior that only the phantom knows; no score can do better but by luck.
    """
    cohort = getattr(cases, "cohort", cases)
    posteriors = list(cohort.column("posterior"))
    if any(value is None for value in posteriors):
        return None
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(cohort.labels, posteriors))


def results(
    name: str,
    settings: house.Settings | None = None,
    metric: str = "auc",
    by: str = "model",
    column: str = "value",
    **where: str,
) -> dict[str, Estimate]:
    """Return stored results by model: the mean over seeds with the t interval of that mean.

    They are read from ``datasets/results/<name>.csv``, which `thyrolearn.experiments.store` writes, for the data set
    and tier of ``settings``; where that pair has no rows, those of the phantom at the lesson tier are given. ``by``
    is the column that names the rows; ``column`` is what is averaged: the metric's value, or what a run cost
    (``"cpu_seconds"``, ``"parameters"``, ``"macs"``); ``where`` keeps the rows whose columns say so, such as
    ``model="vit"`` or ``tier="full"``. Raises `LessonError` where there is no such table.

    >>> results("no-such-table")
    Traceback (most recent call last):
    thyrolearn.errors.LessonError: There are no stored results 'no-such-table'. Stored: ...
    """
    values: dict[str, list[float]] = {}
    for row in _stored(name, settings, metric, where):
        values.setdefault(row[by], []).append(float(row[column]))
    return {row: _over_seeds(found) for row, found in values.items()}


def judged(
    name: str, settings: house.Settings | None = None, metric: str = "auc", by: str = "model", **where: str
) -> dict[str, Estimate]:
    """Return stored results of which each row was judged once, with the interval over patients that was stored.

    Arguments and errors as `results`, which draws its interval over seeds instead.

    >>> judged("no-such-table")
    Traceback (most recent call last):
    thyrolearn.errors.LessonError: There are no stored results 'no-such-table'. Stored: ...
    """
    return {row[by]: _as_judged(row) for row in _stored(name, settings, metric, where)}


def _as_judged(row: Mapping[str, str]) -> Estimate:
    return Estimate(float(row["value"]), float(row["low"]), float(row["high"]), "stored", int(row["n"]))


def patience(lesson: str, claim: str, settings: house.Settings) -> Estimate | None:
    """Return what the ``claim`` of a lesson of the lesson tier came to at the full tier, or None where none is stored.

    ``benchmarks/full_tier.py`` writes the table.

    >>> patience("start/nowhere", "gain", house.Settings())
    """
    rows = _at_full_tier(lesson, settings.data) if settings.tier == "lesson" else []
    return next((_as_judged(row) for row in rows if row["metric"] == claim), None)


def patience_cost(lesson: str, settings: house.Settings) -> str | None:
    """Return what a lesson took at the full tier, in words, or None where that is not stored.

    >>> patience_cost("start/nowhere", house.Settings())
    """
    row = next(iter(_at_full_tier(lesson, settings.data)), None)
    if row is None:
        return None
    minutes = max(0.1, int(row["cpu_seconds"]) / 60)
    return f"{minutes:.1f} minutes of one core and {row['memory_mb']} MB on {row['machine']}"


def _at_full_tier(lesson: str, data: str) -> list[dict[str, str]]:
    if not _table("full_lessons").is_file():
        return []
    with _table("full_lessons").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if (row["model"], row["data"]) == (lesson, data)]


def _table(name: str) -> Path:
    return house.folders().datasets / "results" / f"{name}.csv"


def _stored(name: str, settings: house.Settings | None, metric: str, where: Mapping[str, str]) -> list[dict[str, str]]:
    file = _table(name)
    if not file.is_file():
        there = ", ".join(sorted(path.stem for path in file.parent.glob("*.csv"))) or "none"
        raise LessonError(f"There are no stored results {name!r}.", f"Stored: {there}.")
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["metric"] == metric]
    settings = settings or house.current()
    for wanted in ({"data": settings.data, "tier": settings.tier}, {"data": "phantom", "tier": "lesson"}):
        if found := [row for row in rows if {**wanted, **where}.items() <= row.items()]:
            return found
    return []


def _over_seeds(values: list[float]) -> Estimate:
    import numpy as np
    from scipy import stats

    if len(values) < 2:
        raise LessonError("A stored row has one seed, which makes no interval.", "Run it with three seeds or more.")
    mean, error = float(np.mean(values)), float(stats.sem(values))
    half = float(stats.t.ppf(0.975, len(values) - 1)) * error
    return Estimate(mean, mean - half, mean + half, method="t over seeds", n=len(values))


class Published:
    """Published studies as a table that shows itself, with citation, caution and what was left out.

    ``frame`` is the table (pandas), a row a study, in the order of years: never of values.
    """

    def __init__(self, frame: "pd.DataFrame", metric: str, more: int = 0) -> None:
        self.frame = frame
        self.metric = metric
        self.more = more

    def rows(self) -> list[tuple[str, ...]]:
        """Study, data, size, value and external validation, as text."""
        return [
            (
                _study(row),
                row["dataset"],
                _size(row),
                f"{row['value']:.3f}",
                "yes" if row["external_validation"] else "",
            )
            for row in self.frame.to_dict("records")
        ]

    def notes(self) -> list[str]:
        """What must be read with the table."""
        notes = [self.frame.attrs.get("caution", "")]
        if self.more:
            notes.append(f"{self.more} more studies fit; externally tested and larger ones are shown.")
        if left := self.frame.attrs.get("left_out"):
            notes.append(f"{len(left)} studies were left out, each for a reason: see .frame.attrs['left_out'].")
        return [note for note in notes if note]

    def _head(self) -> tuple[str, ...]:
        name = {"auc": "AUC", "iou": "IoU", "map": "mAP"}.get(self.metric, self.metric.capitalize())
        return ("study", "data", "size", f"{name} as published", "external test")

    def _repr_html_(self) -> str:
        notes = "".join(f'<p class="tl-soft">{escape(note)}</p>' for note in self.notes())
        return card("open", table(self._head(), self.rows()) + notes, "Published studies")

    def __repr__(self) -> str:
        lines = [" | ".join(self._head()), *(" | ".join(row) for row in self.rows())]
        return "\n".join([*lines, *self.notes()])


def published(limit: int | None = None, metric: str = "auc", **selectors: Any) -> Published:
    """Select studies as `thyrolearn.literature.select` does; ``limit`` keeps externally tested ones, then larger ones.

    >>> found = published(task="segmentation", metric="dice", limit=3)
    >>> len(found.frame), found.more > 0
    (3, True)
    """
    from thyrolearn import literature

    found = literature.select(metric=metric, **selectors)
    more = 0
    if limit is not None and len(found) > limit:
        attrs, more = found.attrs, len(found) - limit
        size = found["n_patients"].fillna(found["n_images"]).fillna(0)
        order = found.assign(tested=found["external_validation"] == "y", size=size)
        kept = order.sort_values(["tested", "size", "key"], ascending=[False, False, True]).index[:limit]
        found = found.loc[sorted(kept)].reset_index(drop=True)
        found.attrs |= attrs
    return Published(found, metric, more)


def _study(row: Mapping[Any, Any]) -> str:
    import pandas as pd

    who = f"{row['first_author']} et al." if row["first_author"] else _short(row["title"])
    year = "" if pd.isna(row["year"]) else f" {row['year']}"
    doi = row["doi"]
    link = f"https://arxiv.org/abs/{doi[6:]}" if doi.startswith("arXiv:") else f"https://doi.org/{doi}" if doi else ""
    return f"[{who}{year}]({link or row['source_url']})"


def _short(title: str, length: int = 40) -> str:
    return title if len(title) <= length else title[:length].rsplit(" ", 1)[0] + " …"


def _size(row: Mapping[Any, Any]) -> str:
    import pandas as pd

    parts = [(row["n_patients"], "patients"), (row["n_images"], "images")]
    return ", ".join(f"{count:,} {unit}" for count, unit in parts if not pd.isna(count))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an HTML table; cells may hold the little Markdown that `inline` sets.

    >>> table(["a"], [["`b`"]]).count("<td>")
    1
    """
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{inline(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    # A wide table scrolls inside its box, by keyboard too, and does not push the page out of a phone.
    box = '<div class="tl-scroll" tabindex="0" role="group" aria-label="Table">'
    return f"{box}<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
