"""The look of every chart: type, lines, grid and colour order, and an empty canvas in that look."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from thyrolearn.errors import ParameterError
from thyrolearn.plots.palette import DASHES, LIGHT, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["WIDTH", "style", "canvas", "axes_grid", "note", "legend"]

WIDTH = 7.2
"""Width of a full figure, inches: the text column of the site and of JupyterLab."""


def rc() -> Any:
    """Return matplotlib's settings for the house style (a dictionary; nothing is changed).

    >>> rc()["axes.spines.top"]
    False
    """
    from cycler import cycler

    ink, muted, grid = LIGHT["ink"], LIGHT["muted"], LIGHT["grid"]
    cycle = cycler(color=[LIGHT[name] for name in SERIES]) + cycler(linestyle=list(DASHES))
    return {
        "font.family": "DejaVu Sans", "font.size": 9.5, "text.color": ink, "axes.labelcolor": ink,
        "axes.titlesize": 10.5, "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.titlepad": 8,
        "axes.labelsize": 9.5, "axes.edgecolor": muted, "axes.linewidth": 0.8, "axes.grid": True,
        "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False, "axes.prop_cycle": cycle,
        "axes.facecolor": "none", "figure.facecolor": "none", "savefig.facecolor": "auto",
        "grid.color": grid, "grid.linewidth": 0.7, "lines.linewidth": 1.9, "lines.markersize": 5,
        "xtick.color": muted, "ytick.color": muted, "xtick.labelcolor": ink, "ytick.labelcolor": ink,
        "xtick.labelsize": 8.8, "ytick.labelsize": 8.8, "xtick.major.size": 3, "ytick.major.size": 3,
        "legend.frameon": False, "legend.fontsize": 9, "legend.handlelength": 2.6,
        "image.cmap": "cividis", "svg.fonttype": "none", "image.interpolation": "none",
    }  # fmt: skip


def style() -> AbstractContextManager[None]:
    """Return a context in which matplotlib draws in the house style.

    >>> import matplotlib
    >>> with style():
    ...     matplotlib.rcParams["axes.spines.top"]
    False
    """
    import matplotlib

    return matplotlib.rc_context(rc())


def axes_grid(rows: int = 1, columns: int = 1, *, width: float = WIDTH, height: float | None = None,
           layout: str = "constrained", **options: Any) -> "tuple[Figure, Any]":  # fmt: skip
    """Return a new figure and its axes as an array (rows, columns), inside the caller's style.

    The figure belongs to no window and to no global list, so nothing has to be closed.
    """
    from matplotlib.figure import Figure

    if rows < 1 or columns < 1:
        raise ParameterError(f"A figure of {rows} x {columns} panels is empty.", "Give at least one row and column.")
    height = height or (width / columns) * 0.62 * rows
    figure = Figure(figsize=(width, height), layout=layout)  # type: ignore[arg-type]
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def canvas(rows: int = 1, columns: int = 1, *, width: float = WIDTH, height: float | None = None,
           **options: Any) -> "tuple[Figure, Any]":  # fmt: skip
    """Return ``(figure, axes)`` in the house style for a drawing of your own; end it with `thyrolearn.plots.show`.

    ``axes`` is one Axes for a single panel, else an array as `matplotlib.pyplot.subplots` gives. From this call on
    matplotlib draws in the house style for the rest of the session. ``width`` and ``height`` are inches.

    >>> figure, axes = canvas(height=3)
    >>> _ = axes.plot([0, 1], [0, 1], label="a line")
    >>> _ = axes.set(xlabel="depth (mm)", ylabel="level (dB)")
    >>> figure.get_size_inches().tolist()
    [7.2, 3.0]
    """
    import matplotlib

    matplotlib.rcParams.update(rc())
    figure, axes = axes_grid(rows, columns, width=width, height=height, **options)
    return figure, (axes[0, 0] if rows == columns == 1 else axes.squeeze())


def note(axes: "Axes", text: str, where: tuple[float, float] = (1.0, 1.02)) -> None:
    """Write a small grey note (how many cases, which data) above the right end of ``axes``.

    >>> figure, axes = canvas()
    >>> note(axes, "n = 40 patients")
    """
    axes.text(*where, text, transform=axes.transAxes, ha="right", va="bottom", fontsize=8.5, color=LIGHT["muted"])


def legend(axes: "Axes", **options: Any) -> None:
    """Put the legend below ``axes``, where it hides no data.

    >>> figure, axes = canvas()
    >>> _ = axes.plot([0, 1], label="training")
    >>> legend(axes)
    """
    count = len(axes.get_legend_handles_labels()[1])
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.2), ncols=options.pop("ncols", min(count, 2)),
                borderaxespad=0, **options)  # fmt: skip
