"""Published studies as a checked table, and selectors that keep apart what must not be plotted together.

The table is a convenience sample of 165 studies found by semantic search, read mostly as abstracts; a blank means
"not read", never "not done". Published numbers come from different test sets: **nothing here ranks them**, and
nothing should. A title in [ ] was not visible on the page that was read.
"""

import re
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thyrolearn.errors import DataError, ParameterError
from thyrolearn.settings import folders

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ENUMS", "METRICS", "bibtex", "check", "cite", "load", "pairs", "select"]

METRICS = ("accuracy", "sensitivity", "specificity", "auc", "dice", "iou", "map")
"""The metric columns, fractions from 0 to 1."""

ENUMS: dict[str, tuple[str, ...]] = {
    "architecture_family": ("CNN", "RNN", "GAN", "Transformer", "Hybrid", "Diffusion", "Foundation", "Other"),
    "training_method": (
        "supervised", "transfer", "multi-task", "semi-supervised", "weakly-supervised", "self-supervised",
        "federated", "domain-adaptation", "active", "distillation", "ensemble", "other",
    ),
    "task": (
        "classification", "TI-RADS grading", "segmentation", "detection", "video", "multimodal", "lymph-node",
        "synthesis", "report", "other",
    ),
    "modality": ("B-mode", "cine", "elastography", "CEUS", "multimodal", "CT", "SPECT", "cytology"),
    "external_validation": ("", "y"),
    "metric_audit": ("", "confirmed", "doubtful"),
}  # fmt: skip
"""The allowed words of each column that has a fixed vocabulary."""

COLUMNS = (
    "key", "year", "first_author", "title", "architecture_family", "architecture", "training_method", "task",
    "modality", "dataset", "n_patients", "n_images", *METRICS, "external_validation", "doi", "source_url",
    "metric_audit", "note",
)  # fmt: skip
_COUNTS = ("year", "n_patients", "n_images")
_DOI = re.compile(r"10\.\d{4,9}/\S+|arXiv:\d{4}\.\d{4,5}")
_DIAGNOSTIC = ("accuracy", "sensitivity", "specificity", "auc")


def load(path: Path | None = None) -> "pd.DataFrame":
    """Return the checked table, a row a study: metrics float64, counts Int64, blanks NA or "", ``title_seen`` bool.

    ``path`` replaces the shipped ``datasets/literature.csv``. Raises `DataError` naming the first fault.
    Lesson: 7_field/01_field_in_figures.

    >>> table = load()
    >>> len(table), int(table["title_seen"].sum()) < len(table)
    (165, True)
    """
    import pandas as pd

    table = _read(path)
    if faults := check(table):
        raise DataError(
            f"{path or 'literature.csv'} has {len(faults)} faults, the first: {faults[0]}.",
            "Mend the row and load again.",
        )
    for name in (*_COUNTS, *METRICS):
        table[name] = pd.to_numeric(table[name]).astype("Int64" if name in _COUNTS else "float64")
    table["title_seen"] = ~table["title"].str.startswith("[")
    return table


def _read(path: Path | None = None) -> "pd.DataFrame":
    import pandas as pd

    path = path or folders().datasets / "literature.csv"
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (OSError, ValueError) as problem:
        raise DataError(f"{path} cannot be read ({problem}).", "Restore datasets/literature.csv.") from None


def check(table: "pd.DataFrame", remarks: bool = False) -> list[str]:
    """Return every fault of a literature table in words, an empty list where there is none.

    Looks at columns, unique keys and DOIs, vocabularies, numbers and their ranges, the shape of DOIs and addresses,
    half-open brackets, audits without a metric, doubts without a note, and an IoU above its Dice. ``remarks`` adds what
    is no fault but must be known: titles that were not seen, doubtful metrics.

    >>> table = load()
    >>> check(table)
    []
    >>> table.loc[0, "auc"] = 93.2
    >>> check(table)
    ['chi2017: auc=93.2 is outside 0 to 1']
    """
    missing = [f"column {name} is missing" for name in COLUMNS if name not in table.columns]
    extra = [f"column {name} is unknown" for name in table.columns if name not in (*COLUMNS, "title_seen")]
    if missing:
        return missing + extra
    cells = table[list(COLUMNS)].astype(object).where(table[list(COLUMNS)].notna(), "").astype(str)
    rows = cells.to_dict("records")
    faults = extra + [f"{row['key'] or f'row {n}'}: {fault}" for n, row in enumerate(rows) for fault in _faults(row)]
    for name in ("key", "doi"):
        values = [row[name] for row in rows if row[name]]
        repeated = sorted({value for value in values if values.count(value) > 1})
        faults += [f"{name} {value} stands twice" for value in repeated]
    unseen = [f"{row['key']}: title not seen" for row in rows if row["title"].startswith("[")]
    doubts = [f"{row['key']}: doubtful, {row['note']}" for row in rows if row["metric_audit"] == "doubtful"]
    return faults + (unseen + doubts if remarks else [])


def _faults(row: Mapping[Hashable, Any]) -> list[str]:
    """Return the faults that one row shows by itself."""
    found = [f"{name}={row[name]!r} has blanks around it" for name in COLUMNS if row[name] != row[name].strip()]
    if not re.fullmatch(r"[a-z][a-z0-9_]*", row["key"]):
        found.append(f"key={row['key']!r} is not lower-case letters, digits and _")
    found += [
        f"{name}={row[name]!r} is not one of {', '.join(filter(None, words))}"
        for name, words in ENUMS.items()
        if row[name] not in words
    ]
    if not row["title"] or row["title"].startswith("[") != row["title"].endswith("]"):
        found.append("title is blank or its bracket is half open")
    found += [f"{n}={row[n]} is not a count" for n in _COUNTS if row[n] and not re.fullmatch(r"[1-9]\d*", row[n])]
    if row["year"].isdigit() and not 1990 <= int(row["year"]) <= 2035:
        found.append(f"year={row['year']} is outside 1990 to 2035")
    if row["doi"] and not _DOI.fullmatch(row["doi"]):
        found.append(f"doi={row['doi']!r} is neither 10.nnnn/... nor arXiv:nnnn.nnnnn")
    if not re.fullmatch(r"https?://\S+\.\S+", row["source_url"]):
        found.append(f"source_url={row['source_url']!r} is not a web address")
    return found + _metric_faults(row)


def _metric_faults(row: Mapping[Hashable, Any]) -> list[str]:
    found, values = [], {}
    for name in METRICS:
        try:
            values[name] = float(row[name] or "nan")
        except ValueError:
            found.append(f"{name}={row[name]!r} is not a number")
            continue
        if row[name] and not 0 <= values[name] <= 1:
            found.append(f"{name}={row[name]} is outside 0 to 1")
    if values.get("iou", 0) > values.get("dice", 1):
        found.append(f"iou={row['iou']} is above dice={row['dice']}")
    if row["metric_audit"] and not any(row[name] for name in METRICS):
        found.append("metric_audit without a metric")
    return found + ["doubtful without a note"] * (row["metric_audit"] == "doubtful" and not row["note"])


def select(
    *,
    metric: str = "auc",
    task: str | Iterable[str] | None = None,
    family: str | Iterable[str] | None = None,
    modality: str | Iterable[str] | None = None,
    confirmed_only: bool = True,
    malignancy_only: bool = True,
    unflag_internal: bool = False,
) -> "pd.DataFrame":
    """Return the rows whose ``metric`` may be shown together, with the number in the column ``value``.

    ``task``, ``family`` and ``modality`` take a word or several. ``confirmed_only`` keeps rows whose metrics were read
    a second time; ``malignancy_only`` (for accuracy, sensitivity, specificity and AUC) keeps studies that predict
    malignancy. An internal AUC in a row flagged as external goes out, or, with ``unflag_internal``, stays with its
    flag blanked. Whatever the options, out go numbers that ``datasets/literature_exclusions.csv`` names: of the gland,
    of pixels, of contradictory or weak sources. ``.attrs["left_out"]`` maps the key of each row that matched and has
    the metric to the reason why it is not there; ``.attrs["caution"]`` says how not to read the rest.
    The rows come by year, then key: never by value, since numbers from different test sets have no rank.
    Raises `ParameterError` for an unknown word. Lesson: 7_field/01_field_in_figures.

    >>> found = select(task="segmentation", metric="dice")
    >>> found.attrs["left_out"]["kronke2021"]
    'Dice of the gland, not of nodules'
    """
    if metric not in METRICS:
        raise ParameterError(f"{metric!r} is not a metric of the table.", f"Allowed: {', '.join(METRICS)}.")
    table = load()
    keep = table[metric].notna()
    for column, wanted in (("task", task), ("architecture_family", family), ("modality", modality)):
        if wanted is not None:
            keep &= table[column].isin(_words(column, wanted))
    table = table[keep].assign(value=table.loc[keep, metric])
    listed = _listed(metric, malignancy_only)
    if unflag_internal:
        internal = [key for key, (kind, _) in listed.items() if kind == "internal"]
        table.loc[table["key"].isin(internal), "external_validation"] = ""
        listed = {key: value for key, value in listed.items() if key not in internal}
    reasons = {
        row["key"]: listed.get(row["key"], ("", ""))[1] or _why_not(row, metric, confirmed_only, malignancy_only)
        for row in table.to_dict("records")
    }
    left_out = {key: reason for key, reason in reasons.items() if reason}
    table = table[~table["key"].isin(list(left_out))].sort_values(["year", "key"]).reset_index(drop=True)
    table.attrs |= {"left_out": left_out, "caution": listed[""][1], "metric": metric}
    return table


def _words(column: str, wanted: str | Iterable[str]) -> list[str]:
    words = [wanted] if isinstance(wanted, str) else list(wanted)
    if unknown := [word for word in words if word not in ENUMS[column]]:
        raise ParameterError(f"{unknown[0]!r} is no word for {column}.", f"Allowed: {', '.join(ENUMS[column])}.")
    return words


def _listed(metric: str, malignancy_only: bool) -> dict[str, tuple[str, str]]:
    """Return key -> (kind, reason) of the listed exclusions under ``metric``, and its caution under ""."""
    import pandas as pd

    table = pd.read_csv(folders().datasets / "literature_exclusions.csv", dtype=str, keep_default_na=False)
    found: dict[str, tuple[str, str]] = {}
    for kind, of, key, reason in table.itertuples(index=False):
        about_target = kind == "not malignancy" and malignancy_only and metric in _DIAGNOSTIC
        if about_target or (kind != "not malignancy" and of in (metric, "any")):
            found.setdefault(key, (kind, reason))
    return found


def _why_not(row: Mapping[Hashable, Any], metric: str, confirmed_only: bool, malignancy_only: bool) -> str:
    """Return why a row that no list names may not stand under ``metric``, "" where it may."""
    task, modality, audit = row["task"], row["modality"], row["metric_audit"]
    nodules = task in ("classification", "video", "multimodal") and modality != "SPECT"
    if metric in _DIAGNOSTIC and task == "segmentation":
        return "a number of a segmentation study: pixels, not nodules, as far as was read"
    if metric in _DIAGNOSTIC and malignancy_only and not nodules:
        return f"does not predict malignancy, or was not read to ({task}, {modality})"
    if not confirmed_only or audit == "confirmed":
        return ""
    return f"doubtful: {row['note']}" if audit == "doubtful" else "not read a second time"


def pairs() -> "pd.DataFrame":
    """Return the internal and external AUC of the studies for which both were read, a row a pair.

    Columns: key ("" for a meta-analysis), study, predicts, measure, then internal_low, internal_high, external_low,
    external_high (equal ends where the paper gives one number), note. Lesson: 7_field/01_field_in_figures.

    >>> falls = pairs()["external_high"] < pairs()["internal_high"]
    >>> bool(falls.all())  # one study rises
    False
    """
    import pandas as pd

    return pd.read_csv(folders().datasets / "literature_pairs.csv").fillna({"key": "", "note": ""})


def cite(key: str) -> str:
    """Return first author, year, title and DOI (or address); what was not read is said, a bracketed title stays so.

    Raises `ParameterError` for an unknown key, with near ones.

    >>> cite("koh2020").endswith("doi:10.1038/s41598-020-72270-6")
    True
    """
    (row,) = _rows([key])
    who = f"{row['first_author']} et al." if row["first_author"] else "(first author not read)"
    link = f"doi:{row['doi']}".replace("doi:arXiv", "arXiv") if row["doi"] else row["source_url"]
    return f"{who} ({row['year'] or 'year not read'}). {row['title'].rstrip('.')}. {link}"


def bibtex(keys: Iterable[str]) -> str:
    """Return BibTeX entries for ``keys``, type ``misc`` since venues are not in the table.

    Raises `ParameterError` for an unknown key.

    >>> print(bibtex(["weng2022"]).splitlines()[0])
    @misc{weng2022,
    """
    return "\n".join(_entry(row) for row in _rows(keys))


def _entry(row: dict[str, str]) -> str:
    escape = str.maketrans({sign: f"\\{sign}" for sign in "&%#_$"})
    arxiv = row["doi"].removeprefix("arXiv:") if row["doi"].startswith("arXiv:") else ""
    fields = {
        "author": f"{row['first_author']} and others" if row["first_author"] else "",
        "title": f"{{{row['title'].translate(escape)}}}",
        "year": row["year"],
        "doi": "" if arxiv else row["doi"],
        "eprint": arxiv,
        "archiveprefix": "arXiv" if arxiv else "",
        "url": row["source_url"],
        "note": "Title not visible on the page read" if row["title"].startswith("[") else "",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{row['key']},", *lines, "}"])


def _rows(keys: Iterable[str]) -> list[dict[str, str]]:
    from difflib import get_close_matches

    table = {row["key"]: row for row in _read().to_dict("records")}
    for key in (keys := list(keys)):
        if key not in table:
            near = ", ".join(get_close_matches(str(key), table, cutoff=0.4)) or "none"
            raise ParameterError(f"{key!r} is not a key of the literature table.", f"Near ones: {near}.")
    return [{str(name): str(cell) for name, cell in table[key].items()} for key in keys]
