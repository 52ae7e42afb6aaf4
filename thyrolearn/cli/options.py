"""What the commands share: options with their help, and how they print."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from thyrolearn.evaluation import Estimate

__all__ = ["Data", "Device", "Json", "Lesson", "Root", "Seed", "Tier", "group", "print_estimates", "print_json"]

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Lesson = Annotated[str, typer.Argument(help="A lesson's slug, such as architectures/cnn.")]
Data = Annotated[str | None, typer.Option(help="phantom, or the name of a public data set.")]
Root = Annotated[Path | None, typer.Option(help="The folder that holds the public data set.")]
Tier = Annotated[str | None, typer.Option(help="lesson (a laptop) or full (patience).")]
Device = Annotated[str | None, typer.Option(help="auto, or a device by name.")]
Seed = Annotated[int, typer.Option(min=0, help="The seed of the random streams.")]


def group(about: str) -> typer.Typer:
    """A group of commands: help for the asking, no traceback dressed up, no shell completion to install."""
    names: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
    return typer.Typer(
        help=about,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings=names,
    )


def print_json(value: object) -> None:
    """Print ``value`` as JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_estimates(found: "Mapping[str, Estimate]", as_json: bool) -> None:
    """Print measured values with their intervals, one a line."""
    if as_json:
        return print_json({name: vars(estimate) for name, estimate in found.items()})
    for name, estimate in found.items():
        typer.echo(f"{name}: {estimate}")
