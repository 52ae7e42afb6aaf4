"""The one engine behind every system: a table of data in, an `Assessment` out.

A system either adds points or walks an ordered list of patterns; both give a level, and the level gives
an action at a size. Everything a system knows is in its `System` record, so that the same record, written
out by `thyrolearn.tirads.as_json`, feeds a browser's scorer. For teaching, not for diagnosis.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from thyrolearn.errors import ParameterError
from thyrolearn.tirads.descriptors import Descriptors

__all__ = ["NOTICE", "Action", "Assessment", "Cut", "Level", "Note", "Pattern", "Source", "System", "assess", "size"]

NOTICE = "for teaching, not for diagnosis"
SIZE_RANGE_MM = (1.0, 150.0)
"""Largest diameter, smallest and largest, as data element RDES152 allows."""

GRADES = {"C": "confirmed on a page", "S": "from secondary sources", "GK": "general knowledge"}
"""How a table was confirmed."""
Row = Mapping[str, tuple[str, ...]]
"""A condition: each named category must hold one of the words (for foci: at least one of them)."""


class Action(StrEnum):
    """What the table says to do at a size; ``follow-up`` is kept apart from ``none``.

    >>> Action.FNA.value
    'FNA'
    """

    NONE = "none"
    FOLLOW_UP = "follow-up"
    FNA = "FNA"


@dataclass(frozen=True)
class Source:
    """Where a table comes from: ``standing`` is current, superseded or proposal; ``grade`` a key of `GRADES`.

    >>> Source("10.1000/x", "current", "C", "points").status
    'current; confirmed on a page (points)'
    """

    doi: str
    standing: str
    grade: str
    detail: str

    @property
    def status(self) -> str:
        """Standing and grade in one line, as every output carries it."""
        return f"{self.standing}; {GRADES[self.grade]} ({self.detail})"


@dataclass(frozen=True)
class Cut:
    """A size from which an action holds: ``at least mm`` where inclusive, else ``more than mm``.

    >>> Cut(20, inclusive=False).reached(20.0), Cut(25).reached(25.0)
    (False, True)
    """

    mm: float
    inclusive: bool = True

    def reached(self, size_mm: float) -> bool:
        """Whether a nodule of ``size_mm`` (largest diameter, any plane) is big enough."""
        return size_mm >= self.mm if self.inclusive else size_mm > self.mm

    def __str__(self) -> str:
        if self.mm == 0:
            return "any size"
        return f"{'at least' if self.inclusive else 'more than'} {self.mm:g} mm"


@dataclass(frozen=True)
class Level:
    """One row of a system's level table; ``points`` is the inclusive band, None for systems of patterns.

    >>> Level(1, "TR1", "benign", "0.3 %", points=(0, 0)).label
    'TR1'
    """

    level: int | str
    label: str
    name: str
    risk: str
    points: tuple[int, int] | None = None
    fna: Cut | None = None
    follow_up: Cut | None = None
    advice: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pattern:
    """Where ``when`` holds the level is ``level``; patterns are tried in order and the first that holds wins.

    >>> Pattern({"shape": ("taller",)}, level=5).level
    5
    """

    when: Row
    level: int | str


@dataclass(frozen=True)
class Note:
    """A remark shown where ``when`` holds and, if given, at one of ``levels`` and from one size to below another.

    >>> Note("small", below_mm=5).below_mm
    5
    """

    text: str
    when: Row = field(default_factory=dict)
    levels: tuple[int | str, ...] = ()
    from_mm: float | None = None
    below_mm: float | None = None


@dataclass(frozen=True)
class System:
    """All that is known of one system. ``points`` is empty for systems that go by patterns.

    >>> from thyrolearn.tirads import SYSTEMS
    >>> SYSTEMS["eu"].at(4).name
    'intermediate risk'
    """

    name: str
    source: Source
    scope: str
    levels: tuple[Level, ...]
    points: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    stop: tuple[str, ...] = ()  # compositions that end the count at 0
    patterns: tuple[Pattern, ...] = ()
    notes: tuple[Note, ...] = ()

    def at(self, level: int | str) -> Level:
        """Return the row of ``level``; raises `ParameterError` with the levels there are."""
        for row in self.levels:
            if row.level == level:
                return row
        allowed = ", ".join(str(row.level) for row in self.levels)
        raise ParameterError(f"{self.name} has no level {level!r}.", f"Allowed: {allowed}.")


@dataclass(frozen=True)
class Assessment:
    """One nodule under one system.

    ``points`` is None for systems of patterns; ``level`` is the system's own (1 to 5, or 2, 3, ``"4A"`` …),
    ``rank`` its place in the system, from 0. ``action`` is None where no size was given, and ``advice`` then
    names the cuts. ``parts`` holds the points by category, ``notes`` the special rules that apply.

    >>> from thyrolearn.tirads import acr
    >>> acr.assess(Descriptors("mixed", "iso", "wider", "smooth"), size_mm=40).as_dict()["notice"]
    'for teaching, not for diagnosis'
    """

    system: str
    points: int | None
    level: int | str
    advice: str
    source: str
    status: str
    label: str = ""
    risk: str = ""
    rank: int = 0
    size_mm: float | None = None
    action: Action | None = None
    parts: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON, with the notice."""
        return {**asdict(self), "parts": dict(self.parts), "notes": list(self.notes), "notice": NOTICE}

    def __str__(self) -> str:
        points = "" if self.points is None else f", {self.points} point{'' if self.points == 1 else 's'}"
        lines = [f"{self.system}: {self.label}{points} (risk in its table: {self.risk})", self.advice, *self.notes]
        return "\n".join([*lines, f"doi:{self.source}, {self.status}; {NOTICE}"])


def size(size_mm: float | None) -> float | None:
    """Check the largest diameter in mm, 1 to 150 (the range of data element RDES152); None stays None.

    Raises `ParameterError` for anything else, above all a size given in cm.

    >>> size(12)
    12.0
    """
    low, high = SIZE_RANGE_MM
    if size_mm is None:
        return None
    number = isinstance(size_mm, (int, float)) and not isinstance(size_mm, bool)
    if number and math.isfinite(size_mm) and low <= size_mm <= high:
        return float(size_mm)
    slip = f" {size_mm:g} cm would be {10 * size_mm:g} mm." if number and 0 < size_mm < low else ""
    remedy = f"Give the largest diameter in mm, {low:g} to {high:g}.{slip}"
    raise ParameterError(f"A nodule size of {size_mm!r} mm cannot be used.", remedy)


UNIT = Note("Under 5 mm: is the size in mm? A nodule of 2.5 cm has 25.", below_mm=5)
"""Every system carries this note, since a size in cm can look like a small one in mm."""


def holds(when: Row, descriptors: Descriptors) -> bool:
    """Whether every category that ``when`` names holds one of its words."""
    words = descriptors.words()
    return all(set(allowed) & set(_as_list(words[category])) for category, allowed in when.items())


def parts(system: System, descriptors: Descriptors) -> dict[str, int]:
    """Return the points by category; a composition in ``system.stop`` ends the count at 0."""
    if descriptors.composition in system.stop:
        return dict.fromkeys(system.points, 0)
    words = descriptors.words()
    return {
        category: sum(table.get(word, 0) for word in _as_list(words[category]))
        for category, table in system.points.items()
    }


def level_of(system: System, points: int) -> Level:
    """Return the row whose band holds ``points``; raises `ParameterError` with the totals there are."""
    for row in system.levels:
        if row.points and row.points[0] <= points <= row.points[1]:
            return row
    bands = ", ".join(f"{low}" if low == high else f"{low} to {high}" for low, high in _bands(system))
    raise ParameterError(f"{system.name} has no level for a total of {points!r}.", f"Allowed: {bands}.")


def action(row: Level, size_mm: float) -> Action:
    """Return what ``row`` says to do at ``size_mm``."""
    if row.fna and row.fna.reached(size_mm):
        return Action.FNA
    return Action.FOLLOW_UP if row.follow_up and row.follow_up.reached(size_mm) else Action.NONE


def assess(system: System, descriptors: Descriptors, size_mm: float | None = None) -> Assessment:
    """Score ``descriptors`` by ``system`` at ``size_mm`` (largest diameter, mm; None where unknown).

    Raises `ParameterError` for a size outside 1 to 150 mm.

    >>> from thyrolearn.tirads import SYSTEMS
    >>> assess(SYSTEMS["acr"], Descriptors("solid", "iso", "wider", "smooth"), size_mm=25).action.value
    'FNA'
    """
    checked = size(size_mm)
    counted = parts(system, descriptors) if system.points else {}
    total = sum(counted.values()) if system.points else None
    row = system.at(_first(system, descriptors)) if total is None else level_of(system, total)
    todo = None if checked is None else action(row, checked)
    return Assessment(
        system=system.name,
        points=total,
        level=row.level,
        advice=_cuts(row) if todo is None else row.advice[todo],
        source=system.source.doi,
        status=system.source.status,
        label=f"{row.label} ({row.name})",
        risk=row.risk,
        rank=list(dict.fromkeys(row.level for row in system.levels)).index(row.level),
        size_mm=checked,
        action=todo,
        parts=tuple(counted.items()),
        notes=tuple(note.text for note in system.notes if _applies(note, descriptors, row, checked)),
    )


def _first(system: System, descriptors: Descriptors) -> int | str:
    return next(pattern.level for pattern in system.patterns if holds(pattern.when, descriptors))


def _applies(note: Note, descriptors: Descriptors, row: Level, size_mm: float | None) -> bool:
    big_enough = note.from_mm is None or (size_mm is not None and size_mm >= note.from_mm)
    small_enough = note.below_mm is None or (size_mm is not None and size_mm < note.below_mm)
    here = not note.levels or row.level in note.levels
    return big_enough and small_enough and here and holds(note.when, descriptors)


def _cuts(row: Level) -> str:
    cuts = [f"{name}: {cut}" for name, cut in (("FNA", row.fna), ("follow-up", row.follow_up)) if cut]
    return f"{'; '.join(cuts)}. Give a size for the action." if cuts else row.advice[Action.NONE]


def _bands(system: System) -> list[tuple[int, int]]:
    return [row.points for row in system.levels if row.points]


def _as_list(words: str | list[str]) -> list[str]:
    return [words] if isinstance(words, str) else words
