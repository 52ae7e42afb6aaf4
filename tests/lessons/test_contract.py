"""The lesson contract, held by every notebook; CONTRIBUTING tells it in ten steps."""

import ast
import json
import re
import statistics

import nbformat
import pytest
import yaml

from thyrolearn.course import outline, quiz
from thyrolearn.course.claims import read_bands
from thyrolearn.course.exercises import exercises_of
from thyrolearn.settings import folders

LESSONS = outline()
every = pytest.mark.parametrize("record", LESSONS, ids=lambda record: record.slug)


def code(record):
    return ["".join(cell["source"]) for cell in record.notebook["cells"] if cell["cell_type"] == "code"]


def prose(record):
    return ["".join(cell["source"]) for cell in record.notebook["cells"] if cell["cell_type"] == "markdown"]


def lines(source):
    return [line for line in source.splitlines() if line.strip()]


def calls(record):
    """Every call in the notebook as (dotted name, node)."""
    found = []
    for source in code(record):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call):
                found.append((ast.unparse(node.func), node))
    return found


def test_there_are_lessons():
    assert LESSONS


# The file


@every
def test_the_notebook_is_valid_stripped_and_plain(record):
    nbformat.validate(nbformat.from_dict(record.notebook))
    assert record.notebook["metadata"]["kernelspec"]["name"] == "python3"
    assert set(record.notebook["metadata"]) <= {"kernelspec", "language_info"}
    for cell in record.notebook["cells"]:
        assert cell.get("outputs", []) == [] and cell.get("execution_count") is None, cell["id"]
        assert set(cell["metadata"]) <= {"tags", "mystnb"}, cell["id"]


@every
def test_cell_ids_are_unique_and_say_what_the_cell_is(record):
    ids = [cell["id"] for cell in record.notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]{1,40}", name) for name in ids), ids
    assert not [name for name in ids if re.fullmatch(r"[0-9a-f]{8}(-.*)?", name)], "a made-up id is not stable"


@every
def test_line_and_word_limits(record):
    sizes = [len(lines(source)) for source in code(record)]
    assert statistics.median(sizes) <= 6
    assert statistics.quantiles(sizes, n=10)[-1] <= 15
    assert max(sizes) <= 25
    assert sum(sizes) <= 150, sum(sizes)
    words = len(re.findall(r"\w+", " ".join(re.sub(r"\]\([^)]*\)", "]", text) for text in prose(record))))
    assert 1200 <= words <= 2500, words


# The shape


@every
def test_it_opens_with_title_promise_objectives_prerequisites(record):
    assert record.notebook["cells"][0]["cell_type"] == "markdown"
    first = prose(record)[0]
    assert first.startswith("# ") and len(record.promise) > 30
    assert 3 <= len(record.objectives) <= 7
    assert re.search(r"(?i)prerequisites", first)
    assert not re.search(r"\b\d+ (?:minutes|seconds|MB)\b", first), "costs are measured and shown by the header"


@every
def test_one_import_cell_and_the_lesson_begins_in_it(record):
    importing = [
        number
        for number, source in enumerate(code(record))
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.parse(source).body)
    ]
    assert importing == [0]
    assert f'course.begin("{record.slug}"' in code(record)[0]


@every
def test_exercises_quiz_and_claims_are_there(record):
    names = [name for name, _ in calls(record)]
    checked = [node.args[0].value for name, node in calls(record) if name == "lesson.check"]
    assert checked == list(exercises_of(record.slug)) and len(checked) >= 3
    assert len(quiz.load(record.slug)) >= 4 and names.count("lesson.quiz") == 1
    assert names.count("lesson.real_data") == 1 and "lesson.published" in names
    claimed = [node for name, node in calls(record) if name == "lesson.claim"]
    assert claimed and any(word.arg == "excludes" for node in claimed for word in node.keywords), "the main claim"


@every
def test_the_sections_that_every_lesson_has(record):
    text = "\n".join(prose(record))
    heads = [line.lstrip("# ").strip().lower() for line in text.splitlines() if line.startswith("## ")]
    for wanted in ("exercises", "on real data", "limits", "references"):
        assert wanted in heads
    assert "negative result" in text.lower()
    assert "not for diagnosis" in text.lower()
    assert sum(line.startswith("# ") for line in text.splitlines()) == 1
    assert not re.search(r"^#### ", text, re.M), "headings go no deeper than three"


@every
def test_every_figure_goes_through_show_with_alt_text(record):
    shown = [node for name, node in calls(record) if name == "plots.show"]
    assert shown
    for node in shown:
        words = {word.arg: word.value for word in node.keywords}
        assert len(ast.literal_eval(words["alt"])) > 30, ast.unparse(node)
    assert not [name for name, _ in calls(record) if name.startswith("plt.") or name.endswith(".plot")]


# The prose

_NOT_RESULTS = [
    r"```.*?```",
    r"`[^`]*`",
    r"\$\$.*?\$\$|\$[^$\n]+\$",
    r"\]\([^)]*\)",
    r"https?://\S+",
    r"(?:doi|arXiv)[: ]\S+",
]


@every
def test_no_result_is_typed_into_the_prose(record):
    """A number with a decimal or a percent sign belongs to a cell that printed it; citations are free to have them."""
    for text in prose(record):
        text = re.split(r"(?m)^## References", text)[0]
        for pattern in _NOT_RESULTS:
            text = re.sub(pattern, " ", text, flags=re.S)
        typed = re.findall(r"(?<![\w.])\d+\.\d+(?![\w.])|\d+(?:\.\d+)? ?%", text)
        assert typed == [], typed


@every
def test_the_prose_is_plain_markdown(record):
    """Roles and directives print raw in JupyterLab."""
    for text in prose(record):
        assert not re.search(r"\{[a-z:-]+\}`|^:::|^```\{", text, re.M)
        assert "!" not in re.sub(r"!\[[^\]]*\]|`[^`]*`|!=|\$[^$]*\$", "", text)
        assert not re.search(r"[\U0001F300-\U0001FAFF\u2600-\u27BF]", text)


# The code


@every
def test_no_absolute_path_no_network_no_named_device(record):
    text = json.dumps(record.notebook["cells"])
    assert not re.search(r"(?<![\w.:/])/(?:home|Users|root|tmp|work|mnt|opt|var)/", text)
    assert not re.search(r"[A-Z]:\\\\", text)
    source = "\n".join(code(record))
    assert not re.search(r"['\"](?:cuda|mps)\b|\.cuda\(|\.to\(['\"]", source)
    assert not re.search(r"\b(?:requests|urllib|urlopen|wget|curl|pooch|torch\.hub)\b|https?://|download", source)
    assert not re.search(r"^\s*[%!]|warnings\.filterwarnings|import \*|os\.environ|np\.random\.seed", source, re.M)
    assert not re.search(r"THYROLEARN_|pip install|get_ipython", source)


@every
def test_data_come_from_the_lesson_and_the_split_is_by_patient(record):
    """A learner switches the data set by one setting; a split made by hand would not be by patient."""
    names = {name for name, _ in calls(record)}
    assert not {"data.load", "train_test_split", "data.split", "ShuffleSplit", "KFold"} & names
    assert not re.search(r"[\"'](?:phantom|ddti|tn3k)[\"']", "\n".join(code(record)))


# The lists agree


def test_outline_parts_and_table_of_contents_agree():
    root = folders().checkout
    if root is None:
        pytest.skip("an installed package has no book")
    toc = yaml.safe_load((root / "book" / "_toc.yml").read_text())
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    listed = [file for file in files if file.startswith("notebooks/")]
    assert listed == [record.path.removesuffix(".ipynb") for record in LESSONS]
    planned = yaml.safe_load((folders().notebooks / "parts.yml").read_text())
    rooms = {f"notebooks/{part}/{name}.ipynb" for part, row in planned.items() for name in row["lessons"]}
    assert {record.path for record in LESSONS} <= rooms


def test_prerequisites_are_earlier_lessons():
    seen = []
    for record in LESSONS:
        assert set(record.prerequisites) <= set(seen), record.slug
        seen.append(record.slug)


def test_there_is_no_notebook_beside_the_outline():
    files = {path for path in folders().notebooks.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts}
    assert files == {record.file for record in LESSONS}


# What was measured


def bands():
    return read_bands(folders().notebooks / "claims.yml")


@every
def test_every_claim_has_a_band_on_the_phantom(record):
    claimed = {node.args[0].value for name, node in calls(record) if name == "lesson.claim"}
    stored = {key.name for key in bands() if (key.lesson, key.data, key.tier) == (record.slug, "phantom", "lesson")}
    assert claimed == stored, "run `thyrolearn claims LESSON --seeds 10`"


def test_bands_are_of_ten_seeds_and_of_this_simulator():
    from thyrolearn.phantom import SIM_VERSION

    for key, band in bands().items():
        assert band.seeds >= 10, key
        assert band.sim_version == str(SIM_VERSION), f"{key}: run `thyrolearn claims {key.lesson}` again"
        assert band.low <= band.mean <= band.high and band.statement, key
        assert band.low == pytest.approx(band.mean - max(5 * band.sd, 1e-3), rel=1e-3, abs=1e-5), key


@every
def test_costs_are_measured_and_within_the_limits(record):
    stored = yaml.safe_load((folders().notebooks / "measured.yml").read_text())["lessons"]
    cost = stored[record.slug]
    assert cost["seconds"] <= 60 and cost["memory_mb"] <= 1500
    assert cost["machine"] and cost["commit"]
