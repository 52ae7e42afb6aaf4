"""TG3K (Gong et al., Comput Biol Med 155:106389, 2023): thyroid *gland* masks on frames of 16 healthy sweeps.

The mask is the gland, not a nodule, and no case has a label. Frames of one sweep are neighbours in number, and
no file says where a sweep ends, so a random split of frames leaks: use it to learn from, not to report on.
"""

import json
from pathlib import Path

from thyrolearn.data.cohort import Cohort
from thyrolearn.data.public.pictures import add, find_folders, pictures_in
from thyrolearn.data.public.reading import Damaged, Reading, folder_of
from thyrolearn.errors import DataError

__all__ = ["read", "gather"]


def _validation(root: Path) -> set[int]:
    path = next(iter(sorted(root.rglob("tg3k-trainval.json"))), None)
    if path is None:
        return set()
    try:
        return {int(position) for position in json.loads(path.read_text("utf-8"))["val"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path} is not a split file.", "Copy it again from the official archive.") from None


def gather(root: Path | str | None, *, damaged: Damaged = "raise") -> Reading:
    """Read the folder and return the account."""
    folder = folder_of(root, "tg3k")
    found = find_folders(folder, "thyroid-image", "thyroid-mask")
    if len(found) < 2:
        raise DataError(f"{folder} holds no thyroid-image and thyroid-mask.", "Give the folder that has both.")
    reading = Reading("tg3k", damaged)
    images, masks = pictures_in(found["thyroid-image"]), pictures_in(found["thyroid-mask"])
    reading.images = len(images)
    validation = _validation(folder)
    for position, (stem, file) in enumerate(reading.each(images)):
        if stem not in masks:
            reading.skip(f"thyroid-image/{file.name}", "it has no mask here")
            continue
        part = "val" if position in validation else "train"
        add(
            reading,
            file,
            id=stem,
            patient=stem,
            mask_file=masks[stem],
            raw={"part": part},
            notes=("the mask is the gland, not a nodule",),
        )
    for stem in sorted(set(masks) - set(images)):
        reading.skip(f"thyroid-mask/{masks[stem].name}", "its image is not here")
    return reading


def read(root: Path | str | None, *, damaged: Damaged = "raise") -> Cohort:
    """Read TG3K as a cohort of frames with gland masks and without labels."""
    return gather(root, damaged=damaged).cohort(card="tg3k", unit="image")
