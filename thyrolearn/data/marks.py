"""Boxes and contours from strangers' files: checked against the picture they belong to."""

import math
from collections.abc import Sequence

from thyrolearn.data.case import Box

__all__ = ["checked_box"]


def checked_box(corners: Sequence[object], shape: tuple[int, int]) -> tuple[Box | None, str]:
    """Check (x0, y0, x1, y1) against a picture of ``shape`` (rows, columns): the box, cut to it, and a remark.

    A box that has no area, lies outside, or holds no numbers is None, with the reason; one that leaves the picture
    is cut at its edge, with a remark; a sound one has an empty remark.

    >>> checked_box((10, 10, 300, 50), (100, 200))
    ((10.0, 10.0, 200.0, 50.0), 'a box leaves the picture and is cut off at its edge')
    >>> checked_box((50, 10, 20, 40), (100, 200))
    (None, 'a box has its right edge before its left one')
    """
    try:
        x0, y0, x1, y1 = (float(str(value)) for value in corners)
    except ValueError:
        return None, f"a box holds {', '.join(map(str, corners))}, not four numbers"
    if not all(map(math.isfinite, (x0, y0, x1, y1))):
        return None, "a box holds a value that is not finite"
    if x1 < x0:
        return None, "a box has its right edge before its left one"
    if y1 < y0:
        return None, "a box has its lower edge above its upper one"
    if x1 == x0 or y1 == y0:
        return None, "a box has no area"
    rows, columns = shape
    cut = (max(x0, 0.0), max(y0, 0.0), min(x1, float(columns)), min(y1, float(rows)))
    if cut[2] <= cut[0] or cut[3] <= cut[1]:
        return None, "a box lies outside the picture"
    return cut, "" if cut == (x0, y0, x1, y1) else "a box leaves the picture and is cut off at its edge"
