"""Stanford thyroid ultrasound cine-clips (Yamashita et al., Radiology: AI, 2022; data doi 10.71718/7m5n-rh16).

One HDF5 file of 36 GB holds all frames: it is read row by row, never whole. ``annot_id`` names a nodule; 167
patients share 192 of them and no table says which, so a split by nodule can still share a patient. The label is
``histopath_diagnosis``, not the level that some benchmarks derive a "pathology" from.
"""

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.arrays import Gray, Mask
from thyrolearn.data.case import Case, boxes_of
from thyrolearn.data.cohort import Cohort
from thyrolearn.data.public.reading import Damaged, Reading, folder_of, natural
from thyrolearn.data.tables import Row, label_of, number, read_rows
from thyrolearn.errors import DataError

if TYPE_CHECKING:
    import h5py

__all__ = ["read", "gather"]

LABEL_SOURCE = "pathology"


@dataclass(frozen=True)
class Row5:
    """The pixels of one row of the HDF5 file."""

    file: Path
    row: int
    token: str

    def image(self) -> Gray:
        """The frame, uint8."""
        with _open(self.file) as data:
            return np.asarray(data["image"][self.row], dtype=np.uint8)

    def mask(self) -> Mask | None:
        """The nodule, with holes filled, since some masks are outlines."""
        with _open(self.file) as data:
            return _filled(data["mask"][self.row])


def _filled(values: Any) -> Mask:
    from scipy import ndimage

    return np.asarray(ndimage.binary_fill_holes(np.asarray(values) > 127), dtype=bool)


def _open(path: Path) -> "h5py.File":
    try:
        import h5py
    except ImportError:
        raise DataError("The Stanford clips are an HDF5 file.", "Install its reader: pip install h5py") from None
    try:
        return h5py.File(path, "r")
    except OSError as problem:
        raise DataError(f"{path} is not a readable HDF5 file ({problem}).", "Download it again.") from None


def _nodules(path: Path) -> dict[str, Row]:
    return {row.get("annot_id", "").rstrip("_"): row for row in read_rows(path)}


def _facts(row: Row, where: str) -> dict[str, Any]:
    """What the metadata says of a nodule; sizes there are in cm."""
    sizes = [number(row.get(f"size_{axis}", ""), where) for axis in "xyz"]
    largest = max((size for size in sizes if size), default=None)
    label = label_of((row.get("histopath_diagnosis") or "").removesuffix(".0"), where)
    return {
        "label": label,
        "label_source": LABEL_SOURCE if label is not None else "",
        "level": (row.get("ti-rads_level") or "").removesuffix(".0") or None,
        "size_mm": round(10 * largest, 3) if largest else None,
        "raw": row,
    }


def gather(root: Path | str | None, *, damaged: Damaged = "raise", every: int = 0) -> Reading:
    """Read the folder and return the account; see `read` for ``every``."""
    folder = folder_of(root, "stanford")
    files = sorted(folder.rglob("*.hdf5")) + sorted(folder.rglob("*.h5"))
    table = next(iter(sorted(folder.rglob("metadata.csv"))), None)
    if not files or table is None:
        raise DataError(f"{folder} holds no dataset.hdf5 and metadata.csv.", "Give the folder that has both.")
    reading = Reading("stanford", damaged)
    rows = _nodules(table)
    with _open(files[0]) as data:
        missing = {"image", "mask", "annot_id", "frame_num"} - set(data)
        if missing:
            raise DataError(f"{files[0]} has no {sorted(missing)[0]!r}.", "Is it the file dataset.hdf5 of the set?")
        owners = [_text(value).rstrip("_") for value in data["annot_id"][:]]
        numbers = [_text(value) for value in data["frame_num"][:]]
        reading.images = len(owners)
        for nodule in sorted(set(owners), key=natural):
            clip = sorted((i for i, owner in enumerate(owners) if owner == nodule), key=lambda i: natural(numbers[i]))
            chosen = clip[::every] if every else [clip[len(clip) // 2]]
            _clip(data, files[0], nodule, chosen, numbers, rows.get(nodule), table.name, reading)
    for nodule in sorted(set(rows) - set(owners), key=natural):
        reading.skip(table.name, f"nodule {nodule} has no frames here")
    return reading


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _clip(
    data: Any,
    file: Path,
    nodule: str,
    chosen: list[int],
    numbers: list[str],
    row: Row | None,
    table: str,
    reading: Reading,
) -> None:
    if row is None:
        reading.note(f"nodule {nodule}", f"{table} does not list it; its label is unknown")
    facts = _facts(row or {}, f"{table}, nodule {nodule}")
    for i in chosen:
        mask = _filled(data["mask"][i])
        name = f"{nodule}/{numbers[i]}"
        if not mask.any():
            reading.skip(name, "its mask is empty")
            continue
        reading.annotations += 1
        reading.usable += 1
        raw = MappingProxyType({**facts["raw"], "frame": numbers[i], "row": i, "file": name})
        known = {**facts, "raw": raw, "boxes": boxes_of(mask) or boxes_of(mask, smallest=1)}
        pixels = Row5(file, i, f"{file.stat().st_size}:{i}")
        reading.cases.append(
            Case(id=name, source=reading.name, patient=nodule, nodule=nodule, pixels=pixels, site="Stanford", **known)
        )


def read(root: Path | str | None, *, damaged: Damaged = "raise", every: int = 0) -> Cohort:
    """Read the clips as a cohort of frames: the middle frame of each nodule, or with ``every`` each n-th frame.

    Frames stay in the file until they are asked for. Needs ``h5py``.
    """
    return gather(root, damaged=damaged, every=every).cohort(card="stanford", unit="nodule", join=False)
