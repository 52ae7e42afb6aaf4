"""Pictures from files that nobody promised to be good: every format, size and depth is decided here.

Allowed: JPEG, PNG, BMP, TIFF and WebP, one still picture, at most 40 million pixels. A file is always decoded
whole, because a picture that is cut off half-way opens without complaint. 16-bit values are scaled by their
own range, never clipped; transparency is laid on black; a rotation stored in the file (EXIF) is applied.
"""

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from thyrolearn.arrays import Gray, Mask
from thyrolearn.errors import DataError, ParameterError

if TYPE_CHECKING:
    from PIL import Image

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "LARGEST",
    "decode",
    "to_gray",
    "read_gray",
    "read_rgb",
    "read_mask",
    "binarise",
    "perceptual_hash",
    "resize",
]

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
LARGEST = 40_000_000  # pixels
SMALLEST = 8  # pixels on the shorter side


def decode(path: Path | str, *, smaller: bool = False) -> "tuple[Image.Image, bytes]":
    """Open, check and decode ``path`` whole; return the PIL picture, upright, and the file's bytes.

    ``smaller`` lets a JPEG be decoded at a fraction of its size and leaves it as stored: see `glance`.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise DataError(f"{path} cannot be read ({problem.strerror}).", "Check the path and its permissions.") from None
    if not data:
        raise DataError(f"{path} is empty (0 bytes).", "Copy the file again.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning, OSError) as problem:
        raise DataError(*_unopened(path, data, problem)) from None
    columns, rows = picture.size
    if columns * rows > LARGEST:
        raise DataError(
            f"{path} is {columns} x {rows} pixels.", f"At most {LARGEST:,} pixels are read: make it smaller."
        )
    if min(rows, columns) < SMALLEST:
        raise DataError(f"{path} is {columns} x {rows} pixels.", f"Each side must have at least {SMALLEST}.")
    count = getattr(picture, "n_frames", 1)
    if count > 1:
        raise DataError(f"{path} holds {count} pictures.", "Save each as a file of its own.")
    if smaller:
        picture.info["size"] = picture.size
        picture.draft("L", (columns // 4, rows // 4))
    try:
        picture.load()
    except (OSError, SyntaxError, ValueError) as problem:
        raise DataError(f"{path} is cut off or damaged ({problem}).", "Copy or download the file again.") from None
    return picture if smaller else ImageOps.exif_transpose(picture), data


def _unopened(path: Path, data: bytes, problem: Exception) -> tuple[str, str]:
    head = data[:200].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return f"{path} is a web page, not a picture.", "The download needs a login or another link: fetch it again."
    if "Bomb" in type(problem).__name__:
        return f"{path} unpacks to far too many pixels.", f"At most {LARGEST:,} pixels are read: make it smaller."
    return f"{path} is not a {', '.join(FORMATS)} picture.", "Convert it, or remove it from the folder."


def read_gray(path: Path | str) -> Gray:
    """Read a picture as uint8 grey, (rows, columns).

    Colour is turned to grey by the luma weights of ITU-R BT.601. Raises `DataError` naming file and remedy.

    >>> import tempfile; from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "deep.png"
    ...     Image.fromarray(np.arange(0, 60000, 600, dtype=np.uint16).reshape(10, 10)).save(path)
    ...     gray = read_gray(path)
    >>> gray.dtype, int(gray.min()), int(gray.max())
    (dtype('uint8'), 0, 255)
    """
    picture, _ = decode(path)
    return to_gray(picture)


def to_gray(picture: "Image.Image") -> Gray:
    """Turn a decoded PIL picture into uint8 grey: deep ones scaled by their range, transparency on black."""
    from PIL import Image

    if picture.mode.startswith(("I", "F")):
        return stretch(np.asarray(picture, dtype=np.float64))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layered = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layered.size, (0, 0, 0, 255)), layered)
    return np.array(picture.convert("L"))


def stretch(deep: np.ndarray) -> Gray:
    """Scale deep grey to 0..255 by its own range; 8-bit grey stays, a constant deep picture becomes 0."""
    if deep.dtype == np.uint8:
        return deep
    finite = np.isfinite(deep)
    if not finite.all():
        deep = np.where(finite, deep, deep[finite].min() if finite.any() else 0.0)
    low, high = deep.min(), deep.max()
    if high <= low:
        return np.zeros(deep.shape, np.uint8)
    return np.round((deep - low) * (255.0 / (high - low))).astype(np.uint8)


def read_rgb(path: Path | str) -> np.ndarray:
    """Read a picture as uint8 colour, (rows, columns, 3); used to find coloured calipers."""
    picture, _ = decode(path)
    return np.array(picture.convert("RGB"))


def read_mask(path: Path | str, shape: tuple[int, int] | None = None) -> Mask:
    """Read a mask by the one rule of `binarise`; raise `DataError` where it has not ``shape``."""
    picture, _ = decode(path)
    values = np.array(picture) if picture.mode in ("P", "I", "I;16", "F") else to_gray(picture)
    mask = binarise(values if picture.mode != "1" else np.array(picture))
    if shape is not None and mask.shape != shape:
        raise DataError(
            f"{path} is {mask.shape[1]} x {mask.shape[0]} pixels, its image {shape[1]} x {shape[0]}.",
            "Export the mask at the size of its image.",
        )
    return mask


def binarise(values: np.ndarray) -> Mask:
    """Turn grey mask values into a mask: above 127 where the values are grey, above 0 where they are 0 and 1.

    A mask that was saved as JPEG has grey edges; above 0 would add a median of 10 % to the area of a TN3K
    mask, keeping only 255 would lose 9 %. Class maps (more than two small values) are refused, since nobody
    can guess which class is the nodule. Lesson: start/data_and_splits.

    >>> binarise(np.array([[0, 90, 140, 255]])), binarise(np.array([[0, 1, 1]]))
    (array([[False, False,  True,  True]]), array([[False,  True,  True]]))
    """
    values = np.asarray(values)
    if values.dtype == bool:
        return values
    highest = values.max(initial=0)
    if highest <= 1:
        return values > 0
    if highest <= 16:
        found = ", ".join(str(v) for v in np.unique(values))
        raise DataError(f"A mask holds the class numbers {found}.", "Give a mask with one class, 0/1 or 0/255.")
    if values.dtype == np.uint16 and highest > 255:
        return values > 32767
    return values > 127


def perceptual_hash(gray: Gray) -> str:
    """Return a 256-bit hash of what a picture looks like, as hex: alike pictures differ in few bits.

    The signs of the lowest 16 x 16 cosine coefficients of a 64 x 64 copy (after Zauner, Implementation and
    Benchmarking of Perceptual Image Hash Functions, 2010); `repeats.NEAR` is the distance that counts.

    >>> ramp = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    >>> len(perceptual_hash(ramp)), perceptual_hash(ramp) == perceptual_hash(ramp.copy())
    (64, True)
    """
    from scipy.fft import dctn

    small = resize(gray, (64, 64)).astype(np.float64)
    waves = dctn(small, norm="ortho")[:16, :16]
    waves[0, 0] = 0.0  # brightness says nothing
    return np.packbits(waves > 0).tobytes().hex()


def resize(
    gray: np.ndarray, shape: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> np.ndarray:
    """Resample uint8 ``gray`` (or its ``box``) to ``shape`` (rows, columns), with the filter widened when shrinking.

    >>> resize(np.full((10, 20), 7, np.uint8), (5, 5)).shape
    (5, 5)
    """
    from PIL import Image

    if min(shape) < 1:
        raise ParameterError(f"A picture of shape {shape} cannot be made.", "Each side must be at least 1.")
    picture = Image.fromarray(np.ascontiguousarray(gray))
    return np.asarray(picture.resize((shape[1], shape[0]), Image.Resampling.BILINEAR, box=box))


def glance(path: Path | str) -> tuple[tuple[int, int], str, str]:
    """Return shape, hash of the bytes and `perceptual_hash` of a picture ("" for one that is all of one grey).

    A file that is cut off is found. A JPEG is decoded at an eighth of its size, which still reads it to its end and
    takes a third of the time.
    """
    from PIL import ImageOps

    picture, data = decode(path, smaller=True)
    columns, rows = picture.info["size"]
    upright = ImageOps.exif_transpose(picture)
    shape = (columns, rows) if upright.size == picture.size[::-1] != picture.size else (rows, columns)
    gray = to_gray(upright)
    return shape, digest_of(data), perceptual_hash(gray) if np.ptp(gray) else ""


def digest_of(data: bytes) -> str:
    """The hash that names a file's bytes."""
    import hashlib

    return hashlib.blake2b(data, digest_size=16).hexdigest()
