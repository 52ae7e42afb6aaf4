"""House style for figures: frames with overlays, curves with intervals, and one way to show them.

A figure is drawn once and follows the page it stands on, light or dark; every figure says its units, its number
of cases and, in words, what it shows. matplotlib is loaded when the first figure is drawn.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thyrolearn.plots.charts import bars, curves, estimates, history, pareto, roc
    from thyrolearn.plots.images import cases, frames, heat, panels
    from thyrolearn.plots.look import canvas, legend, note, style
    from thyrolearn.plots.page import html, show, svg
    from thyrolearn.plots.palette import DARK, LIGHT, SERIES

__all__ = [
    "bars", "canvas", "cases", "curves", "DARK", "estimates", "frames", "heat", "history", "html", "legend", "LIGHT",
    "note", "panels", "pareto", "roc", "SERIES", "show", "style", "svg",
]  # fmt: skip

_HOME = {
    "charts": ("bars", "curves", "estimates", "history", "pareto", "roc"),
    "images": ("cases", "frames", "heat", "panels"),
    "palette": ("DARK", "LIGHT", "SERIES"),
    "page": ("html", "show", "svg"),
    "look": ("canvas", "legend", "note", "style"),
}
_MODULE = {name: module for module, names in _HOME.items() for name in names}


def __getattr__(name: str) -> object:
    if name in _MODULE:
        return getattr(importlib.import_module(f"{__name__}.{_MODULE[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
