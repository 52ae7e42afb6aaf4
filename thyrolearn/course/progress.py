"""What the learner has solved, kept in the learner's own folder and nowhere else."""

import json
from pathlib import Path
from typing import Any

from thyrolearn.course.exercises import exercises_of
from thyrolearn.course.records import outline
from thyrolearn.course.show import card, escape, inline, show
from thyrolearn.errors import DataError
from thyrolearn.files import locked, write_json

__all__ = ["MARK", "home", "read", "remember", "show_progress"]

MARK = ".thyrolearn"
"""The hidden folder that `thyrolearn start` puts into a learner's folder; progress lies in it."""


def home(start: Path | None = None) -> Path | None:
    """Return the learner's folder that holds ``start`` (default: the working folder), or None outside of one.

    >>> home(Path("/")) is None
    True
    """
    start = (start or Path.cwd()).resolve()
    return next((folder for folder in (start, *start.parents) if (folder / MARK).is_dir()), None)


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the progress in the learner's ``folder``: lesson, then exercise, then tries and solved."""
    file = folder / MARK / "progress.json"
    if not file.is_file():
        return {}
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        raise DataError(
            f"{file} is not readable.", "Delete it to start counting anew; your notebooks are safe."
        ) from None


def remember(slug: str, exercise: str, ok: bool, folder: Path | None = None) -> None:
    """Count a try at ``exercise`` of the lesson ``slug``; once solved it stays solved.

    Outside a learner's folder nothing is kept: running the solved notebooks of the course is no progress.
    """
    folder = folder or home()
    if folder is None:
        return
    with locked(folder / MARK / "progress.lock"):
        progress = read(folder)
        entry = progress.setdefault(slug, {}).setdefault(exercise, {"tries": 0, "solved": False})
        entry["tries"] += 1
        entry["solved"] = entry["solved"] or ok
        write_json(folder / MARK / "progress.json", progress)


def show_progress() -> None:
    """Show, for the learner's folder around the notebook, which exercises of each lesson are solved.

    >>> import contextlib, io
    >>> with contextlib.redirect_stdout(io.StringIO()) as said:
    ...     show_progress()
    >>> "exercises" in said.getvalue()
    True
    """
    folder = home()
    done = read(folder) if folder else {}
    rows, lines = "", []
    for record in outline():
        names = list(exercises_of(record.slug))
        solved = [name for name in names if done.get(record.slug, {}).get(name, {}).get("solved")]
        rows += f"<dt>{escape(record.title)}</dt><dd>{len(solved)} of {len(names)} exercises</dd>"
        lines.append(f"{record.title}: {len(solved)} of {len(names)} exercises")
    note = "" if folder else "Progress is kept in a folder that `thyrolearn start` made; this is none."
    body = f"<dl>{rows}</dl>" + (f"<p>{inline(note)}</p>" if note else "")
    show(card("open", body, "Your progress"), "\n".join([*lines, note]).strip())
