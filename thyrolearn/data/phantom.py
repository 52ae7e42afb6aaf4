"""The phantom's named cohorts: how each comes onto the disk, and from there into a `Cohort`.

Frames are rendered once, by one helper process a core, into the user's cache, and opened from there. The
build can be stopped at any time and goes on where it was; two builds of one cohort wait for each other; a
new version of the simulator gets a folder of its own. All images are synthetic, for teaching, not for diagnosis.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from thyrolearn.data import store
from thyrolearn.data.case import Case, InMemory, boxes_of
from thyrolearn.data.cohort import Cohort
from thyrolearn.data.recipes import COHORTS, LATER, FrameRecipe, Part, Recipe, recipe_from
from thyrolearn.errors import SettingsError

__all__ = ["COHORTS", "FrameRecipe", "Part", "Recipe", "load_phantom", "folder_for", "recipe_from"]

SHARD = 96  # frames; two seconds of work, so little is lost on Ctrl-C
KEPT = 24 * 3600  # seconds that another version's cohort is left alone
LABEL_SOURCE = "phantom truth"


def folder_for(name: str, recipe: Recipe) -> Path:
    """The cache folder of a cohort; its name changes with recipe, simulator and layout."""
    from thyrolearn.phantom import SIM_VERSION
    from thyrolearn.settings import folders

    values = {name: value for name, value in asdict(recipe).items() if name not in LATER or value}
    text = json.dumps([values, SIM_VERSION, store.VERSION, SHARD], sort_keys=True)
    key = hashlib.sha256(text.encode()).hexdigest()[:12]
    return folders().cache / "phantom" / f"{name}-{key}"


def plan(recipe: Recipe) -> list[list[tuple[str, Any, Any, int]]]:
    """The frames of a cohort, shard by shard: (part, patient, nodule, frame number)."""
    from thyrolearn.phantom import patients

    frames = [
        (part.name, patient, nodule, number)
        for part in recipe.parts
        for patient in patients(
            part.patients,
            recipe.seed,
            scanners=part.scanners,
            prevalence=recipe.prevalence,
            difficulty=recipe.difficulty,
            first=part.first,
        )
        for nodule in patient.nodules
        for number in range(recipe.frames)
    ]
    shard = max(SHARD - SHARD % recipe.frames, recipe.frames) if recipe.sweep else SHARD  # no clip in two shards
    return [frames[i : i + shard] for i in range(0, len(frames), shard)]


def render_case(part: str, patient: Any, nodule: Any, number: int, recipe: Recipe) -> Case:
    """Render one frame and say all that is known of it."""
    if isinstance(recipe, FrameRecipe):
        from thyrolearn.data.phantom_frames import frame_case

        return frame_case(part, patient, nodule, recipe.seed, size=recipe.size, two_views=recipe.two_views)
    from thyrolearn.phantom import render

    frame = render(patient, nodule, number, recipe.seed, size=recipe.size)
    return case_of(frame, part=part)


def case_of(frame: Any, *, part: str = "main", source: str = "phantom") -> Case:
    """Turn a phantom `Frame` into a `Case`.

    >>> from thyrolearn import phantom
    >>> patient = phantom.patients(1, seed=0)[0]
    >>> from thyrolearn.phantom import render
    >>> case = case_of(render(patient, patient.nodules[0], 0, seed=0, size=128))
    >>> case.source, case.shape, case.label_source
    ('phantom', (128, 128), 'phantom truth')
    """
    known = _known(frame.patient, frame.nodule, part)
    known["raw"] |= {"frame": frame.number, "visible": round(float(frame.visible.sum() / max(frame.mask.sum(), 1)), 3)}
    return Case(
        id=f"p{frame.patient.number:06d}-n{frame.nodule.number}-f{frame.number}",
        source=source,
        pixels=InMemory(frame.image, frame.mask, f"{frame.sim_version}:{frame.seed}"),
        boxes=(tuple(float(v) for v in frame.box),) if frame.mask.any() else (),  # type: ignore[arg-type]
        view=frame.view,
        spacing_mm=tuple(float(v) for v in frame.spacing_mm),  # type: ignore[arg-type]
        size_mm=float(max(frame.diameters_mm)),
        **known,
    )


def cases_of(clip: Any, *, part: str = "main", source: str = "phantom") -> list[Case]:
    """Turn a phantom `Clip` into cases, one a frame as in the public clips; ``raw`` has ``frame`` and ``y_mm``.

    The first case's ``raw["contrast"]`` has the time-intensity curves of the nodule's contrast examination.

    >>> from thyrolearn import phantom
    >>> patient = phantom.patients(1, seed=0)[0]
    >>> from thyrolearn.phantom.cine import sweep
    >>> cases = cases_of(sweep(patient, patient.nodules[0], seed=0, frames=3, step_mm=None, size=64))
    >>> [case.raw["frame"] for case in cases], len({case.nodule for case in cases})
    ([0, 1, 2], 1)
    """
    known = _known(clip.patient, clip.nodule, part)
    raw = known.pop("raw") | {"volume_mm3": round(clip.extra["volume_mm3"], 1)}
    contrast = {"contrast": _contrast(clip.patient, clip.nodule, clip.seed)}
    return [
        Case(
            id=f"p{clip.patient.number:06d}-n{clip.nodule.number}-s{number:02d}",
            source=source,
            pixels=InMemory(image, mask, f"{clip.sim_version}:{clip.seed}"),
            boxes=boxes_of(mask, smallest=1)[:1],
            view=clip.view,
            spacing_mm=tuple(float(v) for v in clip.spacing_mm),  # type: ignore[arg-type]
            size_mm=clip.nodule.size_mm,
            raw=raw | {"frame": number, "y_mm": round(float(y), 3)} | ({} if number else contrast),
            **known,
        )
        for number, (image, mask, y) in enumerate(zip(clip.images, clip.masks, clip.y_mm, strict=True))
    ]


def _curves_case(part: str, patient: Any, nodule: Any, seed: int) -> Case:
    """A nodule by its contrast curves alone: the picture is that of `data.curves`, two rows."""
    from thyrolearn.data.sweeps import curves_picture
    from thyrolearn.phantom import SIM_VERSION

    known, contrast = _known(patient, nodule, part), _contrast(patient, nodule, seed)
    known["raw"] |= {"contrast": contrast}
    return Case(
        id=f"p{patient.number:06d}-n{nodule.number}-c",
        source="phantom",
        pixels=InMemory(curves_picture(contrast), None, f"{SIM_VERSION}:{seed}"),
        modality="contrast curves",
        size_mm=nodule.size_mm,
        **known,
    )


def _contrast(patient: Any, nodule: Any, seed: int) -> dict[str, Any]:
    from thyrolearn.phantom.perfusion import time_intensity

    curves = time_intensity(patient, nodule, seed)
    rounded = {name: np.round(getattr(curves, name), 3).tolist() for name in ("lesion", "gland")}
    return rounded | {"step_s": float(curves.times[1])}


def _known(patient: Any, nodule: Any, part: str) -> dict[str, Any]:
    """What is known of a nodule whatever the picture, as fields of a `Case`."""
    from thyrolearn.tirads import acr

    points = acr.points(nodule.truth)
    return {
        "patient": str(patient.number),
        "nodule": str(nodule.number),
        "label": nodule.label,
        "label_source": LABEL_SOURCE,
        "descriptors": nodule.truth,
        "readers": nodule.readers,
        "level": str(acr.level(points)),
        "points": points,
        "site": patient.site,
        "scanner": patient.scanner,
        "posterior": float(nodule.posterior),
        "raw": {
            "part": part,
            "histotype": nodule.histotype,
            "age": patient.age,
            "sex": patient.sex,
            "hashimoto": patient.hashimoto,
        },
        "notes": ("synthetic",),
    }


def build_shards(recipe: Recipe, folder: Path, numbers: Iterable[int]) -> Iterator[int]:
    """Render the shards ``numbers`` into ``folder``; yields each number of frames done."""
    shards = plan(recipe)
    for number in numbers:
        if not store.is_written(folder, number):
            store.write_shard(folder, number, _rendered(shards[number], recipe))
        yield len(shards[number])


def _rendered(frames: list[tuple[str, Any, Any, int]], recipe: Recipe) -> Iterator[Case]:
    from thyrolearn.phantom.cine import sweep

    for part, patient, nodule, number in frames:
        if recipe.curves:
            yield _curves_case(part, patient, nodule, recipe.seed)
        elif not recipe.sweep:
            yield render_case(part, patient, nodule, number, recipe)
        elif number == 0:
            size, frames_ = recipe.size, recipe.frames
            clip = sweep(patient, nodule, recipe.seed, frames=frames_, step_mm=None, size=size)
            yield from cases_of(clip, part=part)


def load_phantom(
    name: str = "stills", *, part: str | None = "main", workers: int | None = None, progress: bool = True
) -> Cohort:
    """Open the phantom cohort ``name``, building it first where it is not in the cache yet.

    ``part`` is "main" (scanners A, B, D), "held-out" (C, E) or None for both. ``workers`` helper processes
    render (default: one a core). Raises `SettingsError` for an unknown name and `DataError` where the cache
    cannot be written.
    """
    if name not in COHORTS:
        raise SettingsError(f"The phantom has no cohort {name!r}.", f"Choose one of {', '.join(COHORTS)}.")
    recipe = COHORTS[name]
    folder = folder_for(name, recipe)
    if not store.is_finished(folder):
        from thyrolearn.data.build import build

        build(name, recipe, folder, workers=workers, progress=progress)
    cohort = store.open_cohort(folder)
    if part is None:
        return cohort
    chosen = cohort.filter(lambda case: case.raw["part"] == part)
    if not len(chosen):
        names = ", ".join(repr(p.name) for p in recipe.parts)
        raise SettingsError(f"The cohort {name!r} has no part {part!r}.", f"Choose one of {names}, or None for all.")
    return chosen.named(f"phantom {name}" if part == "main" else f"phantom {name}, {part}")


def remove_older(folder: Path, name: str) -> None:
    """Remove builds of the same cohort by another simulator, unless they are young: two versions may be in use."""
    for other in folder.parent.glob(f"{name}-????????????"):
        if other != folder and other.is_dir() and time.time() - other.stat().st_mtime > KEPT:
            shutil.rmtree(other, ignore_errors=True)


def default_workers() -> int:
    """One helper a core that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
