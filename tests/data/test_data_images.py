import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from thyrolearn.data.images import binarise, read_gray, read_mask
from thyrolearn.errors import DataError


def saved(tmp_path, picture, name, **options):
    path = tmp_path / name
    picture.save(path, **options)
    return path


def ramp(rows=40, columns=60):
    return np.tile(np.linspace(0, 255, columns).astype(np.uint8), (rows, 1))


def test_half_a_jpeg_is_found(tmp_path):  # F27: Image.verify() would pass it
    path = saved(
        tmp_path, Image.fromarray(np.random.default_rng(0).integers(0, 255, (200, 200), dtype=np.uint8)), "a.jpg"
    )
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    Image.open(path).verify()
    with pytest.raises(DataError, match=r"a\.jpg is cut off or damaged.*again"):
        read_gray(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"just text", "is not a JPEG"),
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "web page"),
    ],
)
def test_what_is_no_picture_is_named(tmp_path, content, message):  # F28, F34
    path = tmp_path / "x.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_gray(path)


def test_a_png_called_jpg_is_read_by_its_content(tmp_path):  # F28
    buffer = io.BytesIO()
    Image.fromarray(ramp()).save(buffer, "PNG")
    path = tmp_path / "really_a_png.jpg"
    path.write_bytes(buffer.getvalue())
    assert (read_gray(path) == ramp()).all()


def test_a_bomb_is_refused(tmp_path):  # F29
    path = saved(tmp_path, Image.new("1", (20_000, 20_000)), "bomb.png")
    assert path.stat().st_size < 200_000
    with pytest.raises(DataError, match=r"far too many pixels|At most 40,000,000"):
        read_gray(path)


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path):  # F30
    deep = np.linspace(1000, 50_000, 30 * 40).reshape(30, 40).astype(np.uint16)
    gray = read_gray(saved(tmp_path, Image.fromarray(deep), "deep.png"))
    assert np.asarray(Image.open(tmp_path / "deep.png").convert("L")).mean() > 250  # what happens without care
    truth = (deep - 1000.0) / 49_000 * 255
    assert np.abs(gray - truth).max() <= 0.51


def test_every_kind_of_picture_has_a_defined_reading(tmp_path):  # F31
    gray = ramp()
    clear = np.dstack([np.full_like(gray, 255), gray * 0, gray * 0, gray * 0])  # red, wholly transparent
    assert read_gray(saved(tmp_path, Image.fromarray(clear, "RGBA"), "clear.png")).max() == 0
    palette = Image.fromarray(gray).convert("P")
    assert np.abs(read_gray(saved(tmp_path, palette, "p.png")).astype(int) - gray).max() <= 1
    bits = read_gray(saved(tmp_path, Image.fromarray(gray > 127), "bits.png"))
    assert set(np.unique(bits)) == {0, 255} and bits[0, -1] == 255
    floats = read_gray(saved(tmp_path, Image.fromarray(gray.astype(np.float32) * 3.7), "f.tiff"))
    assert np.abs(floats.astype(int) - gray).max() <= 1
    cmyk = read_gray(saved(tmp_path, Image.fromarray(gray).convert("CMYK"), "c.tiff"))
    assert np.abs(cmyk.astype(int) - gray).max() <= 2


@pytest.mark.parametrize("name", ["moving.tiff", "moving.png"])
def test_several_pictures_in_one_file_are_refused(tmp_path, name):  # F31
    pages = [Image.fromarray(ramp()), Image.fromarray(ramp()[:, ::-1].copy())]
    path = saved(tmp_path, pages[0], name, save_all=True, append_images=pages[1:])
    with pytest.raises(DataError, match="holds 2 pictures"):
        read_gray(path)


def test_a_gif_is_not_on_the_list(tmp_path):  # F31
    with pytest.raises(DataError, match="is not a JPEG"):
        read_gray(saved(tmp_path, Image.fromarray(ramp()), "a.gif"))


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_exif_turns_image_and_mask_alike(tmp_path, orientation):  # F32
    exif = Image.Exif()
    exif[0x0112] = orientation
    spot = np.zeros((30, 50), np.uint8)
    spot[3:9, 35:47] = 255
    image = read_gray(saved(tmp_path, Image.fromarray(spot), "i.png", exif=exif))
    mask = read_mask(saved(tmp_path, Image.fromarray(spot), "m.png", exif=exif), image.shape)
    assert image.shape == ((50, 30) if orientation in (6, 8) else (30, 50))
    assert ((image > 127) == mask).all() and mask.sum() == 72 and mask[3:9, 35:].sum() != 72


def test_a_mask_of_another_size_is_refused(tmp_path):  # F33; also an image that EXIF turned and its mask did not
    path = saved(tmp_path, Image.fromarray(ramp(40, 60)), "m.png")
    with pytest.raises(DataError, match=r"60 x 40 pixels, its image 40 x 60"):
        read_mask(path, (60, 40))


def test_a_jpeg_mask_keeps_its_area(tmp_path):  # F33
    rows, columns = np.mgrid[:200, :200]
    truth = (rows - 100) ** 2 / 3600 + (columns - 90) ** 2 / 1600 < 1
    path = saved(tmp_path, Image.fromarray(truth.astype(np.uint8) * 255), "m.jpg", quality=60)
    grey = np.asarray(Image.open(path))
    assert len(np.unique(grey)) > 5
    mask = read_mask(path)
    assert mask.sum() == pytest.approx(truth.sum(), rel=0.01)
    assert (grey > 0).sum() > 1.02 * truth.sum()  # the common mistake


@given(st.integers(2, 20), st.integers(2, 20))
@settings(max_examples=20, deadline=None)
def test_masks_of_zero_and_one_are_masks(rows, columns):
    truth = np.random.default_rng(rows * columns).random((rows, columns)) > 0.5
    for scale in (1, 255):
        assert (binarise(truth.astype(np.uint8) * scale) == truth).all()
    assert (binarise(truth) == truth).all()


def test_a_class_map_is_not_guessed_at():  # F33
    with pytest.raises(DataError, match="class numbers 0, 1, 2"):
        binarise(np.array([[0, 1, 2]], np.uint8))


def test_tiny_and_blank_pictures(tmp_path):  # F34
    with pytest.raises(DataError, match="1 x 1 pixels"):
        read_gray(saved(tmp_path, Image.new("L", (1, 1)), "one.png"))
    assert read_gray(saved(tmp_path, Image.new("L", (30, 30), 255), "white.png")).min() == 255
    assert read_gray(saved(tmp_path, Image.new("I;16", (30, 30)), "flat.png")).max() == 0


def test_names_that_tools_trip_over(tmp_path):  # F47
    for name in ("-dash.png", "sp ace .png", "日本語.png", "quote'\".png", "é😀.png"):
        path = saved(tmp_path, Image.fromarray(ramp()), name)
        assert (read_gray(path) == ramp()).all()
    with pytest.raises(DataError, match="cannot be read"):
        read_gray(tmp_path)  # a folder
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(DataError, match="cannot be read"):
        read_gray(tmp_path / "gone.png")
