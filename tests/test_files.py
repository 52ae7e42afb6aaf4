"""Files are whole or absent: errors and Ctrl-C leave what was there."""

import multiprocessing
import os
import sys
import time
from pathlib import Path

import pytest
import torch

from thyrolearn import files
from thyrolearn.errors import DataError


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_a_failed_write_leaves_the_old_file(tmp_path: Path, failure: type[BaseException]) -> None:
    target = files.write_text(tmp_path / "a.txt", "old")
    with pytest.raises(failure), files.replacing(target) as part:
        part.write_text("half")
        raise failure
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_written_files_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        target = files.write_text(tmp_path / "a.txt", "x")
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == 0o640


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(DataError, match=str(blocked)):
        files.writable_folder(blocked / "inside")


def test_weights_come_back_equal_and_damage_is_named(tmp_path: Path) -> None:
    tensors = {"a": torch.arange(6.0).reshape(2, 3).t(), "b": torch.ones(2, dtype=torch.bfloat16)}
    path = files.save_weights(tmp_path / "w.safetensors", tensors)
    back = files.load_weights(path)
    assert all(torch.equal(back[name], tensors[name]) for name in tensors)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(DataError, match=r"w\.safetensors"):
        files.load_weights(path)
    with pytest.raises(DataError, match="does not exist"):
        files.load_weights(tmp_path / "none.safetensors")


def _hold(lock: Path, log: Path) -> None:
    with files.locked(lock):
        with log.open("a") as out:
            out.write("in\n")
        time.sleep(0.2)
        with log.open("a") as out:
            out.write("out\n")


@pytest.mark.skipif(sys.platform == "win32", reason="fork is not there on Windows")
def test_the_lock_lets_one_process_in_at_a_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_hold, args=(tmp_path / "l.lock", tmp_path / "log")) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert (tmp_path / "log").read_text().split() == ["in", "out", "in", "out"]


class _Payload:
    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("kind", ["pickle", "half a .pt", "empty", "header too large"])  # F13, F16, F17
def test_a_checkpoint_that_is_no_safetensors_is_refused_unread(tmp_path: Path, kind: str) -> None:
    path, marker = tmp_path / "model.pt", tmp_path / "code has run"
    if kind in ("pickle", "half a .pt"):
        torch.save({"weights": torch.ones(3), "payload": _Payload(marker)}, path)
    if kind == "half a .pt":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    if kind == "empty":
        path.write_bytes(b"")
    if kind == "header too large":
        path.write_bytes((2**60).to_bytes(8, "little") + b"{}")
    with pytest.raises(DataError, match=r"model\.pt is not a readable weights file"):
        files.load_weights(path)
    assert not marker.exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])  # F19
def test_weights_that_are_not_numbers_are_refused(tmp_path: Path, value: float) -> None:
    path = files.save_weights(tmp_path / "w.safetensors", {"good": torch.ones(2), "bad": torch.tensor([1.0, value])})
    with pytest.raises(DataError, match="NaN or Inf in bad"):
        files.load_weights(path)
