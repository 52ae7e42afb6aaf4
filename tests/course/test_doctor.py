"""Each thing that can be wrong is made wrong, and the doctor must see it and name a remedy."""

import sys
from collections import namedtuple

import psutil
import pytest

from thyrolearn import settings
from thyrolearn.course import doctor


def seen(name):
    found = {finding.name: finding for finding in doctor.examine(calibrate=False)}
    for finding in found.values():
        assert finding.state == "good" or finding.remedy, finding
    return found.get(name)


def test_a_sound_machine_has_nothing_that_blocks(small_course):
    findings = doctor.examine(calibrate=False)
    assert [finding for finding in findings if finding.state == "blocks"] == []
    assert {"python", "packages", "kernel", "lessons", "cache", "disk", "memory", "threads"} <= {
        f.name for f in findings
    }


def test_an_old_python(small_course, monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.10.2")
    assert seen("python").state == "blocks"


def test_no_virtual_environment(small_course, monkeypatch):
    monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    assert "make setup" in seen("python").remedy


@pytest.mark.parametrize(("version", "said"), [(None, "torch missing"), ("1.0", "torch 1.0")])
def test_a_missing_and_an_old_package(small_course, monkeypatch, version, said):
    real = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: version if name == "torch" else real(name))
    assert seen("packages").state == "blocks" and said in seen("packages").found


def test_versions_that_were_not_tested(small_course):
    (small_course / "constraints.txt").write_text("numpy==0.1\npandas==0.2\n# a comment\n")
    assert seen("versions").state == "note" and "(tested: 0.1)" in seen("versions").found


def test_no_kernel(small_course, monkeypatch):
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    assert seen("kernel").state == "blocks"


def test_no_lessons(small_course):
    (small_course / "notebooks" / "1_demo" / "01_first.ipynb").unlink()
    assert seen("lessons").state == "blocks"


def test_a_broken_lesson(small_course):
    (small_course / "notebooks" / "1_demo" / "01_first.ipynb").write_text("{")
    assert seen("lessons").state == "blocks" and "01_first.ipynb" in seen("lessons").found


def test_a_cache_that_cannot_be_made(small_course, monkeypatch):
    (small_course / "file").write_text("")
    found = settings.folders().model_copy(update={"cache": small_course / "file" / "cache"})
    monkeypatch.setattr(settings, "folders", lambda: found)
    assert seen("cache").state == "blocks" and "THYROLEARN_CACHE" in seen("cache").remedy


def test_a_cache_without_a_cohort_and_with_one(small_course, monkeypatch):
    found = settings.folders().model_copy(update={"cache": small_course / "new" / "cache"})
    monkeypatch.setattr(settings, "folders", lambda: found)
    assert seen("cohorts").state == "note" and "thyrolearn prepare" in seen("cohorts").remedy
    (found.cache / "cohort.json").write_text("{}")
    assert seen("cohorts").state == "good"


def test_a_full_disk(small_course, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage(1, 1, 10 * 2**20))
    assert seen("disk").state == "blocks"


def test_little_memory(small_course, monkeypatch):
    memory = namedtuple("memory", "available")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory(300 * 2**20))
    assert seen("memory").state == "note"


@pytest.mark.parametrize("threads", [1, 64])
def test_too_few_and_too_many_threads(small_course, monkeypatch, threads):
    import torch

    monkeypatch.setattr(doctor.os, "cpu_count", lambda: 8)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert seen("threads").state == "note" and "OMP_NUM_THREADS" in seen("threads").remedy


def test_wrong_settings(small_course, monkeypatch):
    monkeypatch.setenv("THYROLEARN_TIER", "huge")
    assert seen("settings").state == "blocks" and "THYROLEARN_TIER" in seen("settings").remedy


def test_a_data_set_whose_folder_is_missing(small_course, monkeypatch):
    monkeypatch.setenv("THYROLEARN_DATA", "ddti")
    monkeypatch.setenv("THYROLEARN_ROOT", str(small_course / "nowhere"))
    assert seen("root").state == "blocks"


def test_a_check_that_fails_itself_is_reported_and_the_rest_goes_on(small_course, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: 1 / 0)
    assert "ZeroDivisionError" in seen("memory").found and seen("threads") is not None


@pytest.mark.parametrize(("here", "minutes", "state"), [(100.0, "1.0 minutes", "good"), (20.0, "5.0 minutes", "note")])
def test_minutes_here_scale_with_speed(small_course, monkeypatch, here, minutes, state):
    lesson = "{seconds: 30.0, cpu_seconds: 40.0, memory_mb: 700, machine: m, speed: 100.0}"
    (small_course / "notebooks" / "measured.yml").write_text(f"lessons:\n  demo/first: {lesson}\n  demo/b: {lesson}\n")
    monkeypatch.setattr("thyrolearn.course.measure.speed", lambda seconds: here)
    (pace,) = doctor._pace()
    assert minutes in pace.found and pace.state == state
