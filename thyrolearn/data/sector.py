"""Where the ultrasound picture lies in a stored frame, and what is printed beside it.

A frame from a scanner carries text: side, probe settings, and in DDTI often the TI-RADS category, which is
the label itself. Tissue is never quite black, print is thin strokes on black; so the largest region in which most
pixels are lit is the picture, and cutting the frame to it removes every word that is printed outside.
"""

import numpy as np
from numpy.typing import NDArray

from thyrolearn.arrays import Gray

__all__ = ["find_sector", "printed_width", "coloured"]

LIT = 4  # grey level above which a pixel counts as lit; black areas of a JPEG stay at or below it
DENSE = 0.55  # share of lit pixels around a pixel that belongs to the picture
SPARSE = 0.3  # share of lit pixels below which a line at the edge is outside the picture
STEP = 2  # the search runs on every second pixel
WINDOW = 7  # side of the averaging window, in steps
EDGE = 3  # pixels cut off each side, where depth ticks touch the picture


def find_sector(gray: Gray) -> tuple[int, int, int, int] | None:
    """Return (top, bottom, left, right) of the ultrasound picture in a frame, far edges exclusive; None if not found.

    >>> frame = np.zeros((120, 160), np.uint8); frame[20:90, 30:130] = 60
    >>> find_sector(frame)
    (23, 87, 33, 127)
    """
    from scipy import ndimage

    lit = (gray[::STEP, ::STEP] > LIT).astype(np.float32)
    numbered, count = ndimage.label(ndimage.uniform_filter(lit, WINDOW) > DENSE)
    if count == 0:
        return None
    largest = int(np.bincount(numbered.ravel())[1:].argmax())
    rows, columns = ndimage.find_objects(numbered)[largest]
    top, bottom = _trimmed(lit[:, columns].mean(axis=1), rows)
    left, right = _trimmed(lit[rows].mean(axis=0), columns)
    if bottom - top < 32 or right - left < 32 or (bottom - top) * (right - left) < gray.size // 20:
        return None
    return top, bottom, left, right


def _trimmed(share: NDArray[np.float32], along: slice) -> tuple[int, int]:
    """Leave out the black lines that the averaging window took in, when print lies close; then the edge."""
    first, last = along.start, along.stop
    while first < along.start + WINDOW and share[first] < SPARSE:
        first += 1
    while last > along.stop - WINDOW and share[last - 1] < SPARSE:
        last -= 1
    return first * STEP + EDGE, last * STEP - EDGE


def printed_width(gray: Gray, bottom: int) -> int:
    """Width in pixels of the longest line of print below row ``bottom``; 0 where there is none.

    The body mark in the lower right corner is left out. "DER" is about 30 pixels wide, a line that also gives
    a category 150 and more.

    >>> frame = np.zeros((120, 200), np.uint8); frame[105:110, 20:100:4] = 200
    >>> printed_width(frame, 90)
    77
    """
    below = gray[bottom + 4 :, : int(gray.shape[1] * 0.83)] > 80
    columns = np.flatnonzero(below.sum(axis=0) >= 2)
    return int(columns[-1] - columns[0] + 1) if columns.size else 0


def coloured(rgb: NDArray[np.uint8]) -> int:
    """About the number of coloured pixels (every fourth is looked at): calipers are often drawn in green.

    >>> coloured(np.full((4, 4, 3), 90, np.uint8))
    0
    """
    red, green, blue = (rgb[::2, ::2, i].astype(np.int16) for i in range(3))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return 4 * int((spread > 60).sum())
