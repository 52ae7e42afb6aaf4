"""How the course speaks to its reader: HTML where there is a notebook, plain text everywhere else."""

import html
import re
import sys
from functools import cache
from importlib.resources import files

from thyrolearn.plots.palette import themed

__all__ = ["show", "escape", "inline", "card"]


def show(markup: str, text: str) -> None:
    """Display ``markup`` with ``text`` as its plain form; outside a notebook print ``text``.

    >>> show("<p>0.81</p>", "0.81")
    0.81
    """
    if "IPython" in sys.modules:
        from IPython.core.interactiveshell import InteractiveShell
        from IPython.display import publish_display_data

        if InteractiveShell.initialized():
            publish_display_data({"text/html": markup, "text/plain": text})
            return
    print(text)


def escape(text: object) -> str:
    """Make ``text`` safe inside HTML, attributes included.

    >>> escape('a < "b"')
    'a &lt; &quot;b&quot;'
    """
    return html.escape(str(text), quote=True)


def inline(text: str) -> str:
    """Escape ``text`` and set its `` `code` ``, ``*emphasis*`` and ``[links](address)``.

    >>> inline("`p < 1` is *not* a proof")
    '<code>p &lt; 1</code> is <em>not</em> a proof'
    """
    safe = escape(text)
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    safe = re.sub(r"(?<!\w)\*(\S[^*]*)\*", r"<em>\1</em>", safe)
    return re.sub(r"\[([^\]]+)\]\((https?://[^)\s]+|[\w./#-]+)\)", r'<a href="\2">\1</a>', safe)


def card(kind: str, body: str, label: str) -> str:
    """Wrap ``body`` in a section of the house style; ``label`` names it for screen readers.

    The style travels with each output: JupyterLab takes outputs that are scrolled away off the page,
    and a style that only the first cell brought would go with it.

    >>> card("claim", "<p>0.81</p>", "Claim").count("<style>")
    1
    """
    return f'<section class="tl tl-{kind}" aria-label="{escape(label)}"><style>{_style()}</style>{body}</section>'


@cache
def _style() -> str:
    text = (files("thyrolearn.course") / "course.css").read_text(encoding="utf-8")
    return themed(".tl") + re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", text, flags=re.S)).strip()
