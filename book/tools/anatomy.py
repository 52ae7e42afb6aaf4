"""The anatomy of a lesson page, given to plain Markdown when the site is built, so that JupyterLab sees no directive.

A lesson's own words mark its parts: the list after "After this lesson you can", paragraphs that begin with
"Prerequisites:", "Exercise 1." or "A negative result", the sections "Limits" and "On real data". Here they become a
card at the head and boxes below it, worked solutions are folded, and the lesson is linked with the functions of the
library that it builds and uses.
"""

import html
from pathlib import Path

import rooms
from course_map import WORDS_A_MINUTE, content, minutes, number_of, outline
from docutils import nodes
from sphinx import addnodes

ROOT = Path(__file__).resolve().parents[2]
BOXES = {"Exercise": "th-exercise", "A negative result": "th-negative", "From the clinic": "th-clinical"}
SECTIONS = {"limits": "th-limits", "on real data": "th-real", "check yourself": "th-check"}


def lesson_of(page: str) -> object | None:
    """Return the lesson whose page is ``page``, None for any other page."""
    return next((one for one in outline() if one.path == f"{page}.ipynb"), None)


def give_anatomy(doctree: nodes.document, page: str) -> None:
    """Give the parts of the lesson ``page`` their boxes; pages that are no lesson stay as they are."""
    lesson = lesson_of(page)
    if lesson is None:
        return
    _head(doctree, lesson, page)
    for paragraph in list(doctree.findall(nodes.paragraph)):
        lead = paragraph.next_node(nodes.strong)
        if lead is not None and paragraph.astext().startswith(lead.astext()):
            paragraph["classes"] += [name for start, name in BOXES.items() if lead.astext().startswith(start)]
    for paragraph in [one for one in doctree.findall(nodes.paragraph) if "th-exercise" in one["classes"]]:
        _exercise(paragraph)
    for section in doctree.findall(nodes.section):
        name = SECTIONS.get(section.next_node(nodes.title).astext().lower())
        if name:
            section["classes"].append(name)
    _still_widgets(doctree)
    doctree.next_node(nodes.section).append(_functions(lesson))


def fold_solutions(doctree: nodes.document) -> None:
    """Fold every cell that holds a worked solution, with its result: that would give the answer away."""
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") == "cell_code" and "### BEGIN SOLUTION" in cell.astext():
            cell["hide_mode"] = "all"
            cell["prompt_show"], cell["prompt_hide"] = "Show a solution", "Hide the solution"


def _head(doctree: nodes.document, lesson: object, page: str) -> None:
    """Gather objectives, needs and costs into one card below the promise."""
    card = nodes.container(classes=["th-head"])
    left, right = nodes.container(classes=["th-objectives"]), nodes.container(classes=["th-facts"])
    card += [nodes.raw("", _kicker(lesson), format="html"), left, right, nodes.raw("", _doors(lesson), format="html")]
    for paragraph in list(doctree.findall(nodes.paragraph)):
        after = paragraph.next_node(nodes.bullet_list, descend=False, siblings=True)
        if paragraph.astext().lower().startswith("after this lesson you can") and after is not None:
            for node in (paragraph, after):
                node.parent.remove(node)
                left.append(node)
        elif paragraph.astext().startswith("Prerequisites:"):
            paragraph.parent.remove(paragraph)
            right.append(paragraph)
    right.insert(0, nodes.raw("", _facts(lesson), format="html"))
    top = doctree.next_node(nodes.section)
    promise = next((i for i, child in enumerate(top.children) if isinstance(child, nodes.paragraph)), 0)
    top.insert(promise + 1, card)


def _kicker(lesson: object) -> str:
    part, number = html.escape(lesson.part), number_of(lesson.path)
    return f'<p class="th-kicker">Lesson {number} <span>{part}</span></p>'


def _facts(lesson: object) -> str:
    holds = content(ROOT / lesson.path)
    memory = f"{lesson.memory_mb / 1000:.1f} GB of memory" if lesson.memory_mb else "not measured yet"
    rows = {
        "To run": f"{minutes(lesson.seconds)} on two cores, {memory}" if lesson.seconds else "not measured yet",
        "To read": f"about {holds['read']} minutes",
        "To do": f"{holds['exercises']} exercises, {holds['questions']} questions",
        "Data": f"synthetic frames; {_real(lesson.slug)}",
        "Tier": "lesson: no graphics card, no network",
    }
    title = f' title="its words at {WORDS_A_MINUTE} a minute"'
    return "<dl>" + "".join(
        f"<dt>{name}</dt><dd{title if name == 'To read' else ''}>{text}</dd>" for name, text in rows.items()
    ) + "</dl>"  # fmt: skip


def _real(slug: str) -> str:
    """Say on which real data this lesson's claims were run, as their stored bands tell."""
    import yaml

    stored = yaml.safe_load((ROOT / "notebooks" / "claims.yml").read_text(encoding="utf-8")) or {}
    sets = sorted({setting.split("/")[0] for setting in stored.get(slug, {})} - {"phantom"})
    return f"also run on {', '.join(name.upper() for name in sets)}" if sets else "real ones by one option"


def _doors(lesson: object) -> str:
    up = "../" * lesson.path.count("/")
    inside = lesson.path.removeprefix("notebooks/")
    return (
        f'<p class="th-doors-line"><a class="th-button" href="{up}_sources/{lesson.path}" download>Download the '
        f'notebook</a><span>To run it: <code>make lab</code>, then open <code>{inside}</code>. '
        f'<a href="{up}book/setup.html">Setup</a></span></p>'
    )  # fmt: skip


def _exercise(paragraph: nodes.paragraph) -> None:
    """Put an exercise and the cell that follows it into one box."""
    box = nodes.container(classes=["th-task"])
    where, parent = paragraph.parent.index(paragraph), paragraph.parent
    inside = [paragraph]
    for node in parent.children[where + 1 :]:
        inside.append(node)
        if isinstance(node, nodes.container) and node.get("nb_element") == "cell_code":
            break
    else:
        inside = [paragraph]
    for node in inside:
        parent.remove(node)
        box.append(node)
    parent.insert(where, box)


def _still_widgets(doctree: nodes.document) -> None:
    """Say below each live widget that on a page without Python it stays as it is."""
    words = "On this page nothing answers to these controls: behind them runs Python. In JupyterLab the result follows."
    for cell in list(doctree.findall(nodes.container)):
        if cell.get("nb_element") == "cell_code" and any(_is_widget(node) for node in cell.findall()):
            cell.parent.insert(cell.parent.index(cell) + 1, nodes.paragraph("", words, classes=["th-still"]))


def _is_widget(node: nodes.Node) -> bool:
    return "widget" in str(getattr(node, "attributes", {}).get("mime_type", ""))


def _functions(lesson: object) -> nodes.Node:
    built = rooms.built_in(lesson.slug)
    used = [name for name in rooms.used(ROOT / lesson.path) if name not in built]
    section = nodes.section(ids=["from-the-library"], classes=["th-functions"])
    section += nodes.title("", "From the library")
    for words, names in (("Built in this lesson: ", built), ("Used here, in order: ", used)):
        if names:
            section += _links(words, names)
    return section


def _links(words: str, names: list[str]) -> nodes.paragraph:
    line = nodes.paragraph("", words)
    for number, name in enumerate(names):
        module = isinstance(rooms.public()[name], type(rooms))
        kind = "mod" if module else "obj"
        link = addnodes.pending_xref("", refdomain="py", reftype=kind, reftarget=f"thyrolearn.{name}", refexplicit=True)
        link += nodes.literal("", name)
        line += [nodes.Text(", "), link] if number else [link]
    return line
