"""Tables from spreadsheets: every cell is text until somebody says what it means.

Excel writes byte-order marks, UTF-16, semicolons and decimal commas; patient 001 must not become 1; and a size may be
"12 mm", "1.2 cm" or "12x8x9". What can be understood is converted by a stated rule, the rest is an error with its row.
"""

import csv
import io
import math
import re
from pathlib import Path

from thyrolearn.errors import DataError

__all__ = ["read_rows", "label_of", "millimetres", "number"]

Row = dict[str, str]
BENIGN = ("0", "b", "benign", "benigno", "benigna", "negative")
MALIGNANT = ("1", "m", "malignant", "malign", "maligno", "maligna", "cancer", "positive")
UNKNOWN = ("", "na", "nan", "n/a", "none", "unknown", "?")
LARGEST_MM = 150.0


def read_rows(path: Path | str, header: tuple[str, ...] | None = None) -> list[Row]:
    """Read a CSV as rows of text by column name, lower case and stripped; ``header`` names columns where no line does.

    Accepts a byte-order mark, UTF-8, UTF-16 and Latin-1, comma, semicolon or tab, any line ends. Raises
    `DataError` for duplicate columns and for rows with too many cells.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "labels.csv"
    ...     _ = path.write_bytes("\\ufeffFile;Patient\\r\\na.png;001\\r\\n".encode())
    ...     read_rows(path)
    [{'file': 'a.png', 'patient': '001'}]
    """
    path = Path(path)
    try:
        text = _decoded(path.read_bytes())
    except OSError as problem:
        raise DataError(f"{path} cannot be read ({problem.strerror}).", "Check the path and its permissions.") from None
    lines = [
        row for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)) if any(map(str.strip, row))
    ]
    names = list(header) if header else [name.strip().lower() for name in (lines.pop(0) if lines else [])]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise DataError(f"{path} has the column {sorted(twice)[0]!r} twice.", "Rename or remove one of them.")
    rows = []
    for number_, cells in enumerate(lines, 1 if header else 2):
        if len(cells) > len(names):
            raise DataError(
                f"{path}, line {number_}: {len(cells)} cells for {len(names)} columns.", "Quote cells with commas."
            )
        rows.append({name: cell.strip() for name, cell in zip(names, [*cells, *[""] * len(names)], strict=False)})
    return rows


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _delimiter(text: str) -> str:
    first = text.lstrip().splitlines()[0] if text.strip() else ""
    return max(",;\t", key=first.count)


def label_of(text: str, where: str) -> int | None:
    """Turn a label's word into 1, 0 or None (unknown); anything else is a `DataError` that names ``where``.

    >>> label_of(" Malign ", "row 2"), label_of("0", "row 3"), label_of("", "row 4")
    (1, 0, None)
    """
    word = text.strip().lower()
    if word in BENIGN:
        return 0
    if word in MALIGNANT:
        return 1
    if word in UNKNOWN:
        return None
    allowed = "0, 1, benign, malignant or an empty cell"
    raise DataError(f"{where}: the label {text!r} is not known.", f"Allowed: {allowed}.")


def number(text: str, where: str) -> float | None:
    """Turn a cell into a number; a decimal comma is accepted, an empty cell is None.

    >>> number("0,125", "row 2"), number("", "row 3")
    (0.125, None)
    """
    word = text.strip().lower()
    if word in UNKNOWN:
        return None
    try:
        value = float(word.replace(",", ".") if word.count(",") == 1 and "." not in word else word)
    except ValueError:
        raise DataError(
            f"{where}: {text!r} is not a number.", "Write digits with a point, or leave it empty."
        ) from None
    if not math.isfinite(value):
        raise DataError(f"{where}: {text!r} is not a finite number.", "Leave unknown cells empty.")
    return value


def millimetres(text: str, where: str) -> float | None:
    """Turn a size into mm, the largest of several diameters; mm unless the cell says cm; None where empty.

    Raises `DataError` for a size of 0 or less or above 150 mm, which is a typing error or another unit.

    >>> millimetres("12 mm", "row 2"), millimetres("1,2cm", "row 3"), millimetres("12x8x9", "row 4")
    (12.0, 12.0, 12.0)
    """
    word = text.strip().lower()
    if word in UNKNOWN:
        return None
    unit = 10.0 if word.endswith("cm") else 1.0
    sizes = [number(part, where) for part in re.split(r"\s*[x×*]\s*", re.sub(r"\s*[cm]m\s*", "", word))]
    largest = max((unit * size for size in sizes if size is not None), default=0.0)
    if not all(size is not None and 0 < unit * size <= LARGEST_MM for size in sizes):
        raise DataError(
            f"{where}: a size of {text!r} cannot be.", f"Allowed: above 0 up to {LARGEST_MM:.0f} mm, or empty."
        )
    return round(largest, 6)
