"""The book's sources agree with each other, with the lessons and with the commands they name."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
sys.path.insert(0, str(BOOK / "tools"))
PAGES = [path for path in BOOK.rglob("*.md") if "_static" not in path.parts]
DOCS = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def listed(entry=TOC):
    found = [entry["file"]] if "file" in entry else [entry["root"]] if "root" in entry else []
    for name in ("parts", "chapters", "sections"):
        for child in entry.get(name, []):
            found += listed(child)
    return found


def test_the_toc_lists_every_lesson_and_page_once_and_nothing_else():
    lessons = [p for p in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts]
    there = {path.relative_to(ROOT).with_suffix("").as_posix() for path in [*lessons, *PAGES]}
    assert sorted(listed()) == sorted(there)


def test_lessons_stand_in_the_toc_in_reading_order():
    lessons = [name for name in listed() if name.startswith("notebooks/")]
    assert lessons == sorted(lessons)


def test_the_toc_agrees_with_the_outline():
    from thyrolearn.course import outline

    assert [lesson.path.removesuffix(".ipynb") for lesson in outline()] == [
        name for name in listed() if name.startswith("notebooks/")
    ]


def test_every_room_has_its_place_in_the_reference():
    import drawings

    text = "".join(path.read_text(encoding="utf-8") for path in (BOOK / "reference").glob("*.md"))
    missing = [room for room in drawings.rooms() if f"automodule:: thyrolearn.{room}" not in text]
    assert [room for room in missing if room not in ("arrays", "cli")] == []


def test_the_site_asks_only_itself():
    config = CONFIG["sphinx"]["config"]
    assert "://" not in config["mathjax_path"]
    assert not any("://" in path for path in config["nb_ipywidgets_js"])
    for path in [config["mathjax_path"], *config["nb_ipywidgets_js"]]:
        assert (BOOK / "_static" / path).is_file(), path


def test_a_warning_fails_the_build_and_stale_outputs_are_dropped():
    target = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nbook:")[1].split("\n\n")[0]
    assert "-W --keep-going" in target and "execution.py" in target


COMMAND = re.compile(r"(?m)(?:^|`)(?:\.venv[\\/]\w+[\\/])?(thyrolearn|make) ([a-z]+)(?: ([a-z]+))?")


def named():
    """Every command that a page names, once."""
    found = {}
    for path in DOCS:
        if path.is_file():
            for program, word, second in COMMAND.findall(path.read_text(encoding="utf-8")):
                found.setdefault((program, word, second), path.relative_to(ROOT).as_posix())
    return [pytest.param(*key, id=f"{' '.join(filter(None, key))} ({path})") for key, path in sorted(found.items())]


def commands():
    from typer.main import get_command

    from thyrolearn.cli import app

    return get_command(app).commands


@pytest.mark.parametrize(("program", "word", "second"), named())
def test_a_command_that_the_pages_name_exists(program, word, second):
    if program == "make":
        targets = re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"))
        assert word in targets
        return
    here = commands()
    assert word in here
    inner = getattr(here[word], "commands", None)
    if inner is not None and second:
        assert second in inner


def test_every_make_target_is_explained():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in re.search(r"^\.PHONY: (.*)$", makefile, re.M)[1].split():
        assert f"make {target}" in shown


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_print_no_figure_of_their_own(path):
    """A measured number in prose would go stale: cells and the outline print them."""
    text = re.sub(r"```.*?```|`[^`]*`", "", path.read_text(encoding="utf-8"), flags=re.S)
    assert not re.findall(r"(?i)\b(?:AUC|Dice|accuracy|sensitivity) (?:of|is|was|=) ?0?\.\d+", text)


def test_the_cache_key_moves_with_the_library_and_not_with_the_day(tmp_path, monkeypatch):
    import execution

    monkeypatch.setattr(execution, "ROOT", tmp_path)
    (tmp_path / "thyrolearn").mkdir()
    file = tmp_path / "thyrolearn" / "a.py"
    file.write_text("x = 1\n")
    before = execution.key()
    assert execution.key() == before
    file.write_text("x = 2\n")
    assert execution.key() != before


def test_a_stale_cache_is_dropped_and_a_fresh_one_is_kept(tmp_path, monkeypatch):
    import execution

    monkeypatch.setattr(execution, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(execution, "PAGES", tmp_path / "pages")
    folder = execution.fresh()
    (folder / "entry").write_text("kept")
    execution.fresh()
    assert (folder / "entry").is_file()
    page = tmp_path / "pages" / "index.doctree"
    page.parent.mkdir()
    page.write_text("as it was")
    (folder / "key.json").write_text(json.dumps("another"))
    execution.fresh()
    assert not (folder / "entry").exists() and not page.exists()


def test_what_the_tests_ran_is_found_by_the_site_unless_it_shows_a_widget(tmp_path, monkeypatch):
    import execution
    import nbformat
    from jupyter_cache import get_cache

    monkeypatch.setattr(execution, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(execution, "PAGES", tmp_path / "pages")
    notebook = tmp_path / "a.ipynb"
    cells = [nbformat.v4.new_markdown_cell("# A"), nbformat.v4.new_code_cell("1 + 1")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    output = {"output_type": "execute_result", "metadata": {}, "data": {"text/plain": "2"}, "execution_count": None}
    assert execution.keep(notebook, [[output]])
    _, found = get_cache(str(tmp_path / "cache")).merge_match_into_notebook(nbformat.read(notebook, as_version=4))
    assert found.cells[1].outputs[0]["data"]["text/plain"] == "2"
    widget = {**output, "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "x"}}}
    assert not execution.keep(notebook, [[widget]])


def test_the_map_writes_durations_and_words_as_people_do():
    import course_map

    assert [course_map.minutes(value) for value in (24.2, 95, None)] == ["24 s", "1.6 min", "not measured yet"]
    assert course_map.words("tirads_grading") == "TI-RADS grading"
    assert course_map.words("semi_supervised") == "Semi-supervised"


def test_the_map_shows_every_lesson_that_is_there_and_every_one_that_is_planned():
    import course_map

    lessons, page = course_map.outline(), course_map.course_map("../")
    names = {(folder, name) for folder, _, planned in course_map.parts() for name in planned}
    names |= {tuple(lesson.path.removesuffix(".ipynb").split("/")[1:]) for lesson in lessons}
    assert page.count('class="th-ready"') == len(lessons) and page.count("<li") == len(names)
    for lesson in lessons:
        assert f'href="../{lesson.path.removesuffix(".ipynb")}.html"' in page
        assert not lesson.seconds or f">{course_map.minutes(lesson.seconds)}<" in page


def test_the_map_holds_when_every_planned_lesson_is_written(monkeypatch):
    """Forty-three lessons, each built on the one before: every tile is full and names what it comes after."""
    import course_map

    from thyrolearn.course import LessonRecord

    made, before = [], ()
    for folder, title, planned in course_map.parts():
        for name in planned:
            slug = f"{folder.split('_', 1)[1]}/{name.split('_', 1)[1]}"
            path = f"notebooks/{folder}/{name}.ipynb"
            made.append(
                LessonRecord(slug, f"<{name}>", title, path, "A promise.", ("a",), before, ROOT / path, 42, 40, 900)
            )
            before = (slug,)
    monkeypatch.setattr(course_map, "outline", lambda: made)
    page, small = course_map.course_map("../"), course_map.in_small("../")
    assert page.count('class="th-ready"') == len(made) > 40 and "th-planned" not in page and "&lt;01_cnn&gt;" in page
    assert page.count("<small>after ") == len(made) - 1 and 'href="#lesson-0-1"' in page
    assert page.count(":hover") == len(made) - 1, "a lesson lights up what it needs"
    assert small.count("<a ") == len(made) and "th-later" not in small


def test_site_and_lessons_show_the_same_cost():
    """The head of a page takes the committed reference, as the header that a lesson prints does."""
    import course_map

    known = yaml.safe_load((ROOT / "notebooks" / "measured.yml").read_text(encoding="utf-8"))["lessons"]
    shown = {lesson.slug: lesson.seconds for lesson in course_map.outline()}
    assert {slug: shown[slug] for slug in known if slug in shown} == {
        slug: row["seconds"] for slug, row in known.items() if slug in shown
    }


def test_pictures_of_the_home_page_are_what_they_say():
    import pictures

    found = pictures.pictures()
    assert [found[name]["label"] for name in ("one", "two", "three", "four")] == [0, 1, 0, 1]
    # the text says that frames three and four show the same signs
    assert found["three"]["words"] == found["four"]["words"]
    html = pictures.reader()
    assert html.count('class="th-right"') == 4 and html.count("<img") == html.count("alt=") == 4


def test_a_lesson_is_linked_with_what_it_calls(tmp_path):
    import nbformat
    import rooms

    notebook = tmp_path / "a.ipynb"
    code = (
        "from thyrolearn import models, plots\nfrom thyrolearn.tirads import acr, Descriptors as Words\n"
        "x = models.create('resnet')\nplots.show(plots.roc({}))\nacr.points(Words())\nself.plots.bars(1)"
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)]), notebook)
    assert rooms.used(notebook) == (
        "models.create", "plots.show", "plots.roc", "tirads.acr.points", "tirads.Descriptors",
    )  # fmt: skip


def test_every_lesson_that_a_docstring_names_is_planned():
    import rooms
    import teaching

    known = set(teaching.planned()) | set(rooms.lessons())
    named = {}
    for file in (ROOT / "thyrolearn").rglob("*.py"):
        for slug in rooms.lessons_named(file.read_text(encoding="utf-8")):
            named.setdefault(slug, file.relative_to(ROOT).as_posix())
    assert len(named) > 10
    assert {slug: file for slug, file in named.items() if slug not in known} == {}


def test_a_docstring_that_names_a_lesson_becomes_a_link_or_says_planned():
    import rooms

    text = rooms.named_in_text("Scores. Lessons: 0_start/01_first_look, clinic/readers. More.")
    assert ":doc:`A first look </notebooks/0_start/01_first_look>`" in text
    planned = "clinic/readers" not in rooms.lessons()
    assert ("Readers (planned)" in text) == planned and text.endswith(". More.")


def test_lessons_that_the_pages_name_are_planned():
    import teaching

    named = {slug for path in PAGES for slug in re.findall(r"\{lesson\}`([^`]+)`", path.read_text(encoding="utf-8"))}
    assert named and named <= set(teaching.planned())


def test_a_session_adds_up_and_names_lessons_that_are_planned():
    import teaching

    lengths = []
    for session in teaching.sessions():
        steps = session["steps"]
        assert {step["lesson"] for step in steps if "lesson" in step} <= set(teaching.planned()), session["title"]
        if "minutes" in session:
            assert sum(step["minutes"] for step in steps) == session["minutes"], session["title"]
            lengths.append(session["minutes"])
        else:
            weeks = [step["week"] for step in steps]
            assert weeks == sorted(weeks) and set(weeks) == set(range(1, session["weeks"] + 1))
    assert lengths == [60, 90, 180]


def test_an_instructor_sees_every_wrong_answer_that_a_checker_knows():
    import teaching

    from thyrolearn.course import outline
    from thyrolearn.course.exercises import exercises_of
    from thyrolearn.course.show import inline

    page = teaching.wrong_answers("../../")
    wrong = [wrong.name for one in outline() for task in exercises_of(one.slug).values() for wrong in task.wrong]
    assert len(wrong) > 10 and all(inline(name) in page for name in wrong)


def test_every_objective_is_taught_and_tested_and_nothing_tests_what_no_objective_promises():
    import objectives

    from thyrolearn.course import outline

    ties = objectives.ties()
    assert list(ties) == [lesson.slug for lesson in outline()]
    for lesson in outline():
        there, mine = objectives.there(lesson), ties[lesson.slug]
        assert len(mine) == len(lesson.objectives), lesson.slug
        for tie in mine:
            assert tie["sections"] and len(tie) > 1, (lesson.slug, tie)
            for kind in set(tie) - {"checked_by"}:
                assert set(tie[kind]) <= set(there[kind]), (lesson.slug, kind, tie[kind])
        for kind in ("exercises", "quiz", "claims"):
            tied = {name for tie in mine for name in tie.get(kind, ())}
            assert tied == set(there[kind]), (lesson.slug, kind, set(there[kind]) - tied)


@pytest.mark.parametrize("subject", ["python", "chance", "ultrasound"])
def test_numeric_keys_of_the_self_test_are_computed(subject):
    import self_test

    for item in self_test.items(subject):
        numeric = all(re.fullmatch(r"[(\d][\d., ()]*%?", option.text) for option in item.options)
        assert item.compute or not numeric, item.id
        if item.compute:
            value = getattr(self_test, item.compute)()
            assert [option.text == value for option in item.options] == [option.right for option in item.options]


def test_a_data_card_shows_terms_defects_and_grades():
    import data_cards

    from thyrolearn.data import cards

    page = data_cards.all_cards()
    assert page.count('class="th-card"') == len(cards()) > 8
    facts = sum(len((*card.size, *card.labels, *card.layout, *card.variants, *card.defects)) + 1
                for card in cards().values())  # fmt: skip
    assert page.count('class="th-grade"') == facts
    for name in cards():
        assert f'href="#card-{name}"' in data_cards.overview() and f'id="card-{name}"' in page


def test_the_colours_of_the_site_are_those_of_the_figures():
    from thyrolearn.plots import DARK, LIGHT

    style = (BOOK / "_static" / "thyrolearn.css").read_text(encoding="utf-8")
    for theme, colours in (("light", LIGHT), ("dark", DARK)):
        rule = style.split(f'html[data-theme="{theme}"] {{')[1].split("}")[0]
        found = dict(re.findall(r"--th-(\w+): (#\w+);", rule))
        assert {name: found[name] for name in colours} == colours
