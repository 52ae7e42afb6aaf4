"""The site's own Sphinx extension: what is drawn from the course itself, and nothing asked of another host.

Directives (for pages of the book; lessons stay plain Markdown):

- ``drawing:: NAME``: a drawing of `drawings.DRAWINGS` (the map, the floors, frames of the phantom, …).
- ``{lesson}`part/name` ``, a role: a link to the lesson, or its name and "planned" while there is none.

Lessons get their anatomy (`anatomy`), the reference its links to the lessons (`rooms`).
"""

import re
import shutil
import sys
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
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


def lesson_role(name, rawtext, text, lineno, inliner, options=None, content=None):  # noqa: ANN001, ANN201
    """Name a lesson: a link where it exists, else its title and that it is planned."""
    import rooms
    import teaching

    del name, options, content
    if text in rooms.lessons():
        title, page = rooms.lessons()[text]
        link = addnodes.pending_xref("", refdomain="std", reftype="doc", reftarget=f"/{page}", refexplicit=True,
                                     refwarn=True, refdoc=inliner.document.settings.env.docname)  # fmt: skip
        link += nodes.inline("", title)
        return [link], []
    if text in teaching.planned():
        return [nodes.emphasis("", teaching.planned()[text]), nodes.Text(" (planned)")], []
    return [], [inliner.reporter.error(f"There is no lesson {text!r}, not even a planned one.", line=lineno)]


def give_anatomy(app: Sphinx, doctree: nodes.document) -> None:
    """Give lessons their head, their boxes, folded solutions, and links to the functions they build and use."""
    import anatomy

    anatomy.fold_solutions(doctree)
    anatomy.give_anatomy(doctree, app.env.docname)


def name_the_lessons(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Make the lessons of a docstring links, add those that use it, and begin a room with a table of what it has."""
    import rooms

    del app, options
    short = name.removeprefix("thyrolearn.")
    lines[:] = rooms.named_in_text("\n".join(lines)).split("\n")
    if what == "module" and short in rooms.rooms():
        for markup in (rooms.back_to_the_house(short, "../../"), rooms.summary(short, "../../")):
            where = 0 if "th-floorline" in markup else len(lines)
            lines[where:where] = ["", ".. raw:: html", "", f"   {markup}", ""]
    elif short in rooms.public():
        own = rooms.lessons_named(getattr(thing, "__doc__", None))
        builders = [slug for slug in rooms.builders(thing) if slug not in own]
        if builders:
            lines += ["", rooms.named_in_text(f"Lesson: {', '.join(builders)}") + ".", ""]
        users = [f":doc:`{title} </{page}>`" for page, title in rooms.users(short)]
        if users:
            lines += ["", f"Used in: {', '.join(users)}.", ""]


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


def short_names(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Call the first page Home where it is listed beside others."""
    del app, pagename, templatename, doctree
    context["root_title"] = "Home"
    for way in ("prev", "next"):
        if (context.get(way) or {}).get("link", "").endswith("intro.html"):
            context[way] = {**context[way], "title": "Home"}


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
    app.add_role("lesson", lesson_role)
    app.connect("doctree-read", give_anatomy)
    app.connect("autodoc-process-docstring", name_the_lessons)
    app.connect("autodoc-process-docstring", bars_are_bars)
    app.connect("html-page-context", short_names)
    # after myst-nb, which adds the scripts to pages that show a widget
    app.connect("html-page-context", widget_scripts_at_any_depth, priority=900)
    app.connect("build-finished", icons_beside_the_widgets)
    return {"version": "3", "parallel_read_safe": True, "parallel_write_safe": True}
