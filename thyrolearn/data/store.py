"""Cohorts on disk: pixels in a few flat files that are read a frame at a time, everything else in one small table.

A stored cohort is a folder: ``0000.pixels`` and so on hold, frame after frame, the image's bytes and then its
mask as packed bits; ``0000.json`` holds the rows of that shard. ``cohort.json`` is written last, so a folder
without it is unfinished. No frame is read before it is asked for, and nothing stays mapped into memory.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.arrays import Gray, Mask
from thyrolearn.data.case import Case
from thyrolearn.data.cohort import Cohort, Skipped
from thyrolearn.errors import DataError
from thyrolearn.files import replacing, write_text

if TYPE_CHECKING:
    from thyrolearn.tirads import Descriptors

__all__ = ["VERSION", "write_shard", "finish", "open_cohort", "is_finished", "is_written"]

VERSION = 1  # of this layout; part of every cache key
PLAIN: tuple[str, ...] = (
    "id",
    "source",
    "patient",
    "nodule",
    "label",
    "label_source",
    "level",
    "points",
    "boxes",
    "view",
    "site",
)
PLAIN += ("scanner", "modality", "spacing_mm", "size_mm", "posterior", "digest", "look", "raw", "notes")
FEW = ("source", "label_source", "level", "view", "site", "scanner", "modality", "notes", "descriptors", "readers")


@dataclass(frozen=True)
class Stored:
    """The pixels of one frame in a shard."""

    file: str
    offset: int
    rows: int
    columns: int
    masked: bool
    token: str

    def image(self) -> Gray:
        """The picture, uint8 (rows, columns)."""
        size = self.rows * self.columns
        return self._read(np.uint8, size, self.offset).reshape(self.rows, self.columns)

    def mask(self) -> Mask | None:
        """The mask, or None."""
        if not self.masked:
            return None
        size = self.rows * self.columns
        bits = self._read(np.uint8, (size + 7) // 8, self.offset + size)
        return np.unpackbits(bits, count=size).astype(bool).reshape(self.rows, self.columns)

    def _read(self, kind: type, count: int, offset: int) -> np.ndarray:
        try:
            values: np.ndarray = np.fromfile(self.file, kind, count, offset=offset)
        except OSError as problem:
            raise DataError(f"{self.file} cannot be read ({problem.strerror}).", "Load the cohort again.") from None
        if values.size != count:
            raise DataError(f"{self.file} is cut off.", "Delete its folder and load the cohort again.")
        return values


def _row(case: Case) -> dict[str, Any]:
    row = {name: getattr(case, name) for name in PLAIN}
    row["raw"] = dict(case.raw)
    row["descriptors"] = case.descriptors.words() if case.descriptors else None
    row["readers"] = [reading.words() for reading in case.readers]
    return row


def write_shard(folder: Path, number: int, cases: Iterable[Case]) -> None:
    """Write ``cases`` as shard ``number``: pixels first, then their rows, each in one step."""
    rows = []
    with replacing(folder / f"{number:04d}.pixels") as part, part.open("wb") as out:
        for case in cases:
            image, mask = case.image, case.mask
            row = _row(case)
            row["pixels"] = [out.tell(), *image.shape, mask is not None]
            rows.append(row)
            out.write(np.ascontiguousarray(image).tobytes())
            if mask is not None:
                out.write(np.packbits(mask).tobytes())
    write_text(folder / f"{number:04d}.json", json.dumps(rows, separators=(",", ":")))


def is_written(folder: Path, number: int) -> bool:
    """True where shard ``number`` is complete."""
    return (folder / f"{number:04d}.json").is_file()


def is_finished(folder: Path) -> bool:
    """True where the whole cohort is there."""
    return (folder / "cohort.json").is_file()


def finish(folder: Path, shards: int, token: str, **known: Any) -> None:
    """Gather the rows of all shards into one table of columns; with it the folder counts as finished."""
    rows: list[dict[str, Any]] = []
    for number in range(shards):
        for row in json.loads((folder / f"{number:04d}.json").read_text("utf-8")):
            rows.append({**row, "pixels": [number, *row["pixels"]]})
    columns: dict[str, Any] = {}
    for name in (*PLAIN, "descriptors", "readers", "pixels"):
        values: list[Any] = [row[name] for row in rows]
        if name in FEW:
            kinds = list({json.dumps(v): v for v in values}.values())
            index = {json.dumps(v): i for i, v in enumerate(kinds)}
            columns[name] = {"kinds": kinds, "codes": [index[json.dumps(v)] for v in values]}
        elif name != "pixels" and values and all(v == values[0] for v in values):
            columns[name] = {"kinds": values[:1], "codes": [0] * len(values)}
        else:
            columns[name] = values
    table = {"version": VERSION, "token": token, "rows": len(rows), "known": known, "columns": columns}
    write_text(folder / "cohort.json", json.dumps(table, separators=(",", ":")))


def _descriptors(words: dict[str, Any] | None) -> "Descriptors | None":
    return None if words is None else _reading(*(tuple(v) if isinstance(v, list) else v for v in words.values()))


@cache
def _reading(composition: Any, echogenicity: Any, shape: Any, margin: Any, foci: Any) -> "Descriptors":
    """Some hundred readings cover thousands of cases, and checking the words of each costs time."""
    from thyrolearn.tirads import Descriptors

    return Descriptors(composition, echogenicity, shape, margin, frozenset(foci))


NESTED = ("descriptors", "readers", "raw", "boxes", "spacing_mm", "notes")


def _expand(name: str, column: Any) -> Sequence[Any]:
    """A column as values that may be shared between cases: tuples and read-only records."""
    if not isinstance(column, dict):
        if name not in NESTED:
            return column
        return [_frozen(name, value) for value in column]
    kinds = [_frozen(name, value) for value in column["kinds"]]
    return [kinds[code] for code in column["codes"]]


def _frozen(name: str, value: Any) -> Any:
    if name == "descriptors":
        return _descriptors(value)
    if name == "readers":
        return tuple(_descriptors(words) for words in value)
    if name == "raw":
        return MappingProxyType(value)
    if name == "boxes":
        return tuple(map(tuple, value))
    return tuple(value) if isinstance(value, list) else value


def _pixels(folder: Path, column: list[Any], token: str) -> Iterator[Stored]:
    files: dict[int, str] = {}
    for i, (shard, offset, height, width, masked) in enumerate(column):
        file = files.get(shard) or files.setdefault(shard, str(folder / f"{shard:04d}.pixels"))
        yield Stored(file, offset, height, width, masked, f"{token}:{i}")


def _case(names: list[str], row: tuple[Any, ...]) -> Case:
    """A case from its fields. Every field is there, so the slow `__init__` of a frozen class is passed by."""
    case = object.__new__(Case)
    case.__dict__.update(zip(names, row[1:], strict=True), pixels=row[0])
    return case


def open_cohort(folder: Path, name: str | None = None) -> Cohort:
    """Open a finished folder as a cohort; no pixel is read. Raises `DataError` for an unreadable table."""
    path = folder / "cohort.json"
    try:
        table = json.loads(path.read_text("utf-8"))
        if table["version"] != VERSION:
            raise DataError(
                f"{path} has layout {table['version']}, not {VERSION}.", "Delete the folder and prepare it again."
            )
        columns, known, token = table["columns"], table["known"], table["token"]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise DataError(f"{path} cannot be read ({problem}).", "Delete its folder and load the cohort again.") from None
    names = [name for name in columns if name != "pixels"]
    values = [_expand(name, columns[name]) for name in names]
    rows = zip(_pixels(folder, columns["pixels"], token), *values, strict=True)
    cases = [_case(names, row) for row in rows]
    skipped = [Skipped(**entry) for entry in known.pop("skipped", [])]
    return Cohort(cases, skipped=skipped, **{**known, **({"name": name} if name else {})})
