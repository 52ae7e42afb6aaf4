"""Pictures of the course and of the library, drawn from what they really are."""

import ast
import html
import re
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "_build" / "measured.json"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("arrays", "errors", "seeding", "settings", "files"),
    ("tirads", "evaluation", "models", "literature"),
    ("phantom",),
    ("data",),
    ("plots", "explain", "training"),
    ("experiments", "clinic"),
    ("course", "widgets", "figures"),
    ("cli",),
)
"""The rooms from the ground up; a room imports only from floors below its own."""


def floor_of(room: str) -> int | None:
    """Return the floor that ``room`` lies on, None for a name that is no room."""
    return next((number for number, rooms in enumerate(FLOORS) if room in rooms), None)


def rooms() -> dict[str, list[Path]]:
    """Return the rooms that exist, each with its Python files."""
    package = ROOT / "thyrolearn"
    found = {}
    for name in [room for floor in FLOORS for room in floor]:
        files = sorted((package / name).rglob("*.py")) or [package / f"{name}.py"]
        if all(file.is_file() for file in files):
            found[name] = files
    return found


def imports(files: list[Path]) -> set[str]:
    """Return the rooms that ``files`` import, imports inside functions counted."""
    found = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "thyrolearn":
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("thyrolearn."):
                found.add(node.module.split(".")[1])
            elif isinstance(node, ast.Import):
                found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("thyrolearn.")}
    return {name for name in found if floor_of(name) is not None}


def first_line(file: Path) -> str:
    """Return the first line of a module's docstring."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.split("\n\n")[0].replace("\n", " ")


WORDS = {
    "rnn": "RNN", "gan": "GAN", "cnn": "CNN", "dicom": "DICOM", "tirads": "TI-RADS", "dataset": "data set",
    "semi supervised": "semi-supervised", "self supervised": "self-supervised", "multi task": "multi-task",
}  # fmt: skip
"""How the names of planned lessons are written."""


def _words(name: str) -> str:
    words = name.split("_", 1)[1].replace("_", " ")
    for plain, written in WORDS.items():
        words = re.sub(rf"\b{plain}\b", written, words)
    return html.escape(words[0].upper() + words[1:])


def _code(text: str) -> str:
    return re.sub(r"`+([^`]+)`+", r"<code>\1</code>", html.escape(text, quote=False))


def house_floors(up: str = "") -> str:
    """Return the floors as an HTML list, the roof first, each room with what it says of itself and what it uses."""
    del up
    here = rooms()
    out = ['<ol class="th-floors" aria-label="The floors of the library, the highest first">']
    for number in reversed(range(len(FLOORS))):
        cards = []
        for name in (room for room in FLOORS[number] if room in here):
            files = here[name]
            head = next((file for file in files if file.name == "__init__.py"), files[0])
            below = sorted(imports(files) - {name}, key=lambda other: (-(floor_of(other) or 0), other))
            uses = f'<span class="th-uses">stands on {", ".join(below)}</span>' if below and number else ""
            cards.append(f"<li><code>{name}</code><span>{_code(first_line(head))}</span>{uses}</li>")
        if cards:
            out.append(f'<li><span class="th-floor">{number}</span><ul>{"".join(cards)}</ul></li>')
    return "".join(out) + "</ol>"


WAY = (
    ("Cohort", "cases with everything that is known of them, phantom or public"),
    ("Split", "by patient, always"),
    ("Batches", "crops around the nodule, in memory"),
    ("Model and task", "what is predicted, and by what"),
    ("Fit", "one loop, resumable"),
    ("Predictions", "scores, masks or boxes"),
    ("Estimate", "a value with its interval"),
    ("Figure or claim", "held inside a band, or the build fails"),
)


def way_of_data(up: str = "") -> str:
    """Return the way of the data as a numbered list of stations."""
    del up
    stations = "".join(f"<li><strong>{name}</strong><span>{words}</span></li>" for name, words in WAY)
    return f'<ol class="th-way">{stations}</ol>'


def minutes(seconds: float | None) -> str:
    """Return a duration as the map writes it.

    >>> minutes(24), minutes(95), minutes(None)
    ('24 s', '1.6 min', 'not measured yet')
    """
    if not seconds:
        return "not measured yet"
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def course_map(up: str) -> str:
    """Return the parts of the course as HTML; ``up`` leads from the page to the root of the site."""
    from thyrolearn.course import outline

    lessons = outline()
    out = ['<div class="th-map">']
    for number, (folder, title, planned) in enumerate(_parts()):
        here = {Path(lesson.path).stem: lesson for lesson in lessons if Path(lesson.path).parent.name == folder}
        names = [*planned, *(name for name in here if name not in planned)]
        cards = "".join(_stop(name, here.get(name), up) for name in names)
        out.append(
            f'<section class="th-part" aria-label="Part {number}: {html.escape(title)}"><header><span '
            f'class="th-number">{number}</span><span class="th-title">{html.escape(title)}</span><span '
            f'class="th-count">{len(here)} of {len(names)} ready</span></header><ol>{cards}</ol></section>'
        )
    return "".join(out) + "</div>"


def _stop(name: str, lesson: object, up: str) -> str:
    if lesson is None:
        return f'<li class="th-planned"><span>{_words(name)}</span><small>in preparation</small></li>'
    link = f"{up}{lesson.path.removesuffix('.ipynb')}.html"
    needs = f"<small>Needs: {html.escape(' '.join(lesson.prerequisites))}</small>" if lesson.prerequisites else ""
    return (
        f'<li class="th-ready"><a href="{link}">{html.escape(lesson.title)}</a><span class="th-cost">'
        f"{minutes(lesson.seconds)}</span><p>{html.escape(lesson.promise)}</p>{needs}</li>"
    )


def ready(up: str) -> str:
    """Return the lessons that are there, without the planned ones."""
    from thyrolearn.course import outline

    cards = "".join(_stop(Path(lesson.path).stem, lesson, up) for lesson in outline())
    planned = sum(len(names) for _, _, names in _parts()) - len(outline())
    more = f'<p><a href="{up}book/map.html">The map</a> also shows the {planned} lessons in preparation.</p>'
    box = f'<div class="th-map"><section class="th-part th-alone"><ol>{cards}</ol></section></div>'
    return box + (more if planned else "")


def costs(up: str = "") -> str:
    """Return in one sentence what the lessons cost that are there, as measured."""
    del up
    from thyrolearn.course import outline

    lessons = outline()
    known = [lesson for lesson in lessons if lesson.seconds]
    if not known:
        return "<p>Minutes and memory appear here once the lessons have been measured.</p>"
    slowest, memory = max(lesson.seconds for lesson in known), max(lesson.memory_mb for lesson in known)
    total = sum(lesson.seconds for lesson in known)
    return (
        f"<p>{len(lessons)} {'lesson is' if len(lessons) == 1 else 'lessons are'} ready. Measured on two processor "
        f"cores: {minutes(total)} to run all of them, {minutes(slowest)} for the slowest, and at most "
        f"{memory:.0f} MB of memory. Reading, exercises and quiz take an hour a lesson.</p>"
    )


def ceiling(up: str = "") -> str:
    """Return what a reader reaches at best on the phantom, computed by the phantom itself."""
    del up
    from thyrolearn import phantom

    best = phantom.bayes_auc()
    value = getattr(best, "value", best)
    return (
        f"<p>Of a malignant and a benign nodule drawn at random, even a reader who knew how the images are made "
        f"would rank the malignant one higher in {value:.0%} of pairs, never in all. That ceiling is known here, and "
        f"every network of the course is measured against it.</p>"
    )


def _parts() -> list[tuple[str, str, list[str]]]:
    import yaml

    text = (ROOT / "notebooks" / "parts.yml").read_text(encoding="utf-8")
    return [(name, part["title"], part["lessons"]) for name, part in yaml.safe_load(text).items()]


def _hero(up: str) -> str:
    import pictures

    del up
    return pictures.hero()


def _reader(up: str) -> str:
    import pictures

    del up
    return pictures.reader()


PHANTOM = ("phantom-scanners", "phantom-signs", "phantom-histotypes", "phantom-ceiling", "phantom-levels",
           "phantom-difficulty", "phantom-cost", "phantom-realism")  # fmt: skip


def _phantom(name: str) -> Callable[[str], str]:
    def draw(up: str = "") -> str:
        import phantom_tables

        del up
        return phantom_tables.TABLES[name]()

    return draw


DRAWINGS = {
    "course-map": course_map, "house-floors": house_floors, "way-of-data": way_of_data, "costs": costs, "ready": ready,
    "ceiling": ceiling, "hero": _hero, "reader": _reader, **{name: _phantom(name) for name in PHANTOM},
}  # fmt: skip
