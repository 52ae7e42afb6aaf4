"""A second nodule in the frame, and a third: the patient's others of the same lobe, painted where they fit.

They use streams of their own and are clipped at the frame's own nodule, which therefore keeps its mask, and its
pixels but for the shadows of its neighbours.
"""

from dataclasses import dataclass, replace

import numpy as np

from thyrolearn.phantom.anatomy import Layout, Limit
from thyrolearn.phantom.canvas import Canvas
from thyrolearn.phantom.fields import Array
from thyrolearn.phantom.lesion import Lesion, paint_nodule, place
from thyrolearn.phantom.records import Nodule, Patient
from thyrolearn.seeding import stream

__all__ = ["Neighbour", "paint_others", "same_lobe"]

TRIES = 150
GAP_MM = 0.8
OFF_CENTRE = 0.96  # the plane need not cut a neighbour through its middle
LEAST_MM = 1.5  # semi-axis of the smallest cut that is worth painting


@dataclass(frozen=True)
class Neighbour:
    """One of the other nodules, where it was painted: its cut, its box on the canvas and the distance over it (mm)."""

    nodule: Nodule
    lesion: Lesion
    where: tuple[slice, slice]
    distance: Array


def same_lobe(patient: Patient, nodule: Nodule, seed: int) -> list[Nodule]:
    """Return the patient's other nodules on the side of ``nodule``, in order.

    >>> from thyrolearn import phantom
    >>> patient = max(phantom.patients(20, seed=0), key=lambda p: len(p.nodules))
    >>> everyone = [len(same_lobe(patient, n, 0)) for n in patient.nodules]
    >>> bool(max(everyone) < len(patient.nodules))
    True
    """

    def left(n: Nodule) -> bool:
        return bool(stream(seed, patient.number, n.number, "side").random() < 0.5)

    return [n for n in patient.nodules if n.number != nodule.number and left(n) == left(nodule)]


def paint_others(
    canvas: Canvas,
    body: Layout,
    patient: Patient,
    nodule: Nodule,
    seed: int,
    view: str,
    own: tuple[Lesion, Limit],
    limits: dict[str, Limit],
) -> list[Neighbour]:
    """Paint the others of the lobe that find room beside ``own``: the frame's nodule and its signed distance."""
    taken, limits, found = [own[0]], {**limits, "own": own[1]}, []
    for other in same_lobe(patient, nodule, seed):
        lesion = _find_room(canvas, body, patient, nodule, other, seed, view, taken)
        if lesion is None:
            continue
        page = replace(canvas, key=(*canvas.key[:2], other.number, *canvas.key[2:], "beside"))
        where, distance, _ = paint_nodule(page, lesion, other, patient, limits)
        canvas.stone = page.stone  # the maps and the points are shared, this one may be new
        if (distance < 0).any():
            found.append(Neighbour(other, lesion, where, distance))
            taken.append(lesion)
            limits[f"other {other.number}"] = (where, distance)
    return found


def _find_room(
    canvas: Canvas,
    body: Layout,
    patient: Patient,
    nodule: Nodule,
    other: Nodule,
    seed: int,
    view: str,
    taken: list[Lesion],
) -> Lesion | None:
    """A cut of ``other`` inside lobe and frame and clear of those ``taken``, or None where there is no room."""
    rng = stream(seed, patient.number, nodule.number, "others", other.number, view)
    middle = 0.0 if view == "transverse" else 16 * (float(canvas.rng("frame-anatomy").random(16)[5]) - 0.5)
    width = body.lobe_width if view == "transverse" else body.lobe_length
    whole = place(other, body, seed, patient.number, view)
    for off, across, down in (2 * rng.random((TRIES, 3)) - 1).tolist():
        share = float(np.sqrt(1 - (OFF_CENTRE * off) ** 2))
        height, wide = whole.height * share, whole.width * share
        x = middle + across * max(width - wide, 0)
        z = body.centre + down * max(body.lobe_height - height, 0)
        at = replace(whole, z=z, x=x, height=height, width=wide, share=share, off_mm=OFF_CENTRE * off * whole.third)
        fits = min(height, wide) > LEAST_MM and _in_frame(canvas, at) and _in_lobe(at, body, middle, width)
        if fits and all(_apart(at, one) for one in taken):
            return at
    return None


def _in_frame(canvas: Canvas, lesion: Lesion) -> bool:
    ends = sorted((float(canvas.x[0, 0]), float(canvas.x[0, -1])))
    across = ends[0] + 1 < lesion.x - lesion.width and lesion.x + lesion.width < ends[1] - 1
    return across and lesion.z + lesion.height < canvas.extent[0] - 1


def _in_lobe(lesion: Lesion, body: Layout, middle: float, width: float) -> bool:
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    x = (lesion.x - middle + lesion.width * np.cos(angle)) / width
    z = (lesion.z - body.centre + lesion.height * np.sin(angle)) / body.lobe_height
    return bool((x * x + z * z <= 1.0).all())


def _apart(a: Lesion, b: Lesion) -> bool:
    """True where the two ellipses, along the line between their middles, leave a gap."""
    dz, dx = b.z - a.z, b.x - a.x
    far = float(np.hypot(dz, dx)) + 1e-9
    reach = sum(1 / np.hypot(dz / far / n.height, dx / far / n.width) for n in (a, b))
    return bool(far > 1.1 * reach + GAP_MM)
