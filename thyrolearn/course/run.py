"""Run a lesson's notebook from top to bottom, in a fresh kernel of this very Python, and measure what it took."""

import os
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thyrolearn import errors
from thyrolearn.course.records import LessonRecord, find
from thyrolearn.errors import LessonError, SettingsError
from thyrolearn.files import replacing, writable_folder
from thyrolearn.settings import Settings, current

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

__all__ = ["Executed", "execute", "run"]


@dataclass(frozen=True)
class Executed:
    """A notebook with its outputs, and what it took: wall clock with start-up, CPU time, the kernel's peak memory."""

    notebook: "NotebookNode"
    seconds: float
    cpu_seconds: float
    memory_mb: float


def run(name: str, out: Path | str | None = None, **choices: Any) -> Path:
    """Run the lesson ``name`` under ``choices`` (data, root, tier, device, seed) and write the executed notebook.

    ``out`` (default: beside the working folder's files, named after lesson, data and tier) appears only when the
    notebook ran to its end; a failing cell raises `LessonError` with the cell's number, and Ctrl-C leaves nothing.
    Returns the path that was written.
    """
    record = find(name)
    settings = current(**choices)
    out = Path(out or f"{record.file.stem}_{settings.data}_{settings.tier}.ipynb")
    if out.suffix != ".ipynb" or out.resolve() == record.file.resolve():
        raise LessonError(f"{out} cannot take the executed notebook.", "Give another file name that ends in .ipynb.")
    writable_folder(out.parent)
    _must_be_there(settings)
    executed = execute(record, settings)
    import nbformat

    with replacing(out) as part:
        nbformat.write(executed.notebook, part)
    return out


def _must_be_there(settings: Settings) -> None:
    """Say what is wrong with data set and folder now, and not after the kernel has started."""
    from thyrolearn import data
    from thyrolearn.data.public.reading import folder_of

    if settings.data not in data.names():
        raise SettingsError(f"There is no data set {settings.data!r}.", f"Choose one of {', '.join(data.names())}.")
    if settings.data != "phantom":
        folder_of(settings.root, settings.data)


def execute(
    record: LessonRecord, settings: Settings, variables: Mapping[str, str] | None = None, progress: bool = True
) -> Executed:
    """Execute the notebook of ``record`` under ``settings``; further environment ``variables`` reach the kernel."""
    import nbformat
    from tqdm import tqdm

    notebook = nbformat.read(record.file, as_version=4)
    client = _client(notebook)
    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    # A folder of its own: what a lesson writes beside itself must not land in the course.
    bar = tqdm(total=total, desc=record.slug, unit="cell", leave=False, disable=None if progress else True)
    with tempfile.TemporaryDirectory() as folder, bar:
        client.on_cell_executed = lambda **_: bar.update()
        with _measured(client) as spent:
            _run_cells(client, record, cwd=folder, env={**os.environ, **_variables(settings), **(variables or {})})
    return Executed(notebook, **spent)


def _variables(settings: Settings) -> dict[str, str]:
    root = {"THYROLEARN_ROOT": str(settings.root.expanduser().resolve())} if settings.root else {}
    names = ("data", "tier", "device", "seed")
    return {f"THYROLEARN_{name.upper()}": str(getattr(settings, name)) for name in names} | root


def _run_cells(client: "NotebookClient", record: LessonRecord, **kernel: Any) -> None:
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    try:
        client.execute(**kernel)
    except CellExecutionError as problem:
        raise _failure(client, record, problem.ename, problem.evalue) from None
    except (DeadKernelError, AssertionError):
        # After Ctrl-C nbclient's own handler has shut the kernel down; what it then raises depends on the moment.
        if getattr(client, "_async_cleanup_kernel_future", None):
            raise KeyboardInterrupt from None
        remedy = "Often memory has run out: close other programs, or use the tier 'lesson'."
        raise _failure(client, record, "kernel", "the kernel died", remedy) from None


def _failure(client: "NotebookClient", record: LessonRecord, kind: str, said: str, remedy: str = "") -> LessonError:
    """One line: which cell, and what it said; our own errors bring their remedy along."""
    code = [cell for cell in client.nb.cells if cell.cell_type == "code"]
    done = sum(cell.execution_count is not None for cell in code)
    ours = kind in errors.__all__ or kind == "kernel"
    text = " ".join(said.split()) if ours else f"{kind}: {' '.join(said.split())}"
    return LessonError(f"{record.slug}, code cell {max(1, done)} of {len(code)}: {text}", remedy)


def _client(notebook: "NotebookNode") -> "NotebookClient":
    from ipykernel.kernelspec import get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from nbclient import NotebookClient

    class ThisPython(KernelSpecManager):
        """A kernel of the running Python: another one's kernelspec may be installed under the same name."""

        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return KernelSpec(**get_kernel_dict())

    class Client(NotebookClient):
        def create_kernel_manager(self) -> Any:
            manager = super().create_kernel_manager()
            manager.kernel_spec_manager = ThisPython()
            return manager

    # Errors only: at start-up the kernel warns of unencrypted sockets, which here stay on this machine.
    return Client(notebook, timeout=None, kernel_name="python3", extra_arguments=["--log-level=ERROR"])


@contextmanager
def _measured(client: "NotebookClient") -> Iterator[dict[str, float]]:
    """Measure the block: its wall clock, and the kernel's CPU time and peak memory, sampled 20 times a second."""
    import psutil

    spent = {"seconds": 0.0, "cpu_seconds": 0.0, "memory_mb": 0.0}
    stop = threading.Event()

    def sample() -> None:
        try:
            kernel = psutil.Process(client.km.provisioner.pid)  # type: ignore[union-attr]
            family = [kernel, *kernel.children(recursive=True)]
            rss = sum(process.memory_info().rss for process in family)
            times = [process.cpu_times() for process in family]
        except (psutil.Error, AttributeError):  # not started yet, or gone already
            return
        spent["memory_mb"] = max(spent["memory_mb"], rss / 2**20)
        spent["cpu_seconds"] = max(spent["cpu_seconds"], sum(t.user + t.system for t in times))

    def watch() -> None:
        while not stop.wait(0.05):
            sample()

    watcher = threading.Thread(target=watch, daemon=True)
    start = time.perf_counter()
    watcher.start()
    try:
        yield spent
    finally:
        spent["seconds"] = time.perf_counter() - start
        stop.set()
        watcher.join()
