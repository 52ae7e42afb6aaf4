"""Files that are never half-written: write beside, rename at the end; locks; weights."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thyrolearn.errors import DataError

if TYPE_CHECKING:
    import torch

__all__ = ["replacing", "locked", "writable_folder", "write_text", "write_json", "save_weights", "load_weights"]


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it to ``path`` when the block ends well.

    On any error, Ctrl-C included, the temporary file is removed and ``path`` is as it was. Raises `DataError` where
    ``path`` is a folder or its own folder cannot be written.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "a.txt") as part:
    ...         _ = part.write_text("whole")
    ...     sorted(p.name for p in Path(folder).iterdir())
    ['a.txt']
    """
    path = Path(path)
    writable_folder(path.parent)
    if path.is_dir():
        raise DataError(f"{path} is a folder.", "Give the name of a file.")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
        part.chmod(0o666 & ~_umask())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def writable_folder(folder: Path | str) -> Path:
    """Make ``folder`` if needed and return it; raise `DataError` where it cannot be written.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     writable_folder(Path(folder) / "new" / "one").name
    'one'
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise DataError(f"{folder} cannot be made ({problem.strerror}).", "Choose a folder you may write to.") from None
    if not os.access(folder, os.W_OK):
        raise DataError(f"{folder} cannot be written.", "Choose a folder you may write to.")
    return folder


@contextmanager
def locked(path: Path | str) -> Iterator[None]:
    """Hold the lock file ``path`` for the block, so that two processes do not build the same thing.

    >>> with tempfile.TemporaryDirectory() as folder, locked(Path(folder) / "cohort.lock"):
    ...     print("mine")
    mine
    """
    import filelock

    writable_folder(Path(path).parent)
    with filelock.FileLock(str(path)):
        yield


def write_text(path: Path | str, text: str) -> Path:
    """Write ``text`` (UTF-8) to ``path`` in one step and return the path.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(Path(folder) / "note.txt", "22 µm").read_text(encoding="utf-8")
    '22 µm'
    """
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
    return Path(path)


def write_json(path: Path | str, value: Any) -> Path:
    """Write ``value`` as JSON to ``path`` in one step and return the path.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     json.loads(write_json(Path(folder) / "auc.json", {"auc": 0.5}).read_text())
    {'auc': 0.5}
    """
    return write_text(path, json.dumps(value, indent=2) + "\n")


def save_weights(path: Path | str, tensors: "dict[str, torch.Tensor]") -> Path:
    """Save ``tensors`` as safetensors: plain arrays, no code, so the file is safe to open.

    >>> import torch
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_weights(save_weights(Path(folder) / "w.safetensors", {"bias": torch.ones(2)}))
    {'bias': tensor([1., 1.])}
    """
    from safetensors.torch import save_file

    with replacing(path) as part:
        save_file({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, part)
    return Path(path)


def load_weights(path: Path | str) -> "dict[str, torch.Tensor]":
    """Load what `save_weights` wrote; raise `DataError` for a missing or damaged file, and for NaN or Inf in it.

    Only safetensors are opened: a pickle (`.pt`, `.pth`) can run code when it is read, so it is refused unread.

    >>> load_weights("nowhere.safetensors")
    Traceback (most recent call last):
    thyrolearn.errors.DataError: nowhere.safetensors does not exist. Train first, or give the folder of a finished run.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist.", "Train first, or give the folder of a finished run.") from None
    except (SafetensorError, OSError) as problem:
        raise DataError(f"{path} is not a readable weights file ({problem}).", "Train or copy it again.") from None
    broken = [name for name, tensor in tensors.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
    if broken:
        raise DataError(f"{path} holds NaN or Inf in {broken[0]}.", "The training diverged: use a lower rate.")
    return tensors
