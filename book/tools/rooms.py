"""The rooms of the library as the site shows them: what is public, which lesson builds it, and which lessons use it.

A docstring says "Lesson: part/name"; a function whose own docstring names none has the lesson of its module. Lessons
that exist become links, the others are called planned. Which lessons *use* a function is read from their code cells.
"""

import ast
import html
import importlib
import inspect
import json
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from house import floor_of, reference_of, rooms

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"\b(?:Lessons?:|Built in lesson)\s+((?:`*\w+/\w+`*)(?:,?\s+(?:and\s+)?`*\w+/\w+`*)*)")
SLUG = re.compile(r"\w+/\w+")


def slug_of(path: str) -> str:
    """Return the slug of a lesson that a docstring names by its folder or by its slug.

    >>> slug_of("0_start/01_first_look"), slug_of("tasks/detection")
    ('start/first_look', 'tasks/detection')
    """
    return re.sub(r"(^|/)\d+_", r"\1", path)


def lessons_named(text: str | None) -> tuple[str, ...]:
    """Return the slugs of the lessons that a docstring names.

    >>> lessons_named("Scores. Lessons: `tasks/detection`, clinic/readers.")
    ('tasks/detection', 'clinic/readers')
    """
    found = [slug_of(path) for named in NAMED.findall(text or "") for path in SLUG.findall(named)]
    return tuple(dict.fromkeys(found))


@cache
def lessons() -> dict[str, tuple[str, str]]:
    """Return the lessons that exist as slug to (title, page)."""
    from thyrolearn.course import outline

    return {lesson.slug: (lesson.title, lesson.path.removesuffix(".ipynb")) for lesson in outline()}


@cache
def public() -> dict[str, Any]:
    """Return everything documented, ``room.name`` to the thing itself, rooms from the ground up."""
    found: dict[str, Any] = {}
    for room in rooms():
        module = importlib.import_module(f"thyrolearn.{room}")
        if room == "cli":
            continue
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            found[f"{room}.{name}"] = thing
            if isinstance(thing, ModuleType):
                found |= {f"{room}.{name}.{inner}": getattr(thing, inner) for inner in getattr(thing, "__all__", ())}
    return found


def builders(thing: Any) -> tuple[str, ...]:
    """Return the slugs of the lessons that build ``thing``: those of its docstring, else of its module."""
    own = lessons_named(inspect.getdoc(thing)) if not isinstance(thing, str | tuple | dict | list) else ()
    home = importlib.import_module(getattr(thing, "__module__", None) or "thyrolearn")
    return own or lessons_named(home.__doc__)


@cache
def used(notebook: Path) -> tuple[str, ...]:
    """Return the public names that the code cells of ``notebook`` use, as ``room.name``, in order."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    tree = ast.parse(code)
    called = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "thyrolearn":
            inside = node.module.partition(".")[2]
            for alias in node.names:
                called[alias.asname or alias.name] = ".".join(filter(None, (inside, alias.name)))
    found = []
    for node in ast.walk(tree):
        chain, part = [], node
        while isinstance(part, ast.Attribute):
            chain.append(part.attr)
            part = part.value
        if isinstance(part, ast.Name) and part.id in called:
            name = ".".join([called[part.id], *reversed(chain)])
            found.append((part.lineno, part.col_offset, name))
    names = [name for _, _, name in sorted(found)]
    return tuple(dict.fromkeys(name for name in names if name in public() and not _is_module(name)))


def _is_module(name: str) -> bool:
    return isinstance(public()[name], ModuleType)


def users(name: str) -> list[tuple[str, str]]:
    """Return (page, title) of the lessons that use ``room.name``."""
    return [(page, title) for title, page in lessons().values() if name in used(ROOT / f"{page}.ipynb")]


def built_in(slug: str) -> list[str]:
    """Return the public names that the lesson ``slug`` builds, as their docstrings say."""
    return [name for name, thing in public().items() if slug in builders(thing)]


def first_sentence(thing: Any) -> str:
    """Return the first sentence of a docstring; a constant has none."""
    if isinstance(thing, str | tuple | list | dict | int | float):
        return ""
    text = " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.?])\s+(?=[A-Z`])", text)[0]


def summary(room: str, up: str) -> str:
    """Return the table of a room: its public names by subject, in one line each, with the lesson that builds them."""
    groups: dict[str, list[str]] = {}
    for name, thing in public().items():
        if name.split(".")[0] == room and name.count(".") == 1 and not _is_module(name):
            home = getattr(thing, "__module__", "") if callable(thing) else ""
            groups.setdefault(home if home.startswith("thyrolearn") else "", []).append(name)
    bodies = [_group(home, groups[home], up) for home in sorted(groups, key=lambda home: (not home, home))]
    return f'<div class="th-scroll" tabindex="0"><table class="th-room">{"".join(bodies)}</table></div>'


def _group(home: str, names: list[str], up: str) -> str:
    says = first_sentence(importlib.import_module(home)) if home.count(".") > 1 else ""
    title = _code(says) if says else "Constants" if not home else "The room itself"
    rows = "".join(
        f'<tr><td><a class="reference" href="#thyrolearn.{name}"><code>{name.split(".")[1]}</code></a></td>'
        f"<td>{_code(first_sentence(public()[name]))}</td><td>{_where(builders(public()[name]), up)}</td></tr>"
        for name in names
        if home  # constants have no entry of their own to link to
    )
    if not home:
        listed = ", ".join(f"<code>{name.split('.')[1]}</code>" for name in names)
        rows = f'<tr><td colspan="3">{listed}</td></tr>'
    return f'<tbody><tr><th colspan="3" scope="rowgroup">{title}</th></tr>{rows}</tbody>'


def _where(slugs: tuple[str, ...], up: str) -> str:
    return "<br>".join(_link(slug, up) for slug in slugs)


def _link(slug: str, up: str) -> str:
    if slug in lessons():
        title, page = lessons()[slug]
        return f'<a class="reference" href="{up}{page}.html">{html.escape(title)}</a>'
    return f'<span class="th-later">{html.escape(words_of(slug))} (planned)</span>'


def words_of(slug: str) -> str:
    """Return how the name of a planned lesson is written."""
    from course_map import words

    return words(slug.split("/")[1])


def named_in_text(text: str) -> str:
    """Return a docstring whose "Lesson: part/name" is a link where the lesson exists, and says planned where not."""

    def link(found: re.Match[str]) -> str:
        places = []
        for slug in lessons_named(found[0]):
            there = lessons().get(slug)
            places.append(f":doc:`{there[0]} </{there[1]}>`" if there else f"{words_of(slug)} (planned)")
        return f"{'Lesson' if len(places) == 1 else 'Lessons'}: {', '.join(places)}"

    return NAMED.sub(link, text)


def back_to_the_house(room: str, up: str) -> str:
    """Return the line at the head of a room's page: its floor, what it stands on, and the way back."""
    from house import imports

    below = sorted(imports(rooms()[room]) - {room}, key=lambda other: (-(floor_of(other) or 0), other))
    links = ", ".join(f'<a href="{up}{reference_of(other)}">{other}</a>' for other in below if reference_of(other))
    stands = f" Stands on {links}." if links else ""
    house = f'<a href="{up}book/house.html">How the library is built</a>'
    return f'<p class="th-floorline">Floor {floor_of(room)} of the house.{stands} {house}</p>'


def _code(text: str) -> str:
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", html.escape(text, quote=False))
