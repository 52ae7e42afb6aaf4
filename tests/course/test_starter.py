import ast
import json

import nbformat
import pytest
from small_lesson import DICE, SOLVED

from thyrolearn.course import outline, progress, starter
from thyrolearn.course.exercises import exercises_of
from thyrolearn.errors import DataError, LessonError


def code(notebook):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_solution_is_cut_and_the_rest_stays(small_course):
    (record,) = outline()
    made = starter.starter_notebook(record)
    cells = code(made)
    assert cells[1] == f'{DICE.starter}\nlesson.check("dice", dice)'
    assert cells[0] == "import numpy as np" and cells[2] == "print(1 + 1)"
    assert "SOLUTION" not in json.dumps(made) and SOLVED in code(record.notebook)
    nbformat.validate(made)


def test_start_writes_lessons_and_an_index(small_course):
    done = starter.start("mine")
    assert [path.name for path in done.written] == ["01_first.ipynb"] and done.kept == ()
    index = nbformat.read(small_course / "mine" / "index.ipynb", 4)
    assert "[Counting overlaps](1_demo/01_first.ipynb)" in index.cells[0].source
    assert "not for diagnosis" in index.cells[0].source
    assert progress.home(small_course / "mine" / "1_demo") == small_course / "mine"


def test_what_is_there_is_never_overwritten(small_course):
    starter.start("mine")
    own = small_course / "mine" / "1_demo" / "01_first.ipynb"
    own.write_text("my own work")
    (small_course / "mine" / "index.ipynb").write_text("my own index")
    done = starter.start("mine")
    assert done.written == () and [path.name for path in done.kept] == ["01_first.ipynb"]
    assert own.read_text() == "my own work"
    assert (small_course / "mine" / "index.ipynb").read_text() == "my own index"


def test_new_lessons_join_and_an_untouched_index_follows(small_course):
    starter.start("mine")
    first = small_course / "notebooks" / "1_demo" / "01_first.ipynb"
    second = (
        first.read_text().replace("Counting overlaps", "A second lesson").replace("BEGIN", "NO").replace("END", "NO")
    )
    first.with_name("02_second.ipynb").write_text(second)
    done = starter.start("mine")
    assert [path.name for path in done.written] == ["02_second.ipynb"]
    assert "A second lesson" in (small_course / "mine" / "index.ipynb").read_text()


def test_an_interrupted_start_goes_on(small_course, monkeypatch):
    real = starter.starter_notebook

    def stopped(record):
        raise KeyboardInterrupt

    monkeypatch.setattr(starter, "starter_notebook", stopped)
    with pytest.raises(KeyboardInterrupt):
        starter.start("mine")
    assert not list((small_course / "mine").rglob("*.ipynb"))
    monkeypatch.setattr(starter, "starter_notebook", real)
    assert len(starter.start("mine").written) == 1


def test_a_solution_that_no_exercise_has_is_named(small_course):
    file = small_course / "notebooks" / "1_demo" / "01_first.ipynb"
    file.write_text(file.read_text().replace("return 2 *", "return 3 *"))
    with pytest.raises(LessonError, match=r"01_first\.ipynb holds a solution that no exercise"):
        starter.start("mine")


def test_a_file_in_the_way(small_course):
    (small_course / "mine").write_text("")
    with pytest.raises(DataError, match="cannot be made"):
        starter.start("mine")


@pytest.mark.parametrize("record", outline(), ids=lambda record: record.slug)
def test_no_later_cell_needs_an_answer(record):
    """The starter notebook must run to its end: what an exercise defines is used in its own cell only."""
    answers = {one.answer or one.name for one in exercises_of(record.slug).values()}
    for source in code(starter.starter_notebook(record)):
        if "lesson.check(" not in source:
            names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
            assert not names & answers
