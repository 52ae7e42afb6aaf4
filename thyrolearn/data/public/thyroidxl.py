"""ThyroidXL (Duong et al., MICCAI 2025): images with masks, patients, TI-RADS and sizes.

``label`` is a TI-RADS category of 4 or more, as for DDTI; it is not pathology. Sizes are in mm; ages above 110 are
typing errors and left out.
"""

import json
from pathlib import Path
from typing import Any

from thyrolearn.data.cohort import Cohort
from thyrolearn.data.public.pictures import add, pictures_in
from thyrolearn.data.public.reading import Damaged, Reading, folder_of
from thyrolearn.errors import DataError

__all__ = ["read", "gather"]

PARTS = ("train", "test")
LABEL_SOURCE = "TI-RADS category (not pathology)"
SEX = {"1": "M", "2": "F"}


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise DataError(f"{path} cannot be read ({problem}).", "Copy it again from the data set's page.") from None


def _patients(base: Path, part: str) -> dict[str, str]:
    """The patient of each image file of one part."""
    path = base / f"{part}_annotations.json"
    if not path.is_file():
        return {}
    people = _json(path).get("info", {})
    return {Path(name).stem: patient for patient, entry in people.items() for name in entry.get("images", [])}


def _facts(entry: dict[str, Any]) -> dict[str, Any]:
    """Label, level, size and the raw words of one patient."""
    nodule = entry.get("nodule_1") or {}
    level = str(nodule.get("TIRADS", "")).strip().lower() or None
    lengths = [
        float(nodule[k]) for k in ("Width", "Height") if isinstance(nodule.get(k), (int, float)) and nodule[k] > 0
    ]
    age = entry.get("age")
    sound = isinstance(age, (int, float)) and 0 < age <= 110
    raw = {"age": age if sound else None, "sex": SEX.get(str(entry.get("gender"))), "tirads": nodule.get("TIRADS")}
    label = int(level[0] >= "4") if level and level[0] in "12345" else None
    return {
        "label": label,
        "label_source": LABEL_SOURCE if label is not None else "",
        "level": level,
        "size_mm": max(lengths, default=None),
        "raw": raw,
    }


def gather(root: Path | str | None, *, damaged: Damaged = "raise") -> Reading:
    """Read the folder and return the account."""
    folder = folder_of(root, "thyroidxl")
    base = next((p for p in (folder, *sorted(folder.iterdir())) if (p / "train" / "images").is_dir()), None)
    base = base or next((p for p in (folder, *sorted(folder.iterdir())) if (p / "test" / "images").is_dir()), None)
    if base is None:
        raise DataError(f"{folder} holds no train/images or test/images.", "Give the unpacked folder.")
    info = next(iter(sorted(folder.rglob("id2info_eng.json"))), None)
    people = _json(info) if info else {}
    reading = Reading("thyroidxl", damaged)
    for part in PARTS:
        if (base / part / "images").is_dir():
            _part(base, part, people, reading)
    return reading


def _part(base: Path, part: str, people: dict[str, Any], reading: Reading) -> None:
    images = pictures_in(base / part / "images")
    masks = pictures_in(base / part / "masks") if (base / part / "masks").is_dir() else {}
    owners = _patients(base, part)
    reading.images += len(images)
    for stem, file in reading.each(images):
        if stem not in masks:
            reading.skip(f"{part}/images/{file.name}", "it has no mask here")
            continue
        if stem not in owners:
            reading.note(f"{part}/images/{file.name}", "no patient is named for it; it counts as a patient of its own")
        patient = owners.get(stem, f"{part}/{stem}")
        facts = _facts(people.get(patient, {}))
        facts["raw"] = {**facts["raw"], "part": part}
        add(reading, file, id=f"{part}/{stem}", patient=patient, mask_file=masks[stem], **facts)


def read(root: Path | str | None, *, damaged: Damaged = "raise") -> Cohort:
    """Read ThyroidXL as a cohort of images with masks, grouped by patient."""
    return gather(root, damaged=damaged).cohort(card="thyroidxl")
