"""A minute must not teach what patience contradicts: claims at the full tier beside the bands of the lesson tier."""

import csv

import pytest

from thyrolearn import course
from thyrolearn.course import claims, outline
from thyrolearn.settings import Settings, folders

NEAR = 0.04
# Claims that patience moves further, and the words by which their lesson says so.
MOVED = {
    ("architectures/diffusion_and_foundation", "box_gain"): "the gain by a prompt shrinks with training",
    ("architectures/diffusion_and_foundation", "ellipse_gap"): "it has not passed its ellipse",
    ("architectures/diffusion_and_foundation", "click_gain"): "The click gains steadily",
    ("architectures/diffusion_and_foundation", "obeys_click"): "the first obeys still better",
    ("architectures/diffusion_and_foundation", "must_be_taught"): "the distance between the two grows",
    ("architectures/cnn", "loss_by_shuffling"): "five times as many, all of the gain is gone",
    ("architectures/comparison", "resnet_over_linear"): "At the full tier the lead is smaller and still clear",
    ("architectures/transformer", "map_over_chance"): "after the long training of the full tier still more",
    ("architectures/gan", "kid_gain"): "at the full tier, with twice the side",
}
# In units of their own (distances, grey levels, shape as read), for which 0.04 means nothing.
OWN_UNITS = {
    ("architectures/diffusion_and_foundation", "neighbours_learned"),
    ("architectures/gan", "obeys_shape"),
    ("architectures/gan", "translation_gain"),
    ("start/first_look", "scanner_minus_echogenicity"),
}
# Networks that patience moves further than the rows that lessons show, and the words by which a lesson says so.
SLOW = {
    "vit": ("architectures/transformer", "the ViT has all but caught up with the residual network"),
    "rowgru": ("architectures/comparison", "those that assume least about pictures gain most"),
}


def rows():
    with (folders().datasets / "results" / "full_lessons.csv").open(newline="", encoding="utf-8") as file:
        return {(row["model"], row["metric"]): row for row in csv.DictReader(file)}


def bands():
    found = claims.read_bands(folders().notebooks / "claims.yml")
    return {
        (key.lesson, key.name): band for key, band in found.items() if (key.data, key.tier) == ("phantom", "lesson")
    }


def prose(slug):
    (lesson,) = (record for record in outline() if record.slug == slug)
    cells = (cell for cell in lesson.notebook["cells"] if cell["cell_type"] == "markdown")
    return " ".join(" ".join("".join(cell["source"]) for cell in cells).split())


def test_every_claim_was_made_at_the_full_tier_too():
    assert set(rows()) == set(bands())
    assert set(MOVED) | OWN_UNITS <= set(bands())


@pytest.mark.parametrize(("lesson", "name"), rows())
def test_patience_contradicts_no_claim(lesson, name):
    band, row = bands()[lesson, name], rows()[lesson, name]
    value, low, high = (float(row[end]) for end in ("value", "low", "high"))
    assert row["statement"] == band.statement
    assert (high if band.mean > 0 else -low) > 0, "on the other side of zero"
    near = abs(value - band.mean) <= NEAR or low <= band.mean <= high
    if (lesson, name) not in OWN_UNITS:
        assert near != ((lesson, name) in MOVED), f"{value} against {band.mean}"
    if (lesson, name) in MOVED:
        assert MOVED[lesson, name] in prose(lesson), "the lesson does not say so"


def test_stored_networks_stand_near_what_patience_reaches():
    full = course.judged("full_tier", Settings(), tier="full")
    quick = {name: e.value for table in ("cnn_families", "comparison") for name, e in course.results(table).items()}
    assert {"resnet", "vit", "coatnet", "rowgru"} <= set(full)
    for name, e in full.items():
        assert (abs(e.value - quick[name]) <= NEAR) != (name in SLOW), name
        assert e.value > quick[name] - 0.01, f"{name}: patience did harm"
    for lesson, words in SLOW.values():
        assert words in prose(lesson)
