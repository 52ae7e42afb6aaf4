"""Commands about data sets."""

from pathlib import Path
from typing import Annotated

import typer

from thyrolearn.cli.options import Json, group, print_json
from thyrolearn.errors import DataError

__all__ = ["app"]

app = group("Data sets: the phantom and the public ones.")


@app.command("list")
def data_list(as_json: Json = False) -> None:
    """List the data sets: those that lessons can read, and those that have a card only."""
    from thyrolearn import data

    readable, cards = data.names(), data.cards()
    rows = [
        {"name": name, "title": cards[name].title if name in cards else "", "readable": name in readable}
        for name in dict.fromkeys([*readable, *cards])
    ]
    if as_json:
        return print_json(rows)
    for row in rows:
        typer.echo(f"{row['name']:<12} {row['title']}{'' if row['readable'] else ' (card only)'}".rstrip())


@app.command("show")
def data_show(name: Annotated[str, typer.Argument(help="The data set, such as ddti.")], as_json: Json = False) -> None:
    """Show a data set's card: size, labels and what they mean, terms, known defects, how to get it."""
    from thyrolearn import data

    card = data.card(name)
    print_json(card.model_dump(mode="json")) if as_json else typer.echo(str(card))


@app.command("get")
def data_get(
    name: Annotated[str, typer.Argument(help="The data set.")],
    out: Annotated[Path | None, typer.Argument(help="The folder to download into (default: one of its name).")] = None,
) -> None:
    """Download a data set where its terms allow that, else print the steps to get it."""
    from thyrolearn import data

    got = data.get(name, out or Path(name))
    typer.echo(got.steps if got.folder is None else f"{name} is in {got.folder}")


@app.command("check")
def data_check(
    name: Annotated[str, typer.Argument(help="The data set, such as ddti.")],
    root: Annotated[Path | None, typer.Argument(help="Its folder (default: THYROLEARN_ROOT).")] = None,
    as_json: Json = False,
) -> None:
    """Read a public set and report what is usable, and what was skipped and why; end with 2 where a file is damaged."""
    from thyrolearn import data, settings

    report = data.check(name, root or settings.current().root)
    if as_json:
        print_json(report)
    else:
        typer.echo(f"{report['images']} images, {report['usable']} usable, {report['annotations']} annotations")
        for row in report["skipped"]:
            typer.echo(f"  skipped {row['file']}: {row['reason']}")
    if broken := report["damaged"]:
        more = f", and {len(broken) - 1} more (see the report)" if len(broken) > 1 else ""
        raise DataError(
            f"{broken[0]} is damaged{more}.", "Copy it again from the source, or take it out of the folder."
        )


@app.command("prepare")
def data_prepare(
    name: Annotated[str, typer.Argument(help="The data set, such as ddti.")],
    root: Annotated[Path, typer.Argument(help="Its folder.")],
    out: Annotated[Path, typer.Argument(help="A new folder for the copy that opens at once.")],
) -> None:
    """Read a public set once and write a copy that opens at once; give that folder as --root from then on."""
    from thyrolearn import data
    from thyrolearn.data.door import reader

    reader(name)  # refuses the phantom, which has no folder
    cohort = data.load(name, root=root, unlabelled=True)
    typer.echo(f"{len(cohort)} cases in {data.prepare(cohort, out)}")
