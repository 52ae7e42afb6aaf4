"""What the site draws from the course and the library themselves, by name, for the directive ``drawing``."""

from collections.abc import Callable
from pathlib import Path

import course_map
import house
from house import FLOORS, floor_of, imports, rooms

ROOT = Path(__file__).resolve().parents[2]
MEASURED = ROOT / "_build" / "measured.json"

__all__ = ["DRAWINGS", "FLOORS", "MEASURED", "PHANTOM", "ROOT", "ceiling", "floor_of", "imports", "rooms"]


def ceiling(up: str = "") -> str:
    """Return what a reader reaches at best on the phantom, computed by the phantom itself."""
    del up
    from thyrolearn import phantom

    best = phantom.bayes_auc()
    value = getattr(best, "value", best)
    return (
        f"<p>Of a malignant and a benign nodule drawn at random, even a reader who knew how the images are made "
        f"would rank the malignant one higher in {value:.0%} of pairs, never in all. That ceiling is known here, and "
        f"every network of the course is measured against it.</p>"
    )


def _late(module: str, name: str) -> Callable[[str], str]:
    """A drawing of a module that loads more of the library, imported when it is drawn."""

    def draw(up: str = "") -> str:
        import importlib

        return getattr(importlib.import_module(module), name)(up)

    return draw


PHANTOM = ("phantom-scanners", "phantom-signs", "phantom-histotypes", "phantom-ceiling", "phantom-levels",
           "phantom-difficulty", "phantom-cost", "phantom-realism", "phantom-tell-apart",
           "phantom-fusion", "phantom-on-real-frames")  # fmt: skip


def _phantom(name: str) -> Callable[[str], str]:
    def draw(up: str = "") -> str:
        import phantom_tables

        del up
        return phantom_tables.TABLES[name]()

    return draw


DRAWINGS: dict[str, Callable[[str], str]] = {
    "course-map": course_map.course_map, "course-strip": course_map.in_small, "ready": course_map.ready,
    "costs": course_map.costs, "house-floors": house.floors, "way-of-data": house.way_of_data, "ceiling": ceiling,
    "hero": _late("pictures", "hero"), "reader": _late("pictures", "reader"),
    "self-test-python": _late("self_test", "python"), "self-test-chance": _late("self_test", "chance"),
    "self-test-ultrasound": _late("self_test", "ultrasound"),
    "data-overview": _late("data_cards", "overview"), "data-cards": _late("data_cards", "all_cards"),
    "rooms": _late("rooms", "index"), "paths": _late("teaching", "paths"), "lesson-sheets": _late("teaching", "sheets"),
    "wrong-answers": _late("teaching", "wrong_answers"), "objectives": _late("objectives", "table"),
    "phantom-knobs": _late("phantom_knobs", "board"),
    **{name: _phantom(name) for name in PHANTOM},
}  # fmt: skip
