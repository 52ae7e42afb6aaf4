"""The neck around the nodule, in the transverse and the longitudinal view.

Numbers are drawn once for a patient (`Layout`), so that frames of one patient look alike; warps and textures
are drawn for each frame. Layers, lengths and levels were chosen by looking at real frames.
"""

from dataclasses import dataclass

import numpy as np

from thyrolearn.phantom.canvas import Canvas
from thyrolearn.phantom.fields import Array, ellipse, smooth_union, soft
from thyrolearn.phantom.records import Nodule, Patient
from thyrolearn.seeding import stream

__all__ = [
    "Layout",
    "layout",
    "paint_front",
    "paint_longitudinal",
    "paint_transverse",
    "vessel_axes",
    "vessel_distances",
]

Limit = tuple[tuple[slice, slice], Array]  # a box on the canvas and a signed distance over it
CONNECTIVE, FAT, MUSCLE, GLAND, VESSEL, AIRWAY, BONE = range(7)


@dataclass(frozen=True)
class Layout:
    """Where things are in one patient's neck, mm; x = 0 is the middle of the lobe, x > 0 towards the trachea."""

    skin: float
    fat: float
    muscle: float
    fat_db: float
    muscle_db: float
    lobe_height: float  # semi-axis
    lobe_width: float  # semi-axis, transverse
    lobe_length: float  # semi-axis, longitudinal
    isthmus: float
    trachea: float  # radius
    trachea_flat: float
    ring_mm: float
    ring_db: float
    air_db: float
    loose_db: float
    septa_db: float
    striae_db: float
    carotid: float
    carotid_drop: float
    jugular: tuple[float, float]
    bone_gap: float
    coarse_db: float
    fine_db: float
    onset_mm: float
    oesophagus: bool

    @property
    def top(self) -> float:
        """Depth of the front of the gland, mm."""
        return self.skin + self.fat + self.muscle

    @property
    def centre(self) -> float:
        """Depth of the middle of the lobe, mm."""
        return self.top + self.lobe_height


def layout(patient: Patient, nodule: Nodule, half: tuple[float, float, float], seed: int) -> Layout:
    """Draw the numbers of ``patient``'s neck; the lobe is swollen where the nodule needs it.

    ``half`` holds the semi-axes (transverse, antero-posterior, longitudinal) of the nodule in mm.
    """
    u = stream(seed, patient.number, "anatomy").random(32)

    def between(i: int, low: float, high: float) -> float:
        return float(low + (high - low) * u[i])

    t, side = patient.thickness, stream(seed, patient.number, nodule.number, "side").random()
    return Layout(
        skin=between(0, 0.8, 1.3),
        fat=between(1, 1.0, 3.6) * t,
        muscle=between(2, 2.2, 5.2) * t,
        fat_db=between(3, -8.0, -3.0),
        muscle_db=between(4, -13.0, -7.0),
        lobe_height=max(between(5, 6.2, 9.2), half[1] + between(25, 1.0, 4.0)),
        lobe_width=max(between(6, 7.5, 10.5), half[0] + between(26, 1.0, 4.0)),
        lobe_length=max(between(7, 20, 30), half[2] + 3),
        isthmus=between(8, 2.0, 4.2),
        trachea=between(9, 7.5, 9.5),
        trachea_flat=between(10, 0.8, 1.0),
        ring_mm=between(11, 1.4, 2.4),
        ring_db=between(20, 1.0, 8.0),
        air_db=between(21, 3.0, 13.0),
        loose_db=between(22, -7.5, 0.5),
        septa_db=between(23, 4.0, 10.0),
        striae_db=between(24, 5.0, 10.0),
        carotid=between(12, 2.7, 3.6),
        carotid_drop=between(13, -1.0, 4.0),
        jugular=(between(14, 0.8, 2.8), between(15, 3.0, 6.0)),
        bone_gap=between(16, 4.5, 9.0),
        coarse_db=between(17, 0.8, 2.0) * patient.heterogeneity,
        fine_db=between(18, 0.9, 1.9) * min(patient.heterogeneity, 1.5),
        onset_mm=between(19, 18, 28),
        oesophagus=side < 0.5,
    )


def paint_front(canvas: Canvas, body: Layout, frame: np.ndarray) -> None:
    """Paint skin and subcutaneous fat, the same in both views."""
    top = canvas.box(0, body.skin + body.fat + 4, -1e3, 1e3)
    z = canvas.z[top[0]] + 0.15 * (canvas.zw[top] - canvas.z[top[0]])
    streak = 7 * np.maximum(canvas.field("fat", top, 0.3, 4.0) - 0.6, 0)
    canvas.paint(top, canvas.zw[top] - (body.skin + body.fat), body.fat_db + streak, 0.5, 0.2, FAT)
    canvas.paint(top, z - body.skin, 2.0, 0.65, 0.1, CONNECTIVE)
    for copy in range(4):
        depth = 0.18 + copy * (0.5 + 0.3 * float(frame[0]))
        canvas.line(top, z - depth, 10 * 0.6**copy, 0.09, 1, 0.25, shine=1.6 * 0.5**copy)
    canvas.line(top, z - body.skin, 6, 0.14, 1, 0.3, shine=0.4)
    canvas.line(top, canvas.zw[top] - (body.skin + body.fat), 8, 0.16, 2, 1.0, shine=0.5)


def _striae(canvas: Canvas, name: str, where: tuple[slice, slice], length: float, gain: float, floor: float) -> Array:
    return np.float32(gain) * np.maximum(canvas.layered(name, where, 0.28, length) - np.float32(floor), 0)


def _connective(canvas: Canvas, body: Layout) -> None:
    """Texture of what is not painted: loose tissue with short bright septa."""
    whole = (slice(0, canvas.echo.shape[0]), slice(0, canvas.echo.shape[1]))
    canvas.echo[...] = body.loose_db + 2.0 * canvas.field("loose", whole, 1.8, 3.0)
    canvas.echo += _striae(canvas, "septa", whole, 2.8, body.septa_db, 0.7)


def _gland(canvas: Canvas, body: Layout, patient: Patient, s: Array, where: tuple[slice, slice]) -> None:
    """Paint the gland inside ``s`` with its texture, rare vessels and a broken capsule."""
    texture = body.coarse_db * canvas.field("gland-coarse", where, 2.2)
    texture += 0.6 * body.coarse_db * canvas.field("gland-middle", where, 0.8)
    texture += body.fine_db * canvas.field("gland-fine", where, 0.45, 1.0)
    texture += patient.parenchyma_db
    if patient.hashimoto:
        texture += _striae(canvas, "fibrosis", where, 2.0, 5.0, 0.9)
    vessel = np.minimum(np.abs(canvas.field("vessels", where, 1.6)) / 0.10, 4)
    vessel += 3 * np.maximum(2.1 - canvas.field("vessels-where", where, 2.2), 0)
    texture -= 14 * soft(vessel - 1, 0.3)
    canvas.paint(where, s, texture, 0.62, 0.2, GLAND)
    canvas.line(where, s, 6.5, 0.16, 2, 1.1, shine=0.35)


def paint_transverse(canvas: Canvas, body: Layout, patient: Patient) -> dict[str, Limit]:
    """Paint the transverse view; return the signed distances that a nodule must respect."""
    frame = canvas.rng("frame-anatomy").random(16)
    centre, top = body.centre, body.top
    _connective(canvas, body)
    _transverse_muscles(canvas, body, frame)

    tx, tz = body.lobe_width * 0.80 + body.trachea, top + body.isthmus + body.trachea * body.trachea_flat + 0.3
    _behind_transverse(canvas, body, frame)
    where = canvas.box(top - 3, max(centre + body.lobe_height, tz) + 4, -body.lobe_width - 3, tx + 2.3 * body.trachea)
    z, x = canvas.zw[where], canvas.xw[where]
    airway = ellipse(z - tz, x - tx, body.trachea * body.trachea_flat, body.trachea)
    lobe = ellipse(z - centre + 0.12 * x, x, body.lobe_height, body.lobe_width)
    shell = np.abs(airway - body.isthmus / 2) - body.isthmus / 2
    shell = np.maximum(shell, (z - tz) * np.float32(0.8) + 1.5)
    gland = smooth_union(lobe, shell, 2.0)
    gland = np.maximum(gland, 0.25 - airway)
    _gland(canvas, body, patient, gland, where)
    _trachea(canvas, body, tz, tx)
    at, carotid = _vessels(canvas, body, frame)
    return {"airway": (where, airway), "carotid": (at, carotid)}


def _transverse_muscles(canvas: Canvas, body: Layout, frame: np.ndarray) -> None:
    base, top = body.skin + body.fat, body.top
    thick = top - base
    bellies = [  # centre z, x, semi-axes z, x: sternocleidomastoid, sternohyoid, sternothyroid
        (base + 0.9 * thick + 1.0, -body.lobe_width - 7.5, 0.75 * thick + 2.2, 11.0),
        (base + 0.32 * thick, 2.0 + 3 * frame[1], 0.30 * thick, 9.0 + 3 * frame[2]),
        (base + 0.74 * thick, -0.5 + 3 * frame[3], 0.25 * thick, 8.0 + 3 * frame[4]),
        (base + 0.32 * thick, 24 + 3 * frame[1], 0.30 * thick, 9.0 + 2 * frame[5]),
    ]
    for i, (cz, cx, height, width) in enumerate(bellies):
        where = canvas.box(cz - height - 2, cz + height + 2, cx - width - 2, cx + width + 2)
        s = ellipse(canvas.zw[where] - cz, canvas.xw[where] - cx, height, width)
        echo = body.muscle_db + _striae(canvas, f"striae-{i}", where, 1.8, body.striae_db, 0.9)
        canvas.paint(where, s, echo, 0.85, 0.2, MUSCLE)
        canvas.line(where, s, 8, 0.15, 3, 1.1, shine=0.4)


def _behind_transverse(canvas: Canvas, body: Layout, frame: np.ndarray) -> None:
    """Longus colli, prevertebral fascia, vertebra and, on the left, the oesophagus."""
    back = body.centre + body.lobe_height
    cz, cx, height, width = back + 3.2, 2.5 * (frame[6] - 0.5), 3.0 + frame[7], 9.0 + 3 * frame[8]
    where = canvas.box(cz - height - 2, cz + height + 2, cx - width - 2, cx + width + 2)
    s = ellipse(canvas.zw[where] - cz, canvas.xw[where] - cx, height, width)
    echo = body.muscle_db - 0.5 + _striae(canvas, "longus", where, 1.8, body.striae_db, 0.9)
    canvas.paint(where, s, echo, 0.65, 0.25, MUSCLE)
    canvas.line(where, s, 7, 0.18, 2, 1.4, shine=0.25)
    if body.oesophagus:
        cz, cx = back + 0.5, body.lobe_width * 0.9 + 1.0
        where = canvas.box(cz - 5, cz + 5, cx - 6, cx + 6)
        s = ellipse(canvas.zw[where] - cz, canvas.xw[where] - cx, 2.6, 4.2)
        canvas.paint(where, s, -11.0, 0.7, 0.25, MUSCLE)
        canvas.paint(where, s + 1.4, 0.0, 0.7, 0.35, MUSCLE)
    _bone(canvas, back + body.bone_gap - 2.0, 0.018, body.lobe_width + 4.0 + 4 * frame[9])


def _bone(canvas: Canvas, depth: float, curve: float, cx: float) -> None:
    """A vertebra's surface: a bright broken line and shadow below it."""
    bend = canvas.field("bone", (slice(0, 4), slice(0, canvas.echo.shape[1])), 50, 4.0)[:1]
    surface = depth + np.minimum(curve * (canvas.x - cx) ** 2, 9) + 0.8 * bend
    where = canvas.box(depth - 4, 1e3, -1e3, 1e3)
    s = surface - (0.4 * canvas.zw + 0.6 * canvas.z)[where]
    canvas.paint(where, s, -9 + 3 * canvas.field("behind-bone", where, 1.0, 3.0), 1.1, 0.4, BONE)
    canvas.line(where, s, 11, 0.32, 2, 1.0, shine=0.8)


def _trachea(canvas: Canvas, body: Layout, tz: float, tx: float) -> None:
    """Cartilage, the air interface in front, and below it the dirty shadow with its reverberations."""
    r, flat = body.trachea, body.trachea * body.trachea_flat
    where = canvas.box(tz - flat - 1, 1e3, tx - r - 2, tx + r + 2)
    dz, dx = canvas.zw[where] - tz, canvas.xw[where] - tx
    wall = np.maximum(ellipse(dz, dx, flat, r), -dz - flat)
    cartilage = -11 + 3 * canvas.field("cartilage", where, 0.8, 2.0)
    canvas.paint(where, np.where(dz < 0, wall, np.abs(dx) - r), cartilage, 0.9, 0.4, AIRWAY)
    inner = r - 1.4
    arch = (flat - 1.4 + 0.25 * canvas.field("rim", where, 6.0, 3.0)) * np.sqrt(np.maximum(1 - (dx / inner) ** 2, 0.02))
    below = dz + arch  # depth past the air interface, mm
    lumen = np.maximum(np.abs(dx) - inner, -below)
    rings = body.ring_db * np.exp(-np.maximum(below, 0) / 4) * np.cos(2 * np.pi * below / body.ring_mm)
    dirt = canvas.field("dirt", where, 0.8, 2.2)
    echo = -7 - 0.9 * np.maximum(below, 0) + rings * (1 + 0.4 * dirt)
    canvas.paint(where, lumen, np.maximum(echo, -24) + 3 * dirt, 0.75, 0.55, AIRWAY)
    facing = np.clip(1.25 - (dx / inner) ** 2 * 1.6, 0, 1)
    canvas.line(where, -below, body.air_db, 0.3, 1, 0.8, shine=0.12 * body.air_db, near=facing.astype(np.float32))


def vessel_axes(body: Layout, frame: np.ndarray) -> tuple[float, float, float, float, float, float, float]:
    """Carotid: centre z, x and radius; jugular: centre z, x and semi-axes z, x; mm, before the warp."""
    r, (height, width) = body.carotid, body.jugular
    cz, cx = body.centre + body.carotid_drop * 0.8, -body.lobe_width - r - 0.3 - 1.2 * frame[10]
    jz, jx = cz - r - height * 0.6 - 0.8 + 1.5 * frame[11], cx - r * 0.6 - width * 0.8
    return cz, cx, r, min(jz, cz - 0.3 * r), jx, height, width


def vessel_distances(canvas: Canvas, body: Layout, frame: np.ndarray) -> tuple[tuple[slice, slice], Array, Array]:
    """Signed distances of carotid and jugular, kept 1 mm apart, and their box; they take 30 % of the warp."""
    cz, cx, r, jz, jx, height, width = vessel_axes(body, frame)
    where = canvas.box(jz - height - 3, cz + r + 3, jx - width - 3, cx + r + 3)
    z = 0.3 * canvas.zw[where] + 0.7 * canvas.z[where[0]]
    x = 0.3 * canvas.xw[where] + 0.7 * canvas.x[:, where[1]]
    carotid = ellipse(z - cz, x - cx, r * 0.96, r)
    return where, carotid, np.maximum(ellipse(z - jz, x - jx, height, width), 1.0 - carotid)


def _vessels(canvas: Canvas, body: Layout, frame: np.ndarray) -> Limit:
    """Paint carotid and jugular; return the carotid's distance."""
    where, carotid, jugular = vessel_distances(canvas, body, frame)
    for s, wall in ((carotid, 7.0), (jugular, 4.0)):
        blood = np.maximum(-30 + 9 * np.exp(np.minimum(0.9 * s, 0)), -30)
        canvas.paint(where, s, blood, 0.05, 0.15, VESSEL)
        canvas.line(where, s - 0.1, wall, 0.22, 2, 0.5, shine=0.6)
    return where, carotid


def paint_longitudinal(canvas: Canvas, body: Layout, patient: Patient) -> dict[str, Limit]:
    """Paint the longitudinal view; return the signed distances that a nodule must respect."""
    frame = canvas.rng("frame-anatomy").random(16)
    tilt, bow = np.float32(0.14 * (frame[0] - 0.5)), np.float32(0.004 * frame[6])
    z, x = canvas.zw + tilt * canvas.x - bow * (canvas.x - 8 * np.float32(frame[7] - 0.5)) ** 2, canvas.xw
    _connective(canvas, body)
    base, top = body.skin + body.fat, body.top
    back = body.centre + body.lobe_height
    cut = base + (top - base) * (0.4 + 0.25 * frame[1])
    for i, (low, high) in enumerate(((base, cut), (cut, top - 0.2))):
        where = canvas.box(low - 3, high + 3, -1e3, 1e3)
        taper = 0.02 * (frame[2 + i] - 0.5) * canvas.x
        s = np.maximum(low + 0.25 - z[where] - taper, z[where] - (high - 0.15) - taper)
        echo = body.muscle_db + _striae(canvas, f"striae-{i}", where, 5.0, body.striae_db, 0.9)
        canvas.paint(where, s, echo, 0.85, 0.2, MUSCLE)
        canvas.line(where, s, 7, 0.15, 2, 1.2, shine=0.45)
    where = canvas.box(back, back + body.bone_gap + 3, -1e3, 1e3)
    s = np.maximum(back + 0.8 - z[where], z[where] - (back + body.bone_gap - 1.2))
    echo = body.muscle_db + _striae(canvas, "longus", where, 5.0, body.striae_db, 0.9)
    canvas.paint(where, s, echo, 0.65, 0.25, MUSCLE)
    canvas.line(where, s, 7, 0.2, 2, 1.4, shine=0.25)
    _bone(canvas, back + body.bone_gap, 0.0, 0.0)
    gland = ellipse(z - body.centre, x - 16 * (frame[5] - 0.5), body.lobe_height, body.lobe_length)
    where = canvas.box(top - 4, back + 4, -1e3, 1e3)
    _gland(canvas, body, patient, gland[where], where)
    return {}
