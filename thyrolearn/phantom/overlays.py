"""What machines and operators burn into a frame: calipers, depth ticks, text, side marks, margins.

Off by default. They are shortcuts on purpose: drawn on the malignant frames more often than on the benign ones
(which is for the caller to decide), they teach a network what it should not learn.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from thyrolearn.errors import ParameterError
from thyrolearn.phantom.acquisition import jpeg
from thyrolearn.phantom.records import Frame
from thyrolearn.phantom.scanner import get_scanner
from thyrolearn.seeding import stream

__all__ = ["OVERLAYS", "burn", "write"]

OVERLAYS = ("calipers", "ticks", "text", "side", "margins", "jpeg")

# A 3 x 5 font: each number holds five rows of three bits, top row first.
_FONT = {
    "0": 0o75557, "1": 0o26227, "2": 0o71747, "3": 0o71717, "4": 0o55711, "5": 0o74717, "6": 0o74757, "7": 0o71122,
    "8": 0o75757, "9": 0o75717, "A": 0o25755, "C": 0o74447, "D": 0o65556, "E": 0o74647, "F": 0o74644, "G": 0o74557,
    "H": 0o55755, "I": 0o72227, "L": 0o44447, "M": 0o57755, "N": 0o67555, "O": 0o75557, "R": 0o65655, "S": 0o74717,
    "T": 0o72222, "X": 0o55255, "Z": 0o71247, ".": 0o00002, " ": 0, "-": 0o00700, "Y": 0o55222, "V": 0o55552,
}  # fmt: skip


def write(image: np.ndarray, text: str, row: int, column: int, scale: int = 1, grey: int = 210) -> None:
    """Draw ``text`` (capital letters, digits) on ``image`` (rows, columns) uint8 in place, cut at its border.

    >>> page = np.zeros((8, 12), np.uint8)
    >>> write(page, "1", 1, 1); int((page > 0).sum())
    8
    """
    for letter in text.upper():
        bits = _FONT.get(letter, 0)
        glyph = np.array([[bits >> (14 - 3 * r - c) & 1 for c in range(3)] for r in range(5)], bool)
        glyph = np.kron(glyph, np.ones((scale, scale), bool))
        part = image[row : row + 5 * scale, column : column + 3 * scale]
        part[glyph[: part.shape[0], : part.shape[1]]] = grey
        column += 4 * scale


def burn(frame: Frame, overlays: str | Sequence[str]) -> Frame:
    """Return the frame with ``overlays`` drawn: names of `OVERLAYS`, or "auto" for the scanner's own style.

    The mask and all other truth stay as they are; ``extra["overlays"]`` lists what was drawn. Raises
    `ParameterError` for an unknown name.
    """
    names = [overlays] if isinstance(overlays, str) else list(overlays)
    if names == ["auto"]:
        own = get_scanner(str(frame.extra["scanner"])).overlay
        names = [] if own == "none" else [own]
    for name in names:
        if name not in OVERLAYS:
            raise ParameterError(f"There is no overlay {name!r}.", f"Choose from {', '.join(OVERLAYS)}, auto or none.")
    image = frame.image.copy()
    image.flags.writeable = True
    for name in sorted(names, key=lambda name: (name == "jpeg", name != "margins")):  # margins first, codec last
        image = _DRAW[name](image, frame)
    return replace(frame, image=image, extra={**frame.extra, "overlays": tuple(names)})


def _calipers(image: np.ndarray, frame: Frame) -> np.ndarray:
    """Four crosses at the ends of the nodule's two diameters, with dotted lines between them."""
    rows, columns = np.nonzero(frame.mask)
    if not rows.size:
        return image
    pairs = [(rows.argmin(), rows.argmax()), (columns.argmin(), columns.argmax())]
    arm = max(2, image.shape[0] // 85)
    for a, b in pairs:
        ends = [(int(rows[i]), int(columns[i])) for i in (a, b)]
        for r, c in ends:
            image[max(r - arm, 0) : r + arm + 1, c] = 235
            image[r, max(c - arm, 0) : c + arm + 1] = 235
        steps = np.linspace(0, 1, max(2, int(np.hypot(ends[0][0] - ends[1][0], ends[0][1] - ends[1][1]) / 5)))
        for t in steps:
            r, c = (round(ends[0][k] + t * (ends[1][k] - ends[0][k])) for k in (0, 1))
            image[r, c] = 200
    return image


def _ticks(image: np.ndarray, frame: Frame) -> np.ndarray:
    """A tick every 5 mm of depth along the right edge, longer every 10 mm."""
    size = max(2, image.shape[1] // 90)
    for k in range(1, int(image.shape[0] * frame.spacing_mm[0] / 5) + 1):
        row = int(5 * k / frame.spacing_mm[0])
        if row < image.shape[0]:
            image[row, -size * (2 if k % 2 == 0 else 1) :] = 220
    return image


def _text(image: np.ndarray, frame: Frame) -> np.ndarray:
    """Probe settings in the upper left corner."""
    scanner = get_scanner(str(frame.extra["scanner"]))
    scale = max(1, image.shape[0] // 256)
    lines = (f"{scanner.frequency:.1f} MHZ", f"DR {scanner.range_db:.0f}", f"G {50 + round(frame.patient.gain_db)}")
    for i, line in enumerate(lines):
        write(image, line, 4 * scale + 8 * scale * i, 4 * scale, scale)
    return image


def _side(image: np.ndarray, frame: Frame) -> np.ndarray:
    """Side and view in the lower left corner."""
    scale = max(1, image.shape[0] // 256)
    view = "TRANS" if frame.view == "transverse" else "LONG"
    write(image, f"{str(frame.extra['side'])[:1]} {view}", image.shape[0] - 9 * scale, 4 * scale, scale)
    return image


def _margins(image: np.ndarray, frame: Frame) -> np.ndarray:
    """Black margins of a few percent on each side, another width for each frame."""
    draw = stream(frame.seed, frame.patient.number, frame.nodule.number, frame.number, "margins").random(4)
    rows, columns = image.shape
    top, bottom, left, right = (0.02 + 0.05 * draw) * (rows, rows, columns, columns)
    image[: int(top)] = image[rows - int(bottom) :] = 0
    image[:, : int(left)] = image[:, columns - int(right) :] = 0
    return image


def _jpeg(image: np.ndarray, frame: Frame) -> np.ndarray:
    return (jpeg(image.astype(np.float32) / np.float32(255), 75) * 255 + 0.5).astype(np.uint8)


_DRAW = {
    "calipers": _calipers,
    "ticks": _ticks,
    "text": _text,
    "side": _side,
    "margins": _margins,
    "jpeg": _jpeg,
}
