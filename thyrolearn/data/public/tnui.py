"""TNUI-2021 (Nie et al., 2022): images with nodule masks in three parts. No patient is named."""

from pathlib import Path

from thyrolearn.data.cohort import Cohort
from thyrolearn.data.public.pictures import add, pictures_in
from thyrolearn.data.public.reading import Damaged, Reading, folder_of
from thyrolearn.errors import DataError

__all__ = ["read", "gather"]

PARTS = ("train", "val", "test")


def _base(folder: Path) -> Path | None:
    """The folder that holds train, val and test with images and masks in them."""
    for place in (folder, *sorted(p for p in folder.rglob("thyroid_data") if p.is_dir())):
        if any((place / part / "images").is_dir() for part in PARTS):
            return place
    return None


def gather(root: Path | str | None, *, damaged: Damaged = "raise") -> Reading:
    """Read the folder and return the account."""
    folder = folder_of(root, "tnui")
    base = _base(folder)
    if base is None:
        raise DataError(f"{folder} holds no train/images, val/images or test/images.", "Give the folder thyroid_data.")
    reading = Reading("tnui", damaged)
    for part in PARTS:
        images, masks = (
            pictures_in(base / part / kind) if (base / part / kind).is_dir() else {} for kind in ("images", "masks")
        )
        reading.images += len(images)
        for stem, file in reading.each(images):
            if stem in masks:
                id = f"{part}/{stem}"
                add(reading, file, id=id, patient=id, mask_file=masks[stem], raw={"part": part})
            else:
                reading.skip(f"{part}/images/{file.name}", "it has no mask here")
        for stem in sorted(set(masks) - set(images)):
            reading.skip(f"{part}/masks/{masks[stem].name}", "its image is not here")
    return reading


def read(root: Path | str | None, *, damaged: Damaged = "raise") -> Cohort:
    """Read TNUI-2021 as a cohort of images with masks; ``case.raw["part"]`` keeps the official split."""
    return gather(root, damaged=damaged).cohort(card="tnui", unit="image")
