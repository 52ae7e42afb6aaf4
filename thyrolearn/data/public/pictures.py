"""What the loaders of picture folders share: one picture with its mask, boxes and what is known becomes one case."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from thyrolearn.arrays import Gray, Mask
from thyrolearn.data.case import Box, Case, boxes_of
from thyrolearn.data.images import SUFFIXES, glance, read_gray, read_mask
from thyrolearn.data.public.reading import Reading, natural
from thyrolearn.errors import DataError

__all__ = ["Pictured", "add", "pictures_in", "find_folders", "read_outline"]

MOST = 0.6  # a mask that covers more of the picture may be inverted


@dataclass(frozen=True)
class Pictured:
    """Pixels in a picture file and, where there is one, a mask file; read when asked for."""

    file: Path
    mask_file: Path | None = None
    token: str = ""

    def image(self) -> Gray:
        """The picture."""
        return read_gray(self.file)

    def mask(self) -> Mask | None:
        """The mask, or None."""
        return None if self.mask_file is None else read_mask(self.mask_file)


def pictures_in(folder: Path) -> dict[str, Path]:
    """The picture files of one folder by stem, in natural order; hidden ones are left out."""
    found = [p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith(".")]
    return {path.stem: path for path in sorted(found, key=lambda p: natural(p.name))}


def find_folders(root: Path, *names: str, depth: int = 5) -> dict[str, Path]:
    """The first folder of each name at or below ``root``; names are compared without case."""
    wanted = {name.lower() for name in names}
    found: dict[str, Path] = {}
    level = [root]
    for _ in range(depth):
        below: list[Path] = []
        for folder in level:
            if folder.name.lower() in wanted:
                found.setdefault(folder.name.lower(), folder)
            below += sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "__MACOSX")))
        level = below
    return found


def read_outline(path: Path, shape: tuple[int, int] | None, name: str, reading: Reading) -> Mask | None:
    """Read a mask that fits its picture, or say why not: empty, of another size, a class map; a large one is noted."""
    try:
        mask = read_mask(path)
    except DataError as problem:
        if "class numbers" in problem.problem:
            reading.skip(name, f"its mask {path.name} holds several classes")
        else:
            reading.damage(path.name, problem)
        return None
    if shape is not None and mask.shape != shape:
        sizes = f"{mask.shape[1]} x {mask.shape[0]} pixels, the picture {shape[1]} x {shape[0]}"
        reading.skip(name, f"its mask is {sizes}")
        return None
    if not mask.any():
        reading.skip(name, "its mask is empty")
        return None
    if mask.mean() > MOST:
        reading.note(name, f"its mask covers {100 * mask.mean():.0f} % of the picture: it may be inverted")
    return mask


def add(
    reading: Reading,
    file: Path,
    *,
    id: str,
    patient: str,
    mask_file: Path | None = None,
    boxes: tuple[Box, ...] | None = None,
    seen: tuple[tuple[int, int], str, str] | None = None,
    raw: Mapping[str, Any] | None = None,
    **known: Any,
) -> Case | None:
    """Read one picture, check its mask, and add the case; None where something was skipped or is damaged.

    ``seen`` is what `glance` said of the file, where the caller has asked it already.
    """
    try:
        shape, digest, look = seen or glance(file)
    except DataError as problem:
        reading.damage(file.name, problem)
        return None
    if not look:
        reading.skip(id, "the picture is all of one grey")
        return None
    if mask_file is not None:
        mask = read_outline(mask_file, shape, id, reading)
        if mask is None:
            return None
        reading.annotations += 1
        boxes = boxes_of(mask) or boxes_of(mask, smallest=1)
    case = Case(
        id=id,
        source=reading.name,
        patient=patient,
        pixels=Pictured(file, mask_file, digest),
        boxes=boxes or (),
        digest=digest,
        look=look,
        raw=MappingProxyType({"file": id + file.suffix, **(raw or {})}),
        **known,
    )
    reading.usable += 1
    reading.cases.append(case)
    return case
