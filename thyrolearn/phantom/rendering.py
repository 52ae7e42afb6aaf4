"""One frame: neck, nodule, beam and display, with the truth beside the picture."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from thyrolearn.errors import ParameterError
from thyrolearn.phantom.acquisition import Draw, display, envelope, jpeg, recorded, shadows
from thyrolearn.phantom.anatomy import Layout, layout, paint_front, paint_longitudinal, paint_transverse
from thyrolearn.phantom.canvas import Canvas, new_canvas
from thyrolearn.phantom.fields import Array
from thyrolearn.phantom.lesion import Lesion, half_axes, paint_nodule, place
from thyrolearn.phantom.others import Neighbour, paint_others
from thyrolearn.phantom.records import Frame, Nodule, Other, Patient
from thyrolearn.phantom.scanner import Scanner, adjusted, get_scanner
from thyrolearn.seeding import normals, stream

__all__ = ["SIM_VERSION", "SIZES", "VIEWS", "Scene", "render", "scene"]

SIM_VERSION = "1.0.0"
SIZES = (64, 1024)
VIEWS = ("transverse", "longitudinal")
SIZE_MM = (2.0, 60.0)


@dataclass
class Scene:
    """Everything of a frame before the beam: the painted canvas, the nodule's place and the machine."""

    canvas: Canvas
    body: Layout
    lesion: Lesion
    where: tuple[slice, slice]
    distance: Array  # signed distance of the nodule over ``where``, mm
    scanner: Scanner
    view: str
    side: int
    half: tuple[float, float, float]
    facts: dict[str, object]
    loss_db: Array
    others: list[Neighbour] = field(default_factory=list)


def check_request(nodule: Nodule, number: int, size: int, view: str | None) -> None:
    if not (isinstance(size, (int, np.integer)) and SIZES[0] <= size <= SIZES[1] and size % 64 == 0):
        raise ParameterError(f"size={size!r} is not allowed.", f"Give a multiple of 64 from {SIZES[0]} to {SIZES[1]}.")
    if not SIZE_MM[0] <= nodule.size_mm <= SIZE_MM[1]:
        low, high = SIZE_MM
        raise ParameterError(
            f"A nodule of {nodule.size_mm:g} mm does not fit the neck.", f"Give size_mm from {low:g} to {high:g}."
        )
    if view not in (None, *VIEWS):
        raise ParameterError(f"There is no view {view!r}.", f"Choose one of {', '.join(VIEWS)}.")
    if number < 0:
        raise ParameterError(f"Frame number {number} is not allowed.", "Give 0 or more.")


def _spacing_check(spacing: tuple[float, float] | None) -> None:
    if spacing is not None and not all(0.02 <= s <= 1.0 for s in spacing):
        raise ParameterError(f"spacing_mm={spacing} is not allowed.", "Give (z, x) from 0.02 to 1 mm.")


def scene(
    patient: Patient,
    nodule: Nodule,
    number: int,
    seed: int,
    *,
    scanner: str | Scanner | None = None,
    size: int = 256,
    view: str | None = None,
    spacing_mm: tuple[float, float] | None = None,
    others: bool = False,
) -> Scene:
    """Paint the tissue of one frame, without the beam; arguments as in `render`."""
    check_request(nodule, number, size, view)
    _spacing_check(spacing_mm)
    machine = machine_of(patient, scanner, seed)
    key = (int(seed), patient.number, nodule.number, int(number))
    draw = choices(key)
    view = view or (VIEWS[number] if number < 2 else VIEWS[int(draw[0] > 0.6)])
    half = half_axes(nodule, seed, patient.number)
    body = layout(patient, nodule, half, seed)
    offset = 0.0 if number < 2 else 1.1 * (draw[1] - 0.5)
    lesion = place(nodule, body, seed, patient.number, view, offset)
    extent, centre = window(machine, lesion, body, view, draw, size, spacing_mm)
    side = 1 if body.oesophagus else -1
    canvas = new_canvas(key, (size, size), extent, centre, side if view == "transverse" else 1)
    paint_front(canvas, body, draw[4:])
    limits = (paint_transverse if view == "transverse" else paint_longitudinal)(canvas, body, patient)
    where, distance, facts = paint_nodule(canvas, lesion, nodule, patient, limits)
    own = (lesion, (where, distance))
    beside = paint_others(canvas, body, patient, nodule, int(seed), view, own, limits) if others else []
    slope = machine.deep_loss[0] + (machine.deep_loss[1] - machine.deep_loss[0]) * float(draw[2])
    loss = shadows(canvas, machine, body.onset_mm, slope * machine.frequency / 10, patient.attenuation)
    return Scene(canvas, body, lesion, where, distance, machine, view, side, half, facts, loss, beside)


def machine_of(patient: Patient, scanner: str | Scanner | None, seed: int) -> Scanner:
    """The scanner of a frame: a name (or None, the patient's own) gives the preset with the patient's settings."""
    machine = get_scanner(patient.scanner if scanner is None else scanner)
    if isinstance(scanner, Scanner):
        return machine
    return adjusted(machine, normals(stream(seed, patient.number, "machine"), (6,)))


def choices(key: tuple[int | str, ...]) -> np.ndarray:
    """Uniform numbers of the frame's own choices (view, plane, depth, position)."""
    return stream(*key, "frame").random(16)  # type: ignore[arg-type]


def window(
    machine: Scanner,
    lesion: Lesion,
    body: Layout,
    view: str,
    draw: np.ndarray,
    size: int,
    spacing_mm: tuple[float, float] | None,
) -> tuple[tuple[float, float], float]:
    """Depth and width of the frame, and the anatomical x of its middle, so that the nodule is in it."""
    low, high = machine.depth_mm
    depth = max(low + (high - low) * float(draw[3]), lesion.z + lesion.height + 6)
    width = max(machine.width_mm, 2.2 * lesion.width)
    if spacing_mm is not None:
        depth, width = size * spacing_mm[0], size * spacing_mm[1]
    middle = lesion.x * 0.6 + 12 * (float(draw[8]) - 0.5) + (3.0 if view == "transverse" else 0.0)
    room = max(width / 2 - lesion.width - 1.5, 0)
    return (depth, width), float(np.clip(middle, lesion.x - room, lesion.x + room))


def render(
    patient: Patient,
    nodule: Nodule,
    number: int,
    seed: int,
    *,
    scanner: str | Scanner | None = None,
    size: int = 256,
    overlays: str | Sequence[str] = "none",
    view: str | None = None,
    spacing_mm: tuple[float, float] | None = None,
    others: bool = False,
    timings: dict[str, float] | None = None,
) -> Frame:
    """Return frame ``number`` of ``nodule``: (size, size) uint8 with its masks, box and spacing.

    Frame 0 is transverse and frame 1 longitudinal through the middle; later ones vary. ``scanner`` overrides the
    patient's own: a name gives the preset with the patient's settings, a `Scanner` is used as it is. ``size`` is a
    multiple of 64 from 64 to 1024; pixels are not square unless ``spacing_mm`` asks
    for it. ``others`` paints the patient's other nodules of the same lobe, too, where they fit; `Frame.others` has a
    mask and a box for each. ``timings`` is filled with milliseconds by stage. Raises `ParameterError` for values
    outside their range. Same arguments, same pixels. Synthetic, for teaching, not for diagnosis.

    >>> from thyrolearn import phantom
    >>> patient = phantom.patients(1, seed=0)[0]
    >>> frame = render(patient, patient.nodules[0], 0, seed=0, size=64)
    >>> frame.image.shape, frame.image.dtype, bool(frame.mask.any())
    ((64, 64), dtype('uint8'), True)
    """
    clock = [time.perf_counter()]
    options = {"scanner": scanner, "size": size, "view": view, "spacing_mm": spacing_mm, "others": others}
    s = scene(patient, nodule, number, seed, **options)  # type: ignore[arg-type]
    clock.append(time.perf_counter())
    env = signal(s)
    clock.append(time.perf_counter())
    image = picture(s, env, patient)
    clock.append(time.perf_counter())
    frame = _record(s, image, patient, nodule, number, seed)
    if overlays not in ("none", (), None):
        from thyrolearn.phantom.overlays import burn

        frame = burn(frame, overlays)
    if timings is not None:
        for name, a, b in zip(("phantom", "signal", "display"), clock, clock[1:], strict=False):
            timings[name] = timings.get(name, 0) + 1e3 * (b - a)
    return frame


def signal(s: Scene, speckle: Array | None = None) -> Array:
    """Return the envelope of a scene, (2 x size, size); a sweep brings its own ``speckle``."""
    c = s.canvas
    weaken = np.exp(np.float32(-np.log(10) / 20) * s.loss_db)
    amplitude = np.exp(np.float32(np.log(10) / 20) * c.echo) * weaken
    at = np.nonzero(c.shine > 1e-3)
    phase = np.float32(4) * c.field("phase", (slice(0, c.echo.shape[0]), slice(0, c.echo.shape[1])), 0.5, 2.0)[at]
    strength = c.shine[at] * weaken[at]
    coherent = np.zeros(c.echo.shape, np.complex64)
    coherent.real[at], coherent.imag[at] = strength * np.cos(phase), strength * np.sin(phase)
    points = []
    for z, x, level in c.points:
        row, column = z / c.extent[0], (x - float(c.x[0, 0])) / (c._dx * c.x.shape[1])
        i, j = int(row * c.echo.shape[0]), int(column * c.echo.shape[1])
        if 0 <= i < c.echo.shape[0] and 0 <= j < c.echo.shape[1]:
            points.append((row, column, level * float(weaken[i, j])))
    return envelope(amplitude, coherent, points, c.extent, s.scanner, c.rng("speckle"), speckle)


def picture(s: Scene, env: Array, patient: Patient, draw_stage: Draw | None = None) -> np.ndarray:
    """Return the displayed frame, (size, size) uint8; ``draw_stage`` gives a sweep's frames noise of their own."""
    c = s.canvas
    draw = normals(c.rng("gain"), (6,))
    knots = np.array([0.0, 0.35, 0.7, 1.0]) * c.extent[0]
    curve = np.interp(c.z[:, 0], knots, 2.0 * draw[1:5]).astype(np.float32)
    gain = np.float32(patient.gain_db + 2.5 * draw[0]) + curve[:, None]
    stage = draw_stage or c.rng
    v = recorded(display(env, c.extent[0], s.scanner, gain, stage), c.extent[0], s.scanner, stage)
    if s.scanner.jpeg:
        v = jpeg(v, s.scanner.jpeg)
    return (v * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def _record(s: Scene, image: np.ndarray, patient: Patient, nodule: Nodule, number: int, seed: int) -> Frame:
    canvas, lit = s.canvas, np.ones(image.shape, bool)
    if canvas.stone is not None:  # in the shadow of a calcification: 10 dB or more lost
        lit = np.cumsum(canvas.stone, axis=0) * np.float32(0.2 * s.scanner.frequency * canvas.step[0]) < 10
    mask, box = _outline(lit.shape, s.where, s.distance)
    beside = [_outline(lit.shape, one.where, one.distance) for one in s.others]
    a, b, c = s.half
    facts = {**s.facts, "volume_mm3": float(4 / 3 * np.pi * a * b * c), "side": "left" if s.side > 0 else "right"}
    facts["scanner"] = s.scanner.name
    return Frame(
        image,
        mask,
        mask & lit,
        box,
        diameters_mm=(2 * a, 2 * b, 2 * c),
        spacing_mm=(float(canvas.step[0]), float(canvas.step[1])),
        view=s.view,
        patient=patient,
        nodule=nodule,
        number=number,
        seed=seed,
        sim_version=SIM_VERSION,
        extra=facts,
        others=tuple(Other(p.nodule, m, m & lit, at) for p, (m, at) in zip(s.others, beside, strict=True)),
    )


def _outline(
    shape: tuple[int, ...], where: tuple[slice, slice], distance: Array
) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """Mask of the nodule and its box (x0, y0, x1, y1); the box is all 0 where nothing of it is in view."""
    mask = np.zeros(shape, bool)
    mask[where] = distance < 0
    rows, cols = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not rows.size:
        return mask, (0.0, 0.0, 0.0, 0.0)
    return mask, (float(cols[0]), float(rows[0]), float(cols[-1] + 1), float(rows[-1] + 1))
