"""The learner's own folder: pictures or DICOM files, with masks, a table, VOC or COCO files beside them.

::

    my_images/  images/*.png   masks/*.png (same names)   labels.csv      pictures and masks
    my_images/  JPEGImages/*.jpg   Annotations/*.xml      labels.csv      Pascal VOC boxes
    my_images/  images/*.jpg   annotations.json           labels.csv      COCO boxes
    my_images/  *.dcm              masks/*.png            labels.csv      DICOM, with its spacing

``labels.csv`` has a column ``file`` and any of ``patient, nodule, label, size, spacing_z, spacing_x, level, scanner,
site, view``. Everything but the pictures may be missing. Without patients each picture counts as one, and says so.
"""

from pathlib import Path
from typing import Any

from thyrolearn.data.case import Box, Case, boxes_of
from thyrolearn.data.cohort import Cohort
from thyrolearn.data.dicom import DicomPixels, is_dicom, read_header
from thyrolearn.data.images import digest_of, glance, perceptual_hash
from thyrolearn.data.public.coco import read_coco
from thyrolearn.data.public.pictures import add, find_folders, pictures_in, read_outline
from thyrolearn.data.public.reading import Damaged, Reading, folder_of, natural
from thyrolearn.data.public.voc import read_voc
from thyrolearn.data.tables import Row, label_of, millimetres, number, read_rows
from thyrolearn.errors import DataError

__all__ = ["read", "gather"]

FILE_COLUMNS = ("file", "filename", "file_name", "image", "id")
TEXTS = ("level", "scanner", "site", "view")
LABEL_SOURCE = "the folder's table"


def _table(folder: Path) -> tuple[dict[str, Row], Path | None]:
    """The rows of the table by file stem; a file that is listed twice is an error."""
    tables = sorted(p for p in folder.glob("*.csv") if not p.name.startswith("."))
    if not tables:
        return {}, None
    if len(tables) > 1:
        raise DataError(f"{folder} holds {len(tables)} tables (.csv).", "Keep one: labels.csv.")
    rows = read_rows(tables[0])
    column = next((name for name in FILE_COLUMNS if rows and name in rows[0]), None)
    if column is None:
        raise DataError(f"{tables[0]} has no column 'file'.", f"Name one of its columns {', '.join(FILE_COLUMNS)}.")
    by_stem: dict[str, Row] = {}
    for row in rows:
        stem = Path(row[column]).stem if Path(row[column]).suffix else row[column]
        if stem in by_stem:
            raise DataError(f"{tables[0]} lists {row[column]!r} twice.", "Keep one row a file.")
        by_stem[stem] = row
    return by_stem, tables[0]


def _facts(row: Row, where: str) -> dict[str, Any]:
    """What a row of the table says, converted by the rules of `tables`."""
    z, x = (number(row.get(f"spacing_{axis}", ""), where) for axis in "zx")
    if (z is None) != (x is None) or (z is not None and x is not None and min(z, x) <= 0):
        raise DataError(f"{where}: the spacing {z}, {x} cannot be.", "Give spacing_z and spacing_x in mm, or neither.")
    label = label_of(row.get("label", ""), where)
    return {
        "label": label,
        "label_source": row.get("label_source", "") or (LABEL_SOURCE if label is not None else ""),
        "size_mm": millimetres(row.get("size_mm") or row.get("size", ""), where),
        "spacing_mm": (z, x) if z is not None and x is not None else None,
        "nodule": row.get("nodule") or "1",
        **{name: row[name] for name in TEXTS if row.get(name)},
    }


class _Sources:
    """Where a folder keeps what belongs to a picture."""

    def __init__(self, folder: Path, reading: Reading) -> None:
        places = find_folders(folder, "images", "image", "jpegimages", "masks", "mask", "annotations")
        base = next((places[name] for name in ("images", "image", "jpegimages") if name in places), folder)
        masks = next((places[name] for name in ("masks", "mask") if name in places), None)
        self.rows, self.table = _table(folder)
        self.pictures = pictures_in(base)
        self.dicoms = {
            p.stem: p for p in sorted(base.iterdir(), key=lambda p: natural(p.name)) if p.is_file() and is_dicom(p)
        }
        self.masks = {stem.removesuffix("_mask"): file for stem, file in (pictures_in(masks) if masks else {}).items()}
        self.voc = {p.stem: p for p in places["annotations"].glob("*.xml")} if "annotations" in places else {}
        self.coco = read_coco(folder, reading)
        self.named = bool(self.rows) and all(row.get("patient") for row in self.rows.values())


def gather(root: Path | str | None, *, damaged: Damaged = "raise") -> Reading:
    """Read the folder and return the account."""
    folder = folder_of(root, "your images")
    reading = Reading("folder", damaged)
    sources = _Sources(folder, reading)
    if not sources.pictures and not sources.dicoms:
        raise DataError(f"{folder} holds no picture and no DICOM file.", "Put pictures into a folder called images.")
    reading.images = len(sources.pictures) + len(sources.dicoms)
    if sources.table is not None and not sources.named:
        reading.note(sources.table.name, "no patient is named for some files; each of those counts as a patient")
    for stem, file in {**sources.pictures, **sources.dicoms}.items():
        row = sources.rows.get(stem, {})
        facts = _facts(row, f"{sources.table.name if sources.table else 'table'}, {stem}")
        facts["patient"] = row.get("patient", "")
        facts["raw"] = row
        if sources.table is not None and not row:
            reading.note(file.name, f"{sources.table.name} does not list it")
        (_dicom if stem in sources.dicoms else _picture)(file, facts, sources, reading)
    _leftovers(sources, reading)
    return reading


def _leftovers(sources: _Sources, reading: Reading) -> None:
    present = set(sources.pictures) | set(sources.dicoms)
    for kind, files in (("mask", sources.masks), ("annotation", sources.voc)):
        for stem in sorted(set(files) - present):
            reading.skip(files[stem].name, f"the image of this {kind} is not here")
    if sources.table is not None:
        for stem in sorted(set(sources.rows) - present):
            reading.skip(sources.table.name, f"it lists {stem}, which is not here")


def _picture(file: Path, facts: dict[str, Any], sources: _Sources, reading: Reading) -> None:
    try:
        seen = glance(file)
        boxes = _boxes(file, seen[0], sources, reading)
    except DataError as problem:
        reading.damage(file.name, problem)
        return
    facts["patient"] = facts["patient"] or file.stem
    mask = sources.masks.get(file.stem)
    if sources.masks and mask is None:
        reading.note(file.name, "it has no mask here")
    case = add(reading, file, id=file.stem, mask_file=mask, boxes=boxes, seen=seen, **facts)
    if case is not None and mask is None:
        reading.annotations += len(boxes)


def _boxes(file: Path, shape: tuple[int, int], sources: _Sources, reading: Reading) -> tuple[Box, ...]:
    if file.stem in sources.voc:
        return tuple(marked.box for marked in read_voc(sources.voc[file.stem], shape, reading))
    return sources.coco.boxes(file.name, shape, reading)


def _dicom(file: Path, facts: dict[str, Any], sources: _Sources, reading: Reading) -> None:
    try:
        header = read_header(file)
    except DataError as problem:
        # Reports and other objects lie beside images in every export: left out, not an error.
        (
            reading.skip(file.name, problem.problem)
            if "not an ultrasound" in problem.problem
            else reading.damage(file.name, problem)
        )
        return
    mask_file = sources.masks.get(file.stem)
    frame = header.frames // 2 if header.frames > 1 else 0
    pixels = DicomPixels(file, frame, header.region, mask_file, f"{file.stat().st_size}:{file.name}")
    try:
        image = pixels.image()
    except DataError as problem:
        reading.damage(file.name, problem)
        return
    mask = None if mask_file is None else read_outline(mask_file, None, file.name, reading)
    for note in header.notes:
        reading.note(file.name, note)
    if header.frames > 1:
        reading.note(file.name, f"a clip of {header.frames} frames; the middle one is used")
    if mask is not None:
        reading.annotations += 1
    facts["patient"] = facts["patient"] or header.patient or file.stem
    facts["spacing_mm"] = header.spacing_mm or facts["spacing_mm"]
    facts["scanner"] = facts.get("scanner") or header.scanner
    shown = pixels.mask() if mask is not None else None
    boxes = boxes_of(shown) if shown is not None else ()
    reading.usable += 1
    case = Case(
        id=file.stem, source=reading.name, pixels=pixels, boxes=boxes, look=perceptual_hash(image),
        digest=digest_of(image.tobytes()), notes=header.notes, **facts,
    )  # fmt: skip
    reading.cases.append(case)


def read(root: Path | str | None, *, damaged: Damaged = "raise") -> Cohort:
    """Read your own folder as a cohort. Raises `DataError` with file, row and remedy for what cannot be understood."""
    reading = gather(root, damaged=damaged)
    unit = "image" if any(case.patient == case.id for case in reading.cases) else "patient"
    return reading.cohort(unit=unit)
