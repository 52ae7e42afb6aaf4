"""Charts of results. Each has units and the number of cases on it, and no value without its interval."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.plots.look import axes_grid, legend, note, style
from thyrolearn.plots.palette import DASHES, LIGHT, MARKERS, SERIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["roc", "estimates", "history", "bars", "curves", "pareto"]


def roc(results: Mapping[str, Sequence[Any]], *, unit: str = "nodules") -> "Figure":
    """Draw the ROC curve of each model, with its area and interval in the legend.

    ``results`` maps a name to ``(labels, scores)`` or ``(labels, scores, groups)``, arrays (n,); with groups the
    interval resamples patients. See `thyrolearn.evaluation.roc_points` and `thyrolearn.evaluation.auc`.

    >>> figure = roc({"linear": (np.array([0, 0, 1, 1]), np.array([.1, .4, .35, .8]))})
    >>> figure.axes[0].get_xlabel()
    '1 - specificity (share of benign called malignant)'
    """
    from thyrolearn.evaluation import auc, roc_points

    _need(results)
    with style():
        figure, grid = axes_grid(width=5.2, height=5.1 + 0.18 * len(results), layout="compressed")
        axes = grid[0, 0]
        axes.plot([0, 1], [0, 1], color=LIGHT["muted"], lw=1, ls=":")
        axes.text(0.71, 0.67, "chance", color=LIGHT["muted"], va="top", fontsize=8.5, rotation=45)
        for number, (name, (labels, scores, *groups)) in enumerate(results.items()):
            x, y, _ = roc_points(labels, scores)
            found = auc(labels, scores, *groups)
            words = f"{name}: AUC {found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
            axes.plot(x, y, label=words, drawstyle="steps-post", **_look(number))
        cancers, count = int(np.sum(labels)), len(labels)
        note(axes, f"n = {count} {unit}, {cancers} malignant · intervals {100 * found.confidence:g} %")
        axes.set(xlabel="1 - specificity (share of benign called malignant)", aspect="equal",
                 ylabel="sensitivity (share of malignant found)", xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))  # fmt: skip
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.14), borderaxespad=0)
    return figure


def estimates(results: Mapping[str, Estimate], *, unit: str = "AUC", ceiling: float | None = None,
              chance: float | None = None, ceiling_name: str = "ceiling") -> "Figure":  # fmt: skip
    """Draw intervals side by side as a forest plot, with the best possible value and the value of chance.

    ``results`` maps a name to an `Estimate`; ``unit`` names the horizontal axis. ``ceiling`` is, on the phantom,
    what a reader who knows the generator would reach.

    >>> figure = estimates({"CNN": Estimate(.86, .83, .89, "DeLong", 600)}, ceiling=.91, chance=.5)
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['CNN']
    """
    _need(results)
    names, found = list(results), list(results.values())
    with style():
        figure, grid = axes_grid(height=0.95 + 0.36 * len(found))
        axes = grid[0, 0]
        for row, estimate in enumerate(found):
            axes.plot([estimate.low, estimate.high], [row, row], color=LIGHT["blue"], lw=2.4, ls="-",
                      solid_capstyle="butt")  # fmt: skip
            axes.plot(estimate.value, row, "o", color=LIGHT["blue"], ms=6.5)
            words = f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f}), n = {estimate.n}"
            axes.text(1.02, row, words, transform=axes.get_yaxis_transform(), va="center", fontsize=8.8)
        for value, words, colour, dash in ((ceiling, ceiling_name, "teal", "--"), (chance, "chance", "muted", ":")):
            if value is not None:
                axes.axvline(value, color=LIGHT[colour], ls=dash, lw=1.4)
                axes.text(value, 1.04, f"{words} {value:.2f}", color=LIGHT[colour], ha="center", va="bottom",
                          transform=axes.get_xaxis_transform(), fontsize=8.5)  # fmt: skip
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.grid(False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0, pad=8)
        methods = ", ".join(dict.fromkeys(estimate.method for estimate in found))
        axes.set_xlabel(f"{unit} ({100 * found[0].confidence:g} % interval: {methods})")
    return figure


def history(run: Any) -> "Figure":
    """Draw what `thyrolearn.training.fit` recorded at each epoch: losses left, other measures right.

    ``run`` is a `Run`, or its history: a list of dictionaries, one an epoch.

    >>> figure = history([{"epoch": 1, "loss": .7, "validation_loss": .69, "auc": .6},
    ...                   {"epoch": 2, "loss": .5, "validation_loss": .55, "auc": .8}])
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss (nats a case)', 'validation measure']
    """
    rows: list[dict[str, Any]] = list(getattr(run, "history", run))
    if not rows:
        raise ParameterError("The history is empty.", "Train for at least one epoch.")
    hidden = {"epoch", "images", "seconds", "cpu_seconds", "rate", "lr", "learning_rate"}
    names = [name for name in rows[-1] if name not in hidden and isinstance(rows[-1][name], int | float)]
    losses = [name for name in names if "loss" in name]
    sides = [side for side in (losses, [name for name in names if "loss" not in name]) if side]
    with style():
        figure, grid = axes_grid(1, len(sides), height=3.1)
        for axes, side in zip(grid[0], sides, strict=True):
            for number, name in enumerate(side):
                points = [(row.get("epoch", i + 1), row[name]) for i, row in enumerate(rows) if name in row]
                x, y = zip(*points, strict=True)
                axes.plot(x, y, label=name.replace("_", " "), marker=MARKERS[number % 6], **_look(number))
            axes.set(xlabel="epoch", ylabel="loss (nats a case)" if side is losses else "validation measure")
            axes.xaxis.get_major_locator().set_params(integer=True)
            legend(axes)
    return figure


def bars(results: Mapping[str, "Estimate | float"], *, unit: str, n: int | None = None) -> "Figure":
    """Draw one bar a name, with its interval where the value is an `Estimate`. The bars start at zero.

    >>> figure = bars({"benign": 450, "malignant": 150}, unit="nodules")
    >>> figure.axes[0].get_xlabel()
    'nodules'
    """
    _need(results)
    with style():
        figure, grid = axes_grid(height=0.8 + 0.4 * len(results))
        axes = grid[0, 0]
        for row, value in enumerate(results.values()):
            width = value.value if isinstance(value, Estimate) else float(value)
            axes.barh(row, width, height=0.62, color=LIGHT["blue"], alpha=0.55)
            end = width
            if isinstance(value, Estimate):
                axes.plot([value.low, value.high], [row, row], color=LIGHT["ink"], lw=1.6, ls="-")
                end = max(width, value.high)
            axes.annotate(f"{width:,.3g}" if width < 1000 else f"{width:,.0f}", (end, row), (5, 0),
                          textcoords="offset points", va="center", fontsize=8.8)  # fmt: skip
        axes.set_yticks(range(len(results)), list(results))
        axes.set_ylim(len(results) - 0.4, -0.6)
        axes.margins(x=0.12)
        axes.grid(False, axis="y")
        axes.set_xlabel(unit if n is None else f"{unit} (n = {n})")
    return figure


def curves(results: Mapping[str, Sequence[Any]], *, x: str, y: str, n: int | None = None,
           log: bool = False) -> "Figure":  # fmt: skip
    """Draw curves with their intervals as bands.

    ``results`` maps a name to ``(x, y)`` or ``(x, y, low, high)``, arrays of one length, or to ``(x, estimates)``
    with a list of `Estimate`. ``x`` and ``y`` label the axes, units included; ``log`` spaces x by factors.

    >>> figure = curves({"CNN": ([50, 100], [.7, .8], [.6, .75], [.8, .85])}, x="training patients", y="AUC", n=300)
    >>> figure.axes[0].get_ylabel()
    'AUC'
    """
    _need(results)
    with style():
        figure, grid = axes_grid(height=3.9)
        axes = grid[0, 0]
        for number, (name, columns) in enumerate(results.items()):
            place, middle, *ends = _columns(columns)
            look = _look(number)
            axes.plot(place, middle, label=name, marker=MARKERS[number % 6], **look)
            if ends:
                axes.fill_between(place, *ends, color=look["color"], alpha=0.16, lw=0)
        axes.set(xlabel=x, ylabel=y)
        if log:
            _factors(axes, [columns[0] for columns in results.values()])
        if n is not None:
            note(axes, f"n = {n}")
        if len(results) > 1:
            legend(axes)
    return figure


def pareto(costs: Mapping[str, float], results: Mapping[str, Estimate], *, x: str, y: str,
              front: Sequence[str] = (), ceiling: float | None = None) -> "Figure":  # fmt: skip
    """Draw what each named result costs (across, spaced by factors) against how good it is (up, with its interval).

    ``front`` names those that none beats in both at once (the Pareto front); steps join them and the others are drawn
    hollow. ``x`` and ``y`` label the axes, units included. Raises `ParameterError` where a result has no cost above 0.

    >>> found = {"small": Estimate(.70, .68, .72, "t", 3), "large": Estimate(.75, .73, .77, "t", 3)}
    >>> figure = pareto({"small": 10, "large": 90}, found, x="CPU seconds", y="AUC", front=["small", "large"])
    >>> figure.axes[0].get_xscale(), [text.get_text() for text in figure.axes[0].texts][:2]
    ('log', ['small', 'large'])
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    _need(results)
    bare = [name for name in results if not costs.get(name, 0) > 0]
    if bare:
        raise ParameterError(f"{', '.join(bare)} has no cost above 0.", "Give one for each result.")
    with style():
        figure, grid = axes_grid(height=4.8)
        axes = grid[0, 0]
        best = sorted(front, key=lambda name: costs[name])
        steps = [costs[name] for name in best], [results[name].value for name in best]
        axes.step(*steps, where="post", color=LIGHT["teal"], lw=1.2)
        for name, estimate in results.items():
            ahead = name in front or not front
            colour = LIGHT["blue" if ahead else "muted"]
            axes.plot([costs[name]] * 2, [estimate.low, estimate.high], color=colour, lw=1.6, ls="-")
            axes.plot(costs[name], estimate.value, "o", color=colour, mfc=colour if ahead else LIGHT["paper"], ms=6)
        if ceiling is not None:
            axes.axhline(ceiling, color=LIGHT["teal"], ls="--", lw=1.4)
            words = f"ceiling {ceiling:.2f}"
            axes.text(0, ceiling, words, color=LIGHT["teal"], va="bottom", transform=axes.get_yaxis_transform())
        axes.set(xlabel=x, ylabel=y, xscale="log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.margins(x=0.14)
        values = [estimate.value for estimate in results.values()] + [v for v in (ceiling,) if v is not None]
        axes.set_ylim(min(values) - 0.2 * (max(values) - min(values)), None)  # a huge interval may leave the picture
        scale = axes.transData.transform([(costs[name], e.value) for name, e in results.items()]) * 72 / figure.dpi
        for name, offset in _sides(dict(zip(results, scale.tolist(), strict=True))).items():
            colour = LIGHT["blue" if name in front or not front else "muted"]
            axes.annotate(name, (costs[name], results[name].value), offset, textcoords="offset points", color=colour,
                          fontsize=8.8, ha="right" if offset[0] < 0 else "left")  # fmt: skip
        note(axes, f"n = {next(iter(results.values())).n} seeds each")
    return figure


def _sides(points: Mapping[str, tuple[float, float]]) -> dict[str, tuple[int, int]]:
    """Where each name stands beside its point (x, y, in points): of four corners the one that covers least."""
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in points.values()]
    sides = {}
    for name, (x, y) in points.items():
        corners = {}
        for dx, dy in ((-6, 6), (6, -12), (-6, -12), (6, 6)):
            left = x + dx - (5.2 * len(name) if dx < 0 else 0)
            box = (left, y + dy - 1, left + 5.2 * len(name), y + dy + 9)
            hits = sum(box[0] < c and a < box[2] and box[1] < d and b < box[3] for a, b, c, d in taken)
            corners[dx, dy] = (hits, box)
        sides[name] = min(corners, key=lambda corner: corners[corner][0])
        taken.append(corners[sides[name]][1])
    return sides


def _factors(axes: "Axes", places: list[Any]) -> None:
    """Space x by factors and mark the values that were measured, as plain numbers."""
    from matplotlib.ticker import NullLocator

    ticks = sorted({float(value) for place in places for value in place})
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])


def _columns(columns: Sequence[Any]) -> list[Any]:
    place, middle = columns[0], columns[1]
    if len(columns) == 2 and len(middle) and isinstance(middle[0], Estimate):
        return [place, *([getattr(e, name) for e in middle] for name in ("value", "low", "high"))]
    return [np.asarray(column, dtype=float) for column in columns]


def _look(number: int) -> dict[str, Any]:
    return {"color": LIGHT[SERIES[number % 6]], "linestyle": DASHES[number % 6]}


def _need(results: Mapping[str, Any]) -> None:
    if not results:
        raise ParameterError("There is nothing to draw.", "Give at least one named result.")
