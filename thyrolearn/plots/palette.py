"""The colours of the house: one list for the figures, the site and the widgets.

Each colour has a light and a dark value. In either theme the series colours differ in lightness as well as in
hue, so that they stay apart in grey print and for readers with a colour vision deficiency
(`tests/plots/test_plots_palette.py` measures both), and every series also gets its own dash and marker.
"""

__all__ = ["DARK", "LIGHT", "MARKERS", "DASHES", "SERIES", "LIGHTBOX", "css", "themed"]

LIGHT: dict[str, str] = {
    "ink": "#1c2530",
    "muted": "#566270",
    "grid": "#d4dbe3",
    "paper": "#ffffff",
    "blue": "#003773",
    "vermilion": "#a52a00",
    "teal": "#007670",
    "purple": "#ad71d0",
    "amber": "#9d6800",
    "rose": "#ab3168",
}
"""Colour name to value on white paper. ``blue`` is also benign, ``vermilion`` malignant, ``teal`` the ceiling."""

DARK: dict[str, str] = {
    "ink": "#e7ecf2",
    "muted": "#a9b4c1",
    "grid": "#3b4653",
    "paper": "#14191f",
    "blue": "#2691e3",
    "vermilion": "#f68b72",
    "teal": "#3af0d7",
    "purple": "#e8b4f6",
    "amber": "#dbb531",
    "rose": "#ff4b9a",
}
"""The same names on dark paper."""

SERIES: tuple[str, ...] = ("blue", "vermilion", "teal", "purple", "amber", "rose")
"""The order in which series take their colours."""
DASHES: tuple[str, ...] = ("-", "--", "-.", ":", (0, (6, 1.5)), (0, (3, 1, 1, 1, 1, 1)))  # type: ignore[assignment]
MARKERS: tuple[str, ...] = ("o", "s", "^", "D", "v", "P")

LIGHTBOX: dict[str, str] = {"paper": "#0d1116", "ink": "#eef2f6", "muted": "#aab4c0", "benign": "#6fb7ff",
                            "malignant": "#ff9a70", "other": "#7fe0cf"}  # fmt: skip
"""Ultrasound is read on black in either theme, so pictures of frames carry their own dark ground."""


def css(selector: str, *, dark: bool = False) -> str:
    """Return a CSS rule that sets the palette's custom properties (``--th-ink`` and so on) on ``selector``.

    >>> css(".figure").startswith(".figure{--th-ink:#1c2530;")
    True
    """
    colours = DARK if dark else LIGHT
    return f"{selector}{{{''.join(f'--th-{name}:{value};' for name, value in colours.items())}}}"


_DARK_PAGES = ('html[data-theme="dark"]', '[data-jp-theme-light="false"]', "body.vscode-dark", "html[theme=dark]")
"""How the site, JupyterLab, VS Code and Colab say that the page is dark."""


def themed(selector: str) -> str:
    """Return the rules that give ``selector`` the palette of the page it stands on, and the light one on paper.

    >>> themed(".figure").count("--th-ink:")
    3
    """
    dark = css(",".join(f"{page} {selector}" for page in _DARK_PAGES), dark=True)
    return f"{css(selector)}{dark}@media print{{{css(f'html {selector}{selector}')}}}"
