"""The small course as a fixture."""

import json
import sys
import types

import pytest
from small_lesson import DICE, MARKDOWN, PARTS, SOLVED, notebook

from thyrolearn import settings


@pytest.fixture
def small_course(tmp_path, monkeypatch):
    """The folder of a checkout with the lesson ``demo/first``; settings and registry point at it."""
    part = tmp_path / "notebooks" / "1_demo"
    part.mkdir(parents=True)
    (tmp_path / "notebooks" / "parts.yml").write_text(PARTS)
    cells = [("markdown", MARKDOWN), ("code", "import numpy as np"), ("code", SOLVED), ("code", "print(1 + 1)")]
    (part / "01_first.ipynb").write_text(json.dumps(notebook(*cells)))
    found = settings.folders().model_copy(
        update={"notebooks": tmp_path / "notebooks", "cache": tmp_path / "cache", "checkout": tmp_path}
    )
    monkeypatch.setattr(settings, "folders", lambda: found)
    for name in ("DATA", "ROOT", "TIER", "SEED", "CLAIMS"):
        monkeypatch.delenv(f"THYROLEARN_{name}", raising=False)
    monkeypatch.setenv("THYROLEARN_DEVICE", "cpu")
    module = types.ModuleType("thyrolearn.course.exercises.demo_first")
    module.EXERCISES = [DICE]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.chdir(tmp_path)
    return tmp_path
