"""Commands about the phantom."""

from pathlib import Path
from typing import Annotated

import typer

from thyrolearn.cli.options import Seed, group, print_json

__all__ = ["app"]

app = group("The phantom: synthetic frames whose truth is known.")


@app.command("make")
def phantom_make(
    out: Annotated[Path, typer.Argument(help="The folder to write.")],
    patients: Annotated[int, typer.Option(min=1, help="How many patients.")] = 20,
    seed: Seed = 0,
    size: Annotated[int, typer.Option(min=32, help="Rows and columns of a frame, pixels.")] = 256,
    clip: Annotated[bool, typer.Option(help="Write sweeps too.")] = False,
) -> None:
    """Write synthetic frames with masks and truth into a folder."""
    from thyrolearn import phantom

    phantom.write_folder(out, phantom.patients(patients, seed), seed, size=size, clip=clip, progress=True)
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
def phantom_bench() -> None:
    """Time the simulator."""
    from thyrolearn import phantom

    print_json(phantom.benchmark())
