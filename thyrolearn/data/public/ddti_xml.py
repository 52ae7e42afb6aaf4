"""The XML of DDTI: the words of a case, and the contours, which are JSON inside an element called ``svg``."""

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.data.public.reading import Reading
from thyrolearn.data.xml import text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["Outline", "SUSPICIOUS", "BENIGN", "normalise", "outlines_of", "marks_of", "known_of"]

Outline = tuple[tuple[float, float], ...]
"""The corners of one contour, (x, y) in pixels."""

SUSPICIOUS = ("4", "4a", "4b", "4c", "5")
BENIGN = ("2", "3")
LABEL_SOURCE = "TI-RADS category (not pathology)"
WORDS: dict[str, dict[str, str]] = {
    "composition": {
        "solid": "solid", "dense": "solid", "predominantly solid": "mixed", "predominantly cystic": "mixed",
        "spongiform": "spongiform", "cystic": "cystic",
    },
    "echogenicity": {
        "hyperechogenicity": "hyper", "isoechogenicity": "iso", "hypoechogenicity": "hypo",
        "marked hypoechogenicity": "veryhypo",
    },
    "margins": {
        "well defined": "smooth", "well defined smooth": "smooth", "ill defined": "ill", "microlobulated": "lobirr",
        "macrolobulated": "lobirr", "spiculated": "lobirr",
    },
    "calcifications": {
        "non": "none", "microcalcification": "pef", "microcalcifications": "pef", "macrocalcification": "macro",
        "macrocalcifications": "macro",
    },
}  # fmt: skip


def normalise(field: str, words: str) -> str | None:
    """The ACR word for a DDTI word, or None; spelling variants and spaces are forgiven.

    >>> normalise("margins", "ill- defined"), normalise("calcifications", "microcalcification")
    ('ill', 'pef')
    """
    plain = re.sub(r"[\s\-]+", " ", words.lower()).strip()
    return WORDS[field].get(plain)


def outlines_of(text: str) -> tuple[list[Outline], list[str]]:
    """Read the JSON of an ``<svg>`` element: the contours, and a reason for each region that is none.

    Raises `ValueError` where the JSON is cut off or is not what it should be.

    >>> outlines_of('[{"points": [{"x": 1, "y": 2}, {"x": 3, "y": 4}], "regionType": "arrow"}]')
    ([], ['an arrow of 2 points, not a contour'])
    """
    regions = json.loads(text, strict=False)
    if not isinstance(regions, list):
        raise ValueError("not a list of regions")
    found: list[Outline] = []
    reasons: list[str] = []
    for region in regions:
        points = region.get("points") if isinstance(region, dict) else None
        if not isinstance(points, list):
            reasons.append("a region without points")
            continue
        kind = str(region.get("regionType", "freehand"))
        if kind == "arrow":
            reasons.append(f"an arrow of {len(points)} points, not a contour")
            continue
        try:
            outline = tuple((float(p["x"]), float(p["y"])) for p in points)
        except (KeyError, TypeError, ValueError):
            reasons.append("a contour with a point that has no x or y")
            continue
        if len(set(outline)) < 3 or not np.isfinite(outline).all():
            reasons.append(f"a contour of {len(set(outline))} points encloses nothing")
            continue
        found.append(outline)
    return found, reasons


def marks_of(root: "Element", case: str, reading: Reading) -> dict[str, str]:
    """The JSON text of each image number of a case."""
    marks: dict[str, str] = {}
    for mark in root.iter("mark"):
        number = text_of(mark, "image")
        if not number:
            reading.skip(f"{case}.xml", "a mark without an image number")
        elif number in marks:
            reading.skip(f"{case}.xml", f"image {number} is marked twice")
        else:
            marks[number] = text_of(mark, "svg")
    return marks


def known_of(root: "Element") -> dict[str, Any]:
    """The fields of a case: label, level, and its own words beside the normalised ones."""
    level = text_of(root, "tirads").lower() or None
    words = {field: text_of(root, field) for field in WORDS}
    age = text_of(root, "age")
    raw = {
        **words,
        "normalised": {field: normalise(field, word) for field, word in words.items()},
        "tirads": text_of(root, "tirads"),
        "age": int(age) if age.isdigit() and 0 < int(age) < 111 else None,
        "sex": text_of(root, "sex").upper() or None,
        "report": text_of(root, "reporteco"),
    }
    label = 1 if level in SUSPICIOUS else 0 if level in BENIGN else None
    return {"level": level, "label": label, "raw": raw}
