"""Milliseconds a frame, by size and by stage, on the machine it is run on."""

import time
from typing import Any

import numpy as np

from thyrolearn.phantom.population import patients
from thyrolearn.phantom.rendering import render

__all__ = ["benchmark"]


def benchmark(frames: int = 24, seed: int = 0) -> dict[str, Any]:
    """Return {"ms_per_frame": {"256", "512", "clip"}, "stages": {...}, "frames", "memory_mb"}, medians of one process.

    Set ``OMP_NUM_THREADS=1`` for figures of one core. ``stages`` are the milliseconds of phantom, signal and
    display at 256 pixels; ``clip`` is a frame of a sweep at 256 pixels.

    >>> sorted(benchmark(frames=1))
    ['frames', 'memory_mb', 'ms_per_frame', 'stages']
    """
    people = patients(8, seed)
    out: dict[str, float] = {}
    stages: dict[str, list[float]] = {}
    for size in (256, 512):
        times = []
        for i in range(frames if size == 256 else max(4, frames // 3)):
            patient, stage = people[i % len(people)], dict[str, float]()
            start = time.perf_counter()
            render(patient, patient.nodules[0], i // len(people), seed, size=size, timings=stage)
            times.append(1e3 * (time.perf_counter() - start))
            if size == 256:
                for name, value in stage.items():
                    stages.setdefault(name, []).append(value)
        out[str(size)] = round(float(np.median(times)), 2)
    out["clip"] = _clip_ms(people[0], seed, max(8, frames))
    return {
        "ms_per_frame": out,
        "stages": {name: round(float(np.median(values)), 2) for name, values in stages.items()},
        "frames": frames,
        "memory_mb": _memory_mb(),
    }


def _clip_ms(patient: Any, seed: int, frames: int) -> float:
    from thyrolearn.phantom.cine import sweep

    start = time.perf_counter()
    sweep(patient, patient.nodules[0], seed, frames=frames)
    return round(1e3 * (time.perf_counter() - start) / frames, 2)


def _memory_mb() -> float | None:
    """Largest resident memory of this process so far, MB; None where the system does not say."""
    try:
        import resource
    except ImportError:
        return None
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
