import importlib
import re
import types
from html.parser import HTMLParser

import pytest
import yaml

from thyrolearn import course
from thyrolearn.course import quiz
from thyrolearn.errors import LessonError

# The format of a quiz file: copy this.
SAMPLE = """
items:
  - id: padding
    stem: A 3 by 3 convolution without padding meets a 64 by 64 image. How wide is the result?
    compute: valid_width
    options:
      - text: "62"
        right: true
        reason: Each side loses one pixel, for the kernel must lie wholly inside.
      - text: "64"
        reason: That needs a padding of one pixel on each side.
      - text: "61"
        reason: Three would be lost only if the kernel were four wide.
  - id: split
    stem: Why is the split made by *patient*?
    options:
      - text: Frames of one patient look alike, so a model may recognise the patient.
        right: true
        reason: The score would then measure memory of `patients`, not of disease.
      - text: It makes the test set larger.
        reason: The number of frames stays the same; the number of independent cases does not grow.
"""


class Page(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def items(tmp_path):
    (tmp_path / "demo_first.yml").write_text(SAMPLE)
    return quiz.load("demo/first", tmp_path)


def test_a_quiz_is_read(items):
    assert [item.id for item in items] == ["padding", "split"]
    assert [option.right for option in items[0].options] == [True, False, False]


def test_every_option_has_a_label_and_a_reason(items):
    page = Page(quiz.render(items, "demo/first"))
    radios = page.all("input")
    assert {label["for"] for label in page.all("label")} == {radio["id"] for radio in radios}
    assert len(radios) == 5 and all(radio["type"] == "radio" for radio in radios)
    assert all("data-lm-suppress-shortcuts" in radio for radio in radios), "or JupyterLab takes the arrow keys"
    assert sum(p.get("class") in ("tl-right", "tl-wrong") for p in page.all("p")) == 5
    assert len(page.all("fieldset")) == len(page.all("legend")) == 2
    assert sum(attrs.get("role") == "status" for attrs in page.all("div")) == 2


def test_a_choice_in_one_item_leaves_the_others_alone(items):
    names = [radio["name"] for radio in Page(quiz.render(items, "demo/first")).all("input")]
    assert len(set(names)) == 2 and names[0] == names[2] != names[3]


def test_ids_stay_unique_when_a_quiz_is_shown_twice(items):
    html = quiz.render(items, "demo/first") + quiz.render(items, "demo/first")
    ids = [attrs["id"] for _, attrs in Page(html).tags if "id" in attrs]
    assert len(ids) == 10 == len(set(ids))


def test_only_right_answers_count_in_the_tally(items):
    page = Page(quiz.render(items, "demo/first"))
    assert ["tl-key" in radio.get("class", "") for radio in page.all("input")] == [True, False, False, True, False]
    assert sum("tl-tally" in p.get("class", "") for p in page.all("p")) == 1


def test_the_page_needs_no_script_and_no_other_host(items):
    html = quiz.render(items, "demo/first")
    assert "<script" not in html and "http" not in html and "onclick" not in html


def test_plain_text_does_not_give_the_answer_away(items):
    text = quiz.plain(items)
    assert "A. 62" in text and "Right" not in text and "loses one pixel" not in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda item: item["options"][1].update(right=True), "exactly one option must be right"),
        (lambda item: item["options"][0].pop("reason"), "options.0.reason"),
        (lambda item: item.update(id="Not an id"), "id"),
        (lambda item: item["options"][1].update(text="62"), "two options say the same"),
        (lambda item: item.update(answer=3), "answer"),
    ],
)
def test_a_faulty_item_is_named(tmp_path, change, said):
    rows = yaml.safe_load(SAMPLE)
    change(rows["items"][0])
    (tmp_path / "demo_first.yml").write_text(yaml.safe_dump(rows))
    with pytest.raises(LessonError, match=rf"demo_first\.yml, item 1.*{said}"):
        quiz.load("demo/first", tmp_path)


def test_a_missing_quiz_is_said_in_one_line(small_course):
    with pytest.raises(LessonError, match=r"Lesson demo/first has no quiz"):
        course.begin("demo/first").quiz()


LESSONS = [record.slug for record in course.outline()]


def computed(slug, item, module=None):
    """Hold a numeric key against the function that makes it: the right option and no other shows its text."""
    module = module or importlib.import_module(f"thyrolearn.course.exercises.{slug.replace('/', '_')}")
    value = str(getattr(module, item.compute)())
    alone = re.compile(rf"(?<![\d.]){re.escape(value)}(?!\d|\.\d)")
    shows = [alone.search(option.text) is not None for option in item.options]
    return shows == [option.right for option in item.options]


def test_a_stale_key_is_found(items):
    assert computed("demo/first", items[0], types.SimpleNamespace(valid_width=lambda: 64 - 3 + 1))
    assert not computed("demo/first", items[0], types.SimpleNamespace(valid_width=lambda: 64))
    assert not computed("demo/first", items[0], types.SimpleNamespace(valid_width=lambda: 6))


@pytest.mark.parametrize("slug", LESSONS)
def test_a_lesson_has_at_least_four_items_with_live_keys(slug):
    found = quiz.load(slug)
    assert len(found) >= 4
    for item in found:
        assert item.compute is None or computed(slug, item), f"{slug}: the key of {item.id} is stale"


@pytest.mark.parametrize("slug", LESSONS)
def test_a_choice_between_numbers_is_computed(slug):
    number = re.compile(r"[-+]?[\d.,]+ ?(%|[a-z]+)?")
    bare = [i.id for i in quiz.load(slug) if not i.compute and all(number.fullmatch(o.text) for o in i.options)]
    assert bare == []


@pytest.mark.parametrize("slug", LESSONS)
def test_the_right_answer_is_not_always_in_one_place(slug):
    places = {[option.right for option in item.options].index(True) for item in quiz.load(slug)}
    assert len(places) > 1
