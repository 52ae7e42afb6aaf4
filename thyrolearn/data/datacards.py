"""Data cards: what is known of each public set, how well it is known, and how to get it.

One YAML file a set in ``datasets/``. Every fact that somebody may rely on carries a grade: ``F`` was measured
on the files or read in code written against them, ``R`` was reported by a page or paper, ``M`` was recalled.
"""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from thyrolearn.errors import DataError, SettingsError

__all__ = ["Card", "Fact", "Get", "Terms", "card", "cards", "read_card"]

Grade = Literal["F", "R", "M"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(_Strict):
    """A statement with its grade.

    >>> Fact(says="560 x 360 pixels", grade="F").grade
    'F'
    """

    says: str
    grade: Grade


class Terms(_Strict):
    """The licence and what it allows; ``redistribute`` is False wherever that is not clearly stated."""

    licence: str
    says: str
    grade: Grade
    redistribute: bool = False


class Get(_Strict):
    """How to get the set. ``doi`` is filled only where terms and host allow a program to fetch it."""

    steps: tuple[str, ...] = Field(min_length=1)
    page: str | None = None
    doi: str | None = None
    bytes: int | None = None


class Card(_Strict):
    """All that is known of one public set.

    >>> sorted(Card.model_fields)[:4]
    ['citation', 'defects', 'doi', 'get']
    """

    name: str
    title: str
    citation: str
    doi: str | None
    size: tuple[Fact, ...] = Field(min_length=1)
    labels: tuple[Fact, ...] = Field(min_length=1)
    meaning: str  # what the labels mean, and what they do not
    unit: Literal["patient", "case", "nodule", "image"]  # the finest group that the source names
    terms: Terms
    get: Get
    layout: tuple[Fact, ...] = Field(min_length=1)
    variants: tuple[Fact, ...] = ()
    defects: tuple[Fact, ...] = ()
    reader: str | None = None  # the name for `data.load`, where we have seen the layout
    why_no_reader: str | None = None

    def __str__(self) -> str:
        """The card as plain text, as ``thyrolearn data show`` prints it."""
        blocks = [
            f"{self.title} ({self.name})",
            f"{self.citation}{f' doi {self.doi}' if self.doi else ''}",
            _block("Size", self.size),
            _block("Labels", self.labels),
            f"What the labels mean: {self.meaning}",
            f"Grouped by: {self.unit}",
            f"Terms: {self.terms.licence} [{self.terms.grade}]. {self.terms.says}",
            _block("Layout", (*self.layout, *self.variants)),
            _block("Known defects", self.defects),
            f"Reader: {self.reader or 'none'}{f'. {self.why_no_reader}' if self.why_no_reader else ''}",
            "How to get it:\n" + "\n".join(f"  {i}. {step}" for i, step in enumerate(self.get.steps, 1)),
            "Grades: [F] seen in files or code, [R] reported, [M] recalled.",
        ]
        return "\n".join(block for block in blocks if block)


def _block(title: str, facts: tuple[Fact, ...]) -> str:
    return "\n".join([f"{title}:", *(f"  - {fact.says} [{fact.grade}]" for fact in facts)]) if facts else ""


def read_card(path: Path | str) -> Card:
    """Read one card; raises `DataError` naming file and field for an unknown key, a wrong type or broken YAML.

    >>> read_card("no.yml")
    Traceback (most recent call last):
    thyrolearn.errors.DataError: no.yml cannot be read ...
    """
    import yaml

    try:
        table = yaml.safe_load(Path(path).read_text("utf-8"))
        return Card.model_validate(table)
    except OSError as problem:
        raise DataError(f"{path} cannot be read ({problem.strerror}).", "Check the path.") from None
    except yaml.YAMLError as problem:
        raise DataError(f"{path} is not plain YAML ({str(problem).splitlines()[0]}).", "Cards hold no tags.") from None
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise DataError(
            f"{path}: {where}: {first['msg']}.", "See thyrolearn.data.datacards.Card for the fields."
        ) from None


@cache
def cards() -> dict[str, Card]:
    """All cards by name, in alphabetical order.

    >>> "ddti" in cards()
    True
    """
    from thyrolearn.settings import folders

    found = [read_card(path) for path in sorted(folders().datasets.glob("*.yml"))]
    return {one.name: one for one in found}


def card(name: str) -> Card:
    """The card of one set; raises `SettingsError` for a name that has none.

    >>> card("ddti").unit
    'case'
    """
    known = cards()
    if name not in known:
        raise SettingsError(f"There is no card for {name!r}.", f"There are: {', '.join(known)}.")
    return known[name]
