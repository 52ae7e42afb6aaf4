"""Boxes in Pascal VOC files: one XML a picture, with ``object`` entries of a name and four corners."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from thyrolearn.data.case import Box
from thyrolearn.data.marks import checked_box
from thyrolearn.data.public.reading import Reading
from thyrolearn.data.xml import read_xml, text_of

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["Marked", "read_voc"]

CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass(frozen=True)
class Marked:
    """One object of a VOC file: its name as written, and its box, cut to the picture."""

    name: str
    box: Box


def read_voc(path: Path, shape: tuple[int, int], reading: Reading) -> list[Marked]:
    """Read the objects of one file; what cannot be a box is skipped with the reason.

    VOC counts pixels from 1 and includes the last one; TN5000 and the learner's own files often count from 0. The
    corners are taken as they are: the half pixel in question is below what a reader can place.
    """
    root = read_xml(path)
    _compare_size(root, shape, path, reading)
    found = []
    for entry in root.iter("object"):
        corners = entry.find("bndbox")
        if corners is None:
            reading.skip(path.name, "an object without a box")
            continue
        box, remark = checked_box([text_of(corners, name) for name in CORNERS], shape)
        if box is None:
            reading.skip(path.name, remark)
            continue
        if remark:
            reading.note(path.name, remark)
        found.append(Marked(text_of(entry, "name"), box))
    return found


def _compare_size(root: "Element", shape: tuple[int, int], path: Path, reading: Reading) -> None:
    size = root.find("size")
    if size is None:
        return
    said = (text_of(size, "height"), text_of(size, "width"))
    if said != (str(shape[0]), str(shape[1])):
        reading.note(path.name, f"it says {said[1]} x {said[0]} pixels, the picture has {shape[1]} x {shape[0]}")
