import json

import pytest
import yaml
from small_lesson import notebook

from thyrolearn.course import measure
from thyrolearn.course.records import outline


@pytest.fixture
def quick(small_course):
    file = small_course / "notebooks" / "1_demo" / "01_first.ipynb"
    file.write_text(json.dumps(notebook(("markdown", "# T\n\nA promise."), ("code", "sum(range(10))"))))
    return small_course


def test_measuring_stores_what_the_outline_shows(quick):
    said = []
    made = measure.measure(["demo/first"], say=said.append)
    stored = yaml.safe_load((quick / "notebooks" / "measured.yml").read_text())["lessons"]
    assert stored == made and set(made) == {"demo/first"}
    entry = stored["demo/first"]
    assert entry["cpu_seconds"] > 0 and 0 < entry["seconds"] < 60 and entry["memory_mb"] > 20
    assert "cores" in entry["machine"] and entry["speed"] > 0
    assert outline()[0].seconds == entry["seconds"]
    assert said[0].startswith("demo/first: ")


def test_other_lessons_keep_their_entries(quick):
    file = quick / "notebooks" / "measured.yml"
    file.write_text("lessons:\n  other/one: {seconds: 9.0, cpu_seconds: 9.0, memory_mb: 9, machine: m, speed: 1.0}\n")
    measure.measure(say=lambda _: None)
    assert set(yaml.safe_load(file.read_text())["lessons"]) == {"other/one", "demo/first"}


def test_speed_counts_steps_per_second(monkeypatch):
    clock = iter([0.0, 0.4, 0.8, 1.2])
    monkeypatch.setattr(measure.time, "perf_counter", lambda: next(clock))
    assert measure.speed(seconds=1.0) == pytest.approx(2 / 1.2)
