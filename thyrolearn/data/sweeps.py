"""From frames to clips, the frames of each nodule in order as one tensor row; and its contrast curves."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from thyrolearn.data.case import Case
from thyrolearn.data.cohort import Cohort
from thyrolearn.data.tensors import Batches, Padding, assemble, crop, mask_crop, window
from thyrolearn.errors import DataError, ParameterError

__all__ = ["clips", "curves"]


def clips(
    cohort: Cohort,
    size: int = 64,
    frames: int = 8,
    context: float = 1.6,
    *,
    masks: bool = False,
    each: Literal["clip", "frame"] = "clip",
    padding: Padding = "reflect",
) -> Batches:
    """Cut the nodule out of every clip: uint8 tensors (n, frames, 1, size, size) in memory.

    The cases of one nodule are the frames of its clip, in the order of ``case.raw["frame"]``; ``frames`` of them are
    taken at even distances, some twice where there are too few. All frames of a clip share one window, `window` of
    the frame with the largest box, so that a nodule swells and shrinks as the probe passes; with ``each="frame"`` the
    window follows the nodule's box in each frame, as crops of stills do (``windows`` then holds the largest). Row i of
    the result belongs to its ``cohort[i]``, the clip's middle frame; ``still()`` gives that frame alone. Raises
    `DataError` where a case does not say which frame it is. Lesson: architectures/rnn.

    >>> sweep = [Case.of(np.full((40, 40), v, np.uint8), id=f"{n}/{v}", patient=n, boxes=((9, 9, 30, 30),), label=1,
    ...                  raw={"frame": str(v)}) for n in "ab" for v in (10, 9, 11)]
    >>> batches = clips(Cohort(sweep), size=16, frames=3)
    >>> batches, batches.images[0, :, 0, 8, 8].tolist()
    (Batches of 'cohort': 2 clips of 3 frames of 16x16, [9, 10, 11])
    """
    if size < 1 or frames < 1 or context <= 0:
        remedy = "Give a size and frames of 1 or more, a context above 0."
        raise ParameterError(f"size={size}, frames={frames}, context={context} cannot be cropped.", remedy)
    rows, windows, images, outlines = [], [], [], []
    for found in positions(cohort):
        chosen = [found[i] for i in np.rint(np.linspace(0, len(found) - 1, frames)).astype(int)]
        part = window(max((cohort[i] for i in chosen), key=_area), context=context)
        own = [window(cohort[i], context=context) if each == "frame" and cohort[i].boxes else part for i in chosen]
        rows.append(chosen[len(chosen) // 2])
        windows.append(part)
        shown = list(zip((cohort[i] for i in chosen), own, strict=True))
        images.append(np.stack([crop(case.image, at, (size, size), padding) for case, at in shown]))
        if masks:
            outlines.append(np.stack([mask_crop(case, at, (size, size)) for case, at in shown]))
    if not rows:
        raise DataError(f"{cohort.name!r} is empty.", "Give the frames of at least one clip.")
    return assemble(cohort, rows, windows, images, outlines if masks else None, (size, size))


def curves(cohort: Cohort) -> Batches:
    """The time-intensity curves of every nodule that had contrast: uint8 (n, 1, 2, steps), lesion above gland.

    They come from ``case.raw["contrast"]`` (``lesion``, ``gland``, ``step_s``), one row a nodule. The scale is the
    patient's own: the gland's peak (its 95th percentile) is 120, so that gain drops out and the ratio stays. Raises
    `DataError` where no case has curves, or where their lengths differ. Lesson: architectures/rnn.

    >>> ramp = {"lesion": [0.0, 0.5, 1.0, 1.0], "gland": [0.0, 1.0, 1.0, 1.0], "step_s": 1.0}
    >>> curves(Cohort([Case.of(np.zeros((9, 9), np.uint8), label=1, raw={"contrast": ramp})])).images[0, 0].tolist()
    [[0, 60, 120, 120], [0, 120, 120, 120]]
    """
    rows = [i for i, case in enumerate(cohort) if "contrast" in case.raw]
    pictures = [curves_picture(cohort[i].raw["contrast"]) for i in rows]
    shapes = {picture.shape for picture in pictures}
    if len(shapes) != 1:
        problem = "has no contrast curves" if not shapes else "has contrast curves of different lengths"
        raise DataError(f"{cohort.name!r} {problem}.", "The phantom's cohorts 'contrast' and 'clips' have them.")
    shape = shapes.pop()
    windows = [(0.0, 0.0, float(shape[1]), float(shape[0]))] * len(rows)
    return assemble(cohort, rows, windows, pictures, None, shape)


def curves_picture(contrast: dict[str, list[float]]) -> NDArray[np.uint8]:
    """Both curves as a picture of two rows, on the scale that `curves` names."""
    both = np.array([contrast["lesion"], contrast["gland"]])
    peak = max(float(np.percentile(both[1], 95)), 1e-6)
    picture: NDArray[np.uint8] = np.rint(np.clip(120 * both / peak, 0, 255)).astype(np.uint8)
    return picture


def positions(cohort: Cohort) -> list[list[int]]:
    """The positions of each clip's frames in ``cohort``, in the order of the sweep; clips in order of appearance."""
    found: dict[tuple[str, str], list[int]] = {}
    for i, case in enumerate(cohort):
        found.setdefault((case.group, case.nodule), []).append(i)
    return [sorted(clip, key=lambda i: _number(cohort[i])) for clip in found.values()]


def _number(case: Case) -> float:
    try:
        return float(case.raw["frame"])
    except (KeyError, ValueError):
        remedy = "Use data.load(name='clips'), or clips of your own whose raw['frame'] counts them."
        raise DataError(f"{case.id} does not say which frame of a clip it is.", remedy) from None


def _area(case: Case) -> float:
    box = case.box
    return 0.0 if box is None else (box[2] - box[0]) * (box[3] - box[1])
