"""A contact sheet: many frames on one page, to look at with one's own eyes."""

from pathlib import Path

import numpy as np

from thyrolearn.errors import ParameterError
from thyrolearn.files import replacing
from thyrolearn.phantom.records import Frame
from thyrolearn.phantom.rendering import render

__all__ = ["contact_sheet", "isotropic", "tile"]


def isotropic(frame: Frame, height: int) -> np.ndarray:
    """Return the frame's picture with square pixels, ``height`` rows, (height, columns) uint8."""
    from PIL import Image

    rows, columns = frame.shape
    width = round(height * columns * frame.spacing_mm[1] / (rows * frame.spacing_mm[0]))
    return np.asarray(Image.fromarray(frame.image).resize((width, height), Image.Resampling.BICUBIC))


def tile(pictures: list[np.ndarray], columns: int, gap: int = 4) -> np.ndarray:
    """Return the pictures, (rows, columns) uint8 each, on one black page.

    >>> tile([np.full((8, 10), 200, np.uint8)] * 3, columns=2).shape
    (24, 28)
    """
    high = max(p.shape[0] for p in pictures) + gap
    wide = max(p.shape[1] for p in pictures) + gap
    page = np.zeros((high * -(-len(pictures) // columns), wide * columns), np.uint8)
    for i, p in enumerate(pictures):
        row, column = high * (i // columns), wide * (i % columns)
        page[row : row + p.shape[0], column : column + p.shape[1]] = p
    return page


def contact_sheet(path: str | Path, seed: int = 0, *, count: int = 24, columns: int = 6, height: int = 240) -> Path:
    """Write a PNG of ``count`` synthetic frames, one a patient, over all scanners and both views; return its path.

    Raises `ParameterError` when ``count`` or ``columns`` is not positive.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as out:
    ...     contact_sheet(f"{out}/sheet.png", count=2, columns=2, height=64).name
    'sheet.png'
    """
    from PIL import Image

    from thyrolearn.phantom.population import patients

    if count < 1 or columns < 1:
        raise ParameterError(f"count={count}, columns={columns} make no sheet.", "Give 1 or more of each.")
    everyone = patients(count, seed)
    scanners = "ABCDE"
    frames = [
        render(p, p.nodules[0], i % 2, seed, scanner=scanners[(i // 2) % len(scanners)]) for i, p in enumerate(everyone)
    ]
    page = tile([isotropic(frame, height) for frame in frames], columns)
    with replacing(Path(path)) as temporary:
        Image.fromarray(page).save(temporary, format="PNG")
    return Path(path)
