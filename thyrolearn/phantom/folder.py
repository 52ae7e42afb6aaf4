"""A cohort as a folder that any program can read: PNG frames and masks, a table, a datasheet."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from thyrolearn.errors import DataError, ParameterError
from thyrolearn.files import replacing, writable_folder, write_text
from thyrolearn.phantom.records import Frame, Patient
from thyrolearn.phantom.rendering import SIM_VERSION, check_request, render
from thyrolearn.phantom.scanner import get_scanner

__all__ = ["datasheet", "row_of", "write_folder"]


def write_folder(
    out: str | Path,
    patients: Sequence[Patient],
    seed: int,
    scanner: str | None = None,
    size: int = 256,
    clip: bool = False,
    progress: bool = False,
) -> Path:
    """Write the frames of ``patients`` under ``out`` and return that folder.

    ``images/`` and ``masks/`` hold 8-bit PNG, ``cases.csv`` one row a frame, ``card.yml`` the datasheet. With ``clip``
    each nodule is a sweep of 30 frames in a folder of its own instead of single frames. Every file is written beside
    and renamed, so an interrupted run leaves no half file and may be started again: same arguments, same bytes.
    ``progress`` shows a bar. Raises, before anything is written, `ParameterError` for an unknown scanner, a size that
    `render` refuses or no patients, and `DataError` for a folder that cannot be written, holds other files or frames
    made with other arguments.

    >>> import tempfile
    >>> from thyrolearn import phantom
    >>> with tempfile.TemporaryDirectory() as out:
    ...     folder = write_folder(out, phantom.patients(1, seed=0), seed=0, size=64)
    ...     sorted(path.name for path in folder.iterdir())
    ['card.yml', 'cases.csv', 'images', 'masks']
    """
    if not patients:
        raise ParameterError("No patients were given.", "Give 1 or more.")
    if scanner is not None:
        get_scanner(scanner)
    for nodule in (n for p in patients for n in p.nodules):
        check_request(nodule, 0, size, None)
    total = sum(1 if clip else n.frames for p in patients for n in p.nodules)
    folder = _folder_for(out, datasheet(patients, seed, scanner, size, total, clip))
    work: Any = _clips(patients, seed, scanner, size) if clip else _frames(patients, seed, scanner, size)
    if progress:
        from tqdm import tqdm

        work = tqdm(work, total=total, unit="clip" if clip else "frame", desc="phantom")
    rows = []
    for name, pictures, masks, row in work:
        for i, (picture, mask) in enumerate(zip(pictures, masks, strict=True)):
            part = f"{name}/{i:03d}.png" if clip else f"{name}.png"
            _save(folder / "images" / part, picture)
            _save(folder / "masks" / part, mask.astype(np.uint8) * np.uint8(255))
        rows.append({"file": name if clip else f"{name}.png", **row})
    write_text(folder / "cases.csv", _table(rows))
    return folder


def _folder_for(out: str | Path, card: str) -> Path:
    """Return the folder, made, with its card; a folder of something else is refused, one begun with it goes on."""
    folder = writable_folder(out)
    if strangers := sorted({path.name for path in folder.iterdir()} - {"images", "masks", "cases.csv", "card.yml"}):
        raise DataError(f"{out} holds other files, such as {strangers[0]}.", "Choose a new folder.")
    there = folder / "card.yml"
    if any(folder.iterdir()) and not (there.is_file() and there.read_text(encoding="utf-8") == card):
        raise DataError(f"{out} holds frames that were made with other arguments.", "Choose a new folder.")
    write_text(there, card)  # first, so that an interrupted run is known again; the table comes last
    for name in ("images", "masks"):
        writable_folder(folder / name)
    return folder


def _frames(patients: Sequence[Patient], seed: int, scanner: str | None, size: int) -> Iterator[tuple]:
    for patient in patients:
        for nodule in patient.nodules:
            for number in range(nodule.frames):
                frame = render(patient, nodule, number, seed, scanner=scanner, size=size)
                name = f"p{patient.number:06d}-n{nodule.number}-f{number}"
                yield name, [frame.image], [frame.mask], row_of(frame)


def _clips(patients: Sequence[Patient], seed: int, scanner: str | None, size: int) -> Iterator[tuple]:
    from thyrolearn.phantom.cine import sweep

    for patient in patients:
        for nodule in patient.nodules:
            clip = sweep(patient, nodule, seed, scanner=scanner, size=size)
            middle = render(patient, nodule, 0, seed, scanner=scanner, size=size)
            yield f"p{patient.number:06d}-n{nodule.number}", clip.images, clip.masks, row_of(middle)


def _save(path: Path, pixels: np.ndarray) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        Image.fromarray(pixels).save(part, format="PNG", optimize=False)


def row_of(frame: Frame) -> dict[str, Any]:
    """Return the table's row of one frame: truth, readers, geometry and provenance.

    >>> from thyrolearn import phantom
    >>> patient = phantom.patients(1, seed=0)[0]
    >>> row_of(phantom.render(patient, patient.nodules[0], 0, seed=0, size=64))["view"]
    'transverse'
    """
    from thyrolearn.tirads import acr

    patient, nodule = frame.patient, frame.nodule
    points = acr.points(nodule.truth)
    words = {k: " ".join(v) if isinstance(v, list) else v for k, v in nodule.truth.words().items()}
    readings = {f"reader_{i + 1}": " / ".join(_flat(r.words())) for i, r in enumerate(nodule.readers)}
    transverse, height, along = frame.diameters_mm
    return {
        "patient": patient.number, "nodule": nodule.number, "frame": frame.number, "view": frame.view,
        "site": patient.site, "scanner": frame.extra["scanner"], "age": patient.age, "sex": patient.sex,
        "label": nodule.label, "histotype": nodule.histotype, "posterior": round(nodule.posterior, 6),
        **words, **readings,
        "points": points, "level": acr.level(points), "size_mm": round(nodule.size_mm, 2),
        "transverse_mm": round(transverse, 2), "ap_mm": round(height, 2), "longitudinal_mm": round(along, 2),
        "spacing_z_mm": round(frame.spacing_mm[0], 6), "spacing_x_mm": round(frame.spacing_mm[1], 6),
        **dict(zip(("x0", "y0", "x1", "y1"), frame.box, strict=True)),
        "seed": frame.seed, "sim_version": frame.sim_version,
    }  # fmt: skip


def _flat(words: dict[str, str | list[str]]) -> list[str]:
    return [" ".join(v) or "none" if isinstance(v, list) else v for v in words.values()]


def _table(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def datasheet(
    patients: Sequence[Patient], seed: int, scanner: str | None, size: int, rows: int, clip: bool = False
) -> str:
    """Return the datasheet as YAML text, counted from the patients and read off the code.

    >>> from thyrolearn import phantom
    >>> print(datasheet(phantom.patients(2, seed=0), 0, "A", 256, 4).splitlines()[0])
    name: thyrolearn phantom
    """
    import yaml

    nodules = [n for p in patients for n in p.nodules]
    used = sorted({scanner} if scanner else {p.scanner for p in patients})
    machines = {
        name: {
            "frequency_mhz": get_scanner(name).frequency,
            "dynamic_range_db": get_scanner(name).range_db,
            "looks": get_scanner(name).looks,
            "depth_mm": list(get_scanner(name).depth_mm),
        }
        for name in used
    }
    card = {
        "name": "thyrolearn phantom",
        "what": "Synthetic B-mode ultrasound of thyroid nodules, drawn by a simulator; no image of a person.",
        "use": "For teaching, not for diagnosis; no evidence of clinical performance.",
        "sim_version": SIM_VERSION,
        "seed": seed,
        "patients": len(patients),
        "nodules": len(nodules),
        "malignant": sum(n.label for n in nodules),
        "rows": rows,
        "unit": "clip of 30 frames" if clip else "frame",
        "pixels": [size, size],
        "truth": "Label, histotype, descriptors, mask and posterior are the generator's own; readers are simulated.",
        "scanners": machines,
        "licence": "CC-BY-4.0",
    }
    return yaml.safe_dump(card, sort_keys=False, width=110)
