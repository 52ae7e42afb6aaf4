"""Every exercise of the course: starters fail kindly, right answers pass, wrong ones fail by name.

Parametrised over whatever is registered, and over the example of the format (`DICE`), so that these
tests are themselves never empty.
"""

import numbers

import numpy as np
import pytest
from small_lesson import DICE, notebook

from thyrolearn.course import records
from thyrolearn.course.exercise import Exercise, Unanswered, Verdict, call, close, grade
from thyrolearn.course.exercises import exercises_of, slugs
from thyrolearn.course.starter import regions

ALL = [("demo/first", DICE)] + [(slug, one) for slug in slugs() for one in exercises_of(slug).values()]
NAMES = [f"{slug}:{one.name}" for slug, one in ALL]
every = pytest.mark.parametrize(("slug", "one"), ALL, ids=NAMES)


def form(value):
    """The type and shape of a result, as far as a learner can be asked to match it."""
    if isinstance(value, (bool, np.bool_)):
        return "yes or no"
    if hasattr(value, "shape") and tuple(value.shape):
        return type(value).__name__, tuple(value.shape)
    if isinstance(value, numbers.Number) or hasattr(value, "item"):
        return "number"
    if isinstance(value, (tuple, list)):
        return type(value).__name__, [form(part) for part in value]
    if isinstance(value, dict):
        return {key: form(part) for key, part in value.items()}
    return type(value).__name__


def result(one: Exercise, source: str):
    answer = one.run(source)
    return answer(*one.inputs()) if callable(answer) and one.inputs() else answer


@every
def test_the_starter_fails_kindly(slug, one):
    verdict = grade(one, one.run(one.starter))
    assert not verdict.ok
    assert verdict.diagnosis == "unanswered", verdict.message
    assert one.hint in verdict.message


@every
def test_the_solution_and_every_alternate_pass(slug, one):
    assert one.alternates, "give at least one other right answer"
    for source in (one.solution, *one.alternates):
        verdict = grade(one, one.run(source))
        assert verdict.ok, f"{source}\n{verdict.message}"


@every
def test_alternates_are_not_the_solution_again(slug, one):
    sources = ["".join(source.split()) for source in (one.solution, *one.alternates)]
    assert len(set(sources)) == len(sources)


@every
def test_each_wrong_answer_runs_has_the_right_form_and_fails_with_its_own_diagnosis(slug, one):
    assert len(one.wrong) >= 3, "give at least three named wrong answers"
    assert len({wrong.diagnosis for wrong in one.wrong}) == len(one.wrong), "each needs a diagnosis of its own"
    wanted = form(result(one, one.solution))
    for wrong in one.wrong:
        assert form(result(one, wrong.source)) == wanted, wrong.name
        verdict = grade(one, one.run(wrong.source))
        assert not verdict.ok, wrong.name
        assert verdict.diagnosis == wrong.diagnosis, f"{wrong.name}: {verdict}"
        assert verdict.diagnosis not in ("", "other", "error", "unanswered"), wrong.name


@every
def test_no_wrong_answer_is_none_or_zeros(slug, one):
    for wrong in one.wrong:
        found = result(one, wrong.source)
        assert found is not None
        if hasattr(found, "__array__") or isinstance(found, numbers.Number):
            values = np.asarray(found.detach() if hasattr(found, "detach") else found)
            assert values.dtype == bool or np.any(values != 0), wrong.name


@every
def test_the_messages_say_something(slug, one):
    said = [grade(one, one.run(wrong.source)).message for wrong in one.wrong]
    assert len(set(said)) == len(said)
    assert all(len(message) > 20 for message in said)
    assert len(one.prompt) > 10 and len(one.hint) > 10


@pytest.mark.parametrize("slug", slugs())
def test_the_notebook_holds_the_solutions(slug):
    cells = records.find(slug).notebook["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    held = [region for source in sources for region in regions(source)]
    wanted = [one.solution for one in exercises_of(slug).values()]
    assert [text.strip() for text in held] == [text.strip() for text in wanted]
    checked = "\n".join(sources)
    for one in exercises_of(slug).values():
        assert f'lesson.check("{one.name}"' in checked


@pytest.mark.parametrize("slug", slugs())
def test_a_lesson_has_at_least_three_exercises(slug):
    assert len(exercises_of(slug)) >= 3


# The machinery that the above leans on.


def test_an_error_in_the_learners_code_becomes_a_hint():
    verdict = grade(DICE, lambda a, b: a.sun())
    assert not verdict.ok and verdict.diagnosis == "error"
    assert "AttributeError" in verdict.message and DICE.hint in verdict.message


@pytest.mark.parametrize("answer", [None, ..., lambda a, b: None, lambda a, b: ...])
def test_nothing_yet_is_not_an_error(answer):
    assert grade(DICE, answer).diagnosis == "unanswered"


def test_a_value_no_one_thought_of_still_gets_a_hint():
    verdict = grade(DICE, lambda a, b: 7.0)
    assert verdict == Verdict(False, "Divide twice the overlap by the sum of the two areas.", "other")


def test_call_refuses_a_starter():
    with pytest.raises(Unanswered):
        call(lambda: None)


def test_close_compares_every_element_and_the_shape():
    torch = pytest.importorskip("torch")
    truth = np.array([0.0, 2.0, 0.0])
    assert close(torch.tensor([0.0, 2.0 + 4e-7, 0.0], requires_grad=True), truth)
    assert not close(np.zeros(3), truth)  # the checker of a well-known course lets this pass
    assert not close(2 * truth, truth)
    assert not close(truth[None], truth)


def test_regions_are_what_stands_between_the_markers():
    source = "a = 1\n### BEGIN SOLUTION\nb = 2\nc = 3\n### END SOLUTION\nd = 4\n"
    assert regions(source) == ["b = 2\nc = 3\n"]
    assert regions("a = 1") == []


def test_the_example_notebook_is_valid():
    import nbformat

    nbformat.validate(notebook(("markdown", "# A"), ("code", "1 + 1")))
