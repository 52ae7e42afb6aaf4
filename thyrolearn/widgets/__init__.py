"""Small interactive apps for notebooks, each a thin face over a tested pure function.

>>> from thyrolearn import widgets
>>> widgets.__all__
['Playground', 'Scorer', 'playground_frame', 'scorer_table', 'specimen']
"""

from importlib import import_module
from typing import Any

_HOME = {
    "Playground": "playground",
    "Scorer": "scorer",
    "playground_frame": "playground",
    "scorer_table": "scorer",
    "specimen": "playground",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
