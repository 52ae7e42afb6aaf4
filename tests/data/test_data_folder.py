import json

import numpy as np
import pytest
from PIL import Image

from thyrolearn import data
from thyrolearn.data.dicom import DicomPixels, read_header
from thyrolearn.data.public.folder import gather
from thyrolearn.errors import DataError

pydicom = pytest.importorskip("pydicom", reason="pydicom is not installed")


def picture(seed=0, shape=(60, 80)):
    coarse = np.random.default_rng(seed).integers(20, 200, (shape[0] // 10, shape[1] // 10)).astype(np.uint8)
    return np.kron(coarse, np.ones((10, 10), np.uint8))


def disc(shape=(60, 80), radius=12):
    z, x = np.mgrid[: shape[0], : shape[1]]
    return ((z - 30) ** 2 + (x - 40) ** 2 < radius**2).astype(np.uint8) * 255


@pytest.fixture
def own(tmp_path):
    """Four pictures with masks; a table with the habits of a spreadsheet."""
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    for i in range(4):
        Image.fromarray(picture(i)).save(tmp_path / "images" / f"{i:03d}.png")
        Image.fromarray(disc()).save(tmp_path / "masks" / f"{i:03d}{'_mask' if i == 3 else ''}.png")
    table = "\ufeffFile;Patient;Label;Size;Spacing_z;Spacing_x\r\n000.png;007;malign;1,2 cm;0,1;0,2\r\n"
    table += "001.png;007;Benign;;;\r\n002.png;7;0;12x8x9;;\r\n003.png;8;;;;\r\n"
    (tmp_path / "labels.csv").write_bytes(table.encode())
    return tmp_path


def test_pictures_masks_and_a_table(own):
    cohort = data.load("folder", root=own, unlabelled=True)
    assert [c.patient for c in cohort] == ["007", "007", "7", "8"]  # 007 and 7 are two patients
    assert [c.label for c in cohort] == [1, 0, 0, None] and [c.size_mm for c in cohort] == [12, None, 12, None]
    assert cohort[0].spacing_mm == (0.1, 0.2) and cohort[1].spacing_mm is None
    assert all((c.mask == (disc() > 0)).all() for c in cohort) and cohort.unit == "patient"
    assert len(data.load("folder", root=own)) == 3


def test_without_a_table_each_picture_is_a_patient_and_says_so(own):
    (own / "labels.csv").unlink()
    cohort = data.load("folder", root=own)
    assert cohort.unit == "image" and len(set(cohort.patients)) == 4 and "grouped by image" in repr(cohort)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("malign;", "suspicious;", r"labels\.csv, 000: the label 'suspicious'"),
        ("12x8x9", "1e9", r"labels\.csv, 002: a size of '1e9' cannot be"),
        ("0,1;0,2", "0,1;", "spacing"),
        ("0,1;0,2", "-1;1", "spacing"),
        ("File;", "Picture;", "no column 'file'"),
        ("001.png", "000.png", r"lists '000.png' twice"),
        ("Size", "Label", "column 'label' twice"),
    ],
)
def test_a_table_with_a_mistake_is_named(own, old, new, message):  # F41
    path = own / "labels.csv"
    path.write_bytes(path.read_bytes().replace(old.encode(), new.encode(), 1))
    with pytest.raises(DataError, match=message):
        data.load("folder", root=own)


def test_what_does_not_belong_together_is_reported(own):
    Image.fromarray(picture(9)).save(own / "images/extra.png")
    Image.fromarray(disc()).save(own / "masks/alone.png")
    (own / "labels.csv").write_bytes((own / "labels.csv").read_bytes() + b"gone.png;9;1;;;\r\n")
    report = data.check("folder", own)
    reasons = {s["file"]: s["reason"] for s in report["skipped"]}
    assert report["images"] == report["usable"] == 5
    assert "mask is not here" in reasons["alone.png"] and "lists gone" in reasons["labels.csv"]
    notes = [n["note"] for n in report["notes"] if n["file"] == "extra.png"]
    assert any("does not list it" in n for n in notes) and any("no mask" in n for n in notes)


def test_the_same_picture_under_two_labels_is_found(own):  # F42
    (own / "images/002.png").write_bytes((own / "images/000.png").read_bytes())
    cohort = data.load("folder", root=own)
    report = data.leakage_report(data.splits.Split(cohort, cohort[:0], cohort[:0]))
    assert report.conflicts == (("000", "002"),)
    with pytest.raises(DataError, match="two labels"):
        report.require_clean()
    assert cohort[0].patient == cohort[2].patient  # and they stay together


def test_voc_boxes(own):
    for kind in ("masks",):
        for file in (own / kind).iterdir():
            file.unlink()
        (own / kind).rmdir()
    (own / "Annotations").mkdir()
    body = "<annotation><size><width>8</width><height>60</height></size>{}</annotation>"
    corners = "<xmin>5</xmin><ymin>6</ymin><xmax>{}</xmax><ymax>20</ymax>"
    entry = f"<object><name>nodule</name><bndbox>{corners}</bndbox></object>"
    (own / "Annotations/000.xml").write_text(body.format(entry.format(30) + entry.format(5)))
    (own / "Annotations/001.xml").write_text(body.format("<object><name>x</name></object>"))
    report = gather(own).report()
    assert report["annotations"] == 1
    assert {(s["file"], s["reason"]) for s in report["skipped"]} == {
        ("000.xml", "a box has no area"),
        ("001.xml", "an object without a box"),
    }
    assert any("it says 8 x 60" in n["note"] for n in report["notes"])
    assert data.load("folder", root=own)[0].boxes == ((5.0, 6.0, 30.0, 20.0),)


def test_coco_boxes(own):  # F26
    for file in (own / "masks").iterdir():
        file.unlink()
    images = [{"id": i, "file_name": f"{i:03d}.png", "width": 80, "height": 60} for i in range(4)]
    boxes = [
        (0, [10, 10, 20, 15]),
        (0, [70, 50, 40, 40]),  # leaves the picture
        (1, [10, 10, -5, 8]),
        (1, [10, 10, 0, 8]),
        (2, ["a", 1, 2, 3]),
        (2, [1, 2, 3]),
        (9, [1, 2, 3, 4]),  # no such image
    ]
    entries = [{"id": k, "image_id": i, "bbox": box, "category_id": 1} for k, (i, box) in enumerate(boxes)]
    entries.append(dict(entries[0]))  # the same id again
    (own / "annotations.json").write_text(json.dumps({"images": images, "annotations": entries, "categories": []}))
    report = gather(own).report()
    reasons = [s["reason"] for s in report["skipped"]]
    for words in ("right edge before", "no area", "no numbers", "no box of four", "belongs to no image", "used twice"):
        assert any(words in reason for reason in reasons), words
    assert data.load("folder", root=own)[0].boxes == ((10.0, 10.0, 30.0, 25.0), (70.0, 50.0, 80.0, 60.0))
    (own / "annotations.json").write_text('{"images": [')
    with pytest.raises(DataError, match="cut off or not JSON"):
        gather(own)


# DICOM. Files are written here, as an ultrasound machine would.


def dicom(path, pixels, *, regions=(), photometric="MONOCHROME2", patient="P1", frames=None, kind=None, **changes):
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, UltrasoundImageStorage, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = kind or UltrasoundImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = Dataset()
    ds.file_meta = meta
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    ds.PatientID, ds.Modality, ds.Manufacturer, ds.ManufacturerModelName = patient, "US", "Maker", "Model 1"
    shape = pixels.shape[1:] if frames else pixels.shape
    ds.Rows, ds.Columns = shape[:2]
    ds.SamplesPerPixel = 3 if len(shape) == 3 else 1
    ds.PhotometricInterpretation = photometric
    bits = pixels.dtype.itemsize * 8
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = bits, bits, bits - 1, 0
    if ds.SamplesPerPixel == 3:
        ds.PlanarConfiguration = 0
    if frames:
        ds.NumberOfFrames = frames
    ds.PixelData = pixels.tobytes()
    sequence = []
    for spec in regions:
        item = Dataset()
        top, bottom, left, right = spec.get("box", (0, shape[0] - 1, 0, shape[1] - 1))
        item.RegionSpatialFormat, item.RegionDataType = spec.get("format", 1), spec.get("type", 1)
        item.RegionLocationMinY0, item.RegionLocationMaxY1 = top, bottom
        item.RegionLocationMinX0, item.RegionLocationMaxX1 = left, right
        item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = spec.get("units", 3)
        item.PhysicalDeltaY, item.PhysicalDeltaX = spec.get("delta", (0.01, 0.02))
        sequence.append(item)
    if sequence:
        ds.SequenceOfUltrasoundRegions = sequence
    for name, value in changes.items():
        setattr(ds, name, value)
    ds.save_as(path, enforce_file_format=True)
    return path


@pytest.fixture
def frame():
    return picture(3, (200, 300))


def test_spacing_and_region_come_from_the_region_sequence(tmp_path, frame):
    path = dicom(tmp_path / "a.dcm", frame, regions=[{"box": (20, 179, 30, 249), "delta": (0.01, 0.02)}])
    header = read_header(path)
    assert header.region == (20, 180, 30, 250)  # the last pixel is included
    assert header.spacing_mm == pytest.approx((0.1, 0.2)) and header.scanner == "Maker Model 1"
    assert (DicomPixels(path, 0, header.region).image() == frame[20:180, 30:250]).all()


@pytest.mark.parametrize(
    ("regions", "spacing", "note"),
    [
        ([], None, "no 2D tissue region"),
        ([{"format": 3}], None, "no 2D tissue region"),
        ([{"units": 4}], None, "not measured in cm"),
        ([{"delta": (0.0, 0.01)}], None, "spacing is 0"),
        ([{"delta": (0.2, 0.2)}], None, "400 mm deep"),
        ([{"delta": (0.0001, 0.0001)}], None, "0 mm deep"),
        ([{"delta": (-0.01, -0.02)}], (0.1, 0.2), ""),
        ([{"box": (0, 60, 0, 60), "delta": (0.05, 0.05)}, {"box": (0, 199, 100, 299)}], (0.1, 0.2), "2 2D regions"),
    ],
    ids=["none", "doppler", "units", "zero", "too deep", "too shallow", "negative", "two"],
)
def test_spacing_is_not_believed_blindly(tmp_path, frame, regions, spacing, note):  # F37
    header = read_header(dicom(tmp_path / "a.dcm", frame, regions=regions))
    assert header.spacing_mm == (pytest.approx(spacing) if spacing else None)
    assert note in " ".join(header.notes)


def test_colour_inverse_and_deep_pixels(tmp_path, frame):
    whole = (0, 200, 0, 300)
    inverse = dicom(tmp_path / "i.dcm", 255 - frame, photometric="MONOCHROME1")
    assert (DicomPixels(inverse, 0, whole).image() == frame).all()
    colour = dicom(tmp_path / "c.dcm", np.repeat(frame[..., None], 3, axis=2), photometric="RGB")
    assert np.abs(DicomPixels(colour, 0, whole).image().astype(int) - frame).max() <= 1
    deep = frame.astype(np.uint16) * 100 + 500
    out = DicomPixels(dicom(tmp_path / "d.dcm", deep), 0, whole).image()
    low, high = int(frame.min()), int(frame.max())
    assert np.abs(out - (frame.astype(float) - low) / (high - low) * 255).max() <= 1


def test_a_folder_of_dicom_with_masks_clips_and_strangers(tmp_path, frame):
    from pydicom.uid import BasicTextSRStorage

    dicom(tmp_path / "a.dcm", frame, regions=[{"box": (20, 179, 30, 249)}], patient="X")
    clip = np.stack([np.full((200, 300), 10 * k, np.uint8) + (frame // 2) for k in range(5)])
    dicom(tmp_path / "b.dcm", clip, frames=5, patient="X", kind="1.2.840.10008.5.1.4.1.1.3.1")
    dicom(tmp_path / "report.dcm", frame, kind=BasicTextSRStorage)
    (tmp_path / "masks").mkdir()
    Image.fromarray(np.pad(np.full((40, 50), 255, np.uint8), ((60, 100), (90, 160)))).save(tmp_path / "masks/a.png")
    report = data.check("folder", tmp_path)
    assert report["images"] == 3 and report["usable"] == 2
    assert "not an ultrasound image" in report["skipped"][0]["reason"]
    assert any("clip of 5 frames" in n["note"] for n in report["notes"])
    a, b = data.load("folder", root=tmp_path)
    assert a.patient == b.patient == "X" and a.shape == (160, 220) and a.spacing_mm == pytest.approx((0.1, 0.2))
    assert a.box == (60.0, 40.0, 110.0, 80.0) and a.mask.sum() == 2000
    assert (b.image == clip[2]).all() and b.spacing_mm is None
    crops = data.batches(data.load("folder", root=tmp_path)[:1], size=32, masks=True)
    assert crops.spacing_mm[0] == pytest.approx(1.6 * 50 * 0.2 / 32)


def test_dicom_that_is_none_or_is_cut(tmp_path, frame):  # F35
    (tmp_path / "empty.dcm").write_bytes(b"")
    with pytest.raises(DataError, match="is not a DICOM file"):
        read_header(tmp_path / "empty.dcm")
    (tmp_path / "text.dcm").write_text("hello")
    with pytest.raises(DataError, match="is not a DICOM file"):
        read_header(tmp_path / "text.dcm")
    path = dicom(tmp_path / "cut.dcm", frame)
    path.write_bytes(path.read_bytes()[:-30_000])
    with pytest.raises(DataError, match=r"is cut off or damaged|cannot be read"):
        DicomPixels(path, 0, read_header(path).region).image()
    big = dicom(tmp_path / "big.dcm", frame, Rows=65_535, Columns=65_535)
    with pytest.raises(DataError, match="65535 x 65535"):
        read_header(big)


def test_pydicoms_own_ultrasound_files():
    """Real files by other hands: a palette picture with regions, and a colour clip."""
    from pydicom.data import get_testdata_file

    path = get_testdata_file("examples_palette.dcm")
    header = read_header(path)
    image = DicomPixels(path, 0, header.region).image()
    ds = pydicom.dcmread(path)
    regions = [r for r in ds.SequenceOfUltrasoundRegions if r.RegionSpatialFormat == 1 and r.RegionDataType == 1]
    assert header.spacing_mm[0] == pytest.approx(10 * abs(regions[0].PhysicalDeltaY))
    assert image.std() > 5 and image.shape == (header.region[1] - header.region[0], header.region[3] - header.region[2])
