"""The site's own Sphinx extension: what is drawn from the course itself, and nothing asked of another host.

Directives (for pages of the book; lessons stay plain Markdown):

- ``drawing:: NAME``: a drawing of `drawings.DRAWINGS` (the map, the floors, frames of the phantom, …).

Lessons get their worked solutions folded, since JupyterLab's own copy has none.
"""

import re
import shutil
import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import _JavaScript
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parent))


class Drawing(SphinxDirective):
    """A drawing made while the site is built."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the drawing as HTML, with links that fit the depth of the page."""
        import drawings

        here = Path(__file__).parent
        for path in (drawings.MEASURED, *here.glob("*.py"), *(drawings.ROOT / "notebooks").rglob("*.[iy][pm]*")):
            self.env.note_dependency(str(path))
        up = "../" * self.env.docname.count("/")
        return [nodes.raw("", drawings.DRAWINGS[self.arguments[0]](up), format="html")]


def fold_solutions(app: Sphinx, doctree: nodes.document) -> None:
    """Fold the code of every cell that holds a worked solution."""
    del app
    for cell in doctree.findall(nodes.container):
        if cell.get("nb_element") == "cell_code" and "### BEGIN SOLUTION" in cell.astext():
            cell["hide_mode"] = "input"
            cell["prompt_show"], cell["prompt_hide"] = "Show a solution", "Hide the solution"


def give_anatomy(app: Sphinx, doctree: nodes.document) -> None:
    """Give lessons their boxes, their measured cost, and links to the functions they use."""
    import anatomy

    anatomy.give_anatomy(doctree, app.env.docname)


def name_the_lessons(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """End the docstring of a function with the lessons that use it."""
    import anatomy

    del app, thing, options
    found = anatomy.lessons_with(name) if what in ("function", "class") else []
    if found:
        links = ", ".join(f":doc:`{title} </{page}>`" for page, title in found)
        lines += ["", f"In the lesson: {links}.", ""]


def bars_are_bars(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Let ``|A|`` in a docstring mean the size of A; reStructuredText would look for a substitution."""
    del app, what, name, thing, options
    for number, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...", "|", "+")):
            lines[number] = re.sub(r"(?<![`\w])\|([^|`]+)\|(?![`\w])", r"``|\1|``", line)


def widget_scripts_at_any_depth(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Point the widget loader at this site's own files, however deep the page lies."""
    del app, templatename, doctree
    name, up = "data-jupyter-widgets-cdn", "../" * pagename.count("/")
    # Thebe would load itself from another host when asked to; the site has no button that asks
    scripts = context["script_files"] = [s for s in context.get("script_files", []) if "thebe" not in _text(s).lower()]
    for number, script in enumerate(scripts):
        if name in getattr(script, "attributes", {}):
            attributes = {**script.attributes, name: f"{up}_static/vendor/"}
            scripts[number] = _JavaScript(script.filename, priority=script.priority, **attributes)


def _text(script: object) -> str:
    return f"{getattr(script, 'filename', script)} {getattr(script, 'attributes', {}).get('body', '')}"


def icons_beside_the_widgets(app: Sphinx, problem: Exception | None) -> None:
    """Copy the icons of the widget scripts to where some of them look: beside each page that shows a widget."""
    out = Path(app.outdir)
    icons = out / "_static" / "vendor" / "@jupyter-widgets"
    if problem is None and icons.is_dir():
        for page in out.glob("notebooks/*/*.html"):
            if "data-jupyter-widgets-cdn" in page.read_text(encoding="utf-8"):
                beside = shutil.copytree(icons, page.parent / "@jupyter-widgets", dirs_exist_ok=True)
                for font in icons.rglob("*.woff2"):  # one of the scripts leaves the folders out
                    shutil.copy2(font, Path(beside) / font.name)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the directive and the habits."""
    app.add_directive("drawing", Drawing)
    app.connect("doctree-read", fold_solutions)
    app.connect("doctree-read", give_anatomy)
    app.connect("autodoc-process-docstring", name_the_lessons)
    app.connect("autodoc-process-docstring", bars_are_bars)
    # after myst-nb, which adds the scripts to pages that show a widget
    app.connect("html-page-context", widget_scripts_at_any_depth, priority=900)
    app.connect("build-finished", icons_beside_the_widgets)
    return {"version": "3", "parallel_read_safe": True, "parallel_write_safe": True}
