"""TN5000 (Zhang et al., Sci Data 12:1437, 2025): one box and one label an image, in Pascal VOC files.

The object's name is the label as a string, "0" benign and "1" malignant. No patient is named.
"""

from pathlib import Path
from typing import Any

from thyrolearn.data.cohort import Cohort
from thyrolearn.data.images import glance
from thyrolearn.data.public.pictures import add, find_folders, pictures_in
from thyrolearn.data.public.reading import Damaged, Reading, folder_of
from thyrolearn.data.public.voc import Marked, read_voc
from thyrolearn.errors import DataError

__all__ = ["read", "gather"]

PARTS = ("train", "val", "test")


def _parts(folder: Path) -> dict[str, str]:
    """The official part of each image number."""
    lists = {path.stem: path for path in sorted(folder.rglob("*.txt")) if path.stem in PARTS}
    return {line.strip(): part for part, path in lists.items() for line in path.read_text("utf-8").splitlines()}


def _label(objects: list[Marked], file: str, reading: Reading) -> int | None:
    names = {marked.name for marked in objects}
    unknown = names - {"0", "1"}
    if unknown:
        reading.skip(file, f"the class {sorted(unknown)[0]!r} is neither 0 nor 1")
        return None
    if len(names) > 1:
        reading.note(file, "one image holds a benign and a malignant nodule; it counts as malignant")
    return max(int(name) for name in names)


def gather(root: Path | str | None, *, damaged: Damaged = "raise") -> Reading:
    """Read the folder and return the account."""
    folder = folder_of(root, "tn5000")
    found = find_folders(folder, "JPEGImages", "Annotations")
    if len(found) < 2:
        raise DataError(f"{folder} holds no JPEGImages and Annotations.", "Give the folder TN5000_forReview.")
    reading = Reading("tn5000", damaged)
    images = pictures_in(found["jpegimages"])
    files = {path.stem: path for path in found["annotations"].glob("*.xml")}
    parts = _parts(folder)
    reading.images = len(images)
    for stem, file in reading.each(images):
        if stem not in files:
            reading.skip(file.name, "it has no annotation here")
            continue
        try:
            seen = glance(file)
            objects = read_voc(files[stem], seen[0], reading)
        except DataError as problem:
            reading.damage(file.name if file.name in problem.problem else files[stem].name, problem)
            continue
        if not objects:
            reading.skip(file.name, f"{files[stem].name} holds no usable box")
            continue
        label = _label(objects, files[stem].name, reading)
        if label is None:
            continue
        boxes = tuple(marked.box for marked in objects)
        reading.annotations += len(boxes)
        raw = {"part": parts.get(stem), "classes": tuple(marked.name for marked in objects)}
        known: dict[str, Any] = {"raw": raw, "label": label, "label_source": "TN5000 label"}
        add(reading, file, id=stem, patient=stem, boxes=boxes, seen=seen, **known)
    for stem in sorted(set(files) - set(images)):
        reading.skip(files[stem].name, "its image is not here")
    return reading


def read(root: Path | str | None, *, damaged: Damaged = "raise") -> Cohort:
    """Read TN5000 as a cohort of images with boxes and labels; ``case.raw["part"]`` keeps the official split."""
    return gather(root, damaged=damaged).cohort(card="tn5000", unit="image")
