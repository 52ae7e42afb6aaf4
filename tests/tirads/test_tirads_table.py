"""The written table is enough: a scorer that knows only the JSON agrees with the functions on every record."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from thyrolearn.errors import ParameterError
from thyrolearn.tirads import SYSTEMS, Descriptors, as_json, assess, compare, eu, every

TABLE = json.loads(as_json())
SIZES = (None, 1, 4.9, 5, 9.9, 10, 10.1, 14.9, 15, 15.1, 20, 20.1, 24.9, 25, 40)

# What a browser does, in the same few steps that the docstring of `tables` gives.
SCORER = """
const holds = (when, words) => Object.entries(when).every(([category, allowed]) =>
  [].concat(words[category]).some(word => allowed.includes(word)));
const reached = (cut, mm) => cut && (cut.inclusive ? mm >= cut.mm : mm > cut.mm);
const score = (system, words, mm) => {
  let points = null, row;
  if (Object.keys(system.points).length) {
    points = 0;
    if (!system.stop.includes(words.composition))
      for (const [category, table] of Object.entries(system.points))
        for (const word of [].concat(words[category])) points += table[word] || 0;
    row = system.levels.find(level => level.points[0] <= points && points <= level.points[1]);
  } else {
    const level = system.patterns.find(pattern => holds(pattern.when, words)).level;
    row = system.levels.find(candidate => candidate.level === level);
  }
  const action = reached(row.fna, mm) ? "FNA" : reached(row.follow_up, mm) ? "follow-up" : "none";
  const notes = system.notes.filter(note => holds(note.when, words)
    && (!note.levels.length || note.levels.includes(row.level))
    && (note.from_mm === null || mm >= note.from_mm) && (note.below_mm === null || mm < note.below_mm));
  return [points, row.level, row.label, action, row.advice[action], notes.map(note => note.text)];
};
const input = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify(input.cases.map(([name, words, mm]) => score(input.table.systems[name], words, mm))));
"""


def many(words):
    return [words] if isinstance(words, str) else words


def holds(when, words):
    return all(any(word in allowed for word in many(words[category])) for category, allowed in when.items())


def reached(cut, mm):
    return cut is not None and (mm >= cut["mm"] if cut["inclusive"] else mm > cut["mm"])


def score(system, words, mm):
    """A second implementation that sees nothing but the JSON."""
    points = None
    if system["points"]:
        stopped = words["composition"] in system["stop"]
        scores = [table.get(word, 0) for name, table in system["points"].items() for word in many(words[name])]
        points = 0 if stopped else sum(scores)
        row = next(row for row in system["levels"] if row["points"][0] <= points <= row["points"][1])
    else:
        level = next(pattern["level"] for pattern in system["patterns"] if holds(pattern["when"], words))
        row = next(row for row in system["levels"] if row["level"] == level)
    if mm is None:
        return points, row["level"], None
    action = "FNA" if reached(row["fna"], mm) else "follow-up" if reached(row["follow_up"], mm) else "none"
    return points, row["level"], action


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_scoring_from_the_json_equals_the_functions_on_every_record(name):
    for number, record in enumerate(every()):
        mm = SIZES[number % len(SIZES)]
        found = assess(name, record, mm)
        assert score(TABLE["systems"][name], record.words(), mm) == (found.points, found.level, found.action)


def test_every_size_at_every_level():
    for record in list(every())[::29]:
        for mm in SIZES:
            for name, found in zip(SYSTEMS, compare(record, mm), strict=True):
                assert score(TABLE["systems"][name], record.words(), mm)[2] == found.action


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_browsers_language_scores_alike(tmp_path: Path):
    cases = [(name, record, mm) for record in list(every())[::11] for name in SYSTEMS for mm in (4.9, 10, 18, 25)]
    text = {"table": TABLE, "cases": [(name, record.words(), mm) for name, record, mm in cases]}
    (tmp_path / "in.json").write_text(json.dumps(text))
    (tmp_path / "score.js").write_text(SCORER)
    out = subprocess.check_output(["node", str(tmp_path / "score.js"), str(tmp_path / "in.json")], text=True)
    for (name, record, mm), got in zip(cases, json.loads(out), strict=True):
        found = assess(name, record, mm)
        wanted = [found.points, found.level, found.label.split(" (")[0], found.action, found.advice, list(found.notes)]
        assert got == wanted


def test_the_table_carries_sources_words_and_the_notice():
    assert TABLE["notice"] == "for teaching, not for diagnosis"
    assert TABLE["size_mm"] == [1.0, 150.0]
    assert TABLE["words"]["echogenicity"]["veryhypo"] == "very hypoechoic"
    assert TABLE["anechoic_only_in"] == ["cystic", "spongiform"]
    for system in TABLE["systems"].values():
        assert system["source"]["doi"].startswith("10.") and system["status"] and system["scope"]


def test_which_records_are_refused_can_be_read_from_the_table():
    for composition in TABLE["words"]["composition"]:
        possible = composition in TABLE["anechoic_only_in"]
        try:
            Descriptors(composition, "anechoic", "wider", "smooth")
        except ParameterError:
            assert not possible
        else:
            assert possible


def test_compare_gives_every_system_in_order():
    found = compare(Descriptors("mixed", "hypo", "wider", "smooth"), 18)
    assert [a.system for a in found] == [system.name for system in SYSTEMS.values()]
    assert [a.action for a in found] == ["follow-up", "FNA", "follow-up", "none", "none"]
    assert found[1] == eu.assess(Descriptors("mixed", "hypo", "wider", "smooth"), 18)


def test_an_unknown_system_names_the_known_ones():
    with pytest.raises(ParameterError, match="acr, eu, k, c, ai"):
        assess("bta", Descriptors("solid", "iso", "wider", "smooth"))


def test_assessment_as_plain_values():
    plain = json.loads(json.dumps(assess("acr", Descriptors("solid", "hypo", "taller", "smooth"), 12).as_dict()))
    assert (plain["points"], plain["level"], plain["action"]) == (7, 5, "FNA")
    assert plain["parts"]["shape"] == 3 and plain["notice"] == "for teaching, not for diagnosis"
