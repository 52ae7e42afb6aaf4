"""The doctor: is this machine ready for the course, and what to do about each thing that is not."""

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from thyrolearn import settings as house
from thyrolearn.course.records import read_yaml
from thyrolearn.errors import ThyrolearnError
from thyrolearn.files import writable_folder

__all__ = ["Finding", "examine"]

_DISK_GB, _MEMORY_GB = 1.0, 1.5


@dataclass(frozen=True)
class Finding:
    """One thing the doctor looked at. ``blocks`` means that lessons cannot run until the remedy is taken."""

    name: str
    state: Literal["good", "note", "blocks"]
    found: str
    remedy: str = ""

    def row(self) -> dict[str, str]:
        """The finding as a row for ``--json``."""
        return asdict(self)


def examine(calibrate: bool = True) -> list[Finding]:
    """Look at everything and return the findings; nothing here raises, and nothing is changed.

    ``calibrate=False`` leaves out the three seconds of arithmetic that tell the minutes to expect here.

    >>> all(finding.remedy for finding in examine(calibrate=False) if finding.state != "good")
    True
    """
    looks: list[Callable[[], Iterator[Finding]]] = [
        _python, _packages, _kernel, _lessons, _writing, _disk, _memory, _threads, _settings, _cache,
    ]  # fmt: skip
    if calibrate:
        looks.append(_pace)
    findings: list[Finding] = []
    for look in looks:
        try:
            findings += look()
        except Exception as problem:  # a doctor that falls ill says so and goes on
            name = look.__name__.strip("_")
            said = f"{type(problem).__name__}: {' '.join(str(problem).split())}"
            findings.append(Finding(name, "note", said, "Please report this line."))
    return findings


def _python() -> Iterator[Finding]:
    from packaging.specifiers import SpecifierSet

    needs = metadata.metadata("thyrolearn")["Requires-Python"]
    found = f"Python {platform.python_version()} in {sys.prefix}"
    if not SpecifierSet(needs).contains(platform.python_version(), prereleases=True):
        yield Finding("python", "blocks", found, f"Install Python {needs}, then run `make setup` again.")
    elif sys.prefix == sys.base_prefix and not os.environ.get("CONDA_PREFIX"):
        yield Finding("python", "note", found, "No virtual environment is active: `make setup` makes one in .venv.")
    else:
        yield Finding("python", "good", found)


def _packages() -> Iterator[Finding]:
    """Each requirement against what is installed; then what differs from the versions that were tested."""
    from packaging.requirements import Requirement

    wrong = []
    requirements = [Requirement(line) for line in metadata.requires("thyrolearn") or []]
    for need in (r for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""})):
        found = _version(need.name)
        if found is None or not need.specifier.contains(found, prereleases=True):
            wrong.append(f"{need.name} {found or 'missing'} (needs {need.specifier})")
    if wrong:
        yield Finding("packages", "blocks", "; ".join(wrong), "Run `make setup`, or `pip install -e .` in the course.")
        return
    yield Finding("packages", "good", f"torch {_version('torch')}, torchvision {_version('torchvision')}, all present")
    yield from _lock()


def _lock() -> Iterator[Finding]:
    checkout = house.folders().checkout
    file = checkout / "constraints.txt" if checkout else None
    if file is None or not file.is_file():
        return
    pins = [line.split("==") for line in file.read_text(encoding="utf-8").splitlines() if line.count("==") == 1]
    other = [f"{name} {found} (tested: {pin})" for name, pin in pins if (found := _version(name)) and found != pin]
    if other:
        shown = ", ".join(other[:4]) + (f" and {len(other) - 4} more" if len(other) > 4 else "")
        remedy = "Fine as a rule; if a claim fails, run `pip install -c constraints.txt -e .`."
        yield Finding("versions", "note", shown, remedy)
    else:
        yield Finding("versions", "good", "as tested (constraints.txt)")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _kernel() -> Iterator[Finding]:
    if importlib.util.find_spec("ipykernel") is None:
        yield Finding("kernel", "blocks", "no Jupyter kernel", "Run `pip install ipykernel`, or `make setup`.")
    else:
        yield Finding("kernel", "good", f"ipykernel {_version('ipykernel')}")


def _lessons() -> Iterator[Finding]:
    from thyrolearn.course.records import outline

    try:
        lessons = outline()
    except ThyrolearnError as problem:
        yield Finding("lessons", "blocks", problem.problem, problem.remedy)
        return
    if lessons:
        yield Finding("lessons", "good", f"{len(lessons)} in {house.folders().notebooks}")
    else:
        yield Finding("lessons", "blocks", f"none in {house.folders().notebooks}", "Install thyrolearn again.")


def _writing() -> Iterator[Finding]:
    for name, folder in (("cache", house.folders().cache), ("working folder", Path.cwd())):
        try:
            writable_folder(folder)
        except ThyrolearnError as problem:
            remedy = "Set THYROLEARN_CACHE to a folder of yours." if name == "cache" else "Change to a folder of yours."
            yield Finding(name, "blocks", problem.problem, remedy)
        else:
            yield Finding(name, "good", f"{folder} can be written")


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(house.folders().cache).free / 2**30
    found = f"{free:.1f} GB free for the cache"
    if free < _DISK_GB:
        yield Finding("disk", "blocks", found, f"Free {_DISK_GB:g} GB, or set THYROLEARN_CACHE to another disk.")
    else:
        yield Finding("disk", "good", found)


def _memory() -> Iterator[Finding]:
    import psutil

    free = psutil.virtual_memory().available / 2**30
    found = f"{free:.1f} GB available"
    if free < _MEMORY_GB:
        yield Finding("memory", "note", found, f"A lesson takes up to {_MEMORY_GB:g} GB: close other programs.")
    else:
        yield Finding("memory", "good", found)


def _threads() -> Iterator[Finding]:
    import torch

    cores, threads = os.cpu_count() or 1, torch.get_num_threads()
    found = f"{_count(threads, 'thread')} on {_count(cores, 'core')}"
    if threads > cores:
        yield Finding("threads", "note", found, "More threads than cores are slow: unset OMP_NUM_THREADS.")
    elif threads == 1 and cores > 1:
        yield Finding("threads", "note", found, f"Set OMP_NUM_THREADS={min(cores, 4)} to use your cores.")
    else:
        yield Finding("threads", "good", found)


def _settings() -> Iterator[Finding]:
    try:
        settings = house.current()
        device = house.device(settings.device).type
    except ThyrolearnError as problem:
        yield Finding("settings", "blocks", problem.problem, problem.remedy)
        return
    yield Finding("settings", "good", f"data {settings.data}, tier {settings.tier}, device {device}")
    if settings.data != "phantom" and (settings.root is None or not settings.root.expanduser().is_dir()):
        found = f"the folder of {settings.data}, {settings.root or 'THYROLEARN_ROOT'}, is not there"
        yield Finding("root", "blocks", found, "Set THYROLEARN_ROOT to the folder that holds the images.")


def _cache() -> Iterator[Finding]:
    folder = house.folders().cache
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 2**20
    if files:
        yield Finding("cohorts", "good", f"{size:.0f} MB in {folder}")
    else:
        yield Finding("cohorts", "note", f"none yet in {folder}", "Run `thyrolearn prepare`, or the first lesson will.")


def _pace() -> Iterator[Finding]:
    """Compare this machine with the one that measured the lessons, and say the minutes to expect."""
    from thyrolearn.course.measure import speed

    lessons: dict[str, dict[str, Any]] = read_yaml(house.folders().notebooks / "measured.yml").get("lessons", {})
    here = speed(seconds=3.0)
    if not lessons:
        yield Finding("pace", "note", f"{here:.0f} training steps a second", "Run `thyrolearn measure` to compare.")
        return
    minutes = {slug: cost["seconds"] / 60 * cost["speed"] / here for slug, cost in lessons.items()}
    longest = max(minutes, key=lambda slug: minutes[slug])
    found = (
        f"{here:.0f} training steps a second: expect {sum(minutes.values()):.1f} minutes for "
        f"{_count(len(minutes), 'lesson')}, {minutes[longest]:.1f} for the longest ({longest})"
    )
    if minutes[longest] > 2:
        yield Finding("pace", "note", found, "Close other programs, or set OMP_NUM_THREADS to your number of cores.")
    else:
        yield Finding("pace", "good", found)
