"""The learner's own copy of the course: starter notebooks, cut from the solved ones and never overwritten."""

import copy
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thyrolearn.course import progress
from thyrolearn.course.exercise import Exercise
from thyrolearn.course.exercises import exercises_of
from thyrolearn.course.records import LessonRecord, outline
from thyrolearn.errors import LessonError
from thyrolearn.files import writable_folder, write_json, write_text

__all__ = ["Started", "start", "starter_notebook", "regions"]

_REGION = re.compile(r"^[ \t]*### BEGIN SOLUTION[ \t]*\n(.*?)^[ \t]*### END SOLUTION[ \t]*(?:\n|\Z)", re.M | re.S)


@dataclass(frozen=True)
class Started:
    """What `start` did: the notebooks it wrote and those that were there and stay untouched."""

    folder: Path
    written: tuple[Path, ...]
    kept: tuple[Path, ...]


def regions(source: str) -> list[str]:
    """Return the texts between ``### BEGIN SOLUTION`` and ``### END SOLUTION``.

    >>> regions("### BEGIN SOLUTION\\na = 1\\n### END SOLUTION\\n")
    ['a = 1\\n']
    """
    return _REGION.findall(source)


def starter_notebook(record: LessonRecord) -> dict[str, Any]:
    """Return the lesson's notebook with each solution replaced by its exercise's starter."""
    made = copy.deepcopy(record.notebook)
    left = list(exercises_of(record.slug).values())
    for cell in made["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] = _cut("".join(cell["source"]), left, record).splitlines(keepends=True)
    return made


def _cut(source: str, left: list[Exercise], record: LessonRecord) -> str:
    def replace(region: re.Match[str]) -> str:
        for exercise in left:
            if exercise.solution.strip() == region[1].strip():
                return exercise.starter.rstrip() + "\n"
        raise LessonError(f"{record.path} holds a solution that no exercise of {record.slug} has.", "Make them equal.")

    return _REGION.sub(replace, source)


def start(folder: Path | str) -> Started:
    """Copy every lesson as a starter notebook into ``folder``, with an index; what is there stays as it is.

    Running it again adds lessons that are new and touches nothing else. The index is rewritten only while it is
    as `start` left it. Raises `DataError` where the folder cannot be written.
    """
    folder = writable_folder(Path(folder).expanduser())
    writable_folder(folder / progress.MARK)
    written, kept = [], []
    lessons = outline()
    for record in lessons:
        target = folder / record.file.parent.name / record.file.name
        if target.exists():
            kept.append(target)
            continue
        write_text(target, json.dumps(starter_notebook(record), indent=1, ensure_ascii=False) + "\n")
        written.append(target)
    _index(folder, lessons)
    return Started(folder, tuple(written), tuple(kept))


def _index(folder: Path, lessons: list[LessonRecord]) -> None:
    target, memory = folder / "index.ipynb", folder / progress.MARK / "index.json"
    text = json.dumps(index_notebook(lessons), indent=1, ensure_ascii=False) + "\n"
    ours = json.loads(memory.read_text(encoding="utf-8"))["text"] if memory.is_file() else None
    if not target.exists() or target.read_text(encoding="utf-8") == ours:
        write_text(target, text)
        write_json(memory, {"text": text})


def index_notebook(lessons: list[LessonRecord]) -> dict[str, Any]:
    """The page a learner opens first: what this is, the lessons with their minutes, and how far they are."""
    lines = [
        "# Your course\n\n"
        "Deep learning for thyroid nodule ultrasound. These notebooks are your own copy: write in them as you "
        "like, nothing here is overwritten. Open a lesson and run its cells from top to bottom.\n\n"
        "For teaching, not for diagnosis. The images are synthetic unless a lesson says otherwise.\n"
    ]
    part = None
    for record in lessons:
        if record.part != part:
            part = record.part
            lines.append(f"\n## {part}\n\n")
        minutes = f" ({record.seconds / 60:.1f} min)" if record.seconds else ""
        lines.append(f"- [{record.title}]({record.file.parent.name}/{record.file.name}){minutes}: {record.promise}\n")
    code = "from thyrolearn import course\n\ncourse.show_progress()"
    cells = [_cell("markdown", "".join(lines), "index-lessons"), _cell("code", code, "index-progress")]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _cell(kind: str, source: str, name: str) -> dict[str, Any]:
    cell = {"cell_type": kind, "id": name, "metadata": {}, "source": source.splitlines(keepends=True)}
    return cell | ({"outputs": [], "execution_count": None} if kind == "code" else {})
