"""The network is closed for the tests, and the library works where there is none at all."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EMPTY = ["unshare", "--map-root-user", "--net"]


def namespaces():
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*EMPTY, "true"], capture_output=True).returncode == 0


def test_the_guard_refuses_another_host_by_name_and_by_address():
    with pytest.raises(OSError, match="without a network"):
        socket.create_connection(("example.org", 80), timeout=2)
    with socket.socket() as plain, pytest.raises(PermissionError, match="without a network"):
        plain.connect(("192.0.2.1", 80))


def test_the_guard_lets_loopback_through():
    server = socket.create_server(("127.0.0.1", 0))
    with server, socket.create_connection(server.getsockname(), timeout=2):
        peer, _ = server.accept()
        peer.close()


def test_the_kernels_of_lessons_are_closed_too(tmp_path):
    import nbformat
    from nbclient import NotebookClient

    code = "import socket\ntry:\n    socket.create_connection(('192.0.2.1', 80), 2)\nexcept OSError as e:\n    print(e)"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    done = NotebookClient(notebook, timeout=60, kernel_name="python3").execute(cwd=str(tmp_path))
    assert "without a network" in done.cells[0].outputs[0]["text"]


def test_a_lesson_snippet_runs_in_an_empty_network_namespace(tmp_path):
    if not namespaces():
        pytest.skip("this machine does not allow network namespaces (unshare --net)")
    code = """
import os, socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=2)
except OSError:
    pass
else:
    raise SystemExit("there is a network here")
import numpy as np, torch
from thyrolearn import evaluation, models, phantom
patient = phantom.patients(1, seed=0)[0]
frame = phantom.render(patient, patient.nodules[0], 0, seed=0)
crop = torch.as_tensor(np.ascontiguousarray(frame.image[:64, :64]))[None, None].float() / 255
logit = models.create("resnet", size=64)(crop)
print(frame.image.shape, tuple(logit.shape), evaluation.auc(np.array([0, 1, 0, 1]), np.array([.1, .9, .2, .8])).value)
"""
    environment = os.environ | {"THYROLEARN_CACHE": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*EMPTY, sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True,
                          text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["(256,", "256)", "(1,", "1)", "1.0"]
