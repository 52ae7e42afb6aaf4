"""Pictures of the course and of the library, drawn from what they really are."""

import ast
import html
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


def house_floors() -> str:
    """Return the floors as an HTML list, the roof first, each room with what it says of itself and what it uses."""
    here = rooms()
    out = ['<ol class="th-floors" reversed start="7">']
    for number in reversed(range(len(FLOORS))):
        cards = []
        for name in FLOORS[number]:
            if name not in here:
                continue
            files = here[name]
            head = next((file for file in files if file.name == "__init__.py"), files[0])
            below = sorted(imports(files) - {name}, key=lambda other: (-(floor_of(other) or 0), other))
            uses = f'<span class="th-uses">uses {", ".join(below)}</span>' if below else ""
            cards.append(f"<li><code>{name}</code> {html.escape(first_line(head))} {uses}</li>")
        if cards:
            out.append(f'<li value="{number}"><ul>{"".join(cards)}</ul></li>')
    return "".join(out) + "</ol>"


def course_map(up: str) -> str:
    """Return the parts of the course as HTML; ``up`` leads from the page to the root of the site."""
    from thyrolearn.course import outline

    lessons = outline()
    out = ['<div class="th-map">']
    for number, (folder, title, planned) in enumerate(_parts()):
        out.append(f'<section class="th-part"><h3><span>{number}</span> {html.escape(title)}</h3><ol>')
        here = {Path(lesson.path).stem: lesson for lesson in lessons if Path(lesson.path).parent.name == folder}
        for name in planned:
            lesson = here.get(name)
            if lesson is None:
                words = name.split("_", 1)[1].replace("_", " ")
                out.append(f'<li class="th-planned">{html.escape(words.capitalize())} <em>in preparation</em></li>')
                continue
            cost = f"{max(0.1, lesson.seconds / 60):.1f} min" if lesson.seconds else "not measured yet"
            link = f"{up}{lesson.path.removesuffix('.ipynb')}.html"
            out.append(f'<li><a href="{link}">{html.escape(lesson.title)}</a> <span class="th-cost">{cost}</span>'
                       f"<p>{html.escape(lesson.promise)}</p></li>")  # fmt: skip
        out.append("</ol></section>")
    return "".join(out) + "</div>"


def _parts() -> list[tuple[str, str, list[str]]]:
    import yaml

    text = (ROOT / "notebooks" / "parts.yml").read_text(encoding="utf-8")
    return [(name, part["title"], part["lessons"]) for name, part in yaml.safe_load(text).items()]
