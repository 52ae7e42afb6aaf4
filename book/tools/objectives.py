"""What each objective of a lesson is taught and tested by: section, exercise, question, claim."""

import html
import re
from pathlib import Path
from typing import Any

import yaml
from course_map import number_of, outline

from thyrolearn.course.show import inline

FILE = Path(__file__).resolve().parents[1] / "instructor" / "objectives.yml"
KINDS = ("sections", "exercises", "quiz", "claims")


def ties() -> dict[str, list[dict[str, Any]]]:
    """Return, lesson by lesson and in the order of its objectives, what ``book/instructor/objectives.yml`` ties."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def there(lesson: Any) -> dict[str, list[str]]:
    """Return what a lesson holds that an objective can be tied to, by kind."""
    from thyrolearn.course import claims, quiz
    from thyrolearn.course.exercises import exercises_of

    bands = claims.read_bands(FILE.parents[2] / "notebooks" / "claims.yml")
    prose = ["".join(cell["source"]) for cell in lesson.notebook["cells"] if cell["cell_type"] == "markdown"]
    return {
        "sections": [head for text in prose for head in re.findall(r"(?m)^## (.+)$", text)],
        "exercises": list(exercises_of(lesson.slug)),
        "quiz": [item.id for item in quiz.load(lesson.slug)],
        "claims": [key.name for key in bands if key.lesson == lesson.slug],
    }


def table(up: str) -> str:
    """Return a table: a row an objective, with links to its sections."""
    body = ""
    for lesson in outline():
        page = f"{up}{lesson.path.removesuffix('.ipynb')}.html"
        title = f'{number_of(lesson.path)} <a href="{page}">{html.escape(lesson.title)}</a>'
        body += f'<tbody><tr><th colspan="3" scope="rowgroup">{title}</th></tr>'
        for objective, tie in zip(lesson.objectives, ties()[lesson.slug], strict=True):
            sections = "<br>".join(f'<a href="{page}#{_anchor(s)}">{html.escape(s)}</a>' for s in tie["sections"])
            body += f"<tr><td>{inline(objective)}</td><td>{sections}</td><td>{_tested(tie)}</td></tr>"
        body += "</tbody>"
    head = "<thead><tr><th>Objective</th><th>Taught in</th><th>Tested by</th></tr></thead>"
    return f'<div class="th-scroll" tabindex="0"><table class="th-room th-objectives">{head}{body}</table></div>'


def _anchor(heading: str) -> str:
    """The name that Sphinx gives a heading: small letters and digits, joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def _tested(tie: dict[str, Any]) -> str:
    words = {"exercises": "exercise", "quiz": "question", "claims": "claim"}
    lines = [f"{word} <code>{name}</code>" for kind, word in words.items() for name in tie.get(kind, ())]
    return "<br>".join([*lines, *([html.escape(tie["checked_by"])] if "checked_by" in tie else [])])
