"""What a lesson costs: measured on a named machine, kept in ``notebooks/measured.yml``, shown in headers."""

import platform
import time
from collections.abc import Callable
from typing import Any

import yaml

from thyrolearn import settings as house
from thyrolearn.course import run
from thyrolearn.course.records import LessonRecord, find, outline, read_yaml
from thyrolearn.files import writable_folder, write_text

__all__ = ["measure", "machine", "speed"]

_HEAD = "# Written by `thyrolearn measure`: what each lesson takes, start-up included. Do not edit.\n"


def measure(names: list[str] | None = None, say: Callable[[str], None] = print) -> dict[str, dict[str, Any]]:
    """Run the lessons ``names`` (default: all) at the lesson tier and store what they take.

    An entry has ``seconds`` (wall clock), ``cpu_seconds``, ``memory_mb`` (peak of the kernel), ``machine``,
    ``speed`` (see `speed`) and ``commit``. Each lesson is stored as soon as it is done. Returns the new entries.
    """
    file = house.folders().notebooks / "measured.yml"
    writable_folder(file.parent)
    settings = house.Settings(device=house.current().device)
    made = {}
    for record in [find(name) for name in names] if names else outline():
        made[record.slug] = entry = _entry(record, settings)
        lessons = read_yaml(file).get("lessons", {}) | {record.slug: entry}
        write_text(file, _HEAD + yaml.safe_dump({"lessons": dict(sorted(lessons.items()))}, sort_keys=False, width=110))
        say(f"{record.slug}: {entry['seconds']} s, {entry['cpu_seconds']} s of CPU, {entry['memory_mb']} MB")
    return made


def _entry(record: LessonRecord, settings: house.Settings) -> dict[str, Any]:
    from thyrolearn.experiments.origin import origin

    spent = run.execute(record, settings)
    return {
        "seconds": round(spent.seconds, 1),
        "cpu_seconds": round(spent.cpu_seconds, 1),
        "memory_mb": round(spent.memory_mb),
        "machine": machine(),
        "speed": round(speed(), 1),
        "commit": origin()["commit"],
    }


def machine() -> str:
    """The class of this machine in words: cores, system, Python, torch and device; no name in it.

    >>> "Python" in machine()
    True
    """
    from importlib.metadata import version

    from thyrolearn import experiments

    python = ".".join(platform.python_version_tuple()[:2])
    device = {"cpu": "CPU only"}.get(kind := house.device().type, kind)
    return f"{experiments.machine()}, {platform.system()}, Python {python}, torch {version('torch')}, {device}"


def speed(seconds: float = 1.0) -> float:
    """Training steps per second of one small fixed network on the CPU: the yardstick between two machines.

    Steps are a forward and a backward pass of three convolutions on 16 images of 64 by 64, for ``seconds``.
    """
    import torch
    from torch import nn

    layers = [nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2), nn.ReLU(), nn.Conv2d(32, 32, 3, stride=2)]
    net, images = nn.Sequential(*layers), torch.zeros(16, 1, 64, 64)
    net(images).sum().backward()  # the first pass pays for setting up
    steps, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        net(images).sum().backward()
        steps += 1
    return steps / passed
