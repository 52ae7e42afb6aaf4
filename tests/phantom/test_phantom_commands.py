"""The commands of the phantom: one scanner for all, a datasheet, timings for people and for programs."""

import csv
import json

import pytest
import yaml
from PIL import Image

from thyrolearn.cli import main
from thyrolearn.phantom import SIM_VERSION


def test_make_writes_frames_masks_a_table_and_a_card(tmp_path, capsys):
    out = tmp_path / "frames"
    assert main(["phantom", "make", str(out), "--patients", "2", "--seed", "1", "--scanner", "C", "--size", "64"]) == 0
    assert "not for diagnosis" in capsys.readouterr().out
    rows = list(csv.DictReader((out / "cases.csv").open(encoding="utf-8")))
    card = yaml.safe_load((out / "card.yml").read_text(encoding="utf-8"))
    assert {row["scanner"] for row in rows} == {"C"} == set(card["scanners"])
    assert card["rows"] == len(rows) == len(list((out / "images").iterdir()))
    assert (card["sim_version"], card["seed"], card["patients"]) == (SIM_VERSION, 1, 2)
    for row in rows:
        assert Image.open(out / "images" / row["file"]).size == (64, 64)
        assert set(Image.open(out / "masks" / row["file"]).tobytes()) == {0, 255}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["--size", "0"], "multiple of 64"), (["--scanner", "Z"], "A, B, C, D, E"), (["--patients", "0"], "--patients")],
)
def test_what_cannot_be_drawn_is_refused_in_a_line_and_leaves_nothing(tmp_path, capsys, arguments, says):
    assert main(["phantom", "make", str(tmp_path / "new"), *arguments]) == 2
    told = capsys.readouterr().err.strip()
    assert says in told and "\n" not in told
    assert not (tmp_path / "new").exists()


def test_bench_prints_lines_or_json(capsys):
    assert main(["phantom", "bench", "--frames", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["ms_per_frame"]
    assert set(found) == {"256", "512", "clip"} and all(0 < value < 60_000 for value in found.values())
    assert main(["phantom", "bench", "--frames", "1"]) == 0
    assert capsys.readouterr().out.count(" ms\n") == 6
