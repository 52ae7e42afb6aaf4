"""Reads the vectors that other tools wrote (benchmarks/make_vectors.py)."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "vectors"


def revive(value):
    """The words for NaN and infinity become numbers again."""
    if isinstance(value, dict):
        return {k: revive(v) for k, v in value.items()}
    if isinstance(value, list):
        return [revive(v) for v in value]
    return float(value) if value in ("nan", "inf", "-inf") else value


@pytest.fixture(scope="session")
def vectors():
    """Call with a name: the record of that tool, with its version."""

    def read(name):
        record = revive(json.loads((FOLDER / f"{name}.json").read_text()))
        assert record["version"], "a vector without its tool's version cannot be traced"
        return record

    return read
