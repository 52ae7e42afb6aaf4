"""For the whole suite: no network, and one execution of the lessons that also feeds the site.

After `pytest notebooks --nbval-lax` the outputs of the lessons that passed lie in jupyter-cache, where `make book`
finds them, and `_build/measured.json` says what each lesson cost.
"""

import json
import os
import runpy
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent
MEASURED = ROOT / "_build" / "measured.json"
OFFLINE = ROOT / "tests" / "offline"


def pytest_configure(config):
    """Close the network for this process and for every Python it starts, before anything is collected."""
    del config
    runpy.run_path(str(OFFLINE / "sitecustomize.py"))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH")]))


def pytest_collection_modifyitems(session, config, items):
    """Remember how many code cells each notebook has, so that only whole runs are kept."""
    del config
    session.lessons = {}
    for item in items:
        if type(item).__name__ == "IPyNbCell":
            session.lessons.setdefault(Path(item.path), []).append(item)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Take the time of a cell, kernel start included, as the learner waits for it."""
    del nextitem
    began = time.perf_counter()
    yield
    item.wall = time.perf_counter() - began


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """After each cell note whether it passed and what its kernel has used so far."""
    result = yield
    if call.when == "call" and type(item).__name__ == "IPyNbCell":
        item.passed = result.get_result().passed
        item.used = _kernel_costs(item.parent.kernel)


def _kernel_costs(kernel):
    import psutil

    try:
        process = psutil.Process(kernel.km.provisioner.pid)
        times = process.cpu_times()
        return times.user + times.system, _peak_memory_mb(process)
    except (AttributeError, psutil.Error):
        return None


def _peak_memory_mb(process):
    status = Path(f"/proc/{process.pid}/status")
    if status.is_file():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    info = process.memory_info()
    return getattr(info, "peak_wset", info.rss) / 2**20


def pytest_sessionfinish(session):
    """Hand the executed lessons on: outputs to the site's cache, costs to the outline."""
    whole = {path: cells for path, cells in getattr(session, "lessons", {}).items()
             if all(getattr(cell, "passed", False) for cell in cells)}  # fmt: skip
    if not whole:
        return
    costs = json.loads(MEASURED.read_text()) if MEASURED.is_file() else {}
    for path, cells in whole.items():
        used = cells[-1].used
        if used:
            costs[_slug(path)] = {"seconds": round(sum(cell.wall for cell in cells), 1),
                                  "cpu_seconds": round(used[0], 1), "memory_mb": round(used[1])}  # fmt: skip
    MEASURED.parent.mkdir(exist_ok=True)
    MEASURED.write_text(json.dumps(costs, indent=2, sort_keys=True) + "\n")
    if _default_settings():
        sys.path.insert(0, str(ROOT / "book" / "tools"))
        import execution

        for path, cells in whole.items():
            execution.keep(path, [cell.test_outputs for cell in cells])


def _slug(path):
    """``notebooks/1_architectures/01_cnn.ipynb`` is the lesson ``architectures/cnn``."""
    part, name = path.parent.name, path.stem
    return f"{part.split('_', 1)[-1]}/{name.split('_', 1)[-1]}"


def _default_settings():
    names = ("DATA", "ROOT", "TIER", "DEVICE", "SEED")
    return not any(os.environ.get(f"THYROLEARN_{name}") for name in names)
