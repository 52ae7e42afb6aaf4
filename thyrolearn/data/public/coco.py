"""Boxes in a COCO file: one JSON for all pictures, boxes as x, y, width, height."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from thyrolearn.data.case import Box
from thyrolearn.data.marks import checked_box
from thyrolearn.data.public.reading import Reading
from thyrolearn.errors import DataError

__all__ = ["Coco", "read_coco"]


@dataclass(frozen=True)
class Coco:
    """The annotations of a COCO file by picture name; empty where there is no such file."""

    name: str = ""
    entries: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def boxes(self, file: str, shape: tuple[int, int], reading: Reading) -> tuple[Box, ...]:
        """The boxes of one picture, checked; what cannot be a box is skipped with the reason."""
        found = []
        for entry in self.entries.get(file, []):
            corners = entry.get("bbox")
            if not isinstance(corners, list) or len(corners) != 4:
                reading.skip(file, f"{self.name}: annotation {entry.get('id')} has no box of four numbers")
                continue
            try:
                x, y, width, height = (float(value) for value in corners)
            except (TypeError, ValueError):
                reading.skip(file, f"{self.name}: annotation {entry.get('id')} has a box that holds no numbers")
                continue
            box, remark = checked_box((x, y, x + width, y + height), shape)
            if box is None:
                reading.skip(file, f"{self.name}: {remark}")
                continue
            if remark:
                reading.note(file, f"{self.name}: {remark}")
            found.append(box)
        return tuple(found)


def read_coco(folder: Path, reading: Reading) -> Coco:
    """Find and read the COCO file of a folder; duplicate ids and annotations of unknown pictures are skipped."""
    for path in sorted([*folder.glob("*.json"), *folder.glob("annotations/*.json")]):
        try:
            table = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as problem:
            raise DataError(f"{path} is cut off or not JSON ({problem}).", "Export the annotations again.") from None
        if isinstance(table, dict) and {"images", "annotations"} <= set(table):
            return _sorted(path.name, table, reading)
    return Coco()


def _sorted(name: str, table: dict[str, Any], reading: Reading) -> Coco:
    files: dict[Any, str] = {}
    for image in table["images"]:
        if image.get("id") in files:
            reading.skip(name, f"the image id {image.get('id')} is used twice")
            continue
        files[image.get("id")] = Path(str(image.get("file_name", ""))).name
    entries: dict[str, list[dict[str, Any]]] = {}
    seen: set[Any] = set()
    for entry in table["annotations"]:
        if entry.get("id") in seen:
            reading.skip(name, f"the annotation id {entry.get('id')} is used twice")
        elif entry.get("image_id") not in files:
            reading.skip(name, f"annotation {entry.get('id')} belongs to no image of the file")
        else:
            entries.setdefault(files[entry["image_id"]], []).append(entry)
        seen.add(entry.get("id"))
    return Coco(name, entries)
