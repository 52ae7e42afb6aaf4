"""The command as a user meets it: what it prints, how it ends, and what bad input leaves behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from thyrolearn import __version__, cli, settings

HOUSE = "thyrolearn"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith("THYROLEARN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("THYROLEARN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def command(capsys):
    """Run the command in this process; return exit code, stdout and stderr."""

    def run(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def one_line(said):
    code, out, err = said
    assert code == 2 and out == "" and err.startswith("thyrolearn: ") and err.count("\n") == 1, said
    return err


def test_version_and_help(command):
    assert command("--version") == (0, f"thyrolearn {__version__}\n", "")
    code, out, _ = command("--help")
    assert code == 0 and "for teaching, not for diagnosis" in " ".join(out.split())
    assert command()[0] == 0 and "Usage" in command("data")[1]


def test_help_is_light():
    """Neither torch nor pandas, sklearn or matplotlib is loaded to print the help."""
    code = "import sys; from thyrolearn import cli; cli.main(['--help']); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"torch", "pandas", "sklearn", "matplotlib", "scipy", "numpy"} & set(done.stderr.split())
    assert heavy == set()


@pytest.mark.parametrize("module", sorted(sub.name or "" for sub in cli.app.registered_groups))
def test_each_group_has_help(command, module):
    assert command(module, "--help")[0] == 0


def test_outline_json_has_the_promised_rows(command):
    code, out, _ = command("outline", "--json")
    keys = {"slug", "title", "part", "path", "objectives", "seconds", "cpu_seconds", "memory_mb"}
    rows = json.loads(out)
    assert code == 0 and rows and all(set(row) == keys for row in rows)
    assert rows[0]["slug"] in command("outline")[1]


def test_doctor_ends_0_here_and_2_where_something_blocks(command, monkeypatch):
    code, out, _ = command("doctor", "--quick", "--json")
    told = json.loads(out)
    assert code == 0 and told["ready"]
    assert all(finding["remedy"] for finding in told["findings"] if finding["state"] != "good")
    monkeypatch.setenv("THYROLEARN_TIER", "huge")
    code, out, _ = command("doctor", "--quick")
    assert code == 2 and "THYROLEARN_TIER" in out and "Not ready" in out


ACR = ("--composition", "solid", "--echogenicity", "hypo", "--shape", "taller", "--margin", "smooth", "--foci", "pef")


def test_tirads_scores_the_worked_nodule(command):
    """Solid 2, hypoechoic 2, taller 3, smooth 0, punctate 3: 10 points, TR5, FNA from 10 mm (Tessler 2017)."""
    code, out, _ = command("tirads", "acr", *ACR, "--size-mm", "12", "--json")
    told = json.loads(out)
    assert (code, told["points"], told["level"], told["action"]) == (0, 10, 5, "FNA")
    assert "not for diagnosis" in told["notice"]
    assert "not for diagnosis" in command("tirads", "acr", *ACR)[1]
    assert len(json.loads(command("tirads", "all", *ACR, "--json")[1])) == 5


def test_literature_and_data_list(command):
    assert command("literature", "check")[0] == 0
    rows = {row["name"]: row for row in json.loads(command("data", "list", "--json")[1])}
    assert rows["phantom"]["readable"] and rows["ddti"]["readable"] and "tn5000" in rows
    assert "not pathology" in command("data", "show", "ddti")[1]
    assert json.loads(command("data", "show", "ddti", "--json")[1])["unit"] == "case"


def test_data_get_prints_the_steps_where_the_terms_forbid_a_download(command):
    code, out, err = command("data", "get", "tn3k")
    assert code == 0 and err == "" and out.startswith("How to get tn3k") and "thyrolearn data check tn3k" in out
    assert list(Path().iterdir()) == [], "nothing is made for steps"


def test_train_and_evaluate_print_intervals(command, monkeypatch):
    from thyrolearn import experiments
    from thyrolearn.evaluation import Estimate

    asked = {}
    found = {"auc": Estimate(0.8, 0.7, 0.9, "DeLong", 50)}

    def run(experiment, **given):
        asked.update(vars(experiment), **given)
        return type("Run", (), {"metrics": {"test": found}})

    monkeypatch.setattr(experiments, "run", run)
    monkeypatch.setattr(experiments, "evaluate", lambda folder, **given: asked.update(given) or found)
    code, out, _ = command("train", "segmentation", "--tier", "full", "--seed", "3", "--out", "run", "--json")
    assert code == 0 and json.loads(out)["auc"]["low"] == 0.7
    assert (asked["task"], asked["tier"], asked["seed"], asked["out"]) == ("segmentation", "full", 3, Path("run"))
    assert command("evaluate", "run", "--data", "ddti", "--root", "frames")[1].startswith("auc: 0.800 (95 % interval")
    assert (asked["data"], asked["root"]) == ("ddti", Path("frames"))


def test_prepare_builds_every_cohort_the_lessons_use_or_one(command, monkeypatch):
    from thyrolearn.data import phantom

    part = (phantom.Part("main", 1, {"A": 1.0}),)
    small = {name: phantom.Recipe(name, part, 2, 64, sweep=name == "moving") for name in ("still", "moving")}
    monkeypatch.setattr(phantom, "COHORTS", small)
    code, out, _ = command("prepare", "moving")
    assert code == 0 and "phantom moving" in out and "phantom still" not in out
    code, out, _ = command("prepare")
    assert code == 0 and "phantom moving" in out and "phantom still" in out
    assert all(phantom.store.is_finished(phantom.folder_for(*row)) for row in small.items())
    assert "Choose one of still, moving" in one_line(command("prepare", "unheard-of"))


def test_start_copies_and_never_overwrites(command):
    code, out, _ = command("start", "mine")
    notebooks = sorted(Path("mine").rglob("0*.ipynb"))
    assert code == 0 and notebooks and Path("mine/index.ipynb").is_file()
    assert "BEGIN SOLUTION" not in notebooks[0].read_text()
    notebooks[0].write_text("my own work")
    code, out, _ = command("start", "mine")
    assert code == 0 and "stay as they are" in out
    assert notebooks[0].read_text() == "my own work"


# Bad input: one line with the remedy, exit code 2, nothing left behind.


def left():
    return sorted(str(path) for path in Path().rglob("*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "architectures/none"], "There is no lesson"),
        (["run", "architectures/cnn", "--tier", "huge"], "--tier"),
        (["run", "architectures/cnn", "--data", "nope"], "Choose one of phantom"),
        (["run", "architectures/cnn", "--data", "ddti"], "THYROLEARN_ROOT"),
        (["run", "architectures/cnn", "--data", "ddti", "--root", "nowhere"], "does not exist"),
        (["run", "architectures/cnn", "--seed", "-1"], "--seed"),
        (["run", "architectures/cnn", "--device", "abacus"], "--device"),
        (["run", "architectures/cnn", "--out", "result.txt"], ".ipynb"),
        (["claims", "architectures/cnn", "--seeds", "1"], "at least 2"),
        (["claims", "architectures/none"], "There is no lesson"),
        (["measure", "architectures/none"], "There is no lesson"),
        (["data", "check", "ddti", "nowhere"], "nowhere does not exist"),
        (["data", "check", "nope", "nowhere"], "Choose one of"),
        (["data", "check", "phantom", "nowhere"], "no folder of files"),
        (["data", "prepare", "phantom", "nowhere", "new"], "no folder of files"),
        (["train", "nothing"], "segmentation"),
        (["train", "--model", "resnt"], "Did you mean resnet"),
        (["train", "--tier", "huge"], "--tier"),
        (["train", "--data", "ddti", "--root", "nowhere"], "nowhere does not exist"),
        (["evaluate", "nowhere"], "nowhere is not the folder of a finished run"),
        (["phantom", "make", "new", "--seed", "-1"], "--seed"),
        (["phantom", "make", "new", "--patients", "0"], "--patients"),
        (["phantom", "sheet", "."], "is a folder"),
        (["tirads", "tarot", *ACR], "Allowed: acr"),
        (["tirads", "acr", *ACR, "--size", "1200"], "150"),
        (["tirads", "acr"], "--composition"),
        (["outline", "--bad"], "--bad"),
        (["frobnicate"], "frobnicate"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_bad_input_is_one_line_with_a_remedy(command, arguments, said):
    assert said in one_line(command(*arguments))
    assert left() == []


def test_an_empty_folder_is_told_from_a_missing_one(command):
    Path("empty").mkdir()
    assert "empty" in one_line(command("run", "architectures/cnn", "--data", "ddti", "--root", "empty"))
    one_line(command("data", "check", "ddti", "empty"))
    assert left() == ["empty"]


def ddti_folder(folder, count=2):
    """A DDTI folder of ``count`` good cases; tests damage case 2."""
    import numpy as np
    from PIL import Image

    folder.mkdir()
    points = json.dumps([{"points": [{"x": x, "y": y} for x, y in ((9, 9), (40, 9), (40, 40), (9, 40))],
                          "annotation": {}, "regionType": "freehand"}])  # fmt: skip
    for number in range(1, count + 1):
        picture = np.random.default_rng(number).integers(0, 255, (120, 160), dtype=np.uint8)
        Image.fromarray(picture).convert("RGB").save(folder / f"{number}_1.jpg")
        mark = f"<mark><image>1</image><svg>{points}</svg></mark>"
        text = f"<case><number>{number}</number><tirads>4a</tirads>{mark}</case>"
        (folder / f"{number}.xml").write_text(text)
    return folder


def test_a_budget_trains_on_every_frame_and_evaluate_judges_elsewhere(command, tmp_path):
    here, there = ddti_folder(tmp_path / "one", 6), ddti_folder(tmp_path / "other", 4)
    train = ["train", "segmentation", "--data", "ddti", "--root", here, "--cpu-seconds", "2", "--out"]
    code, _, err = command(*train, tmp_path / "run")
    assert code == 0 and "Trained on all cases" in err
    kept = json.loads((tmp_path / "run" / "run.json").read_text())
    assert kept["settings"]["cases"] == 6 and kept["settings"]["cpu_seconds"] == 2 and kept["settings"]["rate"] == 1e-2
    code, out, _ = command("evaluate", tmp_path / "run", "--data", "ddti", "--root", there, "--json")
    dice = json.loads(out)["dice"]
    assert code == 0 and {"value", "low", "high", "n"} <= set(dice) and dice["n"] == 4
    assert dice["low"] <= dice["value"] <= dice["high"]
    assert command(*train, tmp_path / "warm", "--start", tmp_path / "run")[0] == 0
    warm = json.loads((tmp_path / "warm" / "run.json").read_text())["settings"]
    assert warm["rate"] < kept["settings"]["rate"] and warm["warm"] < kept["settings"]["warm"]


def test_outlines_of_a_public_set_are_judged_in_five_folds(command, tmp_path):
    root = ddti_folder(tmp_path / "ddti", 10)
    asked = ["train", "segmentation", "--data", "ddti", "--root", root, "--epochs", "1", "--out", tmp_path / "run"]
    code, out, _ = command(*asked, "--json")
    assert code == 0 and json.loads(out)["dice"]["n"] == 10  # each patient once
    assert len(list((tmp_path / "run").glob("fold*/run.json"))) == 5


def test_a_sound_folder_is_reported(command, tmp_path):
    code, out, _ = command("data", "check", "ddti", ddti_folder(tmp_path / "ddti"), "--json")
    told = json.loads(out)
    assert code == 0 and {"images", "usable", "annotations", "skipped"} <= set(told)
    assert (told["images"], told["usable"], told["skipped"]) == (2, 2, [])


@pytest.mark.parametrize("name", ["2.xml", "2_1.jpg"])
def test_a_cut_off_file_is_named_and_nothing_is_half_written(command, tmp_path, name):
    root = ddti_folder(tmp_path / "ddti")
    whole = (root / name).read_bytes()
    (root / name).write_bytes(whole[: len(whole) // 2])
    assert name in one_line(command("run", "architectures/cnn", "--data", "ddti", "--root", root, "--out", "out.ipynb"))
    assert left() == []


@pytest.mark.parametrize("name", ["2.xml", "2_1.jpg"])
def test_check_reports_a_damaged_folder_and_ends_with_2(command, tmp_path, name):
    root = ddti_folder(tmp_path / "ddti")
    whole = (root / name).read_bytes()
    (root / name).write_bytes(whole[: len(whole) // 2])
    code, out, err = command("data", "check", "ddti", root, "--json")
    told = json.loads(out)
    assert code == 2 and told["usable"] == 1 and told["damaged"] == [name]
    assert name in [row["file"] for row in told["skipped"]]
    assert err.startswith(f"thyrolearn: {name} is damaged. Copy it again") and err.count("\n") == 1
    code, out, again = command("data", "check", "ddti", root)
    assert code == 2 and "1 usable" in out and again == err


def test_check_says_that_a_prepared_copy_is_one(command, tmp_path):
    root = ddti_folder(tmp_path / "ddti")
    assert command("data", "prepare", "ddti", root, "fast")[0] == 0
    before = left()
    assert "data prepare" in one_line(command("data", "check", "ddti", "fast"))
    assert "not of 'tn3k'" in one_line(command("data", "check", "tn3k", "fast"))
    assert left() == before


def test_a_target_that_cannot_be_written(command):
    Path("file").write_text("")
    assert "file" in one_line(command("start", "file/mine"))
    assert "file" in one_line(command("run", "architectures/cnn", "--out", "file/out.ipynb"))
    assert "file" in one_line(command("phantom", "make", "file", "--patients", "1"))
    assert "file" in one_line(command("phantom", "sheet", "file/sheet.png"))
    assert left() == ["file"]


def test_the_phantom_is_not_drawn_among_other_files(command, tmp_path):
    root = ddti_folder(tmp_path / "ddti")
    before = sorted(root.rglob("*"))
    assert "1.xml" in one_line(command("phantom", "make", root, "--patients", "1"))
    assert sorted(root.rglob("*")) == before


def test_the_phantom_writes_a_folder_and_the_same_again(command):
    code, out, _ = command("phantom", "make", "frames", "--patients", "1", "--size", "64")
    first = {path: path.read_bytes() for path in Path("frames").rglob("*") if path.is_file()}
    assert code == 0 and "not for diagnosis" in out and any(path.suffix == ".png" for path in first)
    assert command("phantom", "make", "frames", "--patients", "1", "--size", "64")[0] == 0
    assert first == {path: path.read_bytes() for path in Path("frames").rglob("*") if path.is_file()}


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_without_permission(command):
    Path("closed").mkdir(mode=0o500)
    assert "closed" in one_line(command("start", "closed/mine"))


def test_ctrl_c_is_one_line_and_130(command, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("thyrolearn.course.starter.outline", stopped)
    code, out, err = command("start", "mine")
    assert (code, out, err.count("\n")) == (130, "", 1) and "stopped" in err


def test_an_error_of_the_system_is_one_line(command, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device", "/disk/a")

    monkeypatch.setattr("thyrolearn.course.starter.outline", full)
    assert "/disk/a: No space left on device" in one_line(command("start", "mine"))


def test_every_command_that_the_texts_name_exists():
    """What README, book and lessons tell the reader to type is there."""
    import re

    root = settings.folders().checkout
    texts = [*root.glob("*.md"), *root.glob("book/**/*.md"), *root.glob("notebooks/**/*.ipynb"), root / "Makefile"]
    groups = {
        group.name: {c.name for c in group.typer_instance.registered_commands} for group in cli.app.registered_groups
    }
    single = {command.name or command.callback.__name__ for command in cli.app.registered_commands}
    for text in texts:
        for first, second in re.findall(r"(?:`|bin/|BIN\)/|^\s*)thyrolearn ([a-z]+) ?([a-z]*)", text.read_text(), re.M):
            assert first in single or second in groups.get(first, ()), f"{text.name}: thyrolearn {first} {second}"
