import json
import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from thyrolearn import data
from thyrolearn.data.public import ddti
from thyrolearn.data.sector import find_sector
from thyrolearn.errors import DataError

SQUARE = [(200, 120), (300, 120), (300, 200), (200, 200)]


def region(points, kind="freehand"):
    return {"points": [{"x": x, "y": y} for x, y in points], "annotation": {}, "regionType": kind}


def frame(seed=0, text=None):
    """A frame as the scanner stores it: tissue in rows 8 to 308 and columns 85 to 470, print below."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((360, 560), np.uint8)
    coarse = rng.integers(30, 160, (25, 32)).astype(np.uint8)
    picture[8:308, 85:469] = np.kron(coarse, np.ones((12, 12), np.uint8)) // 2 + rng.integers(10, 60, (300, 384))
    image = Image.fromarray(picture).convert("RGB")
    if text:
        ImageDraw.Draw(image).text((100, 325), text, fill="white", font_size=14)
    return image


def write(folder, number, marks, *, tirads="4a", extra="", frames=None, **fields):
    folder.mkdir(exist_ok=True)
    body = "".join(f"<mark><image>{k}</image><svg>{svg}</svg></mark>" for k, svg in marks)
    words = "".join(f"<{k}>{v}</{k}>" for k, v in fields.items())
    text = f"<case><number>{number}</number>{words}<tirads>{tirads}</tirads>{body}{extra}</case>"
    (folder / f"{number}.xml").write_text(text)
    for k, _ in marks:
        picture = (frames or {}).get(k) or frame(hash((number, k)) % 10_000)
        picture.save(folder / f"{number}_{k}.jpg", quality=95)


@pytest.fixture
def tree(tmp_path):
    """A folder with every defect of the published set, and some of other people's."""
    root = tmp_path / "DDTI"
    good = json.dumps([region(SQUARE)])
    write(root, 1, [("1", good)], margins="ill- defined", composition="predominantly solid", age="44", sex="u")
    write(root, 2, [("1", good.replace(", ", ",\n      "))], tirads="2")  # line breaks in the JSON
    write(root, 3, [("1", good[:-40])], tirads="5")  # cut off
    write(root, 4, [("1", ""), ("7", good)], tirads="")  # empty; numbers with gaps
    write(root, 5, [("1", json.dumps([region(SQUARE), region([(1, 2), (30, 40)], "arrow")]))], tirads="3")
    write(root, 6, [("1", json.dumps([region([(250, 250), (600, 250), (600, 300), (250, 300)])]))], tirads="4c")
    outside = region([(90, 325), (240, 325), (240, 390), (90, 390)])  # drawn on the print, as in the real 338_2
    write(root, 7, [("1", json.dumps([outside, region(SQUARE)]))], tirads="4b",
          frames={"1": frame(7, "DER      TIRADS 4B (4C)")})  # fmt: skip
    same = frame(99)
    write(root, 8, [("1", good)], frames={"1": same})
    write(root, 20, [("1", good)], tirads="2", frames={"1": same})  # the same picture, another label
    write(root, 9, [("1", json.dumps([region(SQUARE[:2])]))])  # encloses nothing
    write(root, 10, [("1", json.dumps([{"points": [{"x": 1}, {"x": 2}, {"x": 3}]}]))])
    write(root, 11, [("1", good), ("1", good)])
    write(root, 12, [("1", good)], extra=f"<mark><image>2</image><svg>{good}</svg></mark>")  # 12_2.jpg is not here
    write(root, 13, [("1", '{"points": 3}')])
    frame(5).save(root / "14_1.jpg")  # no XML
    write(root, 15, [("1", json.dumps([region(SQUARE), region([(100, 50), (150, 50), (150, 90)])]))])
    write(root, 16, [("1", json.dumps([region([(900, 900), (950, 900), (950, 950)])]))])
    return root


def test_every_defect_is_survived_counted_and_named(tree):
    report = data.check("ddti", tree)
    assert json.loads(json.dumps(report)) == report
    # 17 marks have a frame, 14_1 has no mark; usable: 1, 2, 4_7, 5, 6, 7, 8, 20, 11, 12, 15
    assert (report["images"], report["usable"], report["annotations"]) == (18, 11, 13)
    reasons = {(s["file"], s["reason"]) for s in report["skipped"]}
    expected = {
        "3_1.jpg": "cut off",
        "4_1.jpg": "empty",
        "5_1.jpg": "arrow of 2 points",
        "9_1.jpg": "encloses nothing",
        "10_1.jpg": "no x or y",
        "11.xml": "marked twice",
        "12.xml": "12_2.jpg is not here",
        "13_1.jpg": "cut off after|not a list",
        "14_1.jpg": "no XML file",
        "16_1.jpg": "outside the frame",
    }
    import re

    for file, words in expected.items():
        assert any(f == file and re.search(words, r) for f, r in reasons), (file, words, reasons)
    assert {file for file, _ in reasons} == set(expected)
    assert {n["file"] for n in report["notes"]} == {"6_1.jpg", "7_1.jpg"}
    assert report["duplicates"] == [{"files": ["8_1.jpg", "20_1.jpg"], "how": "bytes"}]


def test_what_a_case_says(tree):
    cohort = data.load("ddti", root=tree, unlabelled=True)
    cases = {case.id: case for case in cohort}
    assert cases["1_1"].label == 1 and cases["2_1"].label == 0 and cases["5_1"].label == 0
    assert cases["4_7"].label is None and cases["4_7"].level is None
    assert cases["1_1"].raw["margins"] == "ill- defined" and cases["1_1"].raw["normalised"]["margins"] == "ill"
    assert cases["1_1"].raw["normalised"]["composition"] == "mixed" and cases["1_1"].raw["age"] == 44
    assert "not pathology" in cases["1_1"].label_source
    assert "4_7" not in [case.id for case in data.load("ddti", root=tree)]


def test_patients_who_share_a_picture_are_one(tree):
    cohort = data.load("ddti", root=tree)
    cases = {case.id: case for case in cohort}
    assert cases["20_1"].patient == cases["8_1"].patient == "8" and cases["20_1"].raw["case"] == "20"
    split = data.split(cohort)
    for part in split.parts.values():
        assert ("8_1" in [c.id for c in part]) == ("20_1" in [c.id for c in part])


def test_the_mask_is_the_polygon_on_the_shown_part(tree):
    cases = {case.id: case for case in data.load("ddti", root=tree, unlabelled=True)}
    case = cases["1_1"]
    top, _, left, _ = case.raw["region"]
    truth = np.zeros((360, 560), bool)
    truth[120:201, 200:301] = True  # the contour's own pixels count as inside
    assert (case.mask == truth[top : top + case.shape[0], left : left + case.shape[1]]).all()
    assert case.box == (200 - left, 120 - top, 301 - left, 201 - top)
    assert case.mask.shape == case.image.shape
    assert len(cases["15_1"].boxes) == 2
    frame_case = {c.id: c for c in ddti.read(tree, region="frame")}["6_1"]
    assert frame_case.mask.shape == (360, 560) and frame_case.mask[260, 559] and frame_case.box[2] == 560


def test_no_print_is_left_in_the_shown_part(tree):
    cases = {case.id: case for case in data.load("ddti", root=tree)}
    whole = {case.id: case for case in ddti.read(tree, region="frame")}["7_1"]
    assert cases["7_1"].raw["printed"] and not cases["8_1"].raw["printed"]
    assert (whole.image[325:345, 100:300] > 200).sum() > 100  # the category is in the frame
    assert cases["7_1"].shape[0] + cases["7_1"].raw["region"][0] <= 308  # and below the part that is shown
    assert len(cases["7_1"].boxes) == 1  # the contour on the print is not tissue


def test_damage_stops_a_load_and_is_counted_by_a_check(tree):
    half = (tree / "1_1.jpg").read_bytes()
    (tree / "1_1.jpg").write_bytes(half[: len(half) // 2])
    (tree / "2.xml").write_text("<case><number>2</number>")
    with pytest.raises(DataError, match=r"1_1\.jpg is cut off or damaged.*again"):
        data.load("ddti", root=tree)
    report = data.check("ddti", tree)
    assert report["damaged"] == ["1_1.jpg", "2.xml"] and report["usable"] == 9
    assert len(data.load("ddti", root=tree, damaged="skip", unlabelled=True)) == 9


def test_xml_and_pictures_may_lie_in_two_folders(tree):
    for file in [*tree.glob("*.jpg")]:
        (tree / "images").mkdir(exist_ok=True)
        file.rename(tree / "images" / file.name)
    assert data.check("ddti", tree)["usable"] == 11


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: p / "none", "does not exist"),
        (lambda p: p, "is empty"),
        (lambda p: (p / "f").write_text("x") and p / "f", "is a file"),
        (lambda p: (p / "readme.txt").write_text("x") and p, "holds no DDTI case"),
    ],
    ids=["missing", "empty", "file", "other"],
)
def test_a_wrong_root_is_one_line(tmp_path, make, message):
    with pytest.raises(DataError, match=message) as caught:
        data.load("ddti", root=make(tmp_path))
    assert "\n" not in str(caught.value)


def test_a_sector_is_found_in_single_and_double_frames():
    for left, right, bottom in ((85, 469, 308), (34, 530, 310), (137, 419, 300)):
        picture = np.random.default_rng(0).integers(0, 4, (360, 560)).astype(np.uint8)
        picture[8:bottom, left:right] = 40
        top_, bottom_, left_, right_ = find_sector(picture)
        assert abs(top_ - 11) <= 4 and abs(left_ - left) <= 6 and abs(right_ - right) <= 6
        assert bottom - 8 <= bottom_ <= bottom
    assert find_sector(np.zeros((360, 560), np.uint8)) is None


# On the real frames. The numbers and names are those of the sample's own README.


@pytest.fixture(scope="module")
def report(real):
    return data.check("ddti", real / "DDTI")


def test_real_counts(report):
    assert (report["images"], report["usable"], report["annotations"]) == (262, 254, 354)
    assert report["damaged"] == []


def test_real_defects_are_named_with_reasons(report):
    cut = {s["file"] for s in report["skipped"] if "cut off" in s["reason"]}
    empty = {s["file"] for s in report["skipped"] if "empty" in s["reason"]}
    arrows = {s["file"].partition("_")[0] for s in report["skipped"] if "arrow" in s["reason"]}
    assert cut == {"54_1.jpg", "127_1.jpg", "165_1.jpg", "197_1.jpg", "205_1.jpg"}
    assert empty == {"120_1.jpg", "142_2.jpg", "213_2.jpg"}
    assert arrows == {"337", "358", "362", "378"}
    assert {n["file"] for n in report["notes"]} == {"338_2.jpg"}


def test_real_duplicates(report):
    found = [(set(d["files"]), d["how"]) for d in report["duplicates"]]
    assert ({"1_1.jpg", "1_2.jpg"}, "bytes") in found and ({"213_1.jpg", "213_2.jpg"}, "bytes") in found
    assert ({"150_1.jpg", "233_2.jpg", "323_1.jpg", "326_1.jpg", "349_1.jpg"}, "bytes") in found
    assert ({"234_2.jpg", "234_3.jpg"}, "near") in found and len(found) == 4


# Read off the frames by eye: the category is printed below the picture in each of these.
PRINTED = """292_1 304_1 313_1 313_2 317_1 317_2 318_1 318_2 331_1 334_1 334_2 335_1 335_2 337_1 337_2 338_1 338_2 343_1
346_1 347_1 347_2 350_1 350_2 354_1 355_1 356_1 358_1 358_2 360_1 360_2 361_1 364_1 365_1 366_1 366_2 366_3 371_1 371_2
373_1 373_2 377_1 378_1 381_1 381_2 382_1 386_1 390_1"""


def test_real_frames_show_no_printed_category(real):
    """Every frame with a printed category is found, and no shown part reaches the rows of the print."""
    cohort = ddti.read(real / "DDTI")
    cases = {case.id: case for case in cohort}
    assert [name for name in PRINTED.split() if not cases[name].raw["printed"]] == []
    assert max(case.raw["region"][1] for case in cohort) <= 336  # the print starts at row 314; see the next line
    assert max(cases[name].raw["region"][1] for name in PRINTED.split()) <= 309
    for case in cohort:
        top, bottom, left, right = case.raw["region"]
        assert (bottom - top) > 180 and (right - left) > 190


def test_real_masks_lie_on_tissue(real):
    for case in ddti.read(real / "DDTI"):
        mask = case.mask
        assert mask.shape == case.image.shape and 200 < mask.sum() < 0.9 * mask.size
        assert (case.image[mask] > 4).mean() > 0.4


def test_real_reading_is_quick(real):
    start = time.process_time()
    ddti.read(real / "DDTI")
    assert time.process_time() - start < 3
