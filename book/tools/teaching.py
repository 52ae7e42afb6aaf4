"""What an instructor needs, drawn from the course: ready-made sessions, what each lesson holds, expected mistakes."""

import html
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml
from course_map import content, minutes, number_of, outline, parts, words

from thyrolearn.course.show import inline

ROOT = Path(__file__).resolve().parents[2]
PATHS = ROOT / "book" / "instructor" / "paths.yml"


def sessions() -> list[dict[str, Any]]:
    """Return the ready-made sessions of ``book/instructor/paths.yml``."""
    return yaml.safe_load(PATHS.read_text(encoding="utf-8"))


def planned() -> dict[str, str]:
    """Return every lesson that the course plans, slug to title."""
    return {f"{folder.split('_', 1)[1]}/{name.split('_', 1)[1]}": words(name.split("_", 1)[1])
            for folder, _, names in parts() for name in names}  # fmt: skip


def paths(up: str) -> str:
    """Return the sessions as timed lists, with the measured time of each lesson that exists."""
    here = {lesson.slug: lesson for lesson in outline()}
    return "".join(_path(session, here, up) for session in sessions())


def _path(session: dict[str, Any], here: dict[str, Any], up: str) -> str:
    slugs = {step["lesson"] for step in session["steps"] if "lesson" in step}
    ready = sum(slug in here for slug in slugs)
    run = sum(here[slug].seconds or 0 for slug in slugs if slug in here)
    length = f"{session['minutes']} minutes" if "minutes" in session else f"{session['weeks']} weeks"
    state = "all of it is ready" if ready == len(slugs) else f"{ready} of its {len(slugs)} lessons are ready"
    steps = "".join(_step(time, step, here, up) for time, step in zip(_times(session), session["steps"], strict=True))
    return (
        f'<h3>{html.escape(session["title"])}</h3><p>{html.escape(session["aim"])} <span class="th-later-word">'
        f"{length}, of which the notebooks run for {minutes(run)}; {state}.</span></p>"
        f'<ol class="th-path">{steps}</ol>'
    )


def _times(session: dict[str, Any]) -> list[str]:
    """What stands to the left of each step: its minutes, or its week where a new week begins."""
    weeks = [step.get("week") for step in session["steps"]]
    return [f"{step['minutes']} min" if "minutes" in step else f"week {week}" if week != before else ""
            for step, week, before in zip(session["steps"], weeks, [None, *weeks], strict=False)]  # fmt: skip


def _step(time: str, step: dict[str, Any], here: dict[str, Any], up: str) -> str:
    lesson = here.get(step.get("lesson", ""))
    title = facts = ""
    if lesson:
        title = f'<a href="{up}{lesson.path.removesuffix(".ipynb")}.html">{html.escape(lesson.title)}</a>. '
        facts = f"runs in {minutes(lesson.seconds)}"
    elif "lesson" in step:
        title, facts = f"{html.escape(planned()[step['lesson']])}. ", "planned"
    said = f"{title}{inline(step.get('does', ''))} <small>{facts}</small>"
    return f'<li><span class="th-cost">{time}</span><div>{said}</div></li>'


def sheets(up: str) -> str:
    """Return one row a lesson: objectives, what it holds, and what it claims."""
    from thyrolearn.course import claims

    bands = claims.read_bands(ROOT / "notebooks" / "claims.yml")
    return "".join(_sheet(lesson, bands, up) for lesson in outline())


def _sheet(lesson: Any, bands: dict[Any, Any], up: str) -> str:
    holds = content(ROOT / lesson.path)
    mine = [band.statement for key, band in bands.items() if key.lesson == lesson.slug and key.data == "phantom"]
    rows = {
        "Time": f"{minutes(lesson.seconds)} to run, about {holds['read']} min to read, "
        f"{holds['exercises']} exercises, {holds['questions']} questions",
        "Afterwards they can": _list(lesson.objectives),
        "Claims": _list(mine),
    }
    body = "".join(f"<dt>{title}</dt><dd>{text}</dd>" for title, text in rows.items() if text)
    link = f"{up}{lesson.path.removesuffix('.ipynb')}.html"
    return (
        f'<section class="th-card"><h3>{number_of(lesson.path)} <a href="{link}">{html.escape(lesson.title)}</a></h3>'
        f"<dl>{body}</dl></section>"
    )


def _list(texts: Any) -> str:
    return f"<ul>{''.join(f'<li>{inline(text)}</li>' for text in texts)}</ul>" if texts else ""


def wrong_answers(up: str) -> str:
    """Return the wrong answers that the checkers know by name, lesson by lesson."""
    from thyrolearn.course.exercises import exercises_of

    def rows(lesson: Any, page: str) -> Iterator[tuple[str, str]]:
        for number, exercise in enumerate(exercises_of(lesson.slug).values(), 1):
            wrong = "; ".join(inline(wrong.name) for wrong in exercise.wrong)
            yield f"Exercise {number}<br><code>{exercise.name}</code>", wrong

    return by_lesson(up, 2, rows)


def by_lesson(up: str, width: int, rows: Callable[[Any, str], Iterable[Iterable[str]]], head: str = "") -> str:
    """Return a table of ``width`` columns: each lesson with its link, under it its ``rows`` (lesson, page) of HTML."""
    body = ""
    for lesson in outline():
        page = f"{up}{lesson.path.removesuffix('.ipynb')}.html"
        title = f'{number_of(lesson.path)} <a href="{page}">{html.escape(lesson.title)}</a>'
        lines = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows(lesson, page))
        body += f'<tbody><tr><th colspan="{width}" scope="rowgroup">{title}</th></tr>{lines}</tbody>'
    return f'<div class="th-scroll" tabindex="0"><table class="th-room th-by-{width}">{head}{body}</table></div>'
