"""From cases to tensors that fit in memory: nodule crops for classification, whole frames for masks and boxes."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from thyrolearn.arrays import Groups
from thyrolearn.data.case import Box, Case
from thyrolearn.data.cohort import Cohort
from thyrolearn.data.images import resize
from thyrolearn.errors import ParameterError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Batches", "batches", "frames", "window", "crop"]

Padding = Literal["reflect", "zero"]
Square = tuple[float, float, float, float]
LEAST = 8.0  # pixels: a crop is never taken from fewer


@dataclass(frozen=True, eq=False)
class Batches:
    """A cohort as tensors; row i belongs to ``cohort[i]``.

    ``images`` uint8 (n, 1, h, w), of clips (n, frames, 1, h, w);
    ``labels`` float32 (n,), NaN where unknown; ``groups`` the patients (n,);
    ``spacing_mm`` float64 (n,), mm a pixel of ``images`` (the same in both directions), NaN where unknown;
    ``masks`` uint8 0/1 in the shape of ``images`` or None; ``boxes`` a float32 (k, 4) tensor a row or None;
    ``windows`` float64 (n, 4): the (x0, y0, x1, y1) of the case's own pixels that each row shows.
    """

    images: "Tensor"
    labels: "Tensor"
    groups: Groups
    cohort: Cohort
    spacing_mm: NDArray[np.float64]
    windows: NDArray[np.float64]
    masks: "Tensor | None" = None
    boxes: "tuple[Tensor, ...] | None" = None

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: Any) -> "Batches":
        """The rows of a slice, a list of positions or a boolean mask."""
        rows = np.arange(len(self))[index]
        if rows.ndim != 1:
            raise ParameterError(f"Batches cannot be indexed by {index!r}.", "Give a slice, positions or a mask.")
        picked = {}
        for part in fields(self):
            value = getattr(self, part.name)
            if part.name == "boxes" and value is not None:
                value = tuple(value[i] for i in rows)
            elif value is not None:
                value = value[torch.from_numpy(rows)] if isinstance(value, torch.Tensor) else value[rows]
            picked[part.name] = value
        return Batches(**picked)

    def with_images(self, images: "Tensor") -> "Batches":
        """The same rows with other pixels, uint8 of the same shape: for corruptions, for what a model relies on."""
        if images.shape != self.images.shape or images.dtype != self.images.dtype:
            raise ParameterError(
                f"Images {images.dtype} {tuple(images.shape)} do not fit these rows.",
                f"Give uint8 of shape {tuple(self.images.shape)}.",
            )
        return replace(self, images=images)

    def still(self, frame: int | None = None) -> "Batches":
        """One frame of each clip, the middle one or number ``frame``, as images (n, 1, h, w)."""
        if self.images.dim() != 5:
            raise ParameterError("These are images already, not clips.", "Use them as they are.")
        frame = self.images.shape[1] // 2 if frame is None else frame
        masks = None if self.masks is None else self.masks[:, frame]
        return replace(self, images=self.images[:, frame], masks=masks)

    def __repr__(self) -> str:
        extra = ", ".join(name for name in ("masks", "boxes") if getattr(self, name) is not None)
        shape = "x".join(map(str, self.images.shape[-2:]))
        kind = f"clips of {self.images.shape[1]} frames" if self.images.dim() == 5 else "images"
        return f"Batches of {self.cohort.name!r}: {len(self)} {kind} of {shape}{', with ' + extra if extra else ''}"


def window(case: Case, box: Box | None = None, context: float = 1.6) -> Square:
    """The part of a case that a crop shows, (x0, y0, x1, y1) in its pixels; it may reach beyond the picture.

    The window is a square in mm where the spacing is known, else in pixels, ``context`` times the larger side of
    the nodule's ``box`` (default: the case's largest), about its centre. Without any box: the whole picture.

    >>> case = Case.of(np.zeros((100, 100), np.uint8), boxes=((40, 40, 60, 50),), spacing_mm=(0.2, 0.1))
    >>> window(case, context=2.0)  # 20 x 10 pixels are 2 x 2 mm: a window of 4 mm is 40 pixels wide and 20 high
    (30.0, 35.0, 70.0, 55.0)
    """
    z, x = case.spacing_mm or (1.0, 1.0)
    box = box or case.box
    if box is None:
        rows, columns = case.shape
        box, context = (0.0, 0.0, float(columns), float(rows)), 1.0
    x0, y0, x1, y1 = box
    side = context * max((x1 - x0) * x, (y1 - y0) * z)
    width, height = max(side / x, LEAST), max(side / z, LEAST)
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    return (middle_x - width / 2, middle_y - height / 2, middle_x + width / 2, middle_y + height / 2)


def crop(
    image: NDArray[np.uint8], part: Square, shape: tuple[int, int], padding: Padding = "reflect"
) -> NDArray[np.uint8]:
    """Resample the ``part`` of a picture to ``shape`` (rows, columns); what lies outside is reflected or zero.

    >>> crop(np.full((10, 10), 9, np.uint8), (-5, 0, 5, 10), (4, 4), "zero")[:, 0]
    array([0, 0, 0, 0], dtype=uint8)
    """
    x0, y0, x1, y1 = part
    rows, columns = image.shape
    # One pixel more than the window, so that the interpolation at its edge has a neighbour.
    left, top = int(np.floor(x0)) - 1, int(np.floor(y0)) - 1
    right, bottom = int(np.ceil(x1)) + 1, int(np.ceil(y1)) + 1
    piece = image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    pad = ((max(-top, 0), max(bottom - rows, 0)), (max(-left, 0), max(right - columns, 0)))
    if np.any(pad):
        piece = np.pad(piece, pad, mode="reflect" if padding == "reflect" else "constant")
    return resize(piece, shape, box=(x0 - left, y0 - top, x1 - left, y1 - top))


def _pairs(cohort: Cohort, each: str) -> Iterator[tuple[int, Box | None]]:
    for i, case in enumerate(cohort):
        if each == "box" and case.boxes:
            yield from ((i, box) for box in case.boxes)
        else:
            yield i, case.box


def batches(
    cohort: Cohort,
    size: int = 64,
    context: float = 1.6,
    *,
    masks: bool = False,
    each: Literal["case", "box"] = "case",
    padding: Padding = "reflect",
) -> Batches:
    """Cut the nodule out of every case: uint8 tensors (n, 1, size, size) in memory.

    The crop is a square in mm where the case's spacing is known, else in pixels, ``context`` times the nodule's
    larger side, resampled with antialiasing. Beyond the picture it is reflected (``padding="zero"``: black); masks
    are always 0 there. ``each="box"`` gives one row a box (frames with several nodules or two views), else the
    largest box counts. Cases without a box give their whole picture, squeezed to a square only if they are none.
    Lesson: start/data_and_splits.

    >>> frame = np.full((80, 100), 50, np.uint8); mask = np.zeros((80, 100), bool); mask[30:50, 40:70] = True
    >>> batches(Cohort([Case.of(frame, mask, label=1)]), size=32, masks=True)
    Batches of 'cohort': 1 images of 32x32, with masks
    """
    if size < 1 or context <= 0:
        raise ParameterError(
            f"size={size}, context={context} cannot be cropped.", "Give a size of 1 or more, a context above 0."
        )
    rows, windows, images, outlines = [], [], [], []
    for i, box in _pairs(cohort, each):
        case = cohort[i]
        part = window(case, box, context)
        rows.append(i)
        windows.append(part)
        images.append(crop(case.image, part, (size, size), padding))
        if masks:
            outlines.append(mask_crop(case, part, (size, size)))
    return assemble(cohort, rows, windows, images, outlines if masks else None, (size, size))


def mask_crop(case: Case, part: Square, shape: tuple[int, int]) -> NDArray[np.uint8]:
    mask = case.mask
    if mask is None:
        return np.zeros(shape, np.uint8)
    # Antialiased, then cut at one half: half a pixel of area is lost nowhere.
    return (crop(mask.astype(np.uint8) * 255, part, shape, "zero") > 127).astype(np.uint8)


def frames(cohort: Cohort, size: tuple[int, int] = (128, 128), *, masks: bool = True) -> Batches:
    """Fit every whole picture into ``size`` (rows, columns) with its proportions kept, and black beside it.

    Proportions are those in mm where the spacing is known (phantom pixels are not square). ``masks`` and ``boxes``
    come along; a pixel of row i is ``spacing_mm[i]`` mm wide and high. Lesson: tasks/segmentation.

    >>> wide = Cohort([Case.of(np.full((50, 100), 90, np.uint8), boxes=((0, 0, 100, 50),))])
    >>> frames(wide, size=(64, 64), masks=False).boxes[0]
    tensor([[ 0., 16., 64., 48.]])
    """
    rows, windows, images, outlines, boxes = [], [], [], [], []
    for i, case in enumerate(cohort):
        image = case.image
        part = _letterbox(image.shape, case.spacing_mm, size)
        rows.append(i)
        windows.append(part)
        images.append(crop(image, part, size, "zero"))
        if masks:
            outlines.append(mask_crop(case, part, size))
        boxes.append(_moved(case.boxes, part, size))
    return assemble(cohort, rows, windows, images, outlines if masks else None, size, tuple(boxes))


def _letterbox(shape: tuple[int, ...], spacing: tuple[float, float] | None, size: tuple[int, int]) -> Square:
    """The window, centred on the picture, that has the proportions of ``size`` and just holds the picture."""
    z, x = spacing or (1.0, 1.0)
    rows, columns = shape
    scale = max(rows * z / size[0], columns * x / size[1])  # mm a pixel of the result
    height, width = size[0] * scale / z, size[1] * scale / x
    return ((columns - width) / 2, (rows - height) / 2, (columns + width) / 2, (rows + height) / 2)


def _moved(boxes: tuple[Box, ...], part: Square, size: tuple[int, int]) -> "Tensor":
    x0, y0, x1, y1 = part
    scale = torch.tensor([size[1] / (x1 - x0), size[0] / (y1 - y0)] * 2)
    moved = torch.tensor(boxes, dtype=torch.float64).reshape(-1, 4) - torch.tensor(
        [x0, y0, x0, y0], dtype=torch.float64
    )
    return (moved * scale).float()


def assemble(
    cohort: Cohort,
    rows: list[int],
    windows: list[Square],
    images: list[NDArray[np.uint8]],
    outlines: list[NDArray[np.uint8]] | None,
    size: tuple[int, int],
    boxes: "tuple[Tensor, ...] | None" = None,
) -> Batches:
    """Put pictures together with what is known of their cases; (h, w) pictures, or (frames, h, w) of clips."""
    cases = cohort if rows == list(range(len(cohort))) else cohort[rows]
    labels = [float("nan") if case.label is None else float(case.label) for case in cases]
    spacing = [
        (part[2] - part[0]) * case.spacing_mm[1] / size[1] if case.spacing_mm else float("nan")
        for case, part in zip(cases, windows, strict=True)
    ]
    return Batches(
        images=_stack(images, size),
        labels=torch.tensor(labels, dtype=torch.float32),
        groups=cases.patients,
        cohort=cases,
        spacing_mm=np.array(spacing, dtype=np.float64),
        windows=np.array(windows, dtype=np.float64).reshape(-1, 4),
        masks=None if outlines is None else _stack(outlines, size),
        boxes=boxes,
    )


def _stack(pictures: list[NDArray[np.uint8]], size: tuple[int, int]) -> "Tensor":
    if not pictures:
        return torch.zeros(0, 1, *size, dtype=torch.uint8)
    return torch.from_numpy(np.expand_dims(np.stack(pictures), -3))
