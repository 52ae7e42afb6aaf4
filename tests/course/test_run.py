import json
import os
import signal
import subprocess
import sys
import textwrap

import nbformat
import pytest
from small_lesson import notebook

from thyrolearn.course.records import find
from thyrolearn.course.run import execute, run
from thyrolearn.errors import DataError, LessonError, SettingsError
from thyrolearn.settings import current


def write(folder, *cells):
    file = folder / "notebooks" / "1_demo" / "01_first.ipynb"
    opening = ("markdown", "# Title\n\nA promise.")
    file.write_text(json.dumps(notebook(opening, *(("code", cell) for cell in cells))))


def outputs(file):
    return ["".join(o.get("text", "")) for c in nbformat.read(file, 4).cells for o in c.get("outputs", [])]


def test_the_same_notebook_runs_under_the_given_settings(small_course):
    write(small_course, "import os\nprint(sorted(v for v in os.environ.items() if v[0].startswith('THYROLEARN_')))")
    out = run("demo/first", out=small_course / "done.ipynb", data="ddti", root=small_course, tier="full", seed=3)
    (said,) = outputs(out)
    assert "('THYROLEARN_DATA', 'ddti')" in said and "('THYROLEARN_TIER', 'full')" in said
    assert "('THYROLEARN_SEED', '3')" in said and f"('THYROLEARN_ROOT', '{small_course}')" in said
    source = nbformat.read(find("demo/first").file, 4)
    assert [c.source for c in nbformat.read(out, 4).cells] == [c.source for c in source.cells]
    assert not source.cells[1].outputs, "the course's own notebook stays without outputs"


def test_the_kernel_is_this_python_and_its_folder_is_not_the_course(small_course):
    write(small_course, "import sys, os\nprint(sys.executable, os.getcwd())")
    (said,) = outputs(run("demo/first", out=small_course / "done.ipynb"))
    executable, folder = said.split()
    assert executable == sys.executable and not folder.startswith(str(small_course))


def test_the_default_name_tells_lesson_data_and_tier(small_course):
    write(small_course, "1")
    assert run("demo/first").name == "01_first_phantom_lesson.ipynb"


def test_a_failing_cell_is_one_line_with_its_number_and_leaves_nothing(small_course):
    write(small_course, "a = 1", "raise ValueError('two\\nlines')", "b = 2")
    before = sorted(p.name for p in small_course.iterdir())
    with pytest.raises(LessonError) as caught:
        run("demo/first", out=small_course / "done.ipynb")
    assert str(caught.value) == "demo/first, code cell 2 of 3: ValueError: two lines"
    assert sorted(p.name for p in small_course.iterdir()) == before


def test_our_own_errors_keep_their_remedy(small_course):
    write(small_course, "from thyrolearn.errors import DataError\nraise DataError('No frames here.', 'Copy them.')")
    with pytest.raises(LessonError, match=r"code cell 1 of 1: No frames here\. Copy them\.$"):
        run("demo/first", out=small_course / "done.ipynb")


def test_a_killed_kernel_is_told_apart(small_course):
    write(small_course, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(LessonError, match=r"the kernel died.*memory"):
        run("demo/first", out=small_course / "done.ipynb")


def test_bad_targets_and_settings_stop_before_the_kernel_starts(small_course, monkeypatch):
    monkeypatch.setattr("thyrolearn.course.run.execute", lambda *_, **__: pytest.fail("the notebook was started"))
    with pytest.raises(LessonError, match=r"ends in \.ipynb"):
        run("demo/first", out=small_course / "done.txt")
    with pytest.raises(LessonError, match="cannot take"):
        run("demo/first", out=find("demo/first").file)
    with pytest.raises(SettingsError, match="tier"):
        run("demo/first", tier="huge")
    (small_course / "a_file").write_text("")
    with pytest.raises(DataError, match="cannot be made"):
        run("demo/first", out=small_course / "a_file" / "done.ipynb")


def test_what_it_took_is_measured(small_course):
    write(small_course, "held = bytearray(200 * 2**20)\nfor i in range(0, len(held), 4096): held[i] = 1",
          "import time\nend = time.process_time() + 1.0\nwhile time.process_time() < end: pass")  # fmt: skip
    spent = execute(find("demo/first"), current(), progress=False)
    assert spent.memory_mb > 230  # the 200 MiB and the interpreter
    assert 1.0 < spent.cpu_seconds < 1.0 + spent.seconds
    assert spent.seconds > 1.0


@pytest.mark.skipif(os.name == "nt", reason="signals to a process group are POSIX")
def test_ctrl_c_stops_the_kernel_and_leaves_nothing(small_course):
    write(small_course, "import time, os\nopen(os.environ['SIGN'], 'w').write(str(os.getpid()))\ntime.sleep(60)")
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from thyrolearn import settings
        found = settings.folders().model_copy(update={{"notebooks": Path({str(small_course / "notebooks")!r})}})
        settings.folders = lambda: found
        from thyrolearn.course.run import run
        try:
            run("demo/first", out="done.ipynb")
        except KeyboardInterrupt:
            sys.exit(77)
    """)
    sign = small_course / "sign"
    env = os.environ | {"SIGN": str(sign)}
    child = subprocess.Popen([sys.executable, "-c", program], env=env, cwd=small_course)
    import time

    until = time.monotonic() + 60
    while not (sign.exists() and sign.read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=30) == 77
    assert not list(small_course.glob("*done*"))
    import psutil

    kernel = int(sign.read_text())
    assert not psutil.pid_exists(kernel) or psutil.Process(kernel).status() == psutil.STATUS_ZOMBIE
