"""One execution of the lessons for both the tests and the site, and never a stale one.

The tests run every notebook and put its outputs into jupyter-cache; the build of the site takes them from there.
jupyter-cache knows a notebook by its code cells only, so this file adds the rest of what an output depends on:
settings, library, data sets, claims and the installed versions. When any of it changes, the cache is dropped.

Run as a script it drops a stale cache.
"""

import hashlib
import json
import platform
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "_build" / ".jupyter_cache"
PAGES = ROOT / "_build" / ".doctrees"
"""Sphinx's own memory of pages; it looks at the time of a source, and would miss what the library or a test changed."""
DEPENDS = ("thyrolearn/**/*.py", "thyrolearn/**/*.yml", "thyrolearn/**/*.css", "datasets/**/*", "notebooks/*.yml",
           "constraints.txt")  # fmt: skip


def key() -> str:
    """Return a hash of everything, but the notebooks themselves, that an output depends on."""
    from thyrolearn.settings import Settings

    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{platform.python_version()} {platform.system()} {Settings().model_dump_json()}".encode())
    for pattern in DEPENDS:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def fresh() -> Path:
    """Return the cache's folder, emptied when it was made under another key."""
    stamp = CACHE / "key.json"
    now = key()
    if not stamp.is_file() or json.loads(stamp.read_text()) != now:
        shutil.rmtree(CACHE, ignore_errors=True)
        shutil.rmtree(PAGES, ignore_errors=True)
        CACHE.mkdir(parents=True)
        stamp.write_text(json.dumps(now))
    return CACHE


def keep(notebook: Path, outputs: list[list[dict]]) -> bool:
    """Put ``outputs`` (one list a code cell, in order) of ``notebook`` into the cache; False where they cannot serve.

    A live widget's state is not in its outputs, so a notebook that shows one is left for the build to run again.
    """
    import nbformat
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    read = nbformat.read(notebook, as_version=4)
    cells = [cell for cell in read.cells if cell.cell_type == "code"]
    if len(cells) != len(outputs) or "application/vnd.jupyter.widget-view+json" in json.dumps(outputs):
        return False
    for number, (cell, found) in enumerate(zip(cells, outputs, strict=True), 1):
        cell.execution_count = number
        cell.outputs = [nbformat.from_dict({**output, **({"execution_count": number} if "execution_count" in output
                                                         else {})}) for output in found]  # fmt: skip
    bundle = CacheBundleIn(read, str(notebook))
    get_cache(str(fresh())).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    (PAGES / "notebooks" / notebook.parent.name / f"{notebook.stem}.doctree").unlink(missing_ok=True)
    return True


if __name__ == "__main__":
    fresh()
