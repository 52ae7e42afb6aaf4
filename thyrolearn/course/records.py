"""What lessons there are: read from the notebooks themselves, so that nothing is listed twice."""

import difflib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from thyrolearn import settings
from thyrolearn.errors import LessonError

__all__ = ["LessonRecord", "outline", "find", "parts"]

_ROOM = re.compile(r"^(\d+)_(\w+)$")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class LessonRecord:
    """One lesson: where it lies, what it promises and what it cost when it was last measured.

    ``file`` is the notebook; ``path`` the same, relative to the folder that holds ``notebooks``.
    ``seconds`` (wall clock), ``cpu_seconds`` and ``memory_mb`` (peak of the kernel) are None until measured.
    """

    slug: str
    title: str
    part: str
    path: str
    promise: str
    objectives: tuple[str, ...]
    prerequisites: tuple[str, ...]
    file: Path
    seconds: float | None = None
    cpu_seconds: float | None = None
    memory_mb: float | None = None

    def row(self) -> dict[str, Any]:
        """The row that ``thyrolearn outline --json`` prints."""
        names = ("slug", "title", "part", "path", "objectives", "seconds", "cpu_seconds", "memory_mb")
        return {name: list(v) if isinstance(v := getattr(self, name), tuple) else v for name in names}

    @cached_property
    def notebook(self) -> dict[str, Any]:
        """The notebook as it is stored (nbformat 4 JSON)."""
        return _read(self.file)


def parts(notebooks: Path | None = None) -> dict[str, str]:
    """Return the parts in order, folder name to title, from ``notebooks/parts.yml``.

    >>> parts()["1_architectures"]
    'Architectures'
    """
    file = (notebooks or settings.folders().notebooks) / "parts.yml"
    return {name: part["title"] for name, part in read_yaml(file).items()}


def outline(notebooks: Path | None = None) -> list[LessonRecord]:
    """Return the lessons in reading order.

    ``notebooks`` is the folder of the parts (default: the one that came with the package). Costs come from
    ``_build/measured.json``, which the tests write, else from ``notebooks/measured.yml``, else they are None.

    >>> all("/" in lesson.slug for lesson in outline())
    True
    """
    notebooks = notebooks or settings.folders().notebooks
    titles, costs = parts(notebooks), _costs(notebooks)
    files = sorted(notebooks.glob("[0-9]*_*/[0-9]*_*.ipynb"), key=_order)
    return [_record(file, titles, costs) for file in files]


def find(name: str, notebooks: Path | None = None) -> LessonRecord:
    """Return the lesson called ``name``: a slug (``architectures/cnn``) or the path of its notebook.

    Raises `LessonError` that offers the nearest slugs.
    """
    lessons = outline(notebooks)
    for lesson in lessons:
        if name in (lesson.slug, lesson.path, str(lesson.file)):
            return lesson
    slugs = [lesson.slug for lesson in lessons]
    near = difflib.get_close_matches(name, slugs, n=3, cutoff=0.4) or slugs[:3]
    raise LessonError(f"There is no lesson {name!r}.", f"Try one of: {', '.join(near) or 'none yet'}.")


def read_yaml(file: Path) -> dict[str, Any]:
    """Read a YAML mapping; an absent file is an empty one."""
    if not file.is_file():
        return {}
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as problem:
        where = str(problem).replace("\n", " ")
        raise LessonError(f"{file} is not readable YAML ({where}).", "Mend or restore the file.") from None


def _order(file: Path) -> tuple[int, int, str]:
    part, lesson = (int(name.split("_")[0]) for name in (file.parent.name, file.stem))
    return part, lesson, file.name


def _costs(notebooks: Path) -> dict[str, dict[str, float]]:
    costs = dict(read_yaml(notebooks / "measured.yml").get("lessons", {}))
    build = notebooks.parent / "_build" / "measured.json"
    if build.is_file():
        costs.update(json.loads(build.read_text(encoding="utf-8")))
    return costs


def _read(file: Path) -> dict[str, Any]:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise LessonError(
            f"{file} is not a readable notebook ({problem}).", "Restore it, for example from git."
        ) from None


def _record(file: Path, titles: dict[str, str], costs: dict[str, dict[str, float]]) -> LessonRecord:
    folder, slug = file.parent.name, _slug(file)
    cells = _read(file)["cells"]
    text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    title, promise = _opening(text, file)
    cost = costs.get(slug, {})
    return LessonRecord(
        slug=slug,
        title=title,
        part=titles.get(folder, _ROOM.sub(r"\2", folder).replace("_", " ").capitalize()),
        path=f"notebooks/{folder}/{file.name}",
        promise=promise,
        objectives=_bullets(text, r"objectives|after this lesson you can|after this lesson, you can"),
        prerequisites=_prerequisites(text, file),
        file=file,
        **{name: cost.get(name) for name in ("seconds", "cpu_seconds", "memory_mb")},
    )


def _opening(text: str, file: Path) -> tuple[str, str]:
    found = re.match(r"\s*#\s+(.+?)\s*\n+([^#\n][^\n]*(?:\n[^\n]+)*)", text)
    if not found:
        raise LessonError(f"{file} does not open with a title and a sentence.", "Begin with '# Title' and a promise.")
    paragraph = _plain(" ".join(found[2].split()))
    return _plain(found[1]), re.split(r"(?<=[.?])\s+(?=[A-Z])", paragraph)[0]


def _bullets(text: str, name: str) -> tuple[str, ...]:
    """The bullets under a heading or bold line called ``name``."""
    head = rf"(?im)^(?:#+\s*|\*\*)(?:{name})[:.…]*(?:\*\*)?[:.…]*\s*\n+((?:[ \t]*[-*+]\s+.*(?:\n[ \t]+\S.*)*\n?)+)"
    found = re.search(head, text)
    if not found:
        return ()
    items = re.split(r"(?m)^[ \t]*[-*+]\s+", found[1])[1:]
    return tuple(_plain(" ".join(item.split())).rstrip(";.,") for item in items)


def _slug(file: Path) -> str:
    return "/".join(_ROOM.sub(r"\2", name) for name in (file.parent.name, file.stem))


def _prerequisites(text: str, file: Path) -> tuple[str, ...]:
    """The lessons named, or linked to, in the paragraph or list under "Prerequisites"; there may be none."""
    found = re.search(r"(?ims)^(?:#+\s*|\*\*)prerequisites.*?(?=\n\s*\n\s*[^-*+\s]|\Z)", text)
    part = found[0] if found else ""
    named = re.sub(r"\]\(([^)\s]+\.ipynb)\)", lambda link: f"] {_slug((file.parent / link[1]).resolve())} ", part)
    slugs = re.findall(r"(?<![\w/.])([a-z]+/[a-z][a-z0-9_]*)(?![\w/])", named)
    return tuple(dict.fromkeys(slugs))


def _plain(markdown: str) -> str:
    return re.sub(r"(\*\*|\*|__)(\S.*?)\1", r"\2", _LINK.sub(r"\1", markdown))
