"""The papers of the house agree: one version, one licence, one list of what is needed, links that lead somewhere."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import thyrolearn

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text())


def of_extra(name):
    """What ``thyrolearn[name]`` needs, extras of extras followed."""
    needs = []
    for line in EXTRAS[name]:
        own = Requirement(line)
        needs += [n for extra in own.extras for n in of_extra(extra)] if own.name == "thyrolearn" else [own]
    return needs


def test_conda_takes_python_and_pip_and_the_rest_from_pyproject():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert conda["channels"] == ["conda-forge"] and conda["name"] == PROJECT["name"]
    plain = [Requirement(line) for line in conda["dependencies"] if isinstance(line, str)]
    assert {need.name for need in plain} == {"python", "pip"}, "versions have one list: pyproject.toml"
    (python,) = (need.specifier for need in plain if need.name == "python")
    lowest = next(iter(SpecifierSet(PROJECT["requires-python"]))).version
    assert python.contains(f"{lowest}.9") and not python.contains("3.10.9")
    assert all(python.contains(line.split("::")[-1].strip() + ".1") for line in PROJECT["classifiers"]
               if re.search(r":: 3\.\d+$", line))  # fmt: skip
    (pip,) = (line["pip"] for line in conda["dependencies"] if isinstance(line, dict))
    extra = re.fullmatch(r"-e \.\[(\w+)\]", pip[1]).group(1)
    assert extra in EXTRAS and (ROOT / pip[0].removeprefix("-c ")).is_file() and len(pip) == 2


def test_the_extras_are_the_promised_ones():
    promised = "lab book test browser models explain dicom uncertainty federated peers all"
    assert set(EXTRAS) == set(promised.split())
    peers = {need.name for need in of_extra("peers")} - {need.name for need in of_extra("uncertainty")}
    assert peers and not peers & {need.name for need in of_extra("all")}, "oracles stay out of the learner's install"


def test_the_tested_lock_pins_all_that_is_asked_for_and_nothing_outside_its_range():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {canonicalize_name(n): v for n, v in (x.split("==") for x in lines if x and not x.startswith("#"))}
    assert (pins["torch"], pins["torchvision"]) == ("2.14.1", "0.29.1")
    needs = [*map(Requirement, PROJECT["dependencies"]), *of_extra("all")]
    needs = [need for need in needs if need.name not in ("setuptools", "wheel")]  # pip freeze leaves them out
    assert len(needs) > 30
    for need in needs:
        pin = pins.get(canonicalize_name(need.name))
        assert pin and need.specifier.contains(pin), f"{need}: constraints.txt has {pin}"


def test_versions_and_licences_agree():
    assert thyrolearn.__version__ == PROJECT["version"] == str(CITATION["version"])
    assert f"## {PROJECT['version']}" in (ROOT / "CHANGELOG.md").read_text()
    assert {"cff-version", "title", "message", "authors"} <= set(CITATION)
    assert PROJECT["license"] == "BSD-3-Clause AND CC-BY-4.0" and CITATION["license"] == "BSD-3-Clause"
    code, text = ((ROOT / name).read_text() for name in PROJECT["license-files"])
    assert code.startswith("BSD 3-Clause License") and "Attribution 4.0 International" in text


def test_vendored_files_have_their_licences_beside_them():
    page = (ROOT / "book/_static/vendor/README.md").read_text()
    folders = [f for f in (ROOT / "book/_static/vendor").iterdir() if f.is_dir()]
    assert len(folders) >= 3
    for folder in folders:
        assert f"{folder.name}/" in page, folder.name
        named = re.search(rf"`{re.escape(folder.name)}/.*\n", page).group(0)
        assert list(folder.glob("*LICENSE*")) or "widgets/" in named, folder.name
    assert (ROOT / "tests/browser/vendor/LICENSE").is_file()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_what_the_papers_point_at_exists(name):
    text = (ROOT / name).read_text()
    linked = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if not target.startswith("http")]
    named = re.findall(r"`((?:book|notebooks|datasets|tests|thyrolearn)/[\w./]*)`", text)
    written = {"notebooks/claims.yml"}  # made by a command that the text names
    missing = [path for path in [*linked, *named] if path not in written and not (ROOT / path).exists()]
    assert missing == []


def test_a_lesson_is_added_in_ten_steps():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    assert [int(n) for n in re.findall(r"^(\d+)\. \*\*", text, re.M)] == list(range(1, 11))
