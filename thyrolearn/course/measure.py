"""What a lesson costs: measured on a named machine, kept in ``notebooks/measured.yml``, shown in headers."""

import os
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
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
    spent = run.execute(record, settings)
    return {
        "seconds": round(spent.seconds, 1),
        "cpu_seconds": round(spent.cpu_seconds, 1),
        "memory_mb": round(spent.memory_mb),
        "machine": machine(),
        "speed": round(speed(), 1),
        "commit": _commit(),
    }


def machine() -> str:
    """The class of this machine in words: cores, processor type, system, Python, torch and device.

    >>> "Python" in machine()
    True
    """
    from importlib.metadata import version

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    python = ".".join(platform.python_version_tuple()[:2])
    device = {"cpu": "CPU only"}.get(kind := house.device().type, kind)
    system = f"{platform.machine()}, {platform.system()}"
    return f"{cores} cores ({system}), Python {python}, torch {version('torch')}, {device}"


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


def _commit() -> str:
    """The commit of the checkout, with a plus where files have changed since; empty outside a checkout."""
    checkout = house.folders().checkout
    if checkout is None:
        return ""
    said = [_git(checkout, "rev-parse", "--short", "HEAD"), "+" if _git(checkout, "status", "--porcelain") else ""]
    return "".join(said)


def _git(folder: Path, *command: str) -> str:
    try:
        done = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
