"""AUITD, the Algeria Ultrasound Images Thyroid Dataset (no paper found): one folder a class.

The class "normal" is a thyroid without a nodule: it has no label here, since counting it as benign or, as some loaders
do, as malignant would be wrong. A folder whose name is not known is reported, not guessed at.
"""

from pathlib import Path

from thyrolearn.data.cohort import Cohort
from thyrolearn.data.public.pictures import add, pictures_in
from thyrolearn.data.public.reading import Damaged, Reading, folder_of, natural
from thyrolearn.errors import DataError

__all__ = ["read", "gather"]

PARTS = ("train", "test", "val", "valid", "validation")
CLASSES = {"benign": 0, "malignant": 1, "malign": 1, "normal": None, "normal thyroid": None}


def _class_folders(folder: Path) -> list[Path]:
    """The class folders: those directly below a part, or below the root where there are no parts."""
    parts = [p for p in folder.rglob("*") if p.is_dir() and p.name.lower() in PARTS] or [folder]
    return sorted((p for part in parts for p in part.iterdir() if p.is_dir()), key=lambda p: natural(str(p)))


def gather(root: Path | str | None, *, damaged: Damaged = "raise") -> Reading:
    """Read the folder and return the account."""
    folder = folder_of(root, "auitd")
    reading = Reading("auitd", damaged)
    folders = _class_folders(folder)
    if not any(p.name.strip().lower() in CLASSES for p in folders):
        raise DataError(f"{folder} holds no folder named benign, malignant or normal.", "Give the unpacked folder.")
    for place in folders:
        name = place.name.strip().lower()
        images = pictures_in(place)
        reading.images += len(images)
        if name not in CLASSES:
            reading.skip(str(place.relative_to(folder)), f"the class of {len(images)} images is not known")
            continue
        part = place.parent.name.lower() if place.parent != folder else ""
        for stem, file in images.items():
            id = str(file.relative_to(folder).with_suffix(""))
            label = CLASSES[name]
            source = "AUITD folder" if label is not None else ""
            notes = ("no nodule: a normal thyroid",) if label is None else ()
            raw = {"class": place.name, "part": part, "stem": stem}
            add(reading, file, id=id, patient=id, raw=raw, label=label, label_source=source, notes=notes)
    return reading


def read(root: Path | str | None, *, damaged: Damaged = "raise") -> Cohort:
    """Read AUITD as a cohort of labelled images without outlines; normal thyroids have no label."""
    return gather(root, damaged=damaged).cohort(card="auitd", unit="image")
