"""The site's own Sphinx extension: pages that are drawn from the course itself, and nothing asked of another host.

Directives (for pages of the book; lessons stay plain Markdown):

- ``course-map``: parts, lessons, prerequisites and measured minutes, read from the outline;
- ``house-floors``: the rooms of the library by floor, with the imports that the code really has.
"""

import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import _JavaScript
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parent))


class CourseMap(SphinxDirective):
    """The map of the course."""

    def run(self) -> list[nodes.Node]:
        """Return the drawing as HTML."""
        import drawings

        self.env.note_dependency(str(drawings.MEASURED))
        depth = self.env.docname.count("/")
        return [nodes.raw("", drawings.course_map("../" * depth), format="html")]


class HouseFloors(SphinxDirective):
    """The floors of the library."""

    def run(self) -> list[nodes.Node]:
        """Return the drawing as HTML."""
        import drawings

        return [nodes.raw("", drawings.house_floors(), format="html")]


def widget_scripts_at_any_depth(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: object) -> None:
    """Point the widget loader at this site's own files, however deep the page lies."""
    del app, templatename, doctree
    name, up = "data-jupyter-widgets-cdn", "../" * pagename.count("/")
    scripts = context.get("script_files", [])
    for number, script in enumerate(scripts):
        if name in getattr(script, "attributes", {}):
            attributes = {**script.attributes, name: f"{up}_static/vendor/"}
            scripts[number] = _JavaScript(script.filename, priority=script.priority, **attributes)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the directives."""
    app.add_directive("course-map", CourseMap)
    app.add_directive("house-floors", HouseFloors)
    # after myst-nb, which adds the scripts to pages that show a widget
    app.connect("html-page-context", widget_scripts_at_any_depth, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
