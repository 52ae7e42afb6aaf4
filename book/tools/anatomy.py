"""The anatomy of a lesson page, given to plain Markdown when the site is built, so that JupyterLab sees no directive.

A lesson's own words mark its parts: the list after "After this lesson you can", paragraphs that begin with
"Exercise 1." or "A negative result", the sections "Limits" and "On real data". Here they get their boxes, a line with
the measured cost below the promise, and links between a lesson and the functions of the library that it uses.
"""

import json
import re
from functools import cache
from pathlib import Path

from docutils import nodes
from drawings import FLOORS, ROOT, minutes
from sphinx import addnodes

ROOMS = {room for floor in FLOORS for room in floor}
BOXES = {"Exercise": "th-exercise", "A negative result": "th-negative", "From the clinic": "th-clinical"}
SECTIONS = {"limits": "th-limits", "on real data": "th-real", "check yourself": "th-check"}


@cache
def used(notebook: Path) -> tuple[str, ...]:
    """Return the library names that the code cells of ``notebook`` use, as ``room.name``, in order."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    found = re.findall(r"(?<![\w.])([a-z_]+)\.([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)\b", code)
    return tuple(dict.fromkeys(f"{room}.{name}" for room, name in found if room in ROOMS))


@cache
def lessons() -> dict[str, tuple[str, Path]]:
    """Return the lessons as page name to (title, notebook)."""
    from thyrolearn.course import outline

    return {lesson.path.removesuffix(".ipynb"): (lesson.title, ROOT / lesson.path) for lesson in outline()}


def lessons_with(name: str) -> list[tuple[str, str]]:
    """Return (page, title) of the lessons that use the public name ``thyrolearn.room.name``."""
    short = name.removeprefix("thyrolearn.")
    return [(page, title) for page, (title, notebook) in lessons().items() if short in used(notebook)]


def give_anatomy(doctree: nodes.document, page: str) -> None:
    """Give the parts of the lesson ``page`` their boxes; pages that are no lesson stay as they are."""
    if page not in lessons():
        return
    _objectives(doctree)
    for paragraph in list(doctree.findall(nodes.paragraph)):
        lead = paragraph.next_node(nodes.strong)
        if lead is not None and paragraph.astext().startswith(lead.astext()):
            paragraph["classes"] += [name for start, name in BOXES.items() if lead.astext().startswith(start)]
    for section in doctree.findall(nodes.section):
        name = SECTIONS.get(section.next_node(nodes.title).astext().lower())
        if name:
            section["classes"].append(name)
    top = doctree.next_node(nodes.section)
    promise = next((i for i, child in enumerate(top.children) if isinstance(child, nodes.paragraph)), 0)
    top.insert(promise + 1, _cost_line(page))
    top.append(_functions(page))


def _objectives(doctree: nodes.document) -> None:
    for paragraph in list(doctree.findall(nodes.paragraph)):
        after = paragraph.next_node(nodes.bullet_list, descend=False, siblings=True)
        if paragraph.astext().lower().startswith("after this lesson you can") and after is not None:
            box = nodes.container(classes=["th-objectives"])
            paragraph.parent.insert(paragraph.parent.index(paragraph), box)
            for node in (paragraph, after):
                node.parent.remove(node)
                box.append(node)


def _cost_line(page: str) -> nodes.Node:
    from thyrolearn.course import outline

    lesson = next(one for one in outline() if one.path == f"{page}.ipynb")
    up = "../" * page.count("/")
    cost = f"{minutes(lesson.seconds)} to run on two cores" if lesson.seconds else "not measured yet"
    memory = f"<span>{lesson.memory_mb:.0f} MB of memory</span>" if lesson.memory_mb else ""
    link = f'<a href="{up}_sources/{page}.ipynb" download>Download the notebook</a>'
    return nodes.raw(
        "", f'<p class="th-meta"><span>{cost}</span>{memory}<span>no network</span>{link}</p>', format="html"
    )


def _functions(page: str) -> nodes.Node:
    box = nodes.container(classes=["th-functions"])
    line = nodes.paragraph("", "From the library, in the order of this lesson: ")
    for number, name in enumerate(used(lessons()[page][1])):
        link = addnodes.pending_xref(
            "", refdomain="py", reftype="obj", reftarget=f"thyrolearn.{name}", refexplicit=True
        )
        link += nodes.literal("", name)
        if number:
            line += nodes.Text(", ")
        line += link
    box += line
    return box
