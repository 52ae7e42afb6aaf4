"""Getting a public set, where its terms let a program do so, and preparing it for quick reading."""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thyrolearn.data import store
from thyrolearn.data.archives import SUFFIXES, unpack
from thyrolearn.data.cohort import Cohort
from thyrolearn.data.datacards import card
from thyrolearn.errors import DataError
from thyrolearn.files import writable_folder

__all__ = ["Got", "get", "fetch", "prepare"]

CONNECT, READ = 5.0, 30.0  # seconds
SHARD = 256  # cases
BLOCK = 1 << 18


@dataclass(frozen=True)
class Got:
    """What `get` did: the folder, or None where terms or host want a person; then ``steps`` say what to do."""

    folder: Path | None
    steps: str


def get(name: str, out: Path | str, *, progress: bool = True) -> Got:
    """Download the set ``name`` into ``out`` where its card allows that; otherwise return the exact steps.

    Files that are there are kept, a broken download goes on where it stopped, checksums are those of the archive
    that the DOI names, and zip or tar files are unpacked safely. Raises `DataError` without a network.

    >>> print(get("stanford", "anywhere").steps.splitlines()[1])
      1. Open the page, sign in, accept the agreement, and download dataset.hdf5 and metadata.csv.
    """
    known = card(name)
    steps = f"How to get {name} ({known.terms.licence}):\n" + "\n".join(
        f"  {i}. {step}" for i, step in enumerate(known.get.steps, 1)
    )
    if known.get.doi is None:
        return Got(None, steps)
    out = writable_folder(out)
    for file, url, digest in _listed(known.get.doi, steps):
        path = fetch(url, out / file, digest, progress=progress)
        if path.name.lower().endswith(SUFFIXES):
            folder = out / path.name.split(".")[0]
            if not folder.exists():
                unpack(path, folder)
    return Got(out, steps)


def _listed(doi: str, steps: str) -> list[tuple[str, str, str]]:
    """The files behind a DOI: name, address, checksum."""
    import pooch
    import requests
    from pooch.downloaders import doi_to_repository

    try:
        repository = doi_to_repository(doi)
        registry = pooch.create(path=tempfile.gettempdir(), base_url=f"doi:{doi}")
        repository.populate_registry(registry)
        return [(name, repository.download_url(name), digest) for name, digest in registry.registry.items()]
    except (requests.RequestException, OSError, ValueError, KeyError) as problem:
        raise DataError(f"doi {doi} cannot be reached ({type(problem).__name__}).", f"By hand: {steps}") from None


def fetch(url: str, path: Path | str, digest: str | None, *, progress: bool = True) -> Path:
    """Download ``url`` to ``path``, going on where an earlier try stopped, and check it against ``digest``.

    ``digest`` is "md5:..." or a SHA-256, in any case; None is for tests only. A file that is there with the right
    checksum is not asked for again. Raises `DataError` without a network, for a wrong checksum, or for a full disk.
    """
    import pooch
    import requests

    path = Path(path)
    writable_folder(path.parent)
    download = _Resuming(path.with_name(path.name + ".part"), progress)
    try:
        pooch.retrieve(url, digest.lower() if digest else None, path.name, path.parent, downloader=download)
    except requests.RequestException as problem:
        remedy = "Check the network and run it again: it goes on where it stopped."
        raise DataError(f"{url} cannot be downloaded ({type(problem).__name__}).", remedy) from None
    except ValueError:
        remedy = "Run it again; if it stays so, the file has changed: see the data card."
        raise DataError(f"{path.name} has another checksum than the archive says.", remedy) from None
    except OSError as problem:
        raise DataError(
            f"{path} cannot be written ({problem.strerror or problem}).", "Make room and run it again."
        ) from None
    return path


class _Resuming:
    """A downloader for `pooch` that keeps what it has in a file beside the target."""

    def __init__(self, part: Path, progress: bool) -> None:
        self.part, self.progress = part, progress

    def __call__(self, url: str, output_file: Any, pooch: Any) -> None:
        import requests

        del pooch
        have = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        with requests.get(url, headers=headers, stream=True, timeout=(CONNECT, READ)) as answer:
            if answer.status_code == 416:  # nothing is left to ask for
                pass
            else:
                answer.raise_for_status()
                self._save(answer, have if answer.status_code == 206 else 0)
        shutil.move(self.part, output_file)

    def _save(self, answer: Any, have: int) -> None:
        from tqdm import tqdm

        rest = int(answer.headers.get("Content-Length", 0)) or None
        with (
            self.part.open("ab" if have else "wb") as out,
            tqdm(
                total=rest and rest + have, initial=have, unit="B", unit_scale=True, desc=self.part.stem,
                file=sys.stderr, disable=not self.progress or not sys.stderr.isatty(),
            ) as bar,
        ):  # fmt: skip
            for block in answer.iter_content(BLOCK):
                out.write(block)
                bar.update(len(block))
        if rest and self.part.stat().st_size != rest + have:
            import requests

            raise requests.ConnectionError("the connection ended early")


def prepare(cohort: Cohort, out: Path | str) -> Path:
    """Write a cohort into the new folder ``out`` so that it opens at once; `load` takes the folder as its root.

    Nothing is left where it fails. Raises `DataError` for a folder that is there already and for a damaged picture.

    >>> import numpy as np; from thyrolearn.data.case import Case
    >>> tiny = Cohort([Case.of(np.full((9, 9), 7, np.uint8), label=1)], name="tiny")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store.open_cohort(prepare(tiny, Path(folder) / "fast"))[0].image.mean()
    np.float64(7.0)
    """
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} is there already.", "Choose a new folder, or remove it first.")
    writable_folder(out.parent)
    stage = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        shards = range(0, len(cohort), SHARD)
        for number, start in enumerate(shards):
            store.write_shard(stage, number, cohort[start : start + SHARD])
        skipped = [{"file": s.file, "reason": s.reason} for s in cohort.skipped]
        store.finish(
            stage,
            len(shards),
            cohort.fingerprint,
            name=cohort.name,
            card=cohort.card,
            unit=cohort.unit,
            skipped=skipped,
        )
        if out.exists():
            out.rmdir()
        stage.chmod(0o755)
        stage.replace(out)
    except OSError as problem:
        raise DataError(f"{out} cannot be filled ({problem.strerror}).", "Make room and try again.") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return out
