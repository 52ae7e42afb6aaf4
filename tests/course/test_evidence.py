import numpy as np
import pytest
from scipy import stats

from thyrolearn import course
from thyrolearn.course import evidence
from thyrolearn.data import Case, Cohort
from thyrolearn.errors import LessonError
from thyrolearn.evaluation import Estimate
from thyrolearn.settings import Settings


def cohort(posteriors, labels):
    picture = np.zeros((4, 4), np.uint8)
    pairs = enumerate(zip(posteriors, labels, strict=True))
    return Cohort([Case.of(picture, id=str(i), label=label, posterior=p) for i, (p, label) in pairs])


def test_the_ceiling_is_the_auc_of_the_posterior():
    # 3 of 4 pairs in order
    assert evidence.ceiling(cohort([0.1, 0.6, 0.5, 0.9], [0, 0, 1, 1])) == 0.75


def test_real_data_has_no_ceiling():
    assert evidence.ceiling(cohort([0.1, None, 0.5, 0.9], [0, 0, 1, 1])) is None


RESULTS = "model,data,tier,seed,metric,value,sim_version\n" + "".join(
    f"{row},{data},lesson,{seed},{metric},{base + seed / 100},1\n"
    for row, base in (("resnet", 0.80), ("lenet", 0.75))
    for data, metric in (("phantom", "auc"), ("phantom", "dice"), ("ddti", "auc"))
    for seed in range(3)
    if not (data == "ddti" and row == "lenet")
)
RESULTS += "resnet,phantom,full,0,auc,0.84,1\nresnet,phantom,full,1,auc,0.86,1\n"


@pytest.fixture
def stored(small_course, monkeypatch):
    from thyrolearn import settings

    found = settings.folders().model_copy(update={"datasets": small_course / "datasets"})
    monkeypatch.setattr(settings, "folders", lambda: found)
    (small_course / "datasets" / "results").mkdir(parents=True)
    (small_course / "datasets" / "results" / "families.csv").write_text(RESULTS)


def test_stored_results_have_the_t_interval_over_seeds(stored):
    found = course.results("families")
    assert list(found) == ["resnet", "lenet"]
    values = [0.80, 0.81, 0.82]
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert (found["resnet"].low, found["resnet"].high) == (pytest.approx(low), pytest.approx(high))
    assert found["resnet"].n == 3


def test_rows_of_the_data_set_come_first_and_the_phantom_stands_in(stored):
    assert list(course.results("families", Settings(data="ddti"))) == ["resnet"]
    assert list(course.results("families", Settings(data="tn3k"))) == ["resnet", "lenet"]


def test_another_column_is_averaged_on_request(stored):
    seeds = course.results("families", column="seed")
    assert seeds["resnet"].value == pytest.approx(1.0) and seeds["resnet"].n == 3


def test_rows_are_kept_by_what_their_columns_say(stored):
    found = course.results("families", by="data", model="lenet")
    assert list(found) == ["phantom"] and found["phantom"].value == pytest.approx(0.76)
    assert course.results("families", model="vgg") == {}
    assert course.results("families", tier="full")["resnet"].value == pytest.approx(0.85)
    assert course.results("families", Settings(data="ddti"), tier="full")["resnet"].n == 2, "the phantom stands in"


def test_rows_judged_once_keep_the_interval_that_was_stored(stored, small_course):
    rows = (
        "model,data,tier,seed,metric,start,value,low,high,n\nclipnet,phantom,lesson,0,gain,mean,0.016,0.004,0.027,955\n"
    )
    (small_course / "datasets" / "results" / "clips.csv").write_text(
        rows + "clipnet,phantom,lesson,0,auc,mean,0.7,0.6,0.8,9\n"
    )
    (found,) = course.judged("clips", metric="gain", by="start").items()
    assert found == ("mean", Estimate(0.016, 0.004, 0.027, "stored", 955))


def test_a_claim_tells_what_it_came_to_at_the_full_tier(stored, small_course, monkeypatch, capsys):
    (small_course / "datasets" / "results" / "full_lessons.csv").write_text(
        "model,data,tier,seed,metric,value,low,high,n,cpu_seconds,memory_mb,machine\n"
        "demo/first,phantom,full,0,gain,0.12,0.09,0.15,90,600,1700,9 slow cores\n"
        "demo/second,phantom,full,0,gain,0.5,0.4,0.6,90,9,9,9 slow cores\n"
    )
    here = Estimate(0.1, 0.05, 0.15, "bootstrap", 90)
    course.begin("demo/first").claim("gain", here)
    assert "At the full tier, once: 0.120 (0.090 to 0.150)." in capsys.readouterr().out
    course.begin("demo/first").claim("other", here)
    assert "At the full tier" not in capsys.readouterr().out
    monkeypatch.setenv("THYROLEARN_TIER", "full")
    course.begin("demo/first").claim("gain", here)
    said = capsys.readouterr().out
    assert "At the full tier" not in said and "Takes: 10.0 minutes of one core and 1700 MB on 9 slow cores" in said


def test_an_unknown_table_names_those_there_are(stored):
    with pytest.raises(LessonError, match=r"'familys'. Stored: families\."):
        course.results("familys")


def test_published_studies_are_cited_and_never_ranked():
    found = evidence.published(family="CNN", task="classification", limit=6)
    years = [year for year in found.frame["year"] if year == year]
    assert len(found.frame) == 6 and years == sorted(years)
    assert "weng2022" in set(found.frame["key"]), "externally tested studies are kept first"
    html = found._repr_html_()
    assert html.count("<a href=") == 6 and "no ranking" in html
    assert "no ranking" in repr(found) and "more studies fit" in repr(found)


def test_published_values_are_the_tables_own():
    from thyrolearn import literature

    table = literature.load().set_index("key")
    found = evidence.published(family="CNN", task="classification").frame
    assert all(table.loc[row["key"], "auc"] == row["value"] for row in found.to_dict("records"))
