"""What a loader gathers while it reads a folder: cases, and for everything left out the reason."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from thyrolearn.data.case import Case
from thyrolearn.data.cohort import Cohort, Skipped
from thyrolearn.data.repeats import duplicates, joined_groups
from thyrolearn.errors import DataError

__all__ = ["Reading", "Damaged", "repeated", "folder_of", "files_by_name", "natural"]

MANY = 1000  # pictures; reading more takes seconds
Damaged = Literal["raise", "skip"]


@dataclass
class Reading:
    """The running account of one loader; `report` is what ``thyrolearn data check`` prints.

    A *defect* belongs to the published set (an empty outline): it is always reported and skipped. *Damage*
    belongs to this copy (a picture that is cut off): it raises, unless ``damaged="skip"``.

    >>> reading = Reading("ddti"); reading.skip("120_1.jpg", "its outline is empty")
    >>> reading.report()["skipped"]
    [{'file': '120_1.jpg', 'reason': 'its outline is empty'}]
    """

    name: str
    damaged: Damaged = "raise"
    images: int = 0
    usable: int = 0
    annotations: int = 0
    cases: list[Case] = field(default_factory=list)
    others: list[Case] = field(default_factory=list)  # readable, but without what makes a case; seen for duplicates
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[Skipped] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def each(self, files: dict[str, Path]) -> Iterator[tuple[str, Path]]:
        """The names and paths of ``files``; where there are many, a bar in a terminal or a notebook."""
        if len(files) < MANY or not (sys.stderr.isatty() or "ipykernel" in sys.modules):
            yield from files.items()
            return
        from tqdm import tqdm

        yield from tqdm(files.items(), desc=f"reading {self.name}", unit="image", file=sys.stderr, leave=False)

    def skip(self, file: str, reason: str) -> None:
        """Leave something out, with the reason."""
        self.skipped.append(Skipped(file, reason))

    def note(self, file: str, remark: str) -> None:
        """Keep something, with a remark."""
        self.notes.append(Skipped(file, remark))

    def damage(self, file: str, problem: DataError) -> None:
        """A file of this copy is broken: raise, or count it, as the caller asked."""
        if self.damaged == "raise":
            raise problem
        self.broken.append(file)
        self.skip(file, problem.problem)

    def cohort(self, *, join: bool = True, **known: Any) -> Cohort:
        """The cases as a cohort; ``join`` gives patients who share a picture one name, the smallest."""
        everything = Cohort([*self.cases, *self.others], name=self.name, skipped=self.skipped, **known)
        joined = join_patients(everything) if join else everything
        return joined[: len(self.cases)]

    def report(self) -> dict[str, Any]:
        """Counts, and what was skipped or noted and why, as plain JSON values."""
        return {
            "images": self.images,
            "usable": self.usable,
            "annotations": self.annotations,
            "skipped": [{"file": s.file, "reason": s.reason} for s in self.skipped],
            "notes": [{"file": s.file, "note": s.reason} for s in self.notes],
            "damaged": list(self.broken),
            "duplicates": repeated(Cohort([*self.cases, *self.others])),
        }


def join_patients(cohort: Cohort) -> Cohort:
    """Give patients who share a picture one name: the first in natural order."""
    groups = joined_groups(cohort)
    names: dict[int, list[str]] = defaultdict(list)
    for case, group in zip(cohort, groups.tolist(), strict=True):
        names[group].append(case.patient)
    first = {group: min(found, key=natural) for group, found in names.items()}
    cases = [
        case if case.patient == first[group] else case.with_(patient=first[group])
        for case, group in zip(cohort, groups.tolist(), strict=True)
    ]
    return Cohort(cases, name=cohort.name, skipped=cohort.skipped, card=cohort.card, unit=cohort.unit)


def repeated(cohort: Cohort) -> list[dict[str, Any]]:
    """The sets of cases that show one picture: ``{"files": [...], "how": "bytes" | "near" | "mirrored"}``."""
    sets: dict[int, set[int]] = {}
    how: dict[int, str] = {}
    for pair in duplicates(cohort):
        members = sets.get(pair.first, {pair.first}) | sets.get(pair.second, {pair.second})
        kind = min(how.get(pair.first, pair.how), how.get(pair.second, pair.how), pair.how)
        for member in members:
            sets[member], how[member] = members, kind
    seen: list[dict[str, Any]] = []
    for first in sorted(sets):
        if first == min(sets[first]):
            files = [str(cohort[i].raw.get("file", cohort[i].id)) for i in sorted(sets[first])]
            seen.append({"files": files, "how": how[first]})
    return seen


def folder_of(root: Path | str | None, name: str) -> Path:
    """Return ``root`` as a folder that exists and holds something; else raise with the remedy.

    >>> folder_of("no/such/place", "ddti")
    Traceback (most recent call last):
    thyrolearn.errors.DataError: no/such/place does not exist. Give the folder that holds ddti (--root or ...).
    """
    remedy = f"Give the folder that holds {name} (--root or THYROLEARN_ROOT)."
    if root is None:
        raise DataError(f"The data set {name!r} needs a folder.", f"{remedy} See: thyrolearn data show {name}")
    folder = Path(root).expanduser()
    try:
        if not folder.exists():
            raise DataError(f"{folder} does not exist.", remedy)
        if not folder.is_dir():
            raise DataError(f"{folder} is a file, not a folder.", remedy)
        if next(folder.iterdir(), None) is None:
            raise DataError(f"{folder} is empty.", remedy)
    except OSError as problem:
        raise DataError(f"{folder} cannot be read ({problem.strerror}).", remedy) from None
    return folder


def files_by_name(folder: Path, *suffixes: str) -> dict[str, Path]:
    """Every file below ``folder`` with one of ``suffixes`` (any case), by its name; hidden ones are left out."""
    return {path.name: path for path in _walk(folder) if path.suffix.lower() in suffixes}


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*"), key=lambda p: natural(p.name)):
        hidden = any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts)
        if not hidden and path.is_file():
            yield path


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key under which "10" comes after "9".

    >>> sorted(["10_1", "9_2", "9_1"], key=natural)
    ['9_1', '9_2', '10_1']
    """
    import re

    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in re.findall(r"\d+|\D+", text))
