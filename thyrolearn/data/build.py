"""Build a phantom cohort with one helper process a core.

The helpers are plain child programs (``python -m thyrolearn.data.build``) that report on their standard output,
not a `multiprocessing` pool: so a build works alike from a notebook, a script without a main guard and
``python -c``, on every system, and no parent's threads are forked.
"""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from thyrolearn.data import store
from thyrolearn.data.phantom import Recipe, build_shards, default_workers, plan, recipe_from, remove_older
from thyrolearn.errors import DataError
from thyrolearn.files import writable_folder

__all__ = ["build"]

SMALL = 200  # frames; fewer are rendered here, since starting helpers takes longer
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


class Counter:
    """A bar on stderr in a terminal or notebook, elsewhere a plain line for every tenth."""

    def __init__(self, total: int, done: int, what: str, shown: bool) -> None:
        self.total, self.done, self.what, self.shown = total, done, what, shown
        self.bar: Any = None
        if shown and (sys.stderr.isatty() or "ipykernel" in sys.modules):
            from tqdm import tqdm

            self.bar = tqdm(total=total, initial=done, unit="frame", desc=what, file=sys.stderr)
        self.tenth = 10 * done // max(total, 1)

    def add(self, frames: int) -> None:
        """Count ``frames`` more."""
        self.done += frames
        if self.bar is not None:
            self.bar.update(frames)
        elif self.shown and 10 * self.done // self.total > self.tenth:
            self.tenth = 10 * self.done // self.total
            print(f"{self.what}: {self.done:,} of {self.total:,} frames", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Leave the last state on the screen."""
        if self.bar is not None:
            self.bar.close()


@contextmanager
def _alone(folder: Path, shown: bool) -> Iterator[None]:
    """Hold the build's lock; say so when another process has it. The system frees the lock of a killed one."""
    import filelock

    lock = filelock.FileLock(f"{folder}.lock")
    try:
        lock.acquire(timeout=0.2)
    except filelock.Timeout:
        if shown:
            print(f"Another process is preparing {folder.name}: waiting for it.", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def build(name: str, recipe: Recipe, folder: Path, *, workers: int | None = None, progress: bool = True) -> None:
    """Build the cohort ``name`` into ``folder``; finished shards of an earlier try are kept.

    Raises `DataError` where the folder cannot be written, the disk is full, or a helper ends badly.
    """
    writable_folder(folder)
    with _alone(folder, progress):
        if store.is_finished(folder):
            return
        for left in folder.glob(".*"):  # half-written by a process that was killed
            left.unlink(missing_ok=True)
        frames = [len(shard) for shard in plan(recipe)]
        missing = [i for i in range(len(frames)) if not store.is_written(folder, i)]
        done = sum(frames) - sum(frames[i] for i in missing)
        counter = Counter(sum(frames), done, f"preparing phantom cohort {name!r}", progress)
        try:
            for amount in _work(recipe, folder, missing, frames, workers or default_workers()):
                counter.add(amount)
            store.finish(folder, len(frames), folder.name, name=f"phantom {name}")
        except OSError as problem:
            remedy = "Make room or set THYROLEARN_CACHE to another folder; what is done is kept."
            raise DataError(f"{folder} cannot be filled ({problem.strerror}).", remedy) from None
        finally:
            counter.close()
        remove_older(folder, name)


def _work(recipe: Recipe, folder: Path, missing: list[int], frames: list[int], workers: int) -> Iterator[int]:
    if workers == 1 or not sys.executable or sum(frames[i] for i in missing) < SMALL:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # as in the helpers: threads wait for each other on arrays this small
            yield from build_shards(recipe, folder, missing)
        return
    workers = min(workers, len(missing))
    yield from _helpers([[asdict(recipe), str(folder), missing[i::workers]] for i in range(workers)])


def _helpers(tasks: list[list[Any]]) -> Iterator[int]:
    """Run one helper a task; yield the frames that each reports; end them all whatever happens."""
    environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
    # The helper must find the same package, also where the parent was started in its checkout.
    environment["PYTHONPATH"] = os.pathsep.join(p for p in [str(_home()), environment.get("PYTHONPATH", "")] if p)
    command = [sys.executable, "-P", "-m", "thyrolearn.data.build"]  # -P: a random.py beside a notebook is not ours
    heard: queue.Queue[str | None] = queue.Queue()
    helpers: list[subprocess.Popen[str]] = []
    with tempfile.TemporaryFile("w+") as said:
        try:
            for task in tasks:
                pipe = subprocess.PIPE
                helper = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=said, text=True, env=environment)
                helpers.append(helper)
                threading.Thread(target=_talk, args=(helper, json.dumps(task), heard), daemon=True).start()
            yield from _hear(heard, len(helpers))
            ends = [helper.wait() for helper in helpers]
            if any(ends):
                said.seek(0)
                last = (said.read().strip().splitlines() or ["no message"])[-1]
                raise DataError(f"A helper that renders frames ended: {last}.", "Run it again; it goes on.")
        finally:
            for helper in helpers:
                helper.terminate()
            for helper in helpers:
                helper.wait()


def _hear(heard: "queue.Queue[str | None]", running: int) -> Iterator[int]:
    while running:
        try:
            line = heard.get(timeout=0.5)  # without a limit Ctrl-C would not come through on Windows
        except queue.Empty:
            continue
        if line is None:
            running -= 1
        else:
            yield int(line)


def _home() -> Path:
    return Path(__file__).resolve().parents[2]


def _talk(helper: "subprocess.Popen[str]", task: str, heard: "queue.Queue[str | None]") -> None:
    """Hand a helper its task and pass on what it says; None when it has ended."""
    assert helper.stdin is not None and helper.stdout is not None
    with suppress(BrokenPipeError):  # it ended at once: its exit code will tell
        helper.stdin.write(task)
        helper.stdin.close()
    for line in helper.stdout:
        heard.put(line)
    heard.put(None)


def _main() -> None:
    """The helper: read one task from standard input, write the frames done to standard output."""
    recipe, folder, numbers = json.loads(sys.stdin.read())
    try:
        for amount in build_shards(recipe_from(recipe), Path(folder), numbers):
            print(amount, flush=True)
    except (KeyboardInterrupt, BrokenPipeError):
        os._exit(1)


if __name__ == "__main__":
    _main()
