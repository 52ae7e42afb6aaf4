"""Commands that train, judge, time and score."""

from pathlib import Path
from typing import Annotated, Any

import typer

from thyrolearn.cli.options import Data, Device, Json, Root, Seed, Tier, group, print_estimates, print_json

__all__ = ["app"]

app = group("Models.")


@app.command()
def train(
    task: Annotated[
        str, typer.Argument(help="classification, grading, segmentation, detection or video.")
    ] = "classification",
    model: Annotated[str, typer.Option(help="A model's name; the task's own when none is given.")] = "",
    data: Data = None,
    root: Root = None,
    tier: Tier = None,
    device: Device = None,
    seed: Seed = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes; the tier says how many when none is given.")
    ] = None,
    cpu_seconds: Annotated[
        float | None, typer.Option(min=1, help="Train for so long instead, in CPU seconds of this process.")
    ] = None,
    start: Annotated[Path | None, typer.Option(help="Begin with the weights of this finished run.")] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            min=0, help="Train so many times, each patient tested once; 0: once, on all cases, to be judged elsewhere."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Keep the run in this folder; an interrupted one goes on.")] = None,
    as_json: Json = False,
) -> None:
    """Train a model and judge it on patients that were held out.

    Masks and boxes on a public set, of which there are few frames, are judged in five folds; with --cpu-seconds all
    frames are trained on once, in that time, for `thyrolearn evaluate` on other patients. Else a fifth is held out.
    """
    from thyrolearn import experiments, settings

    chosen = settings.current(data=data, root=root, tier=tier, device=device, seed=seed)
    experiment = experiments.Experiment(task, model, chosen.data, chosen.tier, seed=chosen.seed)
    if folds is None:
        folds = experiments.folds_of(experiment, budgeted=cpu_seconds is not None)
    given: dict[str, Any] = {"root": chosen.root, "epochs": epochs, "cpu_seconds": cpu_seconds, "start": start}
    given |= {"out": out, "device": chosen.device}
    if folds:
        found = experiments.cross_validate(experiment, folds=folds, **given)
    else:
        if folds == 0:
            given["holdout"] = 0.0
        found = experiments.run(experiment, **given).metrics.get("test", {})
    if not found and not as_json:
        typer.echo("Trained on all cases: judge it on other patients with thyrolearn evaluate.", err=True)
    print_estimates(found, as_json)


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

    print_estimates(experiments.evaluate(run, data=data, root=root, device=device), as_json)


@app.command()
def bench() -> None:
    """Time the phantom and a training step on this machine."""
    from thyrolearn import phantom
    from thyrolearn.course.measure import machine, speed

    steps = round(speed(3.0), 1)
    print_json({"machine": machine(), "training_steps_per_second": steps, "phantom": phantom.benchmark()})


@app.command()
def tirads(
    system: Annotated[str, typer.Argument(help="acr, eu, k, c, ai, or all.")],
    composition: Annotated[str, typer.Option(help="cystic, spongiform, mixed, solid, undetermined")],
    echogenicity: Annotated[str, typer.Option(help="anechoic, hyper, iso, hypo, veryhypo, undetermined")],
    shape: Annotated[str, typer.Option(help="wider, taller")],
    margin: Annotated[str, typer.Option(help="smooth, ill, undetermined, lobirr, ete")],
    foci: Annotated[list[str] | None, typer.Option(help="comet, macro, rim, pef; may be given several times")] = None,
    size_mm: Annotated[float | None, typer.Option("--size-mm", "--size", help="Largest diameter in mm.")] = None,
    as_json: Json = False,
) -> None:
    """Score one nodule by a TI-RADS system (for teaching, not for diagnosis)."""
    from thyrolearn import tirads as rules

    described = rules.Descriptors.parse(composition, echogenicity, shape, margin, foci or ())
    one = system.lower()
    found = rules.compare(described, size_mm) if one == "all" else [rules.assess(one, described, size_mm)]
    if as_json:
        rows = [assessment.as_dict() for assessment in found]
        return print_json(rows if one == "all" else rows[0])
    typer.echo("\n\n".join(str(assessment) for assessment in found))
