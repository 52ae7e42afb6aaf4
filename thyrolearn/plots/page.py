"""From a matplotlib figure to HTML that follows the page: light or dark, site or JupyterLab, screen or paper.

A figure is drawn once, as SVG, and its palette colours are replaced by CSS custom properties. The theme then
switches the figure with the text around it, and letters are set in the page's own type.
"""

import hashlib
import html as markup
import io
import re
from typing import TYPE_CHECKING

from thyrolearn.errors import ParameterError
from thyrolearn.plots.look import style
from thyrolearn.plots.palette import LIGHT, themed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["show", "html", "svg", "Shown"]

_RULES = (
    ".th-figure{margin:1.2em 0;padding:0;max-width:100%}"
    ".th-figure .th-scroll{overflow-x:auto;overflow-y:hidden}"
    ".th-figure svg{display:block;width:100%;height:auto;background:none;border-radius:6px}"
    ".th-figure svg text{font-family:var(--th-font,system-ui,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif)"
    "!important}"
    ".th-figure figcaption{margin:.5em 0 0;font-size:.9em;line-height:1.45;color:var(--th-muted);max-width:46em}"
    "@media (max-width:36rem){.th-figure svg{min-width:var(--th-least,30rem)}}"
)


def _stylesheet() -> str:
    return f"<style>{themed('.th-figure')}{_RULES}</style>"


def svg(figure: "Figure") -> str:
    """Return ``figure`` as an ``<svg>`` element whose palette colours are CSS custom properties.

    Ids get a prefix of their own, so that many figures share a page; the text is the same on every run.

    >>> from thyrolearn.plots import canvas
    >>> figure, axes = canvas()
    >>> _ = axes.plot([0, 1])
    >>> "var(--th-blue" in svg(figure)
    True
    """
    buffer = io.StringIO()
    with style():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, bbox_inches=None)
    text = re.sub(r"^.*?(?=<svg)", "", buffer.getvalue(), flags=re.DOTALL)
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for number, name in enumerate(dict.fromkeys(re.findall(r'id="([^"]+)"', text))):
        # matplotlib draws random ids; a running number makes the output repeatable
        text = re.sub(rf'(id="|href="#|url\(#){re.escape(name)}(?=["\)])', rf"\g<1>i{number}", text)
    prefix = "f" + hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
    text = re.sub(r'(id="|href="#|url\(#)(i\d+)(?=["\)])', rf"\g<1>{prefix}-\g<2>", text)
    for name, value in LIGHT.items():
        text = re.sub(rf"{value}\b", f"var(--th-{name},{value})", text, flags=re.IGNORECASE)
    width, height = figure.get_size_inches()
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    shape = f"max-width:{width * 96:.0f}px;--th-least:{min(480, width * 72):.0f}px"
    return text.replace("<svg", f'<svg style="{shape}" data-inches="{width:g} x {height:g}"', 1)


def html(figure: "Figure", *, alt: str, caption: str = "") -> str:
    """Return ``figure`` as a self-contained HTML ``<figure>`` with text alternative and caption.

    Raises `ParameterError` when ``alt`` is empty: a figure without one is closed to readers who cannot see it.

    >>> from thyrolearn.plots import canvas
    >>> figure, axes = canvas()
    >>> html(figure, alt="An empty chart.", caption="Nothing yet.").startswith('<figure class="th-figure">')
    True
    """
    if not alt.strip():
        raise ParameterError("The figure has no alt text.", "Say in one or two sentences what it shows.")
    drawing = svg(figure).replace("<svg", f'<svg role="img" aria-label="{markup.escape(alt, quote=True)}"', 1)
    words = f"<figcaption>{markup.escape(caption)}</figcaption>" if caption else ""
    return (
        f'<figure class="th-figure">{_stylesheet()}<div class="th-scroll" tabindex="0">{drawing}</div>{words}</figure>'
    )


class Shown:
    """A figure ready for display: HTML where the front end can show it, else its text.

    >>> Shown("<figure></figure>", "A line that rises.")
    A line that rises.
    """

    def __init__(self, page: str, words: str) -> None:
        self.page, self.words = page, words

    def __repr__(self) -> str:
        return self.words

    def _repr_html_(self) -> str:
        return self.page


def show(fig: "Figure", *, alt: str, caption: str = "") -> None:
    """Show ``fig`` in a notebook with its text alternative and caption, then close it.

    ``alt`` says in one or two sentences what is to be seen; ``caption`` what it means and from how many cases.
    A terminal gets the words. Every figure of the course goes through here.

    >>> from thyrolearn.plots import canvas
    >>> figure, axes = canvas()
    >>> show(figure, alt="An empty chart.", caption="Nothing yet.")
    Figure: An empty chart. Nothing yet.
    """
    page = html(fig, alt=alt, caption=caption)
    shown = Shown(page, f"Figure: {alt} {caption}".strip())
    _close(fig)
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        get_ipython = None
    if get_ipython is None or get_ipython() is None:
        print(shown)
    else:
        display(shown)


def _close(figure: "Figure") -> None:
    """Close ``figure`` in pyplot where pyplot knows it, without loading pyplot."""
    import sys

    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
    figure.clear()
