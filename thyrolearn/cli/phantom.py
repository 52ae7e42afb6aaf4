"""Commands about the phantom."""

from pathlib import Path
from typing import Annotated

import typer

from thyrolearn.cli.options import Json, Seed, group, print_json

__all__ = ["app"]

app = group("The phantom: synthetic frames whose truth is known.")


@app.command("make")
def phantom_make(
    out: Annotated[Path, typer.Argument(help="The folder to write.")],
    patients: Annotated[int, typer.Option(min=1, help="How many patients.")] = 20,
    seed: Seed = 0,
    scanner: Annotated[str | None, typer.Option(help="One scanner, A to E, for all; else each patient's own.")] = None,
    size: Annotated[int, typer.Option(help="Rows and columns of a frame: a multiple of 64 from 64 to 1024.")] = 256,
    clip: Annotated[bool, typer.Option(help="Write sweeps too.")] = False,
) -> None:
    """Write synthetic frames with masks and truth into a folder."""
    from thyrolearn import phantom

    people = phantom.patients(patients, seed)
    phantom.write_folder(out, people, seed, scanner=scanner, size=size, clip=clip, progress=True)
    typer.echo(f"Wrote {out}: synthetic images, for teaching, not for diagnosis.")


@app.command("sheet")
def phantom_sheet(
    out: Annotated[Path, typer.Argument(help="The picture to write (PNG).")],
    seed: Seed = 0,
) -> None:
    """Write one picture of many synthetic frames."""
    from thyrolearn import phantom

    phantom.contact_sheet(out, seed=seed)
    typer.echo(f"Wrote {out}: synthetic images, for teaching, not for diagnosis.")


@app.command("bench")
def phantom_bench(
    frames: Annotated[int, typer.Option(min=1, help="Frames to take the median of.")] = 24,
    as_json: Json = False,
) -> None:
    """Time the simulator: milliseconds a frame, by size and by stage."""
    from thyrolearn import phantom

    found = phantom.benchmark(frames)
    if as_json:
        return print_json(found)
    names = {"256": "256 pixels", "512": "512 pixels", "clip": "a frame of a clip"}
    for name, value in found["ms_per_frame"].items():
        typer.echo(f"{names[name]:18}{value:8.1f} ms")
    for name, value in found["stages"].items():
        typer.echo(f"  of 256, {name:9}{value:8.1f} ms")
