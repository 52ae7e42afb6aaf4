"""`Case`: one image with all that is known of it. Pixels are read when asked for, and not before."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from thyrolearn.arrays import Gray, Mask

if TYPE_CHECKING:
    from thyrolearn.tirads import Descriptors

__all__ = ["Case", "Pixels", "InMemory", "Box"]

Box = tuple[float, float, float, float]
"""(x0, y0, x1, y1) in pixels of the image; x to the right, y down, far edges exclusive."""


class Pixels(Protocol):
    """Where a case's pixels come from. ``token`` names the content, so that a cohort has a fingerprint."""

    @property
    def token(self) -> str:
        """A name of the content that changes with it."""

    def image(self) -> Gray:
        """Read the picture: uint8, (rows, columns)."""

    def mask(self) -> Mask | None:
        """Read the mask: bool, the image's shape, or None where no outline is known."""


@dataclass(frozen=True)
class InMemory:
    """Pixels that are in memory already: for tests, and for a frame that was just made.

    >>> InMemory(np.zeros((4, 6), np.uint8)).image().shape
    (4, 6)
    """

    pixels: Gray
    outline: Mask | None = None
    token: str = "memory"

    def image(self) -> Gray:
        """The picture."""
        return self.pixels

    def mask(self) -> Mask | None:
        """The mask, or None."""
        return self.outline


@dataclass(frozen=True, eq=False)
class Case:
    """One image with all that is known of it; built by the loaders, read by everything else.

    ``label`` is 1 (malignant, or suspicious) or 0, None where unknown; ``label_source`` says whose word it is.
    ``patient`` and ``nodule`` are the source's own names; `group` is unique over sources. ``spacing_mm`` is
    (z, x) mm a pixel, None where the source does not say; ``size_mm`` is the largest diameter.
    ``posterior`` is the chance of malignancy given all that an image can show: only a phantom knows it.
    ``raw`` keeps the source's own words beside the normalised ones. Lesson: start/data_and_splits.

    >>> case = Case.of(np.full((8, 8), 90, np.uint8), id="a", label=1)
    >>> case.image.dtype, case.shape, case.group
    (dtype('uint8'), (8, 8), 'memory:a')
    """

    id: str
    source: str
    patient: str
    pixels: Pixels = field(repr=False)
    nodule: str = "1"
    label: int | None = None
    label_source: str = ""
    descriptors: "Descriptors | None" = None
    readers: "tuple[Descriptors, ...]" = ()
    level: str | None = None  # the TI-RADS level or category as the source gives it, "4a" (DDTI) or "5" (ACR, phantom)
    points: int | None = None  # ACR points, where descriptors are known
    boxes: tuple[Box, ...] = ()
    view: str = ""
    site: str = ""
    scanner: str = ""
    modality: str = "B-mode"
    spacing_mm: tuple[float, float] | None = None
    size_mm: float | None = None
    posterior: float | None = None
    digest: str | None = None  # hash of the file's bytes, for duplicates
    look: str | None = None  # perceptual hash of the picture, for near-duplicates
    raw: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, image: Gray, mask: Mask | None = None, *, id: str = "case", source: str = "memory", **known: Any
    ) -> "Case":
        """Make a case from arrays in memory; boxes come from the mask where none are given."""
        known.setdefault("patient", id)
        if mask is not None and "boxes" not in known:
            known["boxes"] = boxes_of(mask)
        return cls(id=id, source=source, pixels=InMemory(image, mask), **known)

    @property
    def image(self) -> Gray:
        """The picture, uint8 (rows, columns), read now."""
        return self.pixels.image()

    @property
    def mask(self) -> Mask | None:
        """The nodule's mask, bool (rows, columns), read now; None where no outline is known."""
        return self.pixels.mask()

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the picture."""
        rows, columns = self.image.shape
        return rows, columns

    @property
    def group(self) -> str:
        """The patient, unique over sources: ``source:patient``."""
        return f"{self.source}:{self.patient}"

    @property
    def box(self) -> Box | None:
        """The largest box, or None."""
        return max(self.boxes, key=lambda b: (b[2] - b[0]) * (b[3] - b[1])) if self.boxes else None

    @property
    def height_over_width(self) -> float | None:
        """Height over width of the largest box, in mm where the spacing is known; above 1 is taller than wide.

        >>> Case.of(np.zeros((9, 9), np.uint8), boxes=((0, 0, 4, 6),), spacing_mm=(0.1, 0.2)).height_over_width
        0.75
        """
        if self.box is None:
            return None
        (x0, y0, x1, y1), (z, x) = self.box, self.spacing_mm or (1.0, 1.0)
        return round((y1 - y0) * z / ((x1 - x0) * x), 6)

    def with_(self, **changes: Any) -> "Case":
        """Return a copy with the named fields changed."""
        return replace(self, **changes)


def boxes_of(mask: Mask, smallest: int = 9) -> tuple[Box, ...]:
    """Return the box of each separate object of at least ``smallest`` pixels, largest object first.

    >>> mask = np.zeros((20, 20), bool); mask[2:6, 3:9] = True
    >>> boxes_of(mask)
    ((3.0, 2.0, 9.0, 6.0),)
    """
    from scipy import ndimage

    numbered, count = ndimage.label(mask, structure=np.ones((3, 3)))
    areas = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    slices = ndimage.find_objects(numbered)
    order = [i for i in np.argsort(-areas, kind="stable") if areas[i] >= smallest]
    return tuple(
        (float(slices[i][1].start), float(slices[i][0].start), float(slices[i][1].stop), float(slices[i][0].stop))
        for i in order
    )
