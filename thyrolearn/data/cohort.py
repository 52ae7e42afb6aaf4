"""`Cohort`: an ordered, filterable set of cases. The phantom and every public set are just this."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from thyrolearn.arrays import Groups, Labels
from thyrolearn.data.case import Case
from thyrolearn.errors import DataError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Cohort", "Skipped"]


@dataclass(frozen=True)
class Skipped:
    """A file that a loader left out, and why.

    >>> Skipped("54.xml", "the outline of image 1 is cut off").file
    '54.xml'
    """

    file: str
    reason: str


def _knows(case: Case, name: str) -> bool:
    return name in Case.__dataclass_fields__ or name in case.raw


def _value(case: Case, name: str) -> Any:
    return getattr(case, name) if hasattr(case, name) else case.raw.get(name)


class Cohort(Sequence[Case]):
    """An ordered set of cases; slices, masks and filters give another cohort, pixels stay unread.

    Lesson: start/data_and_splits.

    >>> pictures = [Case.of(np.zeros((4, 4), np.uint8), id=str(i), label=i % 2) for i in range(4)]
    >>> cohort = Cohort(pictures, name="tiny")
    >>> len(cohort), len(cohort[1:3]), cohort.labels
    (4, 2, array([0, 1, 0, 1]))
    >>> cohort
    Cohort 'tiny': 4 cases, 4 patients, 4 nodules
      labels    2 of 4 positive (50 %), by ''
      spacing   unknown
    """

    def __init__(
        self,
        cases: Iterable[Case],
        *,
        name: str = "cohort",
        skipped: Iterable[Skipped] = (),
        card: str | None = None,
        unit: str = "patient",
    ) -> None:
        self.cases: tuple[Case, ...] = tuple(cases)
        self.name = name
        self.skipped: tuple[Skipped, ...] = tuple(skipped)
        self.card = card  # the name of the data card, for a public set
        self.unit = unit  # what `Case.patient` really names: "patient", else the finest unit that the source gives

    def __len__(self) -> int:
        return len(self.cases)

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    @overload
    def __getitem__(self, index: int) -> Case: ...
    @overload
    def __getitem__(self, index: "slice | Sequence[int] | NDArray[Any]") -> "Cohort": ...
    def __getitem__(self, index: Any) -> Any:
        """One case for a whole number; a cohort for a slice, a list of positions or a boolean mask."""
        if isinstance(index, (int, np.integer)):
            return self.cases[index]
        if isinstance(index, slice):
            return self._with(self.cases[index])
        positions = np.asarray(index)
        if positions.dtype == bool:
            if positions.shape != (len(self),):
                raise ParameterError(
                    f"A mask of {positions.size} for {len(self)} cases.", "Give one truth value a case."
                )
            positions = np.flatnonzero(positions)
        return self._with(self.cases[int(i)] for i in positions)

    def _with(self, cases: Iterable[Case]) -> "Cohort":
        return Cohort(cases, name=self.name, skipped=self.skipped, card=self.card, unit=self.unit)

    def __add__(self, other: "Cohort") -> "Cohort":
        """Both cohorts' cases in order."""
        return Cohort(
            self.cases + other.cases,
            name=f"{self.name} + {other.name}",
            skipped=self.skipped + other.skipped,
            card=self.card if self.card == other.card else None,
            unit=self.unit if self.unit == other.unit else "mixed",
        )

    def named(self, name: str) -> "Cohort":
        """The same cases under another name."""
        return Cohort(self.cases, name=name, skipped=self.skipped, card=self.card, unit=self.unit)

    def filter(self, keep: Callable[[Case], bool]) -> "Cohort":
        """Keep the cases for which ``keep(case)`` is true."""
        return self._with(case for case in self.cases if keep(case))

    def where(self, **equal: Any) -> "Cohort":
        """Keep the cases whose fields equal the given values; a list, tuple or set allows several.

        ``cohort.where(scanner=["A", "B"], label=1)``. A name that is no field is looked up in ``raw``, so
        ``where(part="test")`` takes the official test part of a public set. Raises `ParameterError` for a name that no
        case knows.
        """
        for name in equal:
            if self.cases and not hasattr(Case, name) and not any(_knows(case, name) for case in self.cases):
                fields = ", ".join(Case.__dataclass_fields__)
                raise ParameterError(
                    f"No case has a field {name!r}.", f"Fields: {fields}; raw: {', '.join(self[0].raw)}."
                )
        allowed = {k: v if isinstance(v, (list, tuple, set, frozenset)) else (v,) for k, v in equal.items()}
        return self.filter(lambda case: all(_value(case, name) in values for name, values in allowed.items()))

    @property
    def labelled(self) -> "Cohort":
        """The cases with a label."""
        return self.filter(lambda case: case.label is not None)

    @property
    def labels(self) -> Labels:
        """Labels, int64 (n,); raises `DataError` where a case has none."""
        missing = [case.id for case in self.cases if case.label is None]
        if missing:
            raise DataError(
                f"{len(missing)} of {len(self)} cases of {self.name!r} have no label (first: {missing[0]}).",
                "Use cohort.labelled.",
            )
        return np.array([case.label for case in self.cases], dtype=np.int64)

    @property
    def patients(self) -> Groups:
        """The patient of each case, "source:patient", (n,)."""
        return np.array([case.group for case in self.cases], dtype=np.str_)

    def column(self, name: str) -> NDArray[Any]:
        """One field of every case as an array (objects where the values are not plain numbers or text)."""
        values = [getattr(case, name) for case in self.cases]
        plain = values and all(type(v) is type(values[0]) and isinstance(v, (int, float, str)) for v in values)
        if plain:
            return np.array(values)
        column = np.empty(len(values), dtype=object)
        column[:] = values
        return column

    def table(self) -> "pd.DataFrame":
        """One row a case, without pixels."""
        import pandas as pd

        names = ["id", "source", "patient", "nodule", "label", "label_source", "level", "points", "view", "site"]
        names += ["scanner", "modality", "spacing_mm", "size_mm", "posterior"]
        return pd.DataFrame({name: [getattr(case, name) for case in self.cases] for name in names})

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the content: which cases, their labels, boxes and where their pixels come from."""
        digest = hashlib.sha256()
        for c in self.cases:
            digest.update(repr((c.source, c.id, c.patient, c.nodule, c.label, c.boxes, c.pixels.token)).encode())
        return digest.hexdigest()[:16]

    def summary(self) -> dict[str, str]:
        """What the cohort holds, in words: the lines that its printed form shows."""
        labels = [case.label for case in self.cases if case.label is not None]
        sources = sorted({case.label_source for case in self.cases if case.label is not None})
        lines = {"labels": "none"}
        if labels:
            share = f"{100 * sum(labels) / len(labels):.0f} %"
            lines["labels"] = (
                f"{sum(labels)} of {len(labels)} positive ({share}), by {' and '.join(map(repr, sources))}"
            )
        for field, title in (("scanner", "scanners"), ("site", "sites")):
            counts = Counter(getattr(case, field) for case in self.cases if getattr(case, field))
            if counts:
                lines[title] = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
        lines["spacing"] = self._spacing()
        if self.unit != "patient":
            lines["patients"] = f"not named by the source; grouped by {self.unit}"
        if self.skipped:
            lines["skipped"] = f"{len(self.skipped)} (see .skipped for the reasons)"
        return lines

    def _spacing(self) -> str:
        known = [case.spacing_mm for case in self.cases if case.spacing_mm is not None]
        if not known:
            return "unknown"
        z, x = np.array(known).T
        text = f"{z.min():.3f} to {z.max():.3f} mm (z), {x.min():.3f} to {x.max():.3f} mm (x)"
        return text if len(known) == len(self) else f"{text}; unknown for {len(self) - len(known)}"

    def _counts(self) -> str:
        patients = len({case.group for case in self.cases})
        nodules = len({(case.group, case.nodule) for case in self.cases})
        return f"{len(self)} cases, {patients} patients, {nodules} nodules"

    def __repr__(self) -> str:
        lines = "".join(f"\n  {name:<9} {text}" for name, text in self.summary().items())
        return f"Cohort {self.name!r}: {self._counts()}{lines}"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th><td style='text-align:left'>{escape(text)}</td></tr>"
            for name, text in self.summary().items()
        )
        caption = f"<caption style='text-align:left'>Cohort {escape(self.name)}: {escape(self._counts())}</caption>"
        return f"<table class='th-summary'>{caption}{rows}</table>"
