"""The house and the way of the data, drawn from the code: floors, rooms, what each room stands on."""

import ast
import html
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

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
CALLED = ("ground", "vocabulary", "patients", "cases", "learning", "studies", "course", "door")
"""What each floor is for, in a word."""


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


@cache
def _references() -> dict[str, str]:
    found = {}
    for page in sorted((ROOT / "book" / "reference").glob("*.md")):
        for room in re.findall(r"automodule:: thyrolearn\.(\w+)$", page.read_text(encoding="utf-8"), re.M):
            anchor = "" if page.stem == room else f"#module-thyrolearn.{room}"
            found[room] = f"book/reference/{page.stem}.html{anchor}"
    return found


def reference_of(room: str) -> str | None:
    """Return the page of the reference that documents ``room``, None where there is none."""
    return _references().get(room)


def floors(up: str) -> str:
    """Return the floors as an HTML list, the roof first, each room with what it says of itself and what it uses."""
    here = rooms()
    out = ['<div class="th-house"><span class="th-roof" aria-hidden="true"></span>'
           '<ol class="th-floors" aria-label="The floors of the library, the highest first">']  # fmt: skip
    for number in reversed(range(len(FLOORS))):
        cards = "".join(_room(name, here[name], number, up) for name in FLOORS[number] if name in here)
        if cards:
            out.append(
                f'<li><span class="th-floor"><b>{number}</b><span>{CALLED[number]}</span></span><ul>{cards}</ul></li>'
            )
    return "".join(out) + "</ol></div>"


def _room(name: str, files: list[Path], number: int, up: str) -> str:
    head = next((file for file in files if file.name == "__init__.py"), files[0])
    below = sorted(imports(files) - {name}, key=lambda other: (-(floor_of(other) or 0), other))
    uses = f'<span class="th-uses">stands on {", ".join(below)}</span>' if below and number else ""
    page = reference_of(name)
    title = f'<a href="{up}{page}"><code>{name}</code></a>' if page else f"<code>{name}</code>"
    says = re.sub(r"`+([^`]+)`+", r"<code>\1</code>", html.escape(first_line(head), quote=False))
    return f"<li>{title}<span>{says}</span>{uses}</li>"


WAY = (
    ("Cohort", "cases with everything that is known of them, from the phantom or a public set", "data.load"),
    ("Split", "by patient, always", "data.split"),
    ("Batches", "crops around the nodule, in memory", "data.batches"),
    ("Model", "by what it is predicted", "models.create"),
    ("Task", "what is predicted: target, loss, measures", "training.classification"),
    ("Fit", "one loop, which can be interrupted and resumed", "training.fit"),
    ("Run", "weights, history, predictions", "training.Run"),
    ("Estimate", "a value with its interval", "evaluation.auc"),
    ("Figure or claim", "held inside a band, or the lesson fails", "plots.show"),
)
"""The stations of the data: name, what it is, and the function that stands there."""


def way_of_data(up: str) -> str:
    """Return the way of the data as numbered stations, each with the function that takes it one step on."""
    stations = "".join(
        f"<li><strong>{name}</strong><span>{words}</span>"
        f'<a href="{up}{reference_of(call.split(".")[0])}#thyrolearn.{call}"><code>{call}</code></a></li>'
        for name, words, call in WAY
    )
    return f'<ol class="th-way" aria-label="The way of the data">{stations}</ol>'
