"""Unpacking archives from strangers: everything is checked by name before a byte is written.

`zipfile.extractall` quietly renames a hostile member into the target, where it can overwrite an honest file of the
same name; here such an archive is refused whole. Members are written to a folder beside the target, which is
renamed at the end: after an error nothing is left.
"""

import shutil
import stat
import tarfile
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from thyrolearn.errors import DataError
from thyrolearn.files import writable_folder

__all__ = ["Limits", "unpack"]

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
BLOCK = 1 << 20


@dataclass(frozen=True)
class Limits:
    """How much an archive may become: ``ratio`` of unpacked to packed bytes, ``count`` of members, ``total`` bytes,
    ``nested`` archives inside archives, ``deep`` folders inside folders.

    >>> Limits().nested
    3
    """

    ratio: float = 200.0
    count: int = 300_000
    total: int = 200 * 1024**3
    nested: int = 3
    deep: int = 32


@dataclass(frozen=True)
class _Member:
    name: str
    size: int
    inside: "zipfile.ZipInfo | tarfile.TarInfo"


def unpack(archive: Path | str, out: Path | str, limits: Limits | None = None) -> Path:
    """Unpack a zip or tar file into the new folder ``out`` and return it; archives inside are unpacked, too.

    Refuses, with a `DataError` and nothing written: names that leave the folder or are absolute, links and devices,
    two members of one name, encryption, damage, and whatever grows beyond ``limits``. An inner ``a.zip`` becomes
    the folder ``a``.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with zipfile.ZipFile(Path(folder) / "a.zip", "w") as file:
    ...         file.writestr("images/1.txt", "one")
    ...     out = unpack(Path(folder) / "a.zip", Path(folder) / "out")
    ...     sorted(p.name for p in out.rglob("*"))
    ['1.txt', 'images']
    """
    archive, out, limits = Path(archive), Path(out), limits or Limits()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} is there already.", "Choose a new folder, or remove it first.")
    writable_folder(out.parent)
    stage = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        _unpack(archive, stage, limits, limits.nested)
        if out.exists():
            out.rmdir()
        stage.chmod(0o755)
        stage.replace(out)
    except OSError as problem:
        raise DataError(f"{archive} cannot be unpacked ({problem.strerror}).", "Make room and try again.") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return out


def _unpack(archive: Path, out: Path, limits: Limits, nested: int) -> None:
    opened = _open(archive)
    with opened:
        members = _checked(archive, opened, limits)
        packed = max(archive.stat().st_size, 1)
        budget = min(limits.total, int(limits.ratio * packed))
        if sum(member.size for member in members) > budget:
            raise _bomb(archive)
        for member in members:
            budget -= _write(archive, opened, member, out / member.name, budget)
    for inner in [p for p in out.rglob("*") if p.is_file() and p.name.lower().endswith(SUFFIXES)]:
        if nested == 0:
            raise DataError(f"{archive} holds archives in archives in archives.", "Unpack what you need by hand.")
        target = inner.with_name(inner.name[: -len(next(s for s in SUFFIXES if inner.name.lower().endswith(s)))])
        if target.exists():
            raise DataError(f"{archive} holds both {inner.name} and {target.name}.", "Unpack it by hand.")
        _unpack(inner, _made(target), limits, nested - 1)
        inner.unlink()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _bomb(archive: Path) -> DataError:
    return DataError(f"{archive} would unpack to far more than its size.", "It is not a data set: delete it.")


def _open(archive: Path) -> "zipfile.ZipFile | tarfile.TarFile":
    try:
        if zipfile.is_zipfile(archive):
            return zipfile.ZipFile(archive)
        if tarfile.is_tarfile(archive):
            return tarfile.open(archive)
    except OSError as problem:
        raise DataError(f"{archive} cannot be read ({problem.strerror}).", "Check the path.") from None
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error):
        pass
    raise DataError(*_unknown(archive))


def _unknown(archive: Path) -> tuple[str, str]:
    with archive.open("rb") as file:
        head = file.read(512)
    size = archive.stat().st_size
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        kilobytes = max(round(size / 1024), 1)
        return (
            f"{archive} is not an archive but {kilobytes} KB of HTML.",
            "The page asks for a login: download it by hand.",
        )
    if head.startswith(b"Rar!"):
        return f"{archive} is a RAR archive.", "Unpack it with unar or 7-Zip, then give the folder."
    return f"{archive} is not an archive, or it is cut off.", "Download it again."


def _checked(archive: Path, opened: "zipfile.ZipFile | tarfile.TarFile", limits: Limits) -> list[_Member]:
    """The files of an archive, after every name and kind has been looked at."""
    kept: list[_Member] = []
    seen: set[str] = set()
    for count, (name, size, inside, trouble) in enumerate(_listed(archive, opened), 1):
        if count > limits.count:
            raise DataError(f"{archive} holds more than {limits.count:,} members.", "It is not a data set: delete it.")
        if trouble:
            raise DataError(f"{archive}: {name!r} is {trouble}.", "Such archives are refused: unpack it by hand.")
        parts = _parts(archive, name, limits.deep)
        key = unicodedata.normalize("NFC", "/".join(parts)).casefold()
        folder = inside.is_dir() if isinstance(inside, zipfile.ZipInfo) else inside.isdir()
        if folder:
            continue
        if key in seen or not parts:
            raise DataError(
                f"{archive} holds two files named {name!r}.", "Such archives are refused: unpack it by hand."
            )
        seen.add(key)
        kept.append(_Member("/".join(parts), size, inside))
    return kept


def _listed(
    archive: Path, opened: "zipfile.ZipFile | tarfile.TarFile"
) -> "Iterator[tuple[str, int, zipfile.ZipInfo | tarfile.TarInfo, str]]":
    """Each member's name, size, record, and what is wrong with its kind."""
    if isinstance(opened, zipfile.ZipFile):
        for info in opened.infolist():
            mode = info.external_attr >> 16
            kind = stat.S_IFMT(mode)
            trouble = "encrypted" if info.flag_bits & 1 else "a link" if kind == stat.S_IFLNK else ""
            if not trouble and kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                trouble = "a device"
            yield info.filename, info.file_size, info, trouble
        return
    try:
        for entry in opened:
            trouble = "a link" if entry.issym() or entry.islnk() else ""
            if not trouble and not (entry.isreg() or entry.isdir()):
                trouble = "a device"
            if not trouble and entry.mode & (stat.S_ISUID | stat.S_ISGID):
                trouble = "a program that would run as another user"
            yield entry.name, entry.size, entry, trouble
    except (tarfile.TarError, EOFError, OSError, zlib.error):
        raise DataError(f"{archive} is cut off or damaged.", "Download it again.") from None


def _parts(archive: Path, name: str, deep: int) -> list[str]:
    """The parts of a member's name, refused where it leads elsewhere."""
    plain = name.replace("\\", "/")
    path = PurePosixPath(plain)
    drive = len(plain) > 1 and plain[1] == ":"
    if path.is_absolute() or drive or ".." in path.parts or "\x00" in plain:
        raise DataError(
            f"{archive}: the name {name!r} leads out of the folder.", "Such archives are refused: delete it."
        )
    if len(path.parts) > deep:
        raise DataError(f"{archive}: {name[:60]!r}... lies {len(path.parts)} folders deep.", "Unpack it by hand.")
    return list(path.parts)


def _write(archive: Path, opened: "zipfile.ZipFile | tarfile.TarFile", member: _Member, path: Path, budget: int) -> int:
    """Write one member, counting: a header may lie about the size. Returns the bytes written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    try:
        with _stream(opened, member) as source, path.open("xb") as out:
            while block := source.read(BLOCK):
                written += len(block)
                if written > budget:
                    raise _bomb(archive)
                out.write(block)
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, NotImplementedError):
        raise DataError(f"{archive} is cut off or damaged at {member.name!r}.", "Download it again.") from None
    if written != member.size:
        raise DataError(f"{archive} is cut off or damaged at {member.name!r}.", "Download it again.")
    return written


def _stream(opened: "zipfile.ZipFile | tarfile.TarFile", member: _Member) -> IO[bytes]:
    if isinstance(opened, zipfile.ZipFile):
        assert isinstance(member.inside, zipfile.ZipInfo)
        return opened.open(member.inside)
    assert isinstance(member.inside, tarfile.TarInfo)
    stream = opened.extractfile(member.inside)
    if stream is None:
        raise tarfile.TarError("no data")
    return stream
