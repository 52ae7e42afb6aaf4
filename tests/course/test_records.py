import json

import pytest
from small_lesson import notebook

from thyrolearn.course.records import find, outline, parts
from thyrolearn.errors import LessonError


def test_a_lesson_is_read_from_its_notebook(small_course):
    (lesson,) = outline()
    assert lesson.slug == "demo/first"
    assert lesson.title == "Counting overlaps"
    assert lesson.promise == "You will write the Dice score and see when it misleads."
    assert lesson.objectives == ("compute the Dice score of two masks", "say why size matters, and by how much")
    assert lesson.prerequisites == ("start/first_look",)
    assert lesson.part == "Demonstration"
    assert lesson.path == "notebooks/1_demo/01_first.ipynb"
    assert (lesson.seconds, lesson.cpu_seconds, lesson.memory_mb) == (None, None, None)


def test_prerequisites_may_be_a_sentence(small_course):
    file = small_course / "notebooks" / "1_demo" / "01_first.ipynb"
    text = "# T\n\nA promise.\n\n**Prerequisites:** numpy, and `start/first_look` or training/transfer.\n\n## See a/b"
    file.write_text(json.dumps(notebook(("markdown", text))))
    assert outline()[0].prerequisites == ("start/first_look", "training/transfer")


def test_prerequisites_may_be_links(small_course):
    file = small_course / "notebooks" / "1_demo" / "01_first.ipynb"
    links = "[one](00_zero.ipynb) and [two](../0_start/02_two.ipynb)"
    text = f"# T\n\nA promise.\n\n**Prerequisites:** {links}.\n\nLater: [x](03_x.ipynb)"
    file.write_text(json.dumps(notebook(("markdown", text))))
    assert outline()[0].prerequisites == ("demo/zero", "start/two")


def test_costs_come_from_the_tests_before_the_reference(small_course):
    reference = "lessons:\n  demo/first: {seconds: 20.0, cpu_seconds: 30.0, memory_mb: 700.0, machine: two cores}\n"
    (small_course / "notebooks" / "measured.yml").write_text(reference)
    assert outline()[0].seconds == 20.0
    (small_course / "_build").mkdir()
    build = {"demo/first": {"seconds": 21.5, "cpu_seconds": 31.0, "memory_mb": 690.0}}
    (small_course / "_build" / "measured.json").write_text(json.dumps(build))
    assert (outline()[0].seconds, outline()[0].memory_mb) == (21.5, 690.0)


def test_the_row_has_the_promised_keys(small_course):
    row = outline()[0].row()
    assert set(row) == {"slug", "title", "part", "path", "objectives", "seconds", "cpu_seconds", "memory_mb"}
    assert json.loads(json.dumps(row)) == row


def test_find_takes_slug_and_path_and_offers_the_nearest(small_course):
    assert find("demo/first") == find("notebooks/1_demo/01_first.ipynb")
    with pytest.raises(LessonError, match="demo/first"):
        find("demo/frist")


def test_a_broken_notebook_is_named(small_course):
    (small_course / "notebooks" / "1_demo" / "02_cut.ipynb").write_text('{"cells": [')
    with pytest.raises(LessonError, match=r"02_cut\.ipynb is not a readable notebook"):
        outline()


def test_reading_order_is_by_number_not_by_text(small_course):
    first = (small_course / "notebooks" / "1_demo" / "01_first.ipynb").read_text()
    (small_course / "notebooks" / "10_late").mkdir()
    (small_course / "notebooks" / "10_late" / "01_last.ipynb").write_text(first)
    (small_course / "notebooks" / "2_next").mkdir()
    (small_course / "notebooks" / "2_next" / "01_middle.ipynb").write_text(first)
    assert [lesson.slug for lesson in outline()] == ["demo/first", "next/middle", "late/last"]


def test_the_course_has_43_rooms_in_8_parts():
    from thyrolearn.course.records import read_yaml
    from thyrolearn.settings import folders

    file = read_yaml(folders().notebooks / "parts.yml")
    assert len(parts()) == 8
    assert sum(len(part["lessons"]) for part in file.values()) == 43
