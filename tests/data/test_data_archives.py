import io
import stat
import tarfile
import warnings
import zipfile

import pytest

from thyrolearn.data.archives import Limits, unpack
from thyrolearn.errors import DataError


def zipped(path, members, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members:
            file.writestr(name, data, **options)
    return path


def tarred(path, members):
    with tarfile.open(path, "w") as file:
        for name, data, changes in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            for key, value in changes.items():
                setattr(info, key, value)
            file.addfile(info, io.BytesIO(data))
    return path


def refused(archive, message, limits=None):
    """The archive is refused and nothing at all was written."""
    parent = archive.parent / "target"
    parent.mkdir()
    before = sorted(str(p) for p in archive.parent.rglob("*"))
    with pytest.raises(DataError, match=message) as caught:
        unpack(archive, parent / "out", limits)
    assert "\n" not in str(caught.value) and archive.name in str(caught.value)
    assert sorted(str(p) for p in archive.parent.rglob("*")) == before


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "a/../../evil.txt", "/etc/evil.txt", "C:\\evil.txt", "..\\evil.txt"]
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_elsewhere(tmp_path, name, kind):  # F01, F02, F05
    members = [("good.txt", b"good"), (name, b"evil")]
    if kind == "zip":
        archive = zipped(tmp_path / "a.zip", members)
    else:
        archive = tarred(tmp_path / "a.tar", [(n, d, {}) for n, d in members])
    refused(archive, "leads out of the folder")


@pytest.mark.parametrize("second", ["x/a.txt", "x//a.txt", "./x/a.txt", "X/A.TXT", "x\\a.txt"])
def test_two_members_of_one_name(tmp_path, second):  # F03
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of what we want here
        archive = zipped(tmp_path / "a.zip", [("x/a.txt", b"1"), (second, b"2")])
    refused(archive, "holds two files named")


def test_a_link_and_a_file_through_it(tmp_path):  # F04
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        link = zipfile.ZipInfo("way")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, "/tmp")
        file.writestr("way/evil.txt", "evil")
    refused(tmp_path / "a.zip", "is a link")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "is a link"),
        ({"type": tarfile.LNKTYPE, "linkname": "good.txt"}, "is a link"),
        ({"type": tarfile.CHRTYPE}, "is a device"),
        ({"type": tarfile.FIFOTYPE}, "is a device"),
        ({"mode": 0o4755}, "run as another user"),
    ],
    ids=["symlink", "hardlink", "device", "fifo", "setuid"],
)
def test_tar_members_that_are_no_plain_files(tmp_path, changes, message):  # F06
    refused(tarred(tmp_path / "a.tar", [("good.txt", b"x", {}), ("odd", b"", changes)]), message)


def test_a_bomb_by_ratio(tmp_path):  # F07
    archive = zipped(tmp_path / "a.zip", [("zeros", bytes(100_000_000))])
    assert archive.stat().st_size < 110_000
    refused(archive, "far more than its size")


def test_a_header_that_lies_about_the_size(tmp_path):  # F07
    archive = zipped(tmp_path / "a.zip", [("zeros", bytes(3_000_000))])
    data = archive.read_bytes().replace((3_000_000).to_bytes(4, "little"), (30).to_bytes(4, "little"))
    archive.write_bytes(data)
    refused(archive, "cut off or damaged|far more")


def test_archives_in_archives(tmp_path):  # F08
    inner = b"deep"
    name = "deep.txt"
    for _ in range(6):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr(name, inner)
        inner, name = buffer.getvalue(), "a.zip"
    (tmp_path / "a.zip").write_bytes(inner)
    refused(tmp_path / "a.zip", "archives in archives")


def test_too_many_members_and_too_deep_folders(tmp_path):  # F09
    archive = zipped(tmp_path / "a.zip", [(f"{i}", b"") for i in range(200)])
    refused(archive, "more than 50 members", Limits(count=50))
    deep = tmp_path / "deep"
    deep.mkdir()
    refused(zipped(deep / "b.zip", [("/".join(["d"] * 40) + "/x", b"1")]), "folders deep")


def test_broken_archives(tmp_path):  # F10
    whole = zipped(tmp_path / "a.zip", [("a.txt", bytes(range(256)) * 400)])
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / "a.zip").write_bytes(whole.read_bytes()[:-60])
    refused(cut / "a.zip", "cut off")
    crc = tmp_path / "crc"
    crc.mkdir()
    data = bytearray(whole.read_bytes())
    data[60] ^= 0xFF
    (crc / "a.zip").write_bytes(data)
    refused(crc / "a.zip", "cut off or damaged")
    short = tmp_path / "tar"
    short.mkdir()
    tarred(short / "a.tar", [("a.txt", b"x" * 5000, {}), ("b.txt", b"y" * 5000, {})])
    (short / "a.tar").write_bytes((short / "a.tar").read_bytes()[:8000])
    refused(short / "a.tar", "cut off or damaged")


def test_an_encrypted_zip(tmp_path):  # F10
    archive = zipped(tmp_path / "a.zip", [("a.txt", b"secret")])
    data = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    archive.write_bytes(data)
    refused(archive, "is encrypted")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html>Please log in" + b" " * 4000, "4 KB of HTML"),
        (b"Rar!\x1a\x07\x01\x00", "unar or 7-Zip"),
        (b"", "not an archive"),
        (b"nothing of the kind", "not an archive"),
    ],
)
def test_files_that_are_no_archives(tmp_path, content, message):  # F11
    (tmp_path / "a.zip").write_bytes(content)
    refused(tmp_path / "a.zip", message)


def test_an_honest_archive_with_one_inside(tmp_path):
    inner = zipped(tmp_path / "inner.zip", [("1.txt", b"one")])
    archive = zipped(tmp_path / "a.zip", [("Thyroid Dataset/DDTI.zip", inner.read_bytes()), ("読/me.txt", b"hello")])
    out = unpack(archive, tmp_path / "out")
    files = {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert files == {"Thyroid Dataset/DDTI/1.txt": b"one", "読/me.txt": b"hello"}
    with pytest.raises(DataError, match="is there already"):
        unpack(archive, out)
    assert (out / "読/me.txt").exists()
    tar = tarred(tmp_path / "b.tar", [("d/a.txt", b"tar", {}), ("d", b"", {"type": tarfile.DIRTYPE})])
    assert (unpack(tar, tmp_path / "tar") / "d/a.txt").read_bytes() == b"tar"


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):  # F48
    from thyrolearn.data import archives

    archive = zipped(tmp_path / "a.zip", [("a.txt", b"1"), ("b.txt", b"2")])
    original, calls = archives._write, []

    def full(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return original(*arguments)

    monkeypatch.setattr(archives, "_write", full)
    refused(archive, "No space left on device")
