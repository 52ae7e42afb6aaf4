"""Run lessons at the full tier, once each, and keep what their claims come to: ``datasets/results/full_lessons.csv``.

    python benchmarks/full_tier.py [LESSON ...]

A lesson takes up to twenty minutes of one core. A minute must not teach what patience would contradict: a test lays
these rows beside the bands of the lesson tier. Synthetic images, for teaching.
"""

import argparse
import json
import tempfile
from pathlib import Path

from thyrolearn.course import claims, outline, run
from thyrolearn.course.records import find
from thyrolearn.experiments import store
from thyrolearn.experiments.origin import origin
from thyrolearn.settings import Settings


def rows(name: str) -> list[dict[str, object]]:
    """A row a claim of the lesson ``name``, ready to `store`."""
    lesson, settings = find(name), Settings(tier="full")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "claims.jsonl"
        spent = run.execute(lesson, settings, {claims.RECORD: str(file)}, progress=False)
        made = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    cost = {"cpu_seconds": round(spent.cpu_seconds), "memory_mb": round(spent.memory_mb)}
    named = {"task": "lesson", "model": lesson.slug, "data": settings.data, "tier": settings.tier}
    return [
        {**named, "seed": claim["seed"], "metric": claim["name"], "statement": claim["statement"]}
        | {end: round(claim[end], 4) for end in ("value", "low", "high")}
        | {"n": claim["n"], **cost}
        | origin()
        for claim in made
    ]


def main() -> None:
    """Run the lessons that are asked for, or all."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("lessons", nargs="*", metavar="LESSON")
    for name in options.parse_args().lessons or [record.slug for record in outline()]:
        table = rows(name)
        store("full_lessons", table)
        print(name, f"{table[0]['cpu_seconds']} s of CPU, {table[0]['memory_mb']} MB", flush=True)
        for row in table:
            print(f"  {row['metric']}: {row['value']} ({row['low']} to {row['high']})", flush=True)


if __name__ == "__main__":
    main()
