"""Pictures of frames: on a dark ground, in millimetres, with scale bar, outline and label."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.errors import ParameterError
from thyrolearn.plots.look import WIDTH, axes_grid, style
from thyrolearn.plots.palette import LIGHTBOX

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["cases", "frames", "heat", "panels"]


def label_words(case: Any) -> tuple[str, str]:
    """Return (words, colour) for the label of ``case``, said as its source allows."""
    graded = "RADS" in str(getattr(case, "label_source", ""))
    words = {1: "suspicious" if graded else "malignant", 0: "not suspicious" if graded else "benign"}
    colour = {1: LIGHTBOX["malignant"], 0: LIGHTBOX["benign"]}
    return words.get(case.label, "no label"), colour.get(case.label, LIGHTBOX["muted"])


def choose(cohort: Iterable[Any], count: int) -> list[Any]:
    """Return ``count`` cases, taking labels in turn, so that a rare label is seen too."""
    if count < 1:
        raise ParameterError(f"{count} cases cannot be drawn.", "Give count of at least 1.")
    queues: dict[Any, list[Any]] = {}
    for case in cohort:
        queue = queues.setdefault(case.label, [])
        if len(queue) < count:
            queue.append(case)
    if not queues:
        raise ParameterError("The cohort is empty, so there is nothing to draw.", "Choose a cohort with cases.")
    picked: list[Any] = []
    while len(picked) < count and any(queues.values()):
        picked += [queues[label].pop(0) for label in sorted(queues, key=str) if queues[label]]
    return picked[:count]


def cases(cohort: Iterable[Any], count: int = 8, masks: bool = True, *, columns: int = 4) -> "Figure":
    """Draw ``count`` cases of ``cohort`` (`thyrolearn.data.Case`), benign and malignant in turn.

    Each frame keeps its true proportions where the spacing is known and carries a 10 mm bar; the true nodule is
    outlined when ``masks``. Frames from the phantom are marked as synthetic. Built in lesson 0_start/01_first_look.

    >>> from types import SimpleNamespace
    >>> case = SimpleNamespace(image=np.zeros((40, 60), np.uint8), mask=None, label=1, label_source="pathology",
    ...                        source="phantom", spacing_mm=(0.5, 0.5), level=None, size_mm=12.0)
    >>> len(cases([case], count=1).axes)
    1
    """
    picked = choose(cohort, count)
    titles = [_title(case) for case in picked]
    return frames(
        [case.image for case in picked],
        titles=[words for words, _ in titles],
        colours=[colour for _, colour in titles],
        masks=[case.mask if masks else None for case in picked],
        spacing_mm=[case.spacing_mm for case in picked],
        synthetic=any(case.source == "phantom" for case in picked),
        columns=columns,
    )


def _title(case: Any) -> tuple[str, str]:
    words, colour = label_words(case)
    parts = [words]
    if getattr(case, "level", None) is not None:
        parts.append(f"TR{case.level}")
    if getattr(case, "size_mm", None):
        parts.append(f"{case.size_mm:.0f} mm")
    return " · ".join(parts), colour


def frames(images: Sequence[Any], *, titles: Sequence[str] = (), colours: Sequence[str] = (),
           masks: Sequence[Any] = (), spacing_mm: Any = None, synthetic: bool = True,
           columns: int = 4, limits: tuple[float, float] | None = (0, 255)) -> "Figure":  # fmt: skip
    """Draw grey ``images``, each (rows, columns), on a dark ground.

    ``spacing_mm`` is one (z, x) for all or a list of them (None where unknown: then no bar is drawn); ``limits``
    are the grey values drawn black and white, None for each image's own.

    >>> figure = frames([np.zeros((30, 30)), np.ones((30, 30))], titles=["before", "after"], spacing_mm=(0.2, 0.2))
    >>> [axes.get_title("left") for axes in figure.axes]
    ['before', 'after']
    """
    images = [np.asarray(image) for image in images]
    if not images:
        raise ParameterError("There is no image to draw.", "Give at least one.")
    count = len(images)
    spacings = list(spacing_mm) if isinstance(spacing_mm, list) else [spacing_mm] * count
    columns = min(columns, count)
    rows = -(-count // columns)
    ratio = max(_height_over_width(image, spacing) for image, spacing in zip(images, spacings, strict=True))
    with style():
        figure, grid = axes_grid(rows, columns, height=rows * (WIDTH / columns * min(ratio, 1.4) + 0.34) + 0.26)
        figure.set_facecolor(LIGHTBOX["paper"])
        engine: Any = figure.get_layout_engine()
        engine.set(w_pad=0.08, h_pad=0.09, wspace=0.01, hspace=0.02)
        for number, axes in enumerate(grid.flat):
            axes.axis("off")
            if number >= count:
                axes.remove()
                continue
            spacing = spacings[number]
            _frame(axes, images[number], spacing, limits)
            if number < len(masks) and masks[number] is not None:
                _outline(axes, masks[number], spacing, colours[number] if number < len(colours) else None)
            if number < len(titles):
                axes.set_title(titles[number], fontsize=9, fontweight="normal", pad=4,
                               color=colours[number] if number < len(colours) else LIGHTBOX["ink"])  # fmt: skip
        known = any(spacing is not None for spacing in spacings)
        notes = ["bar = 10 mm" if known else "", "synthetic images from the phantom" if synthetic else ""]
        words = " · ".join(filter(None, notes)) or "no scale"
        figure.supxlabel(words, fontsize=8, color=LIGHTBOX["muted"], x=0.99, ha="right")
    return figure


def panels(pictures: Mapping[str, Any], *, spacing_mm: Any = None, synthetic: bool = False,
           columns: int = 4) -> "Figure":  # fmt: skip
    """Draw named grey ``pictures`` (arrays or CPU tensors, rows x columns) side by side, each on its own grey scale.

    For comparing what is in the pictures, not how bright they are: crops, filter answers, feature maps.

    >>> figure = panels({"crop": np.eye(8), "average": np.ones((6, 6))})
    >>> [axes.get_title("left") for axes in figure.axes]
    ['crop', 'average']
    """
    images = [np.asarray(picture, dtype=float) for picture in pictures.values()]
    return frames(
        images, titles=list(pictures), spacing_mm=spacing_mm, synthetic=synthetic, columns=columns, limits=None
    )


def _height_over_width(image: Any, spacing: tuple[float, float] | None) -> float:
    z, x = spacing or (1.0, 1.0)
    return float(image.shape[0] * z) / float(image.shape[1] * x)


def _frame(axes: "Axes", image: Any, spacing: tuple[float, float] | None, limits: Any) -> None:
    z, x = spacing or (1.0, 1.0)
    rows, columns = image.shape[:2]
    low, high = limits if limits else (None, None)
    axes.imshow(image, cmap="gray", vmin=low, vmax=high, extent=(0, columns * x, rows * z, 0), aspect="equal")
    axes.set_anchor("N")  # frames of different height hang from one line, as the skin is the common origin
    if spacing is None:
        return
    length = 10.0 if columns * x > 15 else 2.0
    left, bottom = 0.04 * columns * x, 0.955 * rows * z
    axes.plot([left, left + length], [bottom, bottom], color=LIGHTBOX["ink"], lw=2, ls="-", solid_capstyle="butt")
    if length != 10:
        axes.text(left, bottom - 0.03 * rows * z, f"{length:g} mm", fontsize=7, color=LIGHTBOX["ink"])


def _outline(axes: "Axes", mask: Any, spacing: tuple[float, float] | None, colour: str | None) -> None:
    """Draw the border of ``mask`` as a line that passes between its pixels."""
    from skimage.measure import find_contours

    z, x = spacing or (1.0, 1.0)
    padded = np.pad(np.asarray(mask, dtype=float), 1)
    for contour in find_contours(padded, 0.5):
        axes.plot(
            (contour[:, 1] - 0.5) * x, (contour[:, 0] - 0.5) * z, color=colour or LIGHTBOX["other"], lw=1.2, ls="-"
        )


def heat(values: Any, *, unit: str, title: str = "", extent: tuple[float, float, float, float] | None = None,
         axis_unit: str = "px", limits: tuple[float, float] | None = None) -> "Figure":  # fmt: skip
    """Draw an array (rows, columns), or a dictionary of them by title, as a heat map with its scale in ``unit``.

    All panels share one scale, so that their colours may be compared. Use it for an effective receptive field, a
    saliency map or a point-spread function.

    >>> figure = heat({"3 layers": np.eye(9), "6 layers": np.ones((9, 9))}, unit="share of gradient")
    >>> [axes.get_title("left") for axes in figure.axes][:2]
    ['3 layers', '6 layers']
    """
    named = values if isinstance(values, dict) else {title: values}
    arrays = {name: np.asarray(value, dtype=float) for name, value in named.items()}
    if not arrays or any(array.ndim != 2 for array in arrays.values()):
        raise ParameterError("A heat map needs arrays of two dimensions.", "Give (rows, columns), or a dict of them.")
    low, high = limits or (min(a.min() for a in arrays.values()), max(a.max() for a in arrays.values()))
    columns = min(len(arrays), 4)
    rows = -(-len(arrays) // columns)
    with style():
        height = rows * {1: 3.6, 2: 3.2, 3: 2.5}.get(columns, 2.1)
        width = WIDTH if columns > 1 else 4.4
        figure, grid = axes_grid(rows, columns, width=width, height=height, layout="compressed")
        for axes, (name, array) in zip(grid.flat, arrays.items(), strict=False):
            drawn = axes.imshow(array, vmin=low, vmax=high, extent=extent)
            axes.grid(False)
            axes.set_title(name)
            axes.set_xlabel(f"lateral ({axis_unit})")
        for axes in list(grid.flat)[len(arrays) :]:
            axes.remove()
        grid[0, 0].set_ylabel(f"depth ({axis_unit})")
        bar = figure.colorbar(drawn, ax=list(figure.axes), shrink=0.85, pad=0.02)
        bar.set_label(unit)
        bar.outline.set_visible(False)
    return figure
