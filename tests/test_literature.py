"""The table of studies: what is in it, what the checker finds, what the selectors keep apart."""

import re

import numpy as np
import pytest

from thyrolearn import literature
from thyrolearn.errors import DataError, ParameterError
from thyrolearn.settings import folders

CSV = folders().datasets / "literature.csv"


@pytest.fixture(scope="module")
def table():
    return literature.load()


def test_the_shipped_table_is_whole(table):
    # counts of the second reading: 165 studies, 40 flagged as external, 10 doubtful, 11 titles not seen
    assert len(table) == 165
    assert (table["external_validation"] == "y").sum() == 40
    assert table["metric_audit"].value_counts().to_dict() == {"confirmed": 80, "": 75, "doubtful": 10}
    assert (~table["title_seen"]).sum() == 11
    assert literature.check(table) == []


def test_types_and_blanks(table):
    assert str(table["year"].dtype) == str(table["n_images"].dtype) == "Int64"
    assert all(table[metric].dtype == np.float64 for metric in literature.METRICS)
    li = table.set_index("key").loc["li2019"]
    assert np.isnan(li["auc"]) and li["title"].startswith("[") and not li["title_seen"]
    koh = table.set_index("key").loc["koh2020"]
    assert (koh["year"], koh["first_author"], koh["auc"]) == (2020, "Koh", 0.932)


PLANTED = [
    ("auc", 93.2, r"auc=93\.2 is outside 0 to 1"),
    ("dice", -0.1, r"dice=-0\.1 is outside"),
    ("task", "registration", "is not one of classification"),
    ("architecture_family", "cnn", "is not one of CNN"),
    ("training_method", "", "is not one of supervised"),
    ("modality", "MRI", "is not one of B-mode"),
    ("external_validation", "n", "is not one of y"),
    ("metric_audit", "sure", "is not one of confirmed"),
    ("doi", "doi.org/10.1007/x", "neither 10"),
    ("doi", "10.10/x", "neither 10"),
    ("doi", "arXiv:20.1", "neither 10"),
    ("source_url", "ncbi", "not a web address"),
    ("year", 1907, "outside 1990"),
    ("n_images", -3, "not a count"),
    ("key", "Chi 2017", "lower-case"),
    ("key", "koh2020", "key koh2020 stands twice"),
    ("doi", "10.1038/s41598-020-72270-6", "stands twice"),
    ("title", "[half open", "half open"),
    ("title", "", "title is blank"),
    ("dataset", " DDTI", "blanks around"),
]


@pytest.mark.parametrize(("column", "value", "message"), PLANTED, ids=lambda value: str(value)[:20])
def test_the_checker_finds_planted_faults(table, column, value, message):
    faulty = table.copy()
    faulty.loc[0, column] = value
    found = literature.check(faulty)
    assert len(found) == 1 and re.search(message, found[0])


def test_the_checker_finds_faults_of_two_cells(table):
    rows = {key: number for number, key in enumerate(table["key"])}
    for key, cells, message in [
        ("stu3net", {"iou": 0.9}, r"stu3net: iou=0\.9 is above dice=0\.8368"),
        ("tnseg2023", {"note": ""}, "doubtful without a note"),
        ("ma2017", {"metric_audit": "confirmed"}, "metric_audit without a metric"),
    ]:
        faulty = table.copy()
        for column, value in cells.items():
            faulty.loc[rows[key], column] = value
        found = literature.check(faulty)
        assert len(found) == 1 and re.search(message, found[0])


def test_remarks_name_the_unseen_titles_and_the_doubts(table):
    remarks = literature.check(table, remarks=True)
    assert sum(remark.endswith("title not seen") for remark in remarks) == 11
    assert sum(": doubtful, " in remark for remark in remarks) == 10 and len(remarks) == 21
    assert "lee2018: title not seen" in remarks


def test_the_checker_finds_columns(table):
    assert literature.check(table.drop(columns="doi")) == ["column doi is missing"]
    assert literature.check(table.assign(rank=1)) == ["column rank is unknown"]


def test_loading_a_faulty_table_names_the_first_fault(tmp_path):
    text = CSV.read_text(encoding="utf-8").replace("0.9829,0.991", "98.29,many")
    (tmp_path / "faulty.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"2 faults, the first: chi2017: accuracy=98\.29"):
        literature.load(tmp_path / "faulty.csv")
    with pytest.raises(DataError, match="cannot be read"):
        literature.load(tmp_path / "absent.csv")


def test_select_keeps_what_may_stand_together(table):
    found = literature.select(metric="auc")
    left = found.attrs["left_out"]
    # every row with an AUC is either shown or left out with a reason
    assert set(found["key"]) | set(left) == set(table.loc[table["auc"].notna(), "key"])
    assert not set(found["key"]) & set(left) and all(left.values())
    assert (found["metric_audit"] == "confirmed").all()
    assert np.array_equal(found["value"], found["auc"])
    assert set(found["task"]) <= {"classification", "video", "multimodal"}
    for key, reason in {
        "koh2020": "internal",
        "wu2024": "internal",
        "yoon2020": "BRAF",
        "brafswint2025": "BRAF",
        "lee2019ct": "lymph-node",
        "swinunet2025": "pixels",
        "sam3_2026": "pixels",
        "cnnlstm_auitd": "weak source",
        "multimodal2022": "doubtful",
        "zhu2021": "second time",
        "hou2026": "same hospital",
    }.items():
        assert reason in left[key]
    assert {"weng2022", "aithyroid2023", "zhao2022"} <= set(found["key"])


def test_select_leaves_out_the_gland_and_the_contradictory():
    dice = literature.select(metric="dice").attrs["left_out"]
    assert {"kronke2021", "munsterman2024", "kumar2020", "thyroidiomics2024", "sdinpaint2025"} <= set(dice)
    assert "gland" in dice["kronke2021"] and "average" in dice["kumar2020"]
    assert "tnseg2023" in literature.select(metric="iou", confirmed_only=False).attrs["left_out"]
    assert "daniels2019" in literature.select(metric="specificity").attrs["left_out"]
    assert "san2023" in literature.select(metric="accuracy", malignancy_only=False).attrs["left_out"]


def test_select_options_widen_the_choice():
    strict, wide = literature.select(), literature.select(confirmed_only=False, malignancy_only=False)
    assert set(strict["key"]) < set(wide["key"])
    assert {"zhu2021", "yoon2020", "lee2019ct"} <= set(wide["key"])
    assert "koh2020" not in set(wide["key"])  # an internal AUC under an external flag stays out


def test_select_can_keep_internal_numbers_without_their_flag():
    found = literature.select(unflag_internal=True).set_index("key")
    assert found.loc["koh2020", "external_validation"] == "" and found.loc["koh2020", "value"] == 0.932
    assert found.loc["weng2022", "external_validation"] == "y"
    assert "xi2023" in found.attrs["left_out"]  # BRAF stays out


def test_select_filters():
    found = literature.select(metric="dice", task="segmentation", family=["Hybrid", "Transformer"])
    assert set(found["architecture_family"]) == {"Hybrid", "Transformer"} and set(found["task"]) == {"segmentation"}
    assert set(literature.select(modality="CT")["key"]) == {"dvt2025"}


@pytest.mark.parametrize(
    "wrong", [{"metric": "f1"}, {"task": "registration"}, {"family": "cnn"}, {"modality": ["CT", "MRI"]}]
)
def test_select_names_the_allowed_words(wrong):
    with pytest.raises(ParameterError, match="Allowed: "):
        literature.select(**wrong)


@pytest.mark.parametrize("metric", literature.METRICS)
def test_nothing_ranks(metric):
    found = literature.select(metric=metric)
    years = found["year"].astype("float").fillna(9999).tolist()
    assert list(zip(years, found["key"], strict=True)) == sorted(zip(years, found["key"], strict=True))
    assert found.attrs["caution"] and found.attrs["metric"] == metric
    assert "rank" in literature.__doc__ and "never by value" in literature.select.__doc__


def test_exclusions_name_rows_that_have_the_metric(table):
    import pandas as pd

    rules = pd.read_csv(folders().datasets / "literature_exclusions.csv", keep_default_na=False)
    rows = table.set_index("key")
    assert (rules["reason"] != "").all()
    cautions, rules = rules[rules["kind"] == "caution"], rules[rules["kind"] != "caution"]
    assert list(cautions["metric"]) == list(literature.METRICS)
    assert set(rules["kind"]) == {"never", "internal", "not malignancy"}
    for _, metric, key, _ in rules.itertuples(index=False):
        assert key in rows.index and (metric in ("", "any") or not np.isnan(rows.loc[key, metric]))
    flagged = rows.loc[rules.loc[rules["kind"] == "internal", "key"], "external_validation"]
    assert (flagged == "y").all()


def test_pairs_agree_with_the_table(table):
    pairs, rows = literature.pairs(), table.set_index("key")
    assert len(pairs) == 12 and set(pairs["key"]) - {""} <= set(rows.index)
    for side in ("internal", "external"):
        assert (pairs[f"{side}_low"] <= pairs[f"{side}_high"]).all()
    assert pairs.iloc[:, 4:8].stack().between(0.5, 1).all()
    for key in ("koh2020", "wu2024", "tntnet", "clnm2023", "videolstm2022", "mmddl2024", "lee2021fl", "tlr2020"):
        pair = pairs.set_index("key").loc[key]  # the table's number lies inside the internal range: the flag's trap
        assert pair["internal_low"] <= rows.loc[key, "auc"] <= pair["internal_high"]


def test_cite_says_what_was_not_read():
    assert literature.cite("koh2020") == (
        "Koh et al. (2020). Diagnosis of thyroid nodules on ultrasonography by a deep convolutional neural network. "
        "doi:10.1038/s41598-020-72270-6"
    )
    assert literature.cite("weng2022").endswith("Independent Dataset. arXiv:2207.13765")
    assert literature.cite("clstm2022").startswith("(first author not read) (2022). [C-LSTM")
    assert "(year not read)" in literature.cite("cnnlstm_auitd")
    assert literature.cite("ma2017").split()[-1].startswith("https://")


def test_every_row_can_be_cited(table):
    for key in list(table["key"])[::8]:
        text = literature.cite(key)
        assert "nan" not in text.split() and "<NA>" not in text


def test_unknown_keys_name_near_ones():
    with pytest.raises(ParameterError, match="koh2020"):
        literature.cite("koh2021")


def test_bibtex_entries(table):
    text = literature.bibtex(["weng2022", "koh2020", "lee2018"])
    entries = text.split("\n@")
    assert len(entries) == 3 and text.count("{") == text.count("}")
    assert "  eprint = {2207.13765}," in entries[0] and "doi =" not in entries[0]
    assert "  author = {Koh and others}," in entries[1]
    assert "Title not visible" in entries[2]
    everything = literature.bibtex(table["key"])
    assert everything.count("@misc{") == 165 and everything.count("{") == everything.count("}")
