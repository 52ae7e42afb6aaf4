import pytest

from thyrolearn.data.xml import read_xml, text_of
from thyrolearn.errors import DataError

LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]><x>&j;</x>"
)
QUADRATIC = f'<!DOCTYPE x [<!ENTITY a "{"A" * 50_000}">]><x>{"&a;" * 2000}</x>'


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        QUADRATIC,
        '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><x/>',
    ],
    ids=["billion laughs", "quadratic", "local file", "external dtd"],
)
def test_document_types_are_refused(tmp_path, text):  # F21 to F24
    path = tmp_path / "1.xml"
    path.write_text(text)
    with pytest.raises(DataError, match=r"1\.xml declares a document type"):
        read_xml(path)


@pytest.mark.parametrize("text", ["", "<case><number>1</number><mark>", "no xml", "<a></b>", "\x00\x00"])
def test_a_file_that_is_cut_off_is_named(tmp_path, text):  # F25
    path = tmp_path / "7.xml"
    path.write_text(text)
    with pytest.raises(DataError, match=r"7\.xml is cut off or not XML"):
        read_xml(path)


def test_a_missing_file_and_a_huge_one(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_xml(tmp_path / "none.xml")
    big = tmp_path / "big.xml"
    big.write_bytes(b"<a>" + b" " * 20_000_001 + b"</a>")
    with pytest.raises(DataError, match="larger than 20 MB"):
        read_xml(big)


def test_text_of_strips_and_forgives(tmp_path):
    path = tmp_path / "1.xml"
    path.write_text("<case><tirads>\n 4a </tirads><age/></case>")
    root = read_xml(path)
    assert (text_of(root, "tirads"), text_of(root, "age"), text_of(root, "none")) == ("4a", "", "")
