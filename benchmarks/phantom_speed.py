"""Speed of the phantom on one core, beside pymust's single plane wave where pymust is installed.

    OMP_NUM_THREADS=1 python benchmarks/phantom_speed.py [--frames 40] [--peer] [--json out.json]

pymust 0.1.9 (`pip install pymust`) simulates one plane wave of 20,000 scatterers on an L11-5v; a focused frame of
128 lines would take about 128 times that, so the comparison favours the peer.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from thyrolearn import phantom


def peer_seconds(scatterers: int = 20_000) -> float:
    """Seconds that pymust needs for the echoes of one plane wave."""
    import pymust

    probe = pymust.getparam("L11-5v")
    probe.fs = 4 * probe.fc
    rng = np.random.default_rng(0)
    x, z = rng.uniform(-0.019, 0.019, scatterers), rng.uniform(0.002, 0.04, scatterers)
    start = time.perf_counter()
    pymust.simus(x, z, rng.standard_normal(scatterers), np.zeros((1, probe.Nelements)), probe)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--peer", action="store_true", help="also run pymust (about a minute)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = phantom.benchmark(options.frames)
    if options.peer:
        result["pymust_plane_wave_s"] = peer_seconds()
        result["times_faster"] = 1e3 * result["pymust_plane_wave_s"] / result["ms_per_frame"]["256"]
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
