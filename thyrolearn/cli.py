"""The ``thyrolearn`` command: thin, for all the work is done by the rooms; what is heavy is imported when used."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from thyrolearn import __version__
from thyrolearn.errors import ThyrolearnError

__all__ = ["app", "main"]

INTERRUPTED = 130  # what a shell expects of a program that Ctrl-C ended

_OPTIONS: dict[str, Any] = {
    "no_args_is_help": True,
    "pretty_exceptions_enable": False,
    "add_completion": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
_ABOUT = "A course on deep learning for thyroid nodule ultrasound: for teaching, not for diagnosis."
# typer keeps a copy of click or uses the installed one, by version: this finds the right ClickException in both.
_UsageProblem: Any = typer.BadParameter.__mro__[2]
app = typer.Typer(help=_ABOUT, **_OPTIONS)
data_app = typer.Typer(help="Data sets: the phantom and the public ones.", **_OPTIONS)
phantom_app = typer.Typer(help="The phantom: synthetic frames whose truth is known.", **_OPTIONS)
literature_app = typer.Typer(help="The table of published studies.", **_OPTIONS)
app.add_typer(data_app, name="data")
app.add_typer(phantom_app, name="phantom")
app.add_typer(literature_app, name="literature")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Lesson = Annotated[str, typer.Argument(help="A lesson's slug, such as architectures/cnn.")]
Data = Annotated[str | None, typer.Option(help="phantom, or the name of a public data set.")]
Root = Annotated[Path | None, typer.Option(help="The folder that holds the public data set.")]
Tier = Annotated[str | None, typer.Option(help="lesson (a laptop) or full (patience).")]
Device = Annotated[str | None, typer.Option(help="auto, or a device by name.")]
Seed = Annotated[int, typer.Option(help="The seed of the random streams.")]


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


def _print(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


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


@app.command()
def outline(as_json: Json = False) -> None:
    """List the lessons with their measured minutes."""
    from thyrolearn import course

    lessons = course.outline()
    if as_json:
        return _print([lesson.row() for lesson in lessons])
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
        _print({"ready": not blocked, "findings": [finding.row() for finding in findings]})
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
def prepare(name: Annotated[str, typer.Argument(help="The phantom cohort to build.")] = "stills") -> None:
    """Build the phantom cohort that the lessons use; instant when it is there."""
    from thyrolearn import data

    typer.echo(data.load("phantom", name=name))


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


@app.command()
def train(
    task: Annotated[str, typer.Argument(help="classification or segmentation.")] = "classification",
    model: Annotated[str, typer.Option(help="A model's name; the task's own when none is given.")] = "",
    data: Data = None,
    root: Root = None,
    tier: Tier = None,
    device: Device = None,
    seed: Seed = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes; the tier says how many when none is given.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Keep the run in this folder; an interrupted one goes on.")] = None,
    as_json: Json = False,
) -> None:
    """Train a model and judge it on patients that were held out."""
    from thyrolearn import experiments, settings

    chosen = settings.current(data=data, root=root, tier=tier, device=device, seed=seed)
    experiment = experiments.Experiment(task, model, chosen.data, chosen.tier, seed=chosen.seed)
    done = experiments.run(experiment, root=chosen.root, epochs=epochs, out=out, device=chosen.device)
    _print_estimates(done.metrics["test"], as_json)


@app.command()
def evaluate(
    run: Annotated[Path, typer.Argument(help="The folder of a finished run.")],
    data: Data = None,
    root: Root = None,
    device: Device = None,
    as_json: Json = False,
) -> None:
    """Judge a finished run on another data set (for teaching, not for diagnosis)."""
    from thyrolearn import experiments

    _print_estimates(experiments.evaluate(run, data=data, root=root, device=device), as_json)


def _print_estimates(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        return _print({name: vars(estimate) for name, estimate in found.items()})
    for name, estimate in found.items():
        typer.echo(f"{name}: {estimate}")


@app.command()
def tirads(
    system: Annotated[str, typer.Argument(help="acr, eu, k, c, ai, or all.")],
    composition: Annotated[str, typer.Option(help="cystic, spongiform, mixed, solid, undetermined")],
    echogenicity: Annotated[str, typer.Option(help="anechoic, hyper, iso, hypo, veryhypo, undetermined")],
    shape: Annotated[str, typer.Option(help="wider, taller")],
    margin: Annotated[str, typer.Option(help="smooth, ill, undetermined, lobirr, ete")],
    foci: Annotated[list[str] | None, typer.Option(help="comet, macro, rim, pef; may be given several times")] = None,
    size_mm: Annotated[float | None, typer.Option("--size", help="Largest diameter in mm.")] = None,
    as_json: Json = False,
) -> None:
    """Score one nodule by a TI-RADS system (for teaching, not for diagnosis)."""
    from thyrolearn import tirads as rules

    described = rules.Descriptors.parse(composition, echogenicity, shape, margin, foci or ())
    one = system.lower()
    found = rules.compare(described, size_mm) if one == "all" else [rules.assess(one, described, size_mm)]
    if as_json:
        rows = [assessment.as_dict() for assessment in found]
        return _print(rows if one == "all" else rows[0])
    typer.echo("\n\n".join(str(assessment) for assessment in found))


@app.command()
def bench() -> None:
    """Time the phantom and a training step on this machine."""
    from thyrolearn import phantom
    from thyrolearn.course.measure import machine, speed

    _print({"machine": machine(), "training_steps_per_second": round(speed(3.0), 1), "phantom": phantom.benchmark()})


@data_app.command("list")
def data_list(as_json: Json = False) -> None:
    """List the data sets: those that lessons can read, and those that have a card only."""
    from thyrolearn import data

    readable, cards = data.names(), data.cards()
    rows = [
        {"name": name, "title": cards[name].title if name in cards else "", "readable": name in readable}
        for name in dict.fromkeys([*readable, *cards])
    ]
    if as_json:
        return _print(rows)
    for row in rows:
        typer.echo(f"{row['name']:<12} {row['title']}{'' if row['readable'] else ' (card only)'}".rstrip())


@data_app.command("show")
def data_show(name: Annotated[str, typer.Argument(help="The data set, such as ddti.")], as_json: Json = False) -> None:
    """Show a data set's card: size, labels and what they mean, terms, known defects, how to get it."""
    from thyrolearn import data

    card = data.card(name)
    _print(card.model_dump(mode="json")) if as_json else typer.echo(str(card))


@data_app.command("get")
def data_get(
    name: Annotated[str, typer.Argument(help="The data set.")],
    out: Annotated[Path, typer.Argument(help="The folder to download into.")],
) -> None:
    """Download a data set where its terms allow that, else print the steps to get it."""
    from thyrolearn import data

    got = data.get(name, out)
    typer.echo(got.steps if got.folder is None else f"{name} is in {got.folder}")


@data_app.command("check")
def data_check(
    name: Annotated[str, typer.Argument(help="The data set, such as ddti.")],
    root: Annotated[Path | None, typer.Argument(help="Its folder (default: THYROLEARN_ROOT).")] = None,
    as_json: Json = False,
) -> None:
    """Read a public set and report what is usable, and what was skipped and why."""
    from thyrolearn import data, settings

    report = data.check(name, root or settings.current().root)
    if as_json:
        return _print(report)
    typer.echo(f"{report['images']} images, {report['usable']} usable, {report['annotations']} annotations")
    for row in report["skipped"]:
        typer.echo(f"  skipped {row['file']}: {row['reason']}")


@data_app.command("prepare")
def data_prepare(
    name: Annotated[str, typer.Argument(help="The data set, such as ddti.")],
    root: Annotated[Path, typer.Argument(help="Its folder.")],
    out: Annotated[Path, typer.Argument(help="A new folder for the copy that opens at once.")],
) -> None:
    """Read a public set once and write a copy that opens at once; give that folder as --root from then on."""
    from thyrolearn import data

    cohort = data.load(name, root=root, unlabelled=True)
    typer.echo(f"{len(cohort)} cases in {data.prepare(cohort, out)}")


@phantom_app.command("make")
def phantom_make(
    out: Annotated[Path, typer.Argument(help="The folder to write.")],
    patients: Annotated[int, typer.Option(min=1, help="How many patients.")] = 20,
    seed: Seed = 0,
    size: Annotated[int, typer.Option(min=32, help="Rows and columns of a frame, pixels.")] = 256,
    clip: Annotated[bool, typer.Option(help="Write sweeps too.")] = False,
) -> None:
    """Write synthetic frames with masks and truth into a folder."""
    from tqdm import tqdm

    from thyrolearn import phantom

    drawn = phantom.patients(patients, seed)
    with tqdm(total=patients, desc="patients") as bar:
        phantom.write_folder(out, drawn, seed, size=size, clip=clip, progress=lambda *_: bar.update())
    typer.echo(f"Wrote {out}: synthetic images, for teaching, not for diagnosis.")


@phantom_app.command("sheet")
def phantom_sheet(
    out: Annotated[Path, typer.Argument(help="The picture to write (PNG).")],
    seed: Seed = 0,
) -> None:
    """Write one picture of many synthetic frames."""
    from thyrolearn import phantom

    phantom.contact_sheet(out, seed=seed)
    typer.echo(f"Wrote {out}: synthetic images, for teaching, not for diagnosis.")


@phantom_app.command("bench")
def phantom_bench() -> None:
    """Time the simulator."""
    from thyrolearn import phantom

    _print(phantom.benchmark())


@literature_app.command("check")
def literature_check() -> None:
    """Check the table of published studies against its rules."""
    from thyrolearn import literature

    studies = literature.load()
    typer.echo(f"{len(studies)} studies, no fault found.")
