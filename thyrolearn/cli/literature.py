"""Commands about published studies."""

import typer

from thyrolearn.cli.options import group

__all__ = ["app"]

app = group("The table of published studies.")


@app.command("check")
def literature_check() -> None:
    """Check the table of published studies against its rules."""
    from thyrolearn import literature

    studies = literature.load()
    typer.echo(f"{len(studies)} studies, no fault found.")
