"""Quizzes in pure HTML and CSS: they work in JupyterLab, on the site, on paper and without a kernel."""

import itertools
import string
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from thyrolearn.course.records import read_yaml
from thyrolearn.course.show import card, inline
from thyrolearn.errors import LessonError

__all__ = ["Option", "Item", "load", "render", "plain"]

_FOLDER = Path(__file__).parent / "quizzes"
_serial = itertools.count(1)  # a quiz that is shown twice on one page must not share its ids


class Option(BaseModel):
    """One answer to choose, whether it is right, and the reason the reader is given for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = Field(min_length=1)
    reason: str = Field(min_length=15)
    right: bool = False


class Item(BaseModel):
    """One question with two to six options, exactly one of them right.

    ``compute`` names a function without arguments in the lesson's exercise module; a test demands that the
    right option, and no other, holds the text that it returns, so that a numeric key cannot go stale.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    stem: str = Field(min_length=10)
    options: list[Option] = Field(min_length=2, max_length=6)
    compute: str | None = None

    @model_validator(mode="after")
    def _one_is_right(self) -> "Item":
        if sum(option.right for option in self.options) != 1:
            raise ValueError("exactly one option must be right")
        if len({option.text for option in self.options}) < len(self.options):
            raise ValueError("two options say the same")
        return self


def load(slug: str, folder: Path | None = None) -> list[Item]:
    """Read the items of the lesson ``slug`` from ``quizzes/<part>_<lesson>.yml``.

    Raises `LessonError` that names the file, the item and what is wrong with it.
    """
    file = (folder or _FOLDER) / f"{slug.replace('/', '_')}.yml"
    rows = read_yaml(file).get("items", [])
    if not rows:
        raise LessonError(f"Lesson {slug} has no quiz ({file.name} is missing or empty).", "Write its items there.")
    items = [_item(row, number, file) for number, row in enumerate(rows, 1)]
    if len({item.id for item in items}) < len(items):
        raise LessonError(f"{file.name} uses an id twice.", "Give each item an id of its own.")
    return items


def _item(row: dict[str, Any], number: int, file: Path) -> Item:
    try:
        return Item.model_validate(row)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        said = f"{file.name}, item {number}{', ' + where if where else ''}: {first['msg']}."
        raise LessonError(said, "Mend the item.") from None


def render(items: list[Item], slug: str) -> str:
    """Return the quiz as one piece of HTML: a field set of radio buttons an item, a reason shown on each choice.

    Ids are unique on the page, also when the same quiz is rendered twice. The reasons stand in a live region,
    so that a screen reader speaks the one that appears; in print all of them are shown.
    """
    name = f"tl-{slug.replace('/', '-')}-{next(_serial)}"
    body = "".join(_fieldset(item, number, f"{name}-{item.id}") for number, item in enumerate(items, 1))
    # JupyterLab reads plain keys as commands; this attribute leaves them to the radio buttons.
    tally = '<p class="tl-tally"></p>'  # the style counts
    return card("quiz", f'<div data-lm-suppress-shortcuts="true">{body}</div>{tally}', "Quiz")


def _fieldset(item: Item, number: int, name: str) -> str:
    choices, reasons = "", ""
    for letter, option in zip(string.ascii_uppercase, item.options, strict=False):
        own = f"{name}-{letter.lower()}"
        # JupyterLab reads arrow keys as commands; the attribute, on the very element, leaves them to the buttons.
        key = ' class="tl-key"' if option.right else ""
        choices += f'<input type="radio" name="{name}" id="{own}"{key} data-lm-suppress-shortcuts="true">'
        choices += f'<label for="{own}">{letter}. {inline(option.text)}</label>'
        word, kind = ("Right.", "tl-right") if option.right else ("Not so.", "tl-wrong")
        reasons += f'<p class="{kind}"><strong>{letter}. {word}</strong> {inline(option.reason)}</p>'
    feedback = f'<div class="tl-reasons" role="status">{reasons}</div>'
    stem = f"<legend>{number}. {inline(item.stem)}</legend>"
    return f'<fieldset>{stem}<div class="tl-options">{choices}{feedback}</div></fieldset>'


def plain(items: list[Item]) -> str:
    """Return the questions and options as plain text, without the answers."""
    lines = []
    for number, item in enumerate(items, 1):
        lines.append(f"{number}. {item.stem}")
        lines += [f"   {letter}. {o.text}" for letter, o in zip(string.ascii_uppercase, item.options, strict=False)]
    return "\n".join(lines)
