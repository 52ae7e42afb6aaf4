"""What is public is explained: a docstring, types, and an example that runs, for every name in ``__all__``."""

import ast
import dataclasses
import importlib
import inspect
import sys
from enum import Enum
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "book" / "tools"))
import drawings  # noqa: E402

# typer reads its signatures; its commands explain themselves by --help, which tests/test_cli.py holds
ROOMS = [room for room in drawings.rooms() if room != "cli"]


def public():
    found = []
    for room in ROOMS:
        module = importlib.import_module(f"thyrolearn.{room}")
        for name in getattr(module, "__all__", []):
            try:
                value = getattr(module, name)
            except (AttributeError, ImportError):
                continue  # test_every_room_says_what_is_public reports it
            if inspect.isfunction(value) or inspect.isclass(value):
                found.append(pytest.param(value, id=f"{room}.{name}"))
    return found


def reachable(module, name):
    try:
        return getattr(module, name) is not None
    except (AttributeError, ImportError):
        return False


def test_every_room_says_what_is_public():
    for room in ROOMS:
        module = importlib.import_module(f"thyrolearn.{room}")
        names = getattr(module, "__all__", None)
        assert names, f"{room} has no __all__"
        missing = [name for name in names if not reachable(module, name)]
        assert not missing, f"{room}: {missing}"


@pytest.mark.parametrize("value", public())
def test_it_has_a_docstring_of_its_own(value):
    own = value.__doc__ if inspect.isfunction(value) else value.__dict__.get("__doc__")
    assert own and len(own.split()) >= 4
    assert not own.startswith(f"{value.__name__}("), "dataclasses write such a line by themselves"


@pytest.mark.parametrize("value", public())
def test_it_has_an_example_that_runs(value):
    if inspect.isclass(value) and (issubclass(value, BaseException | Enum) or is_record(value)):
        pytest.skip("an error, a list of words or a plain record needs no example")
    text = value.__doc__ or ""
    if inspect.isclass(value):
        text += "".join(getattr(member, "__doc__", None) or "" for member in vars(value).values() if callable(member))
    assert ">>> " in text


def is_record(value):
    return dataclasses.is_dataclass(value) or hasattr(value, "model_fields") or hasattr(value, "_fields")


def signatures():
    for path in sorted((ROOT / "thyrolearn").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                yield path, node


def test_every_public_signature_is_typed():
    untyped = []
    for path, node in signatures():
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        bare = [a.arg for a in arguments if a.annotation is None and a.arg not in ("self", "cls")]
        if bare or node.returns is None:
            untyped.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}({', '.join(bare)})")
    assert untyped == []


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "thyrolearn" / "py.typed").is_file()
