"""Copies of DDTI as image and mask folders, without the XML: no case, no category, no patient is left in them.

Two layouts circulate: ``image`` beside ``mask`` with equal numbers, and the archive with ``1_or_data`` and
``2_preprocessed_data/stage1/{p_image,p_mask}`` (637 crops). Its ``category.csv`` is not
used: an audit calls it invalid.
"""

from pathlib import Path

from thyrolearn.data.cohort import Cohort
from thyrolearn.data.public.pictures import add, find_folders, pictures_in
from thyrolearn.data.public.reading import Damaged, Reading, folder_of
from thyrolearn.errors import DataError

__all__ = ["read", "gather"]

LAYOUTS = (("p_image", "p_mask"), ("image", "mask"))


def gather(root: Path | str | None, *, damaged: Damaged = "raise") -> Reading:
    """Read the folder and return the account; where both layouts are there, the crops are read."""
    folder = folder_of(root, "ddti-pairs")
    for names in LAYOUTS:
        found = find_folders(folder, *names)
        if len(found) == 2:
            break
    else:
        raise DataError(f"{folder} holds no image and mask folders.", "Give the folder with image/ and mask/.")
    reading = Reading("ddti-pairs", damaged)
    images, masks = pictures_in(found[names[0]]), pictures_in(found[names[1]])
    reading.images = len(images)
    for stem, file in images.items():
        if stem in masks:
            add(reading, file, id=stem, patient=stem, mask_file=masks[stem], site="Bogota")
        else:
            reading.skip(file.name, "it has no mask here")
    for stem in sorted(set(masks) - set(images)):
        reading.skip(f"mask {masks[stem].name}", "its image is not here")
    return reading


def read(root: Path | str | None, *, damaged: Damaged = "raise") -> Cohort:
    """Read a DDTI copy in folders as a cohort of images with masks and without labels."""
    return gather(root, damaged=damaged).cohort(card="ddti", unit="image")
