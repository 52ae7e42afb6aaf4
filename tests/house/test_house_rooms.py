"""The house keeps its shape: rooms import downwards, modules stay readable, importing stays light."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "tools"))
import drawings  # noqa: E402

ROOMS = drawings.rooms()
MODULES = sorted((ROOT / "thyrolearn").rglob("*.py"))
HEAVY = ("torch", "torchvision", "pandas", "sklearn", "matplotlib", "scipy", "skimage")


def name(path):
    return path.relative_to(ROOT).as_posix()


def test_every_module_belongs_to_a_room():
    known = {file for files in ROOMS.values() for file in files} | {ROOT / "thyrolearn" / "__init__.py"}
    assert [name(path) for path in MODULES if path not in known and path.stem != "__main__"] == []
    assert len(ROOMS) >= 12


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_from_floors_below(room):
    own = drawings.floor_of(room)
    up = {other for other in drawings.imports(ROOMS[room]) - {room} if drawings.floor_of(other) >= own}
    if own == 0:
        # the ground floor's modules stand on each other, but not in a circle: errors and arrays carry the rest
        up -= {"errors", "arrays"} if room not in ("errors", "arrays") else set()
    assert not up, f"{room} (floor {own}) imports {up}"


def test_imports_inside_functions_are_counted(tmp_path):
    file = tmp_path / "a.py"
    file.write_text("def f():\n    from thyrolearn.data import load\n    import thyrolearn.cli\n    return load\n")
    assert drawings.imports([file]) == {"data", "cli"}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_fits_the_eye(path):
    assert path.read_text(encoding="utf-8").count("\n") <= 300


def test_one_function_names_a_device():
    guilty = [name(p) for p in MODULES if p.name != "settings.py" and re.search(r"""["']cuda""", p.read_text("utf-8"))]
    assert guilty == []


def test_no_path_of_one_machine():
    pattern = re.compile(r"""(?<![\w.:/])/(home|Users|work|root|mnt|tmp)/\w""")
    suffixes = {".py", ".md", ".ipynb", ".yml", ".yaml", ".toml", ".cff", ".sh", ""}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split("\n")
    files = [ROOT / line for line in listed if line and Path(line).suffix in suffixes and "vendor" not in line]
    files = [path for path in files if path.is_file()] or MODULES
    guilty = [name(p) for p in files if pattern.search(p.read_text("utf-8", errors="replace"))]
    assert guilty == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_nothing_happens_at_import(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = [ast.unparse(node.value.func) for node in tree.body
              if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]  # fmt: skip
    called = [name for name in called if not name.startswith("app.")]  # typer's way to put commands together
    assert called == [], "a module that acts when it is imported surprises its reader"
    for words in ("filterwarnings", "manual_seed", "np.random.seed"):
        assert not any(words in ast.unparse(node) for node in tree.body if isinstance(node, ast.Expr))


def test_import_is_light_and_quick():
    code = (
        "import sys, time; began = time.process_time(); import thyrolearn; took = time.process_time() - began;"
        f"print(took, [m for m in {HEAVY!r} if m in sys.modules])"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
            for _ in range(3)]  # fmt: skip
    assert all(run.split(" ", 1)[1].strip() == "[]" for run in runs), runs
    # the best of three, in CPU time: a busy machine is no reason to fail
    assert min(float(run.split()[0]) for run in runs) < 0.3


@pytest.mark.parametrize("room", [r for r in ("tirads", "evaluation", "phantom", "data", "course", "plots", "cli")
                                  if r in ROOMS])  # fmt: skip
def test_a_room_does_not_load_torch_before_it_is_used(room):
    code = f"import sys, thyrolearn.{room}; print([m for m in ('torch', 'pandas', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.strip() == "[]"
