"""Splits by patient, the only splits there are; patients who share a picture are joined first.

A patient's frames share a gland, a scanner and an operator, so a split that parts them lets a model score
by recognition. Nothing here can split by image: the lesson on leakage builds that fault by hand.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thyrolearn.data.cohort import Cohort
from thyrolearn.data.repeats import NEAR, duplicates, joined_groups
from thyrolearn.errors import DataError, ParameterError
from thyrolearn.seeding import stream

__all__ = ["Split", "split", "folds", "leave_one_out", "portion", "LeakageReport", "leakage_report"]


@dataclass(frozen=True)
class Split:
    """Three cohorts that share no patient: learn on ``train``, choose on ``validation``, report on ``test``."""

    train: Cohort
    validation: Cohort
    test: Cohort

    @property
    def parts(self) -> dict[str, Cohort]:
        """The three by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    def __repr__(self) -> str:
        lines = []
        for name, part in self.parts.items():
            labels = [case.label for case in part if case.label is not None]
            share = f", {100 * sum(labels) / len(labels):.0f} % positive" if labels else ""
            lines.append(f"  {name:<10} {len(part):>5} cases, {len(set(part.patients)):>5} patients{share}")
        unit = self.train.unit
        remark = "" if unit == "patient" else " (the source names no patients)"
        return f"Split by {unit}{remark}\n" + "\n".join(lines)


def _strata(cohort: Cohort, groups: NDArray[np.int64]) -> dict[int, int]:
    """The stratum of each group: its share of positive cases, in thirds; -1 where nothing is labelled."""
    strata = {}
    for group in np.unique(groups):
        labels = [cohort[int(i)].label for i in np.flatnonzero(groups == group)]
        known = [label for label in labels if label is not None]
        strata[int(group)] = round(2 * sum(known) / len(known)) if known else -1
    return strata


def _deal(cohort: Cohort, fractions: Sequence[float], seed: int) -> list[NDArray[np.int64]]:
    """Deal whole groups, stratum by stratum in random order, to the part that lacks most cases.

    The order must not depend on a group's size: else patients with many frames would all be trained on.
    """
    if cohort.unit in ("image", "nodule"):
        warnings.warn(
            f"{cohort.name} names no patients: {cohort.unit}s of one patient may lie on both sides of this split.",
            stacklevel=3,
        )
    groups = joined_groups(cohort)
    members = {int(g): np.flatnonzero(groups == g) for g in np.unique(groups)}
    strata = _strata(cohort, groups)
    part_of: list[list[int]] = [[] for _ in fractions]
    held = np.zeros(len(fractions))
    wanted = np.zeros(len(fractions))
    rng = stream(seed, "split")
    for stratum in sorted(set(strata.values())):
        inside = [g for g in members if strata[g] == stratum]
        inside = [inside[i] for i in rng.permutation(len(inside))]
        wanted = wanted + np.array(fractions) * sum(len(members[g]) for g in inside)
        for group in inside:
            part = int(np.argmax(wanted - held))
            part_of[part].append(group)
            held[part] += len(members[group])
    return [np.sort(np.concatenate([members[g] for g in part] or [np.zeros(0, np.int64)])) for part in part_of]


def split(cohort: Cohort, fractions: Sequence[float] = (0.6, 0.2, 0.2), seed: int = 0) -> Split:
    """Split by patient into train, validation and test, stratified by label; those who share a picture stay together.

    ``fractions`` are shares of cases and sum to 1. Raises `ParameterError` for wrong fractions and `DataError`
    where there are too few patients. Lesson: start/data_and_splits.

    >>> from thyrolearn.data.case import Case
    >>> cases = [Case.of(np.zeros((4, 4), np.uint8), id=f"{p}{k}", patient=str(p), label=p % 2)
    ...          for p in range(10) for k in "ab"]
    >>> split(Cohort(cases))
    Split by patient
      train         12 cases,     6 patients, 50 % positive
      validation     4 cases,     2 patients, 50 % positive
      test           4 cases,     2 patients, 50 % positive
    """
    shares = tuple(float(f) for f in fractions)
    if len(shares) != 3 or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise ParameterError(
            f"fractions={tuple(fractions)} are not three shares that sum to 1.", "Try (0.6, 0.2, 0.2)."
        )
    parts = _deal(cohort, shares, seed)
    for name, share, part in zip(("train", "validation", "test"), shares, parts, strict=True):
        if share > 0 and len(part) == 0:
            raise DataError(
                f"{cohort.name!r} has too few patients ({len(set(cohort.patients))}) for a {name} part.",
                "Use more patients, or folds().",
            )
    names = [f"{cohort.name} {part}" for part in ("train", "validation", "test")]
    return Split(*(cohort[part].named(name) for part, name in zip(parts, names, strict=True)))


def folds(cohort: Cohort, k: int = 5, seed: int = 0) -> list[Split]:
    """Return ``k`` splits by patient; each case is tested once and the next fold validates.

    >>> from thyrolearn.data.case import Case
    >>> cohort = Cohort(Case.of(np.zeros((4, 4), np.uint8), id=str(i), label=i % 2) for i in range(12))
    >>> [(len(s.train), len(s.validation), len(s.test)) for s in folds(cohort, k=3)]
    [(4, 4, 4), (4, 4, 4), (4, 4, 4)]
    """
    patients = len(set(joined_groups(cohort).tolist()))
    if not 3 <= k <= patients:
        raise ParameterError(f"k={k} folds of {patients} independent patients.", f"Choose 3 to {patients}.")
    parts = _deal(cohort, [1 / k] * k, seed)
    splits = []
    for i in range(k):
        after = (i + 1) % k
        rest = np.sort(np.concatenate([parts[j] for j in range(k) if j not in (i, after)]))
        splits.append(Split(cohort[rest], cohort[parts[after]], cohort[parts[i]]))
    return splits


def leave_one_out(cohort: Cohort, by: str = "scanner", validation: float = 0.2, seed: int = 0) -> dict[str, Split]:
    """For each value of ``by`` ("scanner" or "site"): that value is the test, the rest is train and validation.

    Patients with a frame on both sides are left out of training. Raises `DataError` where there is one value only.

    >>> from thyrolearn.data.case import Case
    >>> frame = np.zeros((4, 4), np.uint8)
    >>> cohort = Cohort(Case.of(frame, id=str(i), label=i % 2, scanner="ABC"[i % 3]) for i in range(30))
    >>> {name: len(s.test) for name, s in leave_one_out(cohort).items()}
    {'A': 10, 'B': 10, 'C': 10}
    """
    values = cohort.column(by)
    kinds = sorted({str(v) for v in values if v not in ("", None)})
    if len(kinds) < 2:
        raise DataError(f"{cohort.name!r} has {len(kinds)} {by}: nothing to leave out.", "Use split() or folds().")
    groups = joined_groups(cohort)
    out = {}
    for kind in kinds:
        held = np.array([str(v) == kind for v in values])
        rest = cohort[~np.isin(groups, groups[held])]
        inner = split(rest, (1 - validation, validation, 0.0), seed)
        out[kind] = Split(inner.train, inner.validation, cohort[held].named(f"{cohort.name}, {by} {kind}"))
    return out


def portion(cohort: Cohort, share: float, seed: int = 0) -> Cohort:
    """Keep a ``share`` (above 0, up to 1) of the patients with all their cases, stratified by label.

    Portions are nested: a smaller one lies inside a larger one, so that a learning curve changes the size and
    nothing else. Raises `ParameterError` for a share out of range. Lesson: architectures/transformer.

    >>> from thyrolearn.data.case import Case
    >>> cohort = Cohort(Case.of(np.zeros((4, 4), np.uint8), id=str(i), label=i % 2) for i in range(16))
    >>> half, quarter = portion(cohort, 1 / 2), portion(cohort, 1 / 4)
    >>> len(half), len(quarter), {case.id for case in quarter} <= {case.id for case in half}
    (8, 4, True)
    """
    if not 0 < share <= 1:
        raise ParameterError(f"share={share} is no share of the patients.", "Give 0 < share <= 1.")
    if share == 1:
        return cohort
    groups = joined_groups(cohort)
    strata = _strata(cohort, groups)
    rng, kept = stream(seed, "portion"), []
    for stratum in sorted(set(strata.values())):
        inside = np.array([group for group in strata if strata[group] == stratum])
        kept += inside[rng.permutation(len(inside))][: max(1, round(share * len(inside)))].tolist()
    return cohort[np.flatnonzero(np.isin(groups, kept))].named(f"{cohort.name}, {share:.3g} of patients")


@dataclass(frozen=True)
class LeakageReport:
    """What two parts of a split share. ``clean`` is True where that is nothing."""

    patients: tuple[str, ...]  # patients on both sides
    same: tuple[tuple[str, str], ...]  # byte-identical pictures on both sides
    near: tuple[tuple[str, str], ...]  # near-identical or mirrored pictures on both sides
    conflicts: tuple[tuple[str, str], ...]  # one picture, two labels, anywhere

    @property
    def clean(self) -> bool:
        """True where no patient and no picture is on both sides."""
        return not (self.patients or self.same or self.near)

    def require_clean(self) -> None:
        """Raise `DataError` unless the split is clean and no picture has two labels."""
        if not self.clean:
            raise DataError(f"The split leaks: {self}.", "Use thyrolearn.data.split, which keeps patients together.")
        if self.conflicts:
            first = " and ".join(self.conflicts[0])
            raise DataError(f"{first} are one picture with two labels.", "Settle the label, or leave both out.")

    def __str__(self) -> str:
        return (
            f"{len(self.patients)} patients, {len(self.same)} identical and {len(self.near)} near-identical pictures "
            f"on both sides; {len(self.conflicts)} pictures with two labels"
        )


def leakage_report(parts: Split, near: int = NEAR) -> LeakageReport:
    """Look for patients and pictures that a split has on more than one side. Lesson: start/data_and_splits.

    >>> from thyrolearn.data.case import Case
    >>> one = Cohort([Case.of(np.zeros((4, 4), np.uint8), id="a", digest="x")])
    >>> two = Cohort([Case.of(np.zeros((4, 4), np.uint8), id="b", digest="x")])
    >>> print(leakage_report(Split(one, two, one[:0])))
    0 patients, 1 identical and 0 near-identical pictures on both sides; 0 pictures with two labels
    """
    cohort = parts.train + parts.validation + parts.test
    side = np.repeat(np.arange(3), [len(parts.train), len(parts.validation), len(parts.test)])
    sides: dict[str, set[int]] = {}
    for patient, where in zip(cohort.patients.tolist(), side.tolist(), strict=True):
        sides.setdefault(patient, set()).add(where)
    same: list[tuple[str, str]] = []
    close: list[tuple[str, str]] = []
    conflicts: list[tuple[str, str]] = []
    for pair in duplicates(cohort, near):
        a, b = cohort[pair.first], cohort[pair.second]
        if side[pair.first] != side[pair.second]:
            (same if pair.how == "bytes" else close).append((a.id, b.id))
        if a.label is not None and b.label is not None and a.label != b.label:
            conflicts.append((a.id, b.id))
    shared = tuple(sorted(patient for patient, where in sides.items() if len(where) > 1))
    return LeakageReport(shared, tuple(same), tuple(close), tuple(conflicts))
