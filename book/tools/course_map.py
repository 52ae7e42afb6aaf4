"""The map of the course, drawn from the outline: parts, lessons, what each needs and what it was measured to cost."""

import html
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60
"""Seconds that a lesson may take; the bar of a lesson is drawn against it."""
WORDS_A_MINUTE = 200

WORDS = {
    "rnn": "RNN", "gan": "GAN", "cnn": "CNN", "dicom": "DICOM", "tirads": "TI-RADS", "dataset": "data set",
    "semi supervised": "semi-supervised", "self supervised": "self-supervised", "multi task": "multi-task",
}  # fmt: skip
"""How the names of planned lessons are written."""


def words(name: str) -> str:
    """Return the name of a planned lesson as a title.

    >>> words("semi_supervised"), words("tirads_grading")
    ('Semi-supervised', 'TI-RADS grading')
    """
    text = name.replace("_", " ")
    for plain, written in WORDS.items():
        text = re.sub(rf"\b{plain}\b", written, text)
    return text[0].upper() + text[1:]


def minutes(seconds: float | None) -> str:
    """Return a duration as the map writes it.

    >>> minutes(24), minutes(95), minutes(None)
    ('24 s', '1.6 min', 'not measured yet')
    """
    if not seconds:
        return "not measured yet"
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def parts() -> list[tuple[str, str, list[str]]]:
    """Return the parts in order: folder, title, and the planned lessons by file name."""
    text = (ROOT / "notebooks" / "parts.yml").read_text(encoding="utf-8")
    return [(name, part["title"], part["lessons"]) for name, part in yaml.safe_load(text).items()]


def outline() -> list[Any]:
    """Return the lessons that exist, with the measured reference of each where there is one.

    The reference (``notebooks/measured.yml``) is taken when the machine is quiet and is what a lesson's own header
    prints; what the tests of this build happened to measure stands in for lessons that have none yet.
    """
    from thyrolearn.course import outline as lessons

    file = ROOT / "notebooks" / "measured.yml"
    known = (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("lessons", {}) if file.is_file() else {}
    names = ("seconds", "cpu_seconds", "memory_mb")
    return [replace(one, **{name: known[one.slug][name] for name in names}) if one.slug in known else one
            for one in lessons()]  # fmt: skip


@cache
def content(notebook: Path) -> dict[str, int]:
    """Return what a lesson holds: minutes to read its words, exercises and quiz items."""
    from thyrolearn.course import quiz
    from thyrolearn.course.exercises import exercises_of

    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    text = " ".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    part, name = notebook.parent.name.split("_", 1)[1], notebook.stem.split("_", 1)[1]
    slug = f"{part}/{name}"
    count = len(re.findall(r"\b[A-Za-z][\w'-]*", re.sub(r"\]\([^)]*\)", "]", text)))
    return {"read": max(1, round(count / WORDS_A_MINUTE)), "exercises": len(exercises_of(slug)),
            "questions": len(quiz.load(slug))}  # fmt: skip


def number_of(path: str) -> str:
    """Return the number of a lesson as the map writes it.

    >>> number_of("notebooks/1_architectures/01_cnn.ipynb")
    '1.1'
    """
    part, lesson = Path(path).parent.name, Path(path).stem
    return f"{int(part.split('_')[0])}.{int(lesson.split('_')[0])}"


def course_map(up: str) -> str:
    """Return the parts of the course as HTML; ``up`` leads from the page to the root of the site."""
    lessons = outline()
    numbers = {lesson.slug: number_of(lesson.path) for lesson in lessons}
    out = ['<div class="th-map">']
    for number, (folder, title, planned) in enumerate(parts()):
        here = {Path(lesson.path).stem: lesson for lesson in lessons if Path(lesson.path).parent.name == folder}
        names = sorted({*planned, *here})
        tiles = "".join(_tile(folder, name, here.get(name), numbers, up) for name in names)
        known = [lesson.seconds for lesson in here.values() if lesson.seconds]
        cost = f" · {minutes(sum(known))} to run" if known else ""
        ready = "all ready" if len(here) == len(names) else f"{len(here)} of {len(names)} ready" if here else "planned"
        out.append(
            f'<section class="th-part{"" if here else " th-empty"}" aria-label="Part {number}: {html.escape(title)}">'
            f'<header><span class="th-number">{number}</span><span class="th-title">{html.escape(title)}</span><span '
            f'class="th-count">{ready}{cost}</span></header><ol>{tiles}</ol></section>'
        )
    return "".join(out) + f"</div>{_needs_style(lessons, numbers)}"


def _tile(folder: str, name: str, lesson: Any, numbers: dict[str, str], up: str) -> str:
    number = number_of(f"{folder}/{name}.ipynb")
    head = f'<span class="th-where">{number}</span>'
    anchor = f'id="lesson-{number.replace(".", "-")}"'
    if lesson is None:
        title = html.escape(words(name.split("_", 1)[1]))
        return f'<li class="th-planned" {anchor}>{head}<span class="th-name">{title}</span><small>planned</small></li>'
    link = f"{up}{lesson.path.removesuffix('.ipynb')}.html"
    share = min(100, round(100 * (lesson.seconds or 0) / LIMIT))
    bar = f'<span class="th-gauge" style="--share:{share}%" aria-hidden="true"></span>'
    return (
        f'<li class="th-ready" {anchor}>{head}<a class="th-name" href="{link}">{html.escape(lesson.title)}</a>'
        f'<span class="th-cost">{minutes(lesson.seconds)}</span>{bar}{_after(lesson, numbers)}</li>'
    )


def _after(lesson: Any, numbers: dict[str, str]) -> str:
    """What a lesson builds on, as links within the map."""
    known = [numbers[slug] for slug in lesson.prerequisites if slug in numbers]
    links = ", ".join(f'<a href="#lesson-{number.replace(".", "-")}">{number}</a>' for number in known)
    return f"<small>after {links}</small>" if links else "<small>needs no other lesson</small>"


def _needs_style(lessons: list[Any], numbers: dict[str, str]) -> str:
    """A style that lights up what a lesson builds on while the pointer or the focus is on it."""
    rules = []
    for lesson in lessons:
        own = f"#lesson-{numbers[lesson.slug].replace('.', '-')}"
        for slug in (slug for slug in lesson.prerequisites if slug in numbers):
            other = f"#lesson-{numbers[slug].replace('.', '-')}"
            rules.append(f".th-map:has({own}:hover) {other},.th-map:has({own}:focus-within) {other}"
                         "{outline:2px solid var(--th-teal);outline-offset:2px}")  # fmt: skip
    return f"<style>{''.join(rules)}</style>" if rules else ""


def strip(up: str) -> str:
    """Return the whole course in small: a row a part, a square a lesson, full when it is ready."""
    lessons = {lesson.path: lesson for lesson in outline()}
    rows = []
    for number, (folder, title, planned) in enumerate(parts()):
        here = {Path(path).stem for path in lessons if Path(path).parent.name == folder}
        squares = "".join(
            _square(lessons.get(f"notebooks/{folder}/{name}.ipynb"), folder, name, up)
            for name in sorted({*planned, *here})
        )
        names = {*planned, *here}
        count = f"{len(here)} of {len(names)} ready" if here else "planned"
        kind = "" if here else ' class="th-empty"'
        rows.append(
            f'<li{kind}><span class="th-number">{number}</span><span class="th-title">{html.escape(title)}</span>'
            f'<span class="th-squares">{squares}</span><span class="th-count">{count}</span></li>'
        )
    return f'<ol class="th-strip" aria-label="The parts of the course">{"".join(rows)}</ol>'


def _square(lesson: Any, folder: str, name: str, up: str) -> str:
    number = number_of(f"{folder}/{name}.ipynb")
    if lesson is None:
        title = f"{html.escape(words(name.split('_', 1)[1]), quote=True)}, planned"
        return f'<span class="th-later" role="img" aria-label="{number} {title}" title="{title}"></span>'
    title = html.escape(lesson.title, quote=True)
    link = f"{up}{lesson.path.removesuffix('.ipynb')}.html"
    return f'<a href="{link}" aria-label="{number} {title}" title="{title}"></a>'


def ready(up: str) -> str:
    """Return the lessons that are there, each with its promise and what it holds."""
    rows = []
    for lesson in outline():
        holds = content(ROOT / lesson.path)
        link = f"{up}{lesson.path.removesuffix('.ipynb')}.html"
        facts = (
            f"{minutes(lesson.seconds)} to run · about {holds['read']} min to read · "
            f"{holds['exercises']} exercises · {holds['questions']} questions"
        )
        rows.append(
            f'<li><span class="th-where">{number_of(lesson.path)}</span><div><a href="{link}">'
            f"{html.escape(lesson.title)}</a><p>{html.escape(lesson.promise)}</p><small>{facts}</small></div></li>"
        )
    return f'<ol class="th-lessons">{"".join(rows)}</ol>'


def costs(up: str = "") -> str:
    """Return in a few sentences what the lessons cost that are there, as measured."""
    del up
    lessons = outline()
    known = [lesson for lesson in lessons if lesson.seconds]
    if not known:
        return "<p>Minutes and memory appear here once the lessons have been measured.</p>"
    slowest, memory = max(lesson.seconds for lesson in known), max(lesson.memory_mb for lesson in known)
    total = sum(lesson.seconds for lesson in known)
    planned = len({(folder, name) for folder, _, names in parts() for name in names}) - len(lessons)
    more = f" {planned} more are planned." if planned > 0 else ""
    return (
        f"<p><strong>{len(lessons)} {'lesson is' if len(lessons) == 1 else 'lessons are'} ready.</strong>{more} "
        f"Measured on two processor cores, all of them run in {minutes(total)}, the slowest in {minutes(slowest)}, "
        f"and none needs more than {memory / 1000:.1f} GB of memory. Reading takes longer than running: see each "
        f"lesson.</p>"
    )
