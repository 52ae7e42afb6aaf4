import pytest
from hypothesis import given
from hypothesis import strategies as st

from thyrolearn.data.marks import checked_box
from thyrolearn.data.tables import label_of, millimetres, number, read_rows
from thyrolearn.errors import DataError

TEXT = "File,Patient,Size\na.png,001,12\nb.png,002,13\n"


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        ("\ufeff" + TEXT).encode("utf-8"),
        TEXT.encode("utf-16"),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").replace("\n", "\r\n").encode(),
        TEXT.replace("\n", "\r\n", 1).encode(),
        TEXT.replace("File", " file ").replace("\nb", "\n\n,,\nb").encode(),
    ],
    ids=["plain", "bom", "utf-16", "semicolon", "tab", "mixed ends", "blank lines"],
)
def test_every_spreadsheets_dialect_gives_the_same_rows(tmp_path, data):  # F41
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    assert read_rows(path) == [
        {"file": "a.png", "patient": "001", "size": "12"},
        {"file": "b.png", "patient": "002", "size": "13"},
    ]


def test_what_a_table_may_not_be(tmp_path):  # F41
    path = tmp_path / "t.csv"
    path.write_text("file,label,Label\na,1,0\n")
    with pytest.raises(DataError, match="column 'label' twice"):
        read_rows(path)
    path.write_text("file,size\na,1,2\n")
    with pytest.raises(DataError, match=r"t\.csv, line 2: 3 cells for 2 columns"):
        read_rows(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_rows(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("text", "value"), [("Malign", 1), ("malignant ", 1), ("BENIGN", 0), ("1", 1), ("0", 0), (" ", None), ("NaN", None)]
)
def test_labels(text, value):
    assert label_of(text, "row") == value


@pytest.mark.parametrize("text", ["2", "suspicious", "maybe", "-1"])
def test_labels_are_not_guessed(text):
    with pytest.raises(DataError, match=r"row 7: the label .* Allowed: 0, 1, benign"):
        label_of(text, "row 7")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("12 mm", 12),
        ("1.2cm", 12),
        ("1,2 cm", 12),
        ("12x8x9", 12),
        ("1.2 x 0.8 cm", 12),
        ("8×12 mm", 12),
        ("", None),
    ],
)
def test_sizes(text, value):
    assert millimetres(text, "row") == (pytest.approx(value) if value is not None else None)


@pytest.mark.parametrize("text", ["0", "-3", "1e9", "inf", "twelve", "0x8", "160"])
def test_sizes_that_cannot_be(text):
    with pytest.raises(DataError, match="row 3"):
        millimetres(text, "row 3")


@given(st.floats(0.01, 149))
def test_a_size_survives_its_units(value):
    assert millimetres(f"{value:.4f} mm", "row") == pytest.approx(millimetres(f"{value / 10:.5f} cm", "row"), abs=1e-3)


def test_numbers():
    assert number("0,5", "r") == 0.5 and number("-2.5e1", "r") == -25 and number(" ", "r") is None
    for text in ("1,2,3", "inf", "x"):
        with pytest.raises(DataError, match="row 2"):
            number(text, "row 2")


SHAPE = (100, 200)


@pytest.mark.parametrize(
    ("corners", "reason"),
    [
        ((50, 10, 20, 40), "right edge before"),
        ((10, 50, 20, 40), "lower edge above"),
        ((10, 10, 10, 40), "no area"),
        (("nan", 1, 2, 3), "not finite"),
        (("a", 1, 2, 3), "not four numbers"),
        (("", "", "", ""), "not four numbers"),
        ((1, 2, 3), "not four numbers"),
        ((-50, -50, -10, -10), "outside"),
        ((300, 10, 400, 20), "outside"),
    ],
)
def test_boxes_that_are_none(corners, reason):  # F26
    box, said = checked_box(corners, SHAPE)
    assert box is None and reason in said


@given(st.tuples(*[st.floats(-300, 500)] * 4))
def test_a_box_is_inside_the_picture_or_none(corners):
    box, said = checked_box(corners, SHAPE)
    if box is None:
        assert said
    else:
        x0, y0, x1, y1 = box
        assert 0 <= x0 < x1 <= 200 and 0 <= y0 < y1 <= 100
        assert (box == corners) == (said == "")
