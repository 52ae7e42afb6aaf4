"""DDTI, the Digital Database of Thyroid Ultrasound Images (Pedraza et al., Proc. SPIE 9287:92870W, 2015).

One XML file a case, one JPEG a frame. The label rule, stated because it is *not* pathology: a TI-RADS category
of 4 or more (4a, 4b, 4c, 5) is "suspicious" (1), 2 and 3 are "benign reading" (0). Many frames have the
category printed below the ultrasound picture, so a case shows the ultrasound picture only (``region="sector"``).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from thyrolearn.arrays import Gray, Mask
from thyrolearn.data.case import Case
from thyrolearn.data.cohort import Cohort
from thyrolearn.data.images import decode, digest_of, perceptual_hash, read_gray, to_gray
from thyrolearn.data.public.ddti_xml import LABEL_SOURCE, Outline, known_of, marks_of, outlines_of
from thyrolearn.data.public.reading import Damaged, Reading, files_by_name, folder_of, natural
from thyrolearn.data.sector import coloured, find_sector, printed_width
from thyrolearn.data.xml import read_xml
from thyrolearn.errors import DataError

__all__ = ["read", "gather"]

LONG_PRINT = 110  # pixels: longer than a side ("ITSMO - IZQ"), so it may be the category
LARGEST_OUTSIDE = 0.5  # an outline of which more than this lies outside the picture is no outline of tissue


@dataclass(frozen=True)
class Contoured:
    """Pixels of one frame: a file, the part of it that is shown, and the contours in that part."""

    file: Path
    region: tuple[int, int, int, int]  # top, bottom, left, right
    outlines: tuple[Outline, ...]
    token: str

    def image(self) -> Gray:
        """The shown part, uint8."""
        top, bottom, left, right = self.region
        return np.ascontiguousarray(read_gray(self.file)[top:bottom, left:right])

    def mask(self) -> Mask | None:
        """The filled contours, clipped to the shown part."""
        top, bottom, left, right = self.region
        return fill(self.outlines, (bottom - top, right - left)) if self.outlines else None


def fill(outlines: tuple[Outline, ...], shape: tuple[int, int]) -> Mask:
    """Fill contours into a mask of ``shape``; what lies outside is cut off.

    >>> int(fill((((1, 1), (1, 4), (4, 4), (4, 1)),), (8, 8)).sum())
    16
    """
    from PIL import Image, ImageDraw

    canvas = Image.new("1", (shape[1], shape[0]))
    draw = ImageDraw.Draw(canvas)
    for outline in outlines:
        draw.polygon(outline, fill=1, outline=1)
    return np.array(canvas)


def _contours(text: str, file: str, reading: Reading) -> list[Outline]:
    """The contours of one frame; every reason to leave one out goes into ``reading``."""
    case = file.partition("_")[0]
    if not text:
        reading.skip(file, f"{case}.xml: the outline of this image is empty")
        return []
    try:
        found, reasons = outlines_of(text)
    except ValueError:
        reading.skip(file, f"{case}.xml: the outline of this image is cut off after {len(text):,} characters")
        return []
    for reason in reasons:
        reading.skip(file, reason)
    return found


def _clipped(outlines: list[Outline], shape: tuple[int, int], file: str, reading: Reading) -> list[Outline]:
    """The contours that touch the frame; those that leave it are noted and cut off when they are filled."""
    rows, columns = shape
    kept = []
    for outline in outlines:
        x, y = np.array(outline).T
        if x.max() < 0 or y.max() < 0 or x.min() >= columns or y.min() >= rows:
            reading.skip(file, "a contour lies outside the frame")
            continue
        if x.min() < 0 or y.min() < 0 or x.max() >= columns or y.max() >= rows:
            reading.note(file, "a contour leaves the frame and is cut off at its edge")
        kept.append(outline)
    return kept


def _shown(outlines: list[Outline], region: tuple[int, int, int, int], shape: tuple[int, int]) -> list[Outline]:
    """The contours that lie on the shown part, moved to its origin."""
    top, bottom, left, right = region
    kept = []
    for outline in outlines:
        whole = fill((outline,), shape)
        inside = int(whole[top:bottom, left:right].sum())
        if inside > (1 - LARGEST_OUTSIDE) * max(int(whole.sum()), 1):
            kept.append(tuple((x - left, y - top) for x, y in outline))
    return kept


def _frame_facts(gray: Gray, rgb: Any, region: tuple[int, int, int, int]) -> dict[str, Any]:
    """What is printed or drawn on a frame, and whether it holds two views side by side."""
    _, bottom, left, right = region
    width = printed_width(gray, bottom)
    return {
        "printed": width > LONG_PRINT,
        "calipers": coloured(rgb) > 20,
        "two_views": (right - left) > 0.77 * gray.shape[1],
        "region": region,
    }


def _case(file: Path, text: str, known: Mapping[str, Any], region: str, reading: Reading) -> None:
    """Read one frame, find its picture, and add the case; a frame without a contour counts for duplicates only."""
    try:
        picture, data = decode(file)
    except DataError as problem:
        reading.damage(file.name, problem)
        return
    gray = to_gray(picture)
    outlines = _clipped(_contours(text, file.name, reading), gray.shape, file.name, reading)
    reading.annotations += len(outlines)
    whole = (0, gray.shape[0], 0, gray.shape[1])
    sector = find_sector(gray)
    if sector is None:
        reading.note(file.name, "no ultrasound picture was found in the frame; the whole frame is shown")
        sector = whole
    seen = sector if region == "sector" else whole
    shown = _shown(outlines, seen, gray.shape)
    if len(shown) < len(outlines):
        reading.note(file.name, "a contour does not lie on the ultrasound picture and is not used")
    if outlines and not shown:
        reading.skip(file.name, "no contour lies on the ultrasound picture; the frame is not shown")
    number, _, image = file.stem.partition("_")
    digest = digest_of(data)
    case = Case(
        id=file.stem,
        source="ddti",
        patient=number,
        pixels=Contoured(file, seen, tuple(shown), f"{digest}{seen}"),
        label=known["label"],
        label_source=LABEL_SOURCE,
        level=known["level"],
        boxes=_boxes(shown, (seen[1] - seen[0], seen[3] - seen[2])),
        site="Bogota",
        digest=digest,
        look=perceptual_hash(gray[sector[0] : sector[1], sector[2] : sector[3]]),
        raw=MappingProxyType({**known["raw"], **_frame_facts(gray, np.asarray(picture.convert("RGB")), sector),
                              "case": number, "image": image, "file": file.name}),
    )  # fmt: skip
    reading.usable += bool(outlines)
    (reading.cases if shown else reading.others).append(case)


def _boxes(outlines: list[Outline], shape: tuple[int, int]) -> tuple[tuple[float, float, float, float], ...]:
    rows, columns = shape
    boxes = []
    for outline in outlines:
        x, y = np.array(outline).T
        box = (max(x.min(), 0), max(y.min(), 0), min(x.max() + 1, columns), min(y.max() + 1, rows))
        boxes.append(tuple(float(v) for v in box))
    return tuple(sorted(boxes, key=lambda b: (b[0] - b[2]) * (b[3] - b[1])))  # type: ignore[arg-type]


def gather(
    root: Path | str | None, *, region: Literal["sector", "frame"] = "sector", damaged: Damaged = "raise"
) -> Reading:
    """Read the folder and return the account; `read` makes the cohort of it."""
    folder = folder_of(root, "ddti")
    files = files_by_name(folder, ".xml", ".jpg", ".jpeg", ".png")
    pictures = {path.stem: path for path in files.values() if path.suffix.lower() != ".xml"}
    cases = {path.stem: path for path in files.values() if path.suffix.lower() == ".xml" and path.stem.isdigit()}
    if not cases:
        raise DataError(f"{folder} holds no DDTI case (1.xml, 1_1.jpg, ...).", "Give the folder with the XML files.")
    reading = Reading("ddti", damaged)
    reading.images = sum(1 for stem in pictures if re.fullmatch(r"\d+_\d+", stem))
    seen: set[str] = set()
    for number in sorted(cases, key=natural):
        try:
            root_element = read_xml(cases[number])
        except DataError as problem:
            seen.update(stem for stem in pictures if stem.startswith(f"{number}_"))
            reading.damage(cases[number].name, problem)
            continue
        known = known_of(root_element)
        for image, text in marks_of(root_element, number, reading).items():
            stem = f"{number}_{image}"
            seen.add(stem)
            if stem not in pictures:
                reading.skip(f"{number}.xml", f"image {image} is marked, but {stem}.jpg is not here")
                continue
            _case(pictures[stem], text, known, region, reading)
    for stem in sorted(set(pictures) - seen, key=natural):
        reading.skip(pictures[stem].name, "no XML file marks it")
    return reading


def read(
    root: Path | str | None, *, region: Literal["sector", "frame"] = "sector", damaged: Damaged = "raise"
) -> Cohort:
    """Read DDTI as a cohort: one case a frame with a usable contour; patients who share a picture are joined.

    ``region="sector"`` cuts each frame to the ultrasound picture, which removes the printed category;
    ``"frame"`` keeps it, for the lesson on shortcuts. ``case.raw["printed"]`` marks frames with a long line of print,
    ``raw["two_views"]`` two pictures side by side. Raises `DataError` for a missing root or a damaged file.
    Lesson: start/data_and_splits.
    """
    return gather(root, region=region, damaged=damaged).cohort(card="ddti", unit="case")
