"""The same notebooks on real frames: a small slice of what `THYROLEARN_REAL` points at.

Nothing of it is copied into the repository or the user's cache: slice, cache and result lie in a temporary folder.
"""

import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from thyrolearn.course.records import find, outline
from thyrolearn.course.run import run
from thyrolearn.settings import folders

REAL = Path(os.environ["THYROLEARN_REAL"]).resolve() if os.environ.get("THYROLEARN_REAL") else None
WHOLE = {"architectures/rnn"}  # of parts that are in the matrix as a whole, the lessons that are not
MATRIX = {
    "start/data_and_splits", "training/supervised", "training/transfer", "training/semi_supervised",
    "training/weakly_supervised", "training/self_supervised", "training/multi_task", "training/active_learning",
    "training/distillation_and_ensembles", "tasks/classification", "tasks/tirads_grading", "tasks/segmentation",
    "tasks/detection", "tasks/reports", "challenges/image_quality", "challenges/scarce_and_noisy_labels",
    "challenges/domain_shift", "challenges/robustness", "challenges/interpretability", "challenges/uncertainty",
    "challenges/shortcuts_and_fairness", "clinic/decisions", "clinic/deployment", "field/dataset_atlas",
    "field/benchmark", "capstone/capstone",
}  # fmt: skip

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(REAL is None, reason="THYROLEARN_REAL is not set: no real frames to run on"),
    pytest.mark.skipif(REAL is not None and not (REAL / "DDTI").is_dir(), reason="THYROLEARN_REAL has no folder DDTI"),
]


def share_the_phantom(cache):
    """A cache of its own for the real frames; synthetic ones are not built a second time."""
    cache.mkdir()
    ours = folders().cache / "phantom"
    ours.mkdir(parents=True, exist_ok=True)
    (cache / "phantom").symlink_to(ours, target_is_directory=True)


def in_matrix(slug):
    return slug in MATRIX or (slug.startswith("architectures/") and slug not in WHOLE)


@pytest.fixture(scope="module")
def ddti(tmp_path_factory):
    """A slice of DDTI: every second case, so that both labels and several frames a patient are there."""
    folder = tmp_path_factory.mktemp("slice") / "DDTI"
    folder.mkdir()
    cases = sorted((REAL / "DDTI").glob("*.xml"), key=lambda path: int(path.stem))
    for case in cases[::2]:
        for file in [case, *(REAL / "DDTI").glob(f"{case.stem}_*.jpg")]:
            shutil.copy(file, folder / file.name)
    return folder


@pytest.mark.parametrize("slug", [record.slug for record in outline() if in_matrix(record.slug)])
def test_the_lesson_runs_on_ddti(slug, ddti, tmp_path, monkeypatch):
    share_the_phantom(tmp_path / "cache")
    monkeypatch.setenv("THYROLEARN_CACHE", str(tmp_path / "cache"))
    before = find(slug).file.read_bytes()
    out = run(slug, tmp_path / "out.ipynb", data="ddti", root=ddti)
    notebook = nbformat.read(out, 4)
    said = "\n".join(text(output) for cell in notebook.cells for output in cell.get("outputs", []))
    assert "ddti" in said and "TI-RADS category" in said, "the header states whose labels these are"
    assert "Synthetic images from the phantom" not in said
    assert "not for diagnosis" in said
    assert re.search(r"-?\d\.\d{3} \(95 % interval -?\d\.\d{3} to -?\d\.\d{3}", said), "it ends with an interval"
    assert not [o for cell in notebook.cells for o in cell.get("outputs", []) if o.output_type == "error"]
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    assert find(slug).file.read_bytes() == before


def text(output):
    return output.get("text") or "".join(output.get("data", {}).get("text/plain", ""))
