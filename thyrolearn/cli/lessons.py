"""Commands about lessons: what there is, whether this machine is ready, running, starting, measuring."""

from pathlib import Path
from typing import Annotated

import typer

from thyrolearn.cli.options import Data, Device, Json, Lesson, Root, Tier, group, print_json

__all__ = ["app"]

app = group("Lessons.")


@app.command()
def outline(as_json: Json = False) -> None:
    """List the lessons with their measured minutes."""
    from thyrolearn import course

    lessons = course.outline()
    if as_json:
        return print_json([lesson.row() for lesson in lessons])
    part = None
    for lesson in lessons:
        if lesson.part != part:
            part = lesson.part
            typer.echo(part)
        cost = f"{lesson.seconds:.0f} s" if lesson.seconds else "not measured"
        typer.echo(f"  {lesson.slug:<36} {lesson.title} ({cost})")


@app.command()
def doctor(
    as_json: Json = False, quick: Annotated[bool, typer.Option("--quick", help="Leave out the speed test.")] = False
) -> None:
    """Check that this machine is ready for the course; name a remedy for each thing that is not."""
    from thyrolearn.course.doctor import examine

    findings = examine(calibrate=not quick)
    blocked = any(finding.state == "blocks" for finding in findings)
    if as_json:
        print_json({"ready": not blocked, "findings": [finding.row() for finding in findings]})
    else:
        for finding in findings:
            typer.echo(f"{finding.state:<7} {finding.name}: {finding.found}")
            if finding.remedy:
                typer.echo(f"        remedy: {finding.remedy}")
        typer.echo("Not ready: see the remedies above." if blocked else "Ready.")
    raise typer.Exit(2 if blocked else 0)


@app.command()
def run(
    lesson: Lesson,
    data: Data = None,
    root: Root = None,
    tier: Tier = None,
    device: Device = None,
    seed: Annotated[int | None, typer.Option(help="The seed of weights and order.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the executed notebook.")] = None,
) -> None:
    """Run a lesson's notebook, on the phantom or on real data, and write it with its outputs."""
    from thyrolearn.course.run import run as execute

    written = execute(lesson, out, data=data, root=root, tier=tier, device=device, seed=seed)
    typer.echo(f"Wrote {written}")


@app.command()
def start(folder: Annotated[Path, typer.Argument(help="Your folder, such as my_course.")] = Path("my_course")) -> None:
    """Copy the lessons into a folder of your own, with the exercises open; what is there stays as it is."""
    from thyrolearn.course.starter import start as begin

    done = begin(folder)
    kept = f", {len(done.kept)} were there and stay as they are" if done.kept else ""
    typer.echo(f"{done.folder}: {len(done.written)} lessons copied{kept}. Open index.ipynb in it.")


@app.command()
def prepare(
    name: Annotated[
        str | None, typer.Argument(help="One phantom cohort, such as stills; all when none is given.")
    ] = None,
) -> None:
    """Build the phantom cohorts that the lessons use; instant when they are there."""
    from thyrolearn.data.phantom import COHORTS, load_phantom

    for each in [name] if name else COHORTS:
        typer.echo(load_phantom(each))


@app.command()
def claims(
    lesson: Lesson,
    seeds: Annotated[int, typer.Option(help="How many seeds make the band.")] = 10,
    data: Data = None,
    root: Root = None,
    tier: Tier = None,
    device: Device = None,
) -> None:
    """Run a lesson with ten seeds and store the band of each of its claims; goes on where it was stopped."""
    from thyrolearn.course.bands import make_bands

    for band in make_bands(lesson, seeds, say=typer.echo, data=data, root=root, tier=tier, device=device):
        typer.echo(f"{band.low:.3f} to {band.high:.3f} (mean {band.mean:.3f}, sd {band.sd:.3f}): {band.statement}")


@app.command()
def measure(
    lessons: Annotated[list[str] | None, typer.Argument(help="Slugs; all lessons when none is given.")] = None,
) -> None:
    """Measure what lessons cost on this machine and store it for their headers."""
    from thyrolearn.course.measure import measure as run_all

    run_all(lessons, say=typer.echo)
