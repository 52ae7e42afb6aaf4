"""What an instructor needs, drawn from the course: ready-made sessions, what each lesson holds, expected mistakes."""

import html
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
    steps = "".join(_step(step, here, up) for step in session["steps"])
    return (
        f'<h3>{html.escape(session["title"])}</h3><p>{html.escape(session["aim"])} <span class="th-later-word">'
        f"{length}, of which the notebooks run for {minutes(run)}; {state}.</span></p>"
        f'<ol class="th-path">{steps}</ol>'
    )


def _step(step: dict[str, Any], here: dict[str, Any], up: str) -> str:
    time = f"{step['minutes']} min" if "minutes" in step else ""
    lesson = here.get(step.get("lesson", ""))
    if lesson:
        title = f'<a href="{up}{lesson.path.removesuffix(".ipynb")}.html">{html.escape(lesson.title)}</a>. '
        facts = f"<small>runs in {minutes(lesson.seconds)}</small>"
    elif "lesson" in step:
        title, facts = f"{html.escape(planned()[step['lesson']])}. ", "<small>planned</small>"
    else:
        title = facts = ""
    return f'<li><span class="th-cost">{time}</span><div>{title}{inline(step["does"])}{facts}</div></li>'


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

    body = ""
    for lesson in outline():
        link = f"{up}{lesson.path.removesuffix('.ipynb')}.html"
        title = f'<a href="{link}">{html.escape(lesson.title)}</a>'
        body += f'<tbody><tr><th colspan="2" scope="rowgroup">{title}</th></tr>'
        for number, exercise in enumerate(exercises_of(lesson.slug).values(), 1):
            names = "; ".join(inline(wrong.name) for wrong in exercise.wrong)
            body += f"<tr><td>Exercise {number}<br><code>{exercise.name}</code></td><td>{names}</td></tr>"
        body += "</tbody>"
    return f'<div class="th-scroll" tabindex="0"><table class="th-room">{body}</table></div>'
