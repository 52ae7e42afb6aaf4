"""How claims get their bands: the lesson is run with ten seeds, and each run is kept until all are there."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from thyrolearn import settings as house
from thyrolearn.course import claims, run
from thyrolearn.course.records import LessonRecord, find, read_yaml
from thyrolearn.errors import LessonError, ParameterError
from thyrolearn.files import locked, writable_folder, write_text

__all__ = ["make_bands", "state_of"]

_HEAD = "# Written by `thyrolearn claims LESSON --seeds 10`: lesson, data/tier, claim. Do not edit.\n"
_FREE = ("course", "widgets", "figures", "cli")  # rooms that cannot change a result


def make_bands(name: str, seeds: int = 10, say: Callable[[str], None] = print, **choices: Any) -> list[claims.Band]:
    """Run the lesson ``name`` with seeds 0, 1, … and write the band of each of its claims to ``claims.yml``.

    Seeds vary initial weights and order; the cohort and its split stay as they are. Each finished run is kept, so
    that an interrupted command goes on where it stopped; runs of another state of notebook or library are not used.
    Bands already stored for other lessons, data sets and tiers stay. Returns the new bands.
    """
    if seeds < 2:
        raise ParameterError(f"--seeds {seeds} cannot make a band.", "Use at least 2; the course uses 10.")
    record, settings = find(name), house.current(**choices)
    file = house.folders().notebooks / "claims.yml"
    writable_folder(file.parent)
    kept = _kept(record, settings)
    rows = [row for seed in range(seeds) for row in _rows(record, settings, seed, kept, say)]
    made = _bands(rows, seeds, record)
    with locked(kept.parent / "claims.lock"):
        stored = read_yaml(file)
        stored.setdefault(record.slug, {})[f"{settings.data}/{settings.tier}"] = {
            claim: vars(band) for claim, band in made.items()
        }
        write_text(file, _HEAD + yaml.safe_dump(dict(sorted(stored.items())), sort_keys=False, width=110))
    return list(made.values())


def state_of(record: LessonRecord) -> str:
    """A hash of the notebook's code and of every library file that a result can depend on."""
    digest = hashlib.sha256()
    for cell in record.notebook["cells"]:
        if cell["cell_type"] == "code":
            digest.update("".join(cell["source"]).encode())
    package = Path(house.__file__).parent
    for path in sorted(package.rglob("*.py")):
        if path.relative_to(package).parts[0] not in _FREE:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _kept(record: LessonRecord, settings: house.Settings) -> Path:
    folders = house.folders()
    base = folders.checkout / "_build" if folders.checkout else folders.cache
    name = f"{record.slug.replace('/', '_')}-{settings.data}-{settings.tier}-{state_of(record)}"
    return writable_folder(base / "claims" / name)


def _rows(
    record: LessonRecord, settings: house.Settings, seed: int, kept: Path, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    file = kept / f"seed-{seed}.jsonl"
    if file.is_file():
        say(f"seed {seed}: kept from before")
    else:
        part = file.with_suffix(".part")
        part.unlink(missing_ok=True)
        run.execute(record, settings.model_copy(update={"seed": seed}), {claims.RECORD: str(part)})
        if not part.is_file():
            raise LessonError(f"{record.slug} makes no claim.", "Call lesson.claim(name, estimate) in it.")
        part.replace(file)
        say(f"seed {seed}: done")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _bands(rows: list[dict[str, Any]], seeds: int, record: LessonRecord) -> dict[str, claims.Band]:
    from thyrolearn.phantom import SIM_VERSION

    made = {}
    for name in dict.fromkeys(row["name"] for row in rows):
        own = [row for row in rows if row["name"] == name]
        if len(own) != seeds:
            raise LessonError(f"{record.slug} makes claim {name!r} {len(own)} times in {seeds} runs.", "Make it once.")
        made[name] = claims.band_of([row["value"] for row in own], own[0]["statement"], str(SIM_VERSION))
    return made
