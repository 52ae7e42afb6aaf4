"""The wheel is what a learner installs: its lessons must be inside, and its commands must work in an empty folder."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy so that nothing is left in the checkout."""
    source = tmp_path_factory.mktemp("source") / "thyrolearn"
    leave = shutil.ignore_patterns(".*", "_build", "build", "*.egg-info", "__pycache__", "my_course", "vendor")
    shutil.copytree(ROOT, source, ignore=leave)
    done = subprocess.run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", source / "dist"],
                          cwd=source, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return next((source / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A fresh environment with only the wheel of its own; the libraries come from this one."""
    home = tmp_path_factory.mktemp("fresh")
    venv.create(home, with_pip=False)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)}))
    # sitecustomize, not a .pth file: this environment's own .pth would bring the checkout in
    (site / "sitecustomize.py").write_text(f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})\n")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site,
                    str(wheel)], check=True)  # fmt: skip
    return Path(sysconfig.get_path("scripts", "venv", {"base": str(home), "platbase": str(home)})) / "python"


def clean():
    return {k: v for k, v in os.environ.items() if not k.startswith(("THYROLEARN_", "PYTHONPATH"))}


def command(python, *words, cwd):
    code = "from thyrolearn.cli import main; main()"
    return subprocess.run([python, "-c", code, *words], cwd=cwd, env=clean(), capture_output=True, text=True)


def test_the_wheel_carries_lessons_types_and_licences(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "thyrolearn/py.typed" in names
    assert "thyrolearn/_shipped/notebooks/parts.yml" in names
    assert "thyrolearn/_shipped/datasets/literature.csv" in names
    assert any(name.endswith("licenses/LICENSE-text") for name in names)
    lessons = {path.name for path in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts}
    assert lessons <= {Path(name).name for name in names}
    assert not [name for name in names if name.startswith(("tests", "book", "benchmarks"))]


def test_the_installed_package_is_the_one_from_the_wheel(installed, tmp_path):
    code = "import thyrolearn.settings as s; f = s.folders(); print(f.notebooks, f.checkout)"
    done = subprocess.run(
        [installed, "-c", code], cwd=tmp_path, env=clean(), capture_output=True, text=True, check=True
    )
    assert "_shipped" in done.stdout and str(ROOT) not in done.stdout and "None" in done.stdout


def test_outline_and_start_work_in_an_empty_folder(installed, tmp_path):
    listed = command(installed, "outline", "--json", cwd=tmp_path)
    assert listed.returncode == 0, listed.stderr[-800:]
    lessons = json.loads(listed.stdout)
    assert len(lessons) == len(list((ROOT / "notebooks").glob("[0-9]*/[0-9]*.ipynb")))
    started = command(installed, "start", "my_course", cwd=tmp_path)
    assert started.returncode == 0, started.stderr[-800:]
    copies = list((tmp_path / "my_course").rglob("*.ipynb"))
    assert {Path(lesson["path"]).name for lesson in lessons} <= {path.name for path in copies}
    text = "".join(path.read_text(encoding="utf-8") for path in copies)
    assert "BEGIN SOLUTION" not in text, "a starter notebook must not hold the solution"
