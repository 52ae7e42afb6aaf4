"""TN3K with the labels of TNCD (Gong et al., ISBI 2021, doi 10.1109/ISBI48211.2021.9434087; arXiv 2207.00807).

Both parts number their files from 0000, so an id carries its part: ``trainval/0000``. Masks are JPEG files with
grey edges: above 127 is nodule. No patient is named, and neighbours can be frames of one sweep.
"""

import json
from pathlib import Path
from typing import Any

from thyrolearn.data.cohort import Cohort
from thyrolearn.data.public.pictures import add, find_folders, pictures_in, read_outline
from thyrolearn.data.public.reading import Damaged, Reading, folder_of
from thyrolearn.data.tables import label_of, read_rows
from thyrolearn.errors import DataError

__all__ = ["read", "gather"]

PARTS = ("trainval", "test")
LABEL_SOURCE = "TNCD label"


def _labels(root: Path, part: str) -> dict[str, int | None]:
    """The labels of one part by file stem; empty where the CSV is not there."""
    names = [f"label4{part}.csv"]
    found = next((path for name in names for path in sorted(root.rglob(name))), None)
    if found is None:
        return {}
    rows = read_rows(found, header=("file", "label"))
    # Some copies add a header line; it is no label.
    rows = [row for row in rows if not row["file"].lower().startswith(("file", "image", "name"))]
    return {Path(row["file"]).stem: label_of(row["label"], f"{found.name}, {row['file']}") for row in rows}


def _folds(root: Path) -> dict[int, int]:
    """The fold in which each train/val number validates. The files hold positions; numbering has no gaps."""
    folds: dict[int, int] = {}
    for path in sorted(root.rglob("tn3k-trainval-fold?.json")):
        try:
            positions = json.loads(path.read_text("utf-8"))["val"]
        except (OSError, ValueError, KeyError, TypeError):
            raise DataError(f"{path} is not a fold file.", "Copy it again from the official archive.") from None
        folds.update({int(position): int(path.stem[-1]) for position in positions})
    return folds


def gather(root: Path | str | None, *, damaged: Damaged = "raise", part: str | None = None) -> Reading:
    """Read the folder and return the account."""
    folder = folder_of(root, "tn3k")
    found = find_folders(folder, *(f"{p}-{kind}" for p in PARTS for kind in ("image", "mask")))
    if not found:
        raise DataError(
            f"{folder} holds no trainval-image or test-image.", "Give the folder that the archive unpacks to."
        )
    reading = Reading("tn3k", damaged)
    folds = _folds(folder)
    for name in PARTS:
        images = pictures_in(found[f"{name}-image"]) if f"{name}-image" in found else {}
        masks = pictures_in(found[f"{name}-mask"]) if f"{name}-mask" in found else {}
        reading.images += len(images)
        if part in (None, name):
            _part(reading, name, images, masks, _labels(folder, name), folds if name == "trainval" else {})
    return reading


def _part(reading: Reading, name: str, images: Any, masks: Any, labels: Any, folds: dict[int, int]) -> None:
    for stem, file in reading.each(images):
        if stem not in masks:
            reading.skip(f"{name}-image/{file.name}", "it has no mask here")
            continue
        raw = {"part": name, "fold": folds.get(int(stem)) if stem.isdigit() else None}
        label = labels.get(stem)
        source = LABEL_SOURCE if label is not None else ""
        id = f"{name}/{stem}"
        add(reading, file, id=id, patient=id, mask_file=masks[stem], raw=raw, label=label, label_source=source)
    for stem, file in masks.items():
        if stem not in images:
            reading.skip(f"{name}-mask/{file.name}", "its image is not here")
            reading.annotations += read_outline(file, None, f"{name}-mask/{file.name}", reading) is not None


def read(root: Path | str | None, *, damaged: Damaged = "raise", part: str | None = None) -> Cohort:
    """Read TN3K as a cohort of images with masks, and TNCD's labels where its CSV files are there.

    ``part`` is "trainval", "test" or None for both; ``case.raw["part"]`` and ``raw["fold"]`` keep the official
    split. Raises `DataError` for a wrong root, a damaged file, or a copy in which no image has its mask.
    """
    reading = gather(root, damaged=damaged, part=part)
    if not reading.cases:
        raise DataError(f"{root} holds no image together with its mask.", "Run: thyrolearn data check tn3k ROOT")
    return reading.cohort(card="tn3k", unit="image")
