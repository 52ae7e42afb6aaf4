"""The ``thyrolearn`` command: thin, for all the work is done by the rooms; what is heavy is imported when used."""

import sys
from typing import Annotated, Any

import typer

from thyrolearn import __version__
from thyrolearn.cli import data, lessons, literature, models, phantom
from thyrolearn.cli.options import group
from thyrolearn.errors import ThyrolearnError

__all__ = ["app", "main"]

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended

app = group("A course on deep learning for thyroid nodule ultrasound: for teaching, not for diagnosis.")
for part in (lessons, models):
    app.registered_commands += part.app.registered_commands
app.add_typer(data.app, name="data")
app.add_typer(phantom.app, name="phantom")
app.add_typer(literature.app, name="literature")
# typer keeps a copy of click or uses the installed one, by version: this finds the right ClickException in both.
_UsageProblem: Any = typer.BadParameter.__mro__[2]


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code: 0, 2 with one line on stderr, or 130 after Ctrl-C."""
    try:
        code = app(args=arguments, prog_name="thyrolearn", standalone_mode=False)
        sys.stdout.flush()
    except _UsageProblem as problem:
        if type(problem).__name__ == "NoArgsIsHelpError":
            typer.echo(problem.format_message())
            return 0
        return _complain(f"{problem.format_message().rstrip('.')}. See --help.", 2)
    except ThyrolearnError as problem:
        return _complain(str(problem), problem.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, such as head, has had enough
        sys.stderr.close()
        return 0
    except OSError as problem:  # a full disk, a folder without permission, a file that is a folder
        where = f"{problem.filename}: " if problem.filename else ""
        return _complain(f"{where}{problem.strerror or problem}. Check the path and its permissions.", 2)
    if code == INTERRUPTED:  # by version, typer raises or returns it
        return _complain("stopped. What was finished is kept; nothing is half-written.", INTERRUPTED)
    return code if isinstance(code, int) else 0


def _complain(line: str, code: int) -> int:
    print(f"thyrolearn: {' '.join(line.split())}", file=sys.stderr)
    return code


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"thyrolearn {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    pass
