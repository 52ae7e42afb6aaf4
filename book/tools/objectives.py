"""What each objective of a lesson is taught and tested by: section, exercise, question, claim."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from teaching import by_lesson

from thyrolearn.course.show import inline

FILE = Path(__file__).resolve().parents[1] / "instructor" / "objectives.yml"


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

    def rows(lesson: Any, page: str) -> Iterator[tuple[str, str, str]]:
        for objective, tie in zip(lesson.objectives, ties()[lesson.slug], strict=True):
            sections = (f'<a href="{page}#{_anchor(s)}">{html.escape(s)}</a>' for s in tie["sections"])
            yield inline(objective), "<br>".join(sections), _tested(tie)

    head = "<thead><tr><th>Objective</th><th>Taught in</th><th>Tested by</th></tr></thead>"
    return by_lesson(up, 3, rows, head)


def _anchor(heading: str) -> str:
    """The name that Sphinx gives a heading: small letters and digits, joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def _tested(tie: dict[str, Any]) -> str:
    words = {"exercises": "exercise", "quiz": "question", "claims": "claim"}
    lines = [f"{word} <code>{name}</code>" for kind, word in words.items() for name in tie.get(kind, ())]
    return "<br>".join([*lines, *([html.escape(tie["checked_by"])] if "checked_by" in tie else [])])
