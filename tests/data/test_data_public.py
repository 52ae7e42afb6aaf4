"""Each reader on a small tree in the exact layout of its set, and TN3K on the real files."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from thyrolearn import data
from thyrolearn.data.public import READERS, stanford, tn3k
from thyrolearn.errors import DataError, SettingsError


def picture(seed=0, shape=(60, 80)):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(20, 200, (shape[0] // 10, shape[1] // 10)).astype(np.uint8)
    return np.kron(coarse, np.ones((10, 10), np.uint8))


def disc(shape=(60, 80), middle=(30, 40), radius=12):
    z, x = np.mgrid[: shape[0], : shape[1]]
    return (z - middle[0]) ** 2 + (x - middle[1]) ** 2 < radius**2


def save(path, array, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)


def pair(root, images, masks, name, seed, mask=None, quality=75):
    save(root / images / name, picture(seed), **({"quality": 95} if name.endswith("jpg") else {}))
    mask = disc() if mask is None else mask
    values = mask.astype(np.uint8) * 255 if mask.dtype == bool else mask
    save(root / masks / name, values, **({"quality": quality} if name.endswith("jpg") else {}))


@pytest.mark.parametrize("where", ["tn3k", "picture", "Thyroid Dataset/tn3k", "picture/trainval"])
def test_tn3k_in_its_layouts(tmp_path, where):
    root = tmp_path / where
    for i in range(6):
        pair(root, "trainval-image", "trainval-mask", f"{i:04d}.jpg", i)
    for i in range(3):
        pair(root, "test-image", "test-mask", f"{i:04d}.jpg", 50 + i)
    for fold in range(5):
        val = list(range(fold, 6, 5))
        table = {"train": [i for i in range(6) if i not in val], "val": val}
        (root / f"tn3k-trainval-fold{fold}.json").write_text(json.dumps(table))
    (root / "label4trainval.csv").write_text("".join(f"{i:04d}.jpg,{i % 2}\n" for i in range(6)))
    (root / "label4test.csv").write_text(
        "image,label\n0000.jpg,1\n0001.jpg,0\n0002.jpg,1\n"
    )  # some copies have a header
    cohort = data.load("tn3k", root=tmp_path)
    assert [c.id for c in cohort] == [f"trainval/{i:04d}" for i in range(6)] + [f"test/{i:04d}" for i in range(3)]
    assert cohort.labels.tolist() == [0, 1, 0, 1, 0, 1, 1, 0, 1]
    assert [c.raw["fold"] for c in cohort] == [0, 1, 2, 3, 4, 0, None, None, None]
    assert cohort.unit == "image" and "grouped by image" in repr(cohort) and cohort.card == "tn3k"
    assert all(abs(int(c.mask.sum()) - int(disc().sum())) < 12 and c.mask.shape == c.image.shape for c in cohort)
    assert len(tn3k.read(tmp_path, part="test")) == 3


def test_masks_by_rule(tmp_path):  # F33
    root = tmp_path / "tn3k"
    two = disc() | disc(middle=(12, 12), radius=6)
    masks = {
        0: disc(),
        1: disc().astype(np.uint8),  # 0/1
        2: two,
        3: ~disc(radius=10),  # inverted
        4: np.zeros((60, 80), bool),
        5: np.where(disc(), 2, disc(radius=20)).astype(np.uint8),  # classes 0, 1, 2
        6: disc((60, 90)),  # another size
    }
    for i, mask in masks.items():
        pair(root, "test-image", "test-mask", f"{i:04d}.png", i, mask)
    pair(root, "test-image", "test-mask", "0009.png", 9)
    save(root / "test-image" / "0009.png", np.full((60, 80), 255, np.uint8))  # F34
    save(root / "test-image" / "0007.png", picture(7))
    save(root / "test-mask" / "0008.png", disc().astype(np.uint8) * 255)
    report = data.check("tn3k", root)
    reasons = {s["file"]: s["reason"] for s in report["skipped"]}
    assert report["images"] == 9 and report["usable"] == 4
    assert "one grey" in reasons["test/0009"]
    assert "empty" in reasons["test/0004"] and "several classes" in reasons["test/0005"]
    assert "90 x 60 pixels, the picture 80 x 60" in reasons["test/0006"]
    assert "no mask" in reasons["test-image/0007.png"] and "image is not here" in reasons["test-mask/0008.png"]
    assert [n["file"] for n in report["notes"]] == ["test/0003"] and "inverted" in report["notes"][0]["note"]
    cases = {c.id: c for c in data.load("tn3k", root=root)}
    assert (cases["test/0000"].mask == disc()).all() and (cases["test/0001"].mask == disc()).all()
    assert len(cases["test/0002"].boxes) == 2 and len(cases["test/0000"].boxes) == 1


def test_tg3k_has_gland_masks_and_no_labels(tmp_path):
    for i in range(4):
        pair(tmp_path / "tg3k", "thyroid-image", "thyroid-mask", f"{i:04d}.jpg", i)
    (tmp_path / "tg3k/tg3k-trainval.json").write_text(json.dumps({"train": [0, 2, 3], "val": [1]}))
    cohort = data.load("tg3k", root=tmp_path)
    assert [c.raw["part"] for c in cohort] == ["train", "val", "train", "train"]
    assert all(c.label is None and "gland" in c.notes[0] for c in cohort)
    with pytest.raises(DataError, match="have no label"):
        _ = cohort.labels


def test_tnui(tmp_path):
    base = tmp_path / "TNUI-2021-main/thyroid_data"
    for part, name in (("train", "002"), ("train", "0018"), ("val", "101006"), ("test", "7")):
        pair(base / part, "images", "masks", f"{name}.png", len(name) + len(part))
    save(base / "test/images/9.png", picture(90))
    cohort = data.load("tnui", root=tmp_path)
    assert [c.id for c in cohort] == ["train/002", "train/0018", "val/101006", "test/7"]
    assert cohort.skipped[0].file == "test/images/9.png"


SIZE = "<size><width>80</width><height>60</height><depth>3</depth></size>"
VOC = "<annotation><filename>{0}.jpg</filename>" + SIZE + "{1}</annotation>"
CORNERS = "<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>"
OBJECT = "<object><name>{}</name><bndbox>" + CORNERS + "</bndbox></object>"


def voc(root, name, *objects, seed=0):
    save(root / "JPEGImages" / f"{name}.jpg", picture(seed))
    (root / "Annotations").mkdir(exist_ok=True)
    (root / "Annotations" / f"{name}.xml").write_text(VOC.format(name, "".join(OBJECT.format(*o) for o in objects)))


def test_tn5000(tmp_path):
    root = tmp_path / "TN5000_forReview"
    voc(root, "000001", ("0", 10, 12, 40, 30), seed=1)
    voc(root, "000002", ("1", 10, 12, 40, 30), seed=2)
    voc(root, "000003", ("0", 1, 1, 9, 9), ("1", 20, 20, 90, 40), seed=3)  # leaves the picture; both classes
    voc(root, "000004", ("1", 40, 12, 10, 30), seed=4)  # swapped
    voc(root, "000005", ("2", 1, 1, 9, 9), seed=5)  # unknown class
    voc(root, "000006", seed=6)
    save(root / "JPEGImages/000007.jpg", picture(7))
    (root / "ImageSets/Main").mkdir(parents=True)
    (root / "ImageSets/Main/train.txt").write_text("000001\n000002\n")
    (root / "ImageSets/Main/test.txt").write_text("000003\n")
    report = data.check("tn5000", tmp_path)
    reasons = {s["file"]: s["reason"] for s in report["skipped"]}
    assert (report["images"], report["usable"], report["annotations"]) == (7, 3, 4)
    assert "right edge before" in reasons["000004.xml"] and "'2' is neither" in reasons["000005.xml"]
    assert "no usable box" in reasons["000006.jpg"] and "no annotation" in reasons["000007.jpg"]
    cohort = data.load("tn5000", root=root)
    assert cohort.labels.tolist() == [0, 1, 1] and [c.raw["part"] for c in cohort] == ["train", "train", "test"]
    assert cohort[0].boxes == ((10.0, 12.0, 40.0, 30.0),) and cohort[2].boxes[1] == (20.0, 20.0, 80.0, 40.0)
    assert cohort[0].mask is None and cohort[2].raw["classes"] == ("0", "1")


def clips(root, nodules, *, frames=5, shape=(40, 50)):
    """dataset.hdf5 and metadata.csv as the set has them; frame numbers are bytes and out of order."""
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: the Stanford clips cannot be read")
    root.mkdir(parents=True, exist_ok=True)
    order = np.random.default_rng(0).permutation(frames)
    images, masks, owners, numbers = [], [], [], []
    for k, nodule in enumerate(nodules):
        for f in order:
            outline = disc(shape, (20, 25), 10 + k)
            hollow = outline & ~disc(shape, (20, 25), 7 + k)
            images.append(np.full(shape, 10 * k + f, np.uint8))
            masks.append((hollow if nodule == "7_" else outline).astype(np.uint8) * 255)
            owners.append(nodule.encode())
            numbers.append(str(f).encode())
    with h5py.File(root / "dataset.hdf5", "w") as file:
        for name, values in (("image", images), ("mask", masks), ("annot_id", owners), ("frame_num", numbers)):
            file[name] = np.array(values)
    head = "annot_id,age,sex,location,size_x,size_y,size_z,ti-rads_composition,ti-rads_echogenicity,ti-rads_shape,"
    head += "ti-rads_margin,ti-rads_echogenicfoci,ti-rads_level,histopath_diagnosis\n"
    rows = ["7_,44,Female,left,1.2,0.8,2.0,2,2,0,0,0,4,0", "12_,,Male,right,,,,,,,,,5,1"]
    (root / "metadata.csv").write_text(head + "\n".join([*rows, "99_,30,Female,left,1,1,1,2,1,0,0,0,3,0"]) + "\n")


def test_stanford_reads_frames_row_by_row(tmp_path, monkeypatch):
    clips(tmp_path / "stanford", ["12_", "7_", "15_"])
    import h5py

    whole = []
    original = h5py.Dataset.__getitem__

    def watched(self, index, *rest):
        if self.name in ("/image", "/mask") and not isinstance(index, (int, np.integer)):
            whole.append(index)
        return original(self, index, *rest)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", watched)
    cohort = data.load("stanford", root=tmp_path, unlabelled=True)
    assert [c.nodule for c in cohort] == ["7", "12", "15"] and [c.label for c in cohort] == [0, 1, None]
    assert [c.raw["frame"] for c in cohort] == ["2", "2", "2"]  # the middle frame in order of time
    assert cohort[0].size_mm == 20.0 and cohort[1].size_mm is None and cohort[0].label_source == "pathology"
    assert cohort[0].image[0, 0] == 12 and cohort[0].mask[20, 25]  # the outline is filled
    assert cohort[0].mask.sum() == disc((40, 50), (20, 25), 11).sum()
    assert cohort.unit == "nodule" and cohort.skipped[0].reason == "nodule 99 has no frames here"
    swept = stanford.read(tmp_path, every=2)
    assert len(swept) == 9 and not whole
    clips_of = data.clips(swept, size=16, frames=3)  # as the phantom's: nothing downstream can tell
    assert clips_of.images.shape == (3, 3, 1, 16, 16) and [c.nodule for c in clips_of.cohort] == ["7", "12", "15"]
    assert clips_of.labels[:2].tolist() == [0, 1] and torch.isnan(clips_of.labels[2])


def test_stanford_without_its_parts(tmp_path):
    pytest.importorskip("h5py", reason="h5py is not installed: the Stanford clips cannot be read")
    (tmp_path / "dataset.hdf5").write_bytes(b"not hdf5")
    with pytest.raises(DataError, match=r"no dataset\.hdf5 and metadata\.csv"):
        data.load("stanford", root=tmp_path)
    (tmp_path / "metadata.csv").write_text("annot_id,histopath_diagnosis\n")
    with pytest.raises(DataError, match="not a readable HDF5"):
        data.load("stanford", root=tmp_path)


def test_thyroidxl_groups_by_patient(tmp_path):
    for part, names in (("train", ("a1", "a2", "b1")), ("test", ("c1", "x9"))):
        for name in names:
            pair(tmp_path / part, "images", "masks", f"{name}.png", sum(map(ord, name)))
    owners = {"train": {"A": ["a1.png", "a2.png"], "B": ["b1.png"]}, "test": {"C": ["c1.png"]}}
    for part, people in owners.items():
        table = {"info": {patient: {"images": images} for patient, images in people.items()}}
        (tmp_path / f"{part}_annotations.json").write_text(json.dumps(table))
    people = {
        "A": {"age": 45, "gender": 2, "nodule_1": {"TIRADS": "4a", "Width": 12.5, "Height": 9}},
        "B": {"age": 450, "gender": 1, "nodule_1": {"TIRADS": 3}},
        "C": {"age": 30, "gender": 2},
    }
    (tmp_path / "stats").mkdir()
    (tmp_path / "stats/id2info_eng.json").write_text(json.dumps(people))
    cohort = data.load("thyroidxl", root=tmp_path, unlabelled=True)
    cases = {c.id: c for c in cohort}
    assert cases["train/a1"].patient == cases["train/a2"].patient == "A" and cohort.unit == "patient"
    assert cases["train/a1"].label == 1 and cases["train/b1"].label == 0 and cases["test/c1"].label is None
    assert (
        cases["train/a1"].size_mm == 12.5
        and cases["train/a1"].raw["sex"] == "F"
        and cases["train/b1"].raw["age"] is None
    )
    assert data.check("thyroidxl", tmp_path)["notes"][0]["file"] == "test/images/x9.png"


def test_auitd_gives_normal_thyroids_no_label(tmp_path):
    base = tmp_path / "dataset thyroid"
    for i, kind in enumerate(("Benign", "malignant", "normal thyroid", "mystery")):
        for part in ("train", "test"):
            save(base / part / kind / f"{i}.jpg", picture(10 * i + len(part)))
    cohort = data.load("auitd", root=tmp_path, unlabelled=True)
    by_class = {c.raw["class"]: c.label for c in cohort}
    assert by_class == {"Benign": 0, "malignant": 1, "normal thyroid": None}
    assert "normal thyroid" in next(c for c in cohort if c.label is None).notes[0]
    assert [s.reason for s in cohort.skipped] == ["the class of 1 images is not known"] * 2


@pytest.mark.parametrize(("images", "masks"), [("image", "mask"), ("stage1/p_image", "stage1/p_mask")])
def test_ddti_without_xml(tmp_path, images, masks):
    for i in range(3):
        pair(tmp_path / "2_preprocessed_data", images, masks, f"{i:04d}.PNG", i)
    cohort = data.load("ddti-pairs", root=tmp_path)
    assert len(cohort) == 3 and all(c.label is None and c.mask.any() for c in cohort) and cohort.unit == "image"


@pytest.mark.parametrize("name", [n for n in READERS if n != "folder"])
def test_every_reader_refuses_a_foreign_folder_in_one_line(tmp_path, name):
    for root, message in ((None, "needs a folder"), (tmp_path / "no", "does not exist"), (tmp_path, "is empty")):
        with pytest.raises(DataError, match=message) as caught:
            data.load(name, root=root)
        assert "\n" not in str(caught.value)
    (tmp_path / "readme.txt").write_text("something else")
    with pytest.raises(DataError, match="holds no"):
        data.check(name, tmp_path)


@pytest.mark.parametrize("name", ["tn3k", "tnui"])
def test_a_cut_off_picture_stops_a_load_and_is_named_by_a_check(tmp_path, name):  # F27
    places = {"tn3k": ("test-image", "test-mask"), "tnui": ("train/images", "train/masks")}
    for i in range(3):
        pair(tmp_path, *places[name], f"{i:04d}.png", i)
    victim = tmp_path / places[name][0] / "0001.png"
    victim.write_bytes(victim.read_bytes()[:200])
    with pytest.raises(DataError, match=r"0001\.png is cut off or damaged"):
        data.load(name, root=tmp_path)
    report = data.check(name, tmp_path)
    assert report["damaged"] == ["0001.png"] and report["usable"] == 2


def test_unknown_names_are_told_the_known_ones():
    with pytest.raises(SettingsError, match=r"no data set 'tn4k'.*phantom, ddti"):
        data.load("tn4k")


def test_tn3k_on_real_files(real):
    report = data.check("tn3k", real / "tn3k")
    assert (report["images"], report["usable"], report["annotations"]) == (32, 0, 300)
    reasons = [s["reason"] for s in report["skipped"]]
    assert reasons.count("it has no mask here") == 32 and reasons.count("its image is not here") == 300
    with pytest.raises(DataError, match="no image together with its mask"):
        data.load("tn3k", root=real / "tn3k")
    folds = tn3k._folds(real / "tn3k")
    assert sorted(folds) == list(range(2879)) and all(fold == number % 5 for number, fold in folds.items())


def test_the_threshold_on_real_masks(real):
    """The figures of the sample's README: above 0 adds about 10 %, keeping the maximum loses about 9 %."""
    from thyrolearn.data.images import read_mask

    more, less = [], []
    for path in sorted((real / "tn3k/test-mask").glob("*.jpg"))[:100]:
        grey = np.asarray(Image.open(path).convert("L"))
        area = read_mask(path).sum()
        assert area == (grey > 127).sum() > 0
        more.append((grey > 0).sum() / area - 1)
        less.append(1 - (grey == grey.max()).sum() / area)
    assert 0.05 < np.median(more) < 0.16 and 0.04 < np.median(less) < 0.15
