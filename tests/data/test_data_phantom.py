import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from thyrolearn.data import build, phantom, store
from thyrolearn.data.phantom import Part, Recipe, folder_for, load_phantom
from thyrolearn.errors import DataError, SettingsError
from thyrolearn.phantom import patients, render
from thyrolearn.tirads import acr

TINY = Recipe("for tests", (Part("main", 4, {"A": 1.0}), Part("held-out", 2, {"C": 1.0}, first=50)), size=64, seed=11)


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A cohort of six patients, ten frames a shard, in a cache of its own."""
    monkeypatch.setenv("THYROLEARN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(phantom.COHORTS, "tiny", TINY)
    monkeypatch.setattr(phantom, "SHARD", 3)
    return folder_for("tiny", TINY)


def frames_of(recipe):
    for part in recipe.parts:
        for patient in patients(part.patients, recipe.seed, scanners=part.scanners, first=part.first):
            for nodule in patient.nodules:
                for number in range(recipe.frames):
                    yield part.name, patient, nodule, number


def test_a_stored_cohort_is_what_the_phantom_renders(tiny):
    cohort = load_phantom("tiny", part=None, progress=False)
    truth = list(frames_of(TINY))
    assert len(cohort) == len(truth)
    for case, (part, patient, nodule, number) in zip(cohort, truth, strict=True):
        frame = render(patient, nodule, number, TINY.seed, size=64)
        assert (case.image == frame.image).all() and (case.mask == frame.mask).all()
        assert case.label == nodule.label and case.descriptors == nodule.truth and case.readers == nodule.readers
        assert case.patient == str(patient.number) and case.scanner == patient.scanner and case.raw["part"] == part
        assert case.points == acr.points(nodule.truth) and case.posterior == nodule.posterior
        assert case.spacing_mm == pytest.approx(frame.spacing_mm) and case.boxes[0] == pytest.approx(frame.box)
        assert case.notes == ("synthetic",)


def test_parts_are_apart_and_unknown_ones_are_refused(tiny):
    main, held = load_phantom("tiny", progress=False), load_phantom("tiny", part="held-out", progress=False)
    assert set(main.column("scanner")) == {"A"} and set(held.column("scanner")) == {"C"}
    assert not set(main.patients) & set(held.patients)
    with pytest.raises(SettingsError, match="no part 'other'"):
        load_phantom("tiny", part="other")
    with pytest.raises(SettingsError, match="Choose one of stills"):
        load_phantom("unheard of")


def test_opening_reads_no_pixels_and_writes_nothing(tiny):
    load_phantom("tiny", progress=False)
    for file in tiny.glob("*.pixels"):
        file.unlink()
    before = sorted(p.name for p in tiny.iterdir())
    cohort = load_phantom("tiny", progress=False)
    assert len(cohort.labels) == len(cohort) and before == sorted(p.name for p in tiny.iterdir())
    with pytest.raises(DataError, match="cannot be read"):
        _ = cohort[0].image


def test_helpers_make_the_same_files_as_one_process(tiny, monkeypatch, tmp_path):
    load_phantom("tiny", workers=1, progress=False)
    alone = {p.name: p.read_bytes() for p in tiny.iterdir()}
    monkeypatch.setenv("THYROLEARN_CACHE", str(tmp_path / "second"))
    monkeypatch.setattr(build, "SMALL", 0)
    monkeypatch.setattr(phantom, "SHARD", 96)  # helpers are other programs: they know the real shard size only
    first = load_phantom("tiny", workers=1, part=None, progress=False)
    monkeypatch.setenv("THYROLEARN_CACHE", str(tmp_path / "third"))
    second = load_phantom("tiny", workers=2, part=None, progress=False)
    assert alone and [c.id for c in first] == [c.id for c in second]
    assert all((a.image == b.image).all() and (a.mask == b.mask).all() for a, b in zip(first, second, strict=True))


def test_a_stopped_build_goes_on_and_ends_the_same(tiny, monkeypatch, tmp_path):
    load_phantom("tiny", workers=1, progress=False)
    whole = {p.name: p.read_bytes() for p in tiny.iterdir()}
    monkeypatch.setenv("THYROLEARN_CACHE", str(tmp_path / "again"))
    folder = folder_for("tiny", TINY)
    rendered = []

    def stop_at_fifth(*frame):
        rendered.append(frame)
        if len(rendered) == 5:
            raise KeyboardInterrupt
        return original(*frame)

    original = phantom.render_case
    monkeypatch.setattr(phantom, "render_case", stop_at_fifth)
    with pytest.raises(KeyboardInterrupt):
        load_phantom("tiny", workers=1, progress=False)
    assert not store.is_finished(folder) and store.is_written(folder, 0) and not store.is_written(folder, 1)
    (folder / ".0001.pixels.left").write_bytes(b"half")  # as a killed process leaves it
    load_phantom("tiny", workers=1, progress=False)
    assert len(rendered) == 5 + sum(1 for _ in frames_of(TINY)) - 3  # the finished shard was not rendered again
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == whole


def test_a_full_disk_is_told_and_leaves_nothing_half(tiny, monkeypatch):  # F48
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "write_text", full)
    with pytest.raises(DataError, match=r"No space left on device.*Make room"):
        load_phantom("tiny", workers=1, progress=False)
    monkeypatch.undo()
    assert not store.is_finished(tiny)


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):  # F47
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("THYROLEARN_CACHE", str(tmp_path / "file"))
    with pytest.raises(DataError, match="cannot be made"):
        load_phantom("sample", progress=False)


def test_another_simulator_gets_another_folder_and_the_old_one_goes(tiny, monkeypatch):
    load_phantom("tiny", progress=False)
    old = tiny
    monkeypatch.setattr("thyrolearn.phantom.SIM_VERSION", "9.9.9")
    assert folder_for("tiny", TINY) != old
    load_phantom("tiny", progress=False)
    assert old.exists()  # young: another version may be using it
    os.utime(old, (0, 0))
    monkeypatch.setattr("thyrolearn.phantom.SIM_VERSION", "9.9.10")
    load_phantom("tiny", progress=False)
    assert not old.exists()


def test_a_damaged_table_or_pixel_file_says_what_to_do(tiny):
    cohort = load_phantom("tiny", progress=False)
    pixels = tiny / "0000.pixels"
    pixels.write_bytes(pixels.read_bytes()[:100])
    with pytest.raises(DataError, match="is cut off"):
        _ = cohort[0].image
    (tiny / "cohort.json").write_text('{"version": 1')
    with pytest.raises(DataError, match="Delete its folder"):
        load_phantom("tiny", progress=False)


def test_a_mask_may_be_missing_and_sizes_may_differ(tmp_path):
    from thyrolearn.data import Case

    rng = np.random.default_rng(0)
    shapes = [(10, 13), (21, 8), (9, 9)]
    cases = [
        Case.of(rng.integers(0, 255, s, dtype=np.uint8), rng.random(s) > 0.5 if i else None, id=str(i))
        for i, s in enumerate(shapes)
    ]
    store.write_shard(tmp_path, 0, cases)
    store.finish(tmp_path, 1, "token", name="odd", skipped=[{"file": "x", "reason": "y"}])
    cohort = store.open_cohort(tmp_path)
    assert cohort.name == "odd" and cohort.skipped[0].reason == "y" and cohort[0].mask is None
    for a, b in zip(cases, cohort, strict=True):
        assert (a.image == b.image).all() and a.boxes == b.boxes
        assert a.mask is None or (a.mask == b.mask).all()


def run(code, tmp_path, **options):
    environment = {**os.environ, "THYROLEARN_CACHE": str(tmp_path / "cache")}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, text=True, stderr=subprocess.PIPE, **options)


SMALLER = "from thyrolearn.data import build; build.SMALL = 0\nfrom thyrolearn.data.phantom import load_phantom\n"


@pytest.mark.slow
def test_two_processes_build_once_and_plain_lines_tell_how_far(tmp_path):  # F50; also python -c, without a main guard
    code = SMALLER + "print(load_phantom('sample', workers=2).fingerprint)"
    both = [run(code, tmp_path, stdout=subprocess.PIPE) for _ in range(2)]
    said = [p.communicate(timeout=300) for p in both]
    assert [p.returncode for p in both] == [0, 0], said
    assert said[0][0] == said[1][0] != ""
    lines = said[0][1] + said[1][1]
    assert lines.count("138 of 138 frames") == 1 and "waiting for it" in lines


@pytest.mark.slow
def test_a_killed_build_is_repaired(tmp_path):  # F49: SIGKILL leaves the lock to the system
    first = run(SMALLER + "load_phantom('sample', workers=2)", tmp_path)
    parts = tmp_path / "cache" / "phantom"
    deadline = time.monotonic() + 120
    while not list(parts.glob("sample-*/[.0]*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = run(SMALLER + "print(len(load_phantom('sample', part=None)))", tmp_path, stdout=subprocess.PIPE)
    out, err = second.communicate(timeout=300)
    assert second.returncode == 0 and out.strip() == "138", err
    assert not list(parts.glob("sample-*/.*"))


def test_a_helper_that_fails_is_named(tmp_path):
    task = [
        {**asdict(TINY), "parts": [{"name": "x", "patients": 2, "scanners": {"Z": 1.0}, "first": 0}]},
        str(tmp_path),
        [0],
    ]
    with pytest.raises(DataError, match=r"A helper .* scanner 'Z'|Scanner 'Z'"):
        list(build._helpers([json.loads(json.dumps(task))]))


def test_the_named_cohorts_have_a_training_and_a_held_out_part():
    for name in ("stills", "sample"):
        main, held = phantom.COHORTS[name].parts
        assert set(main.scanners) == {"A", "B", "D"} and set(held.scanners) == {"C", "E"}
        assert main.first + main.patients <= held.first
    assert sum(len(p.nodules) for part in phantom.COHORTS["stills"].parts
               for p in patients(part.patients, 2025, first=part.first)) == pytest.approx(4000, rel=0.02)  # fmt: skip
    assert Path(folder_for("stills", phantom.COHORTS["stills"])).name.startswith("stills-")
