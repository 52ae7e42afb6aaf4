"""The nodule: its contour, its inside, its foci and what it does to the beam.

Everything is drawn from the true descriptors, the continuous latents, the size and the halo; the label, the
histotype, the severity and the posterior are never read here.
"""

from dataclasses import dataclass

import numpy as np

from thyrolearn.phantom.anatomy import Layout, Limit
from thyrolearn.phantom.canvas import Canvas
from thyrolearn.phantom.fields import Array, ridge
from thyrolearn.phantom.records import Nodule, Patient
from thyrolearn.seeding import stream
from thyrolearn.tirads import Composition, Focus, Margin

__all__ = ["Lesion", "half_axes", "paint_nodule", "place"]

SOLID, CYST, CALCIFICATION = 7, 8, 9
ANGLES = 1024
EDGE_MM = {Margin.SMOOTH: 0.12, Margin.ILL: 0.9, Margin.LOBIRR: 0.2, Margin.ETE: 0.25, Margin.UNDETERMINED: 0.5}
Where = tuple[slice, slice]


@dataclass
class Lesion:
    """Where a nodule lies in one plane: centre and semi-axes in mm, radius by angle, and the plane's share."""

    z: float
    x: float
    height: float
    width: float
    radius: Array  # (ANGLES,) in units of the semi-axes
    share: float = 1.0  # of the semi-axes that this plane cuts
    off_mm: float = 0.0  # distance of the plane from the nodule's middle
    third: float = 1.0  # semi-axis across the plane, mm


def half_axes(nodule: Nodule, seed: int, patient: int) -> tuple[float, float, float]:
    """Return the semi-axes (transverse, antero-posterior, longitudinal) in mm; the largest is half the size."""
    ratio = float(np.clip(nodule.latents.ap_ratio, 0.3, 2.0))
    along = 0.85 + 0.45 * float(stream(seed, patient, nodule.number, "length").random())
    width = nodule.size_mm / max(1.0, ratio, along) / 2
    return width, width * ratio, width * along


def _radius(nodule: Nodule, seed: int, patient: int, turn: float) -> Array:
    """Radius over the angle: an ellipse bent by few harmonics, with lobes where the margin is lobulated."""
    rng = stream(seed, patient, nodule.number, "contour")
    rough, margin = nodule.latents.roughness, nodule.truth.margin
    theta = np.arange(ANGLES, dtype=np.float32) * np.float32(2 * np.pi / ANGLES)
    draw = rng.random(64).astype(np.float32)
    r = np.ones(ANGLES, np.float32)
    for k in range(2, 8):
        phase = 2 * np.pi * draw[k] + turn * (draw[k + 10] - 0.5)
        r += 0.075 * rough * (draw[k + 20] + 0.4) / (k / 2) ** 2 * np.cos(k * theta + phase)
    if margin in (Margin.LOBIRR, Margin.ETE):
        lobes = 4 + int(4 * draw[50])
        bent = theta + 0.45 * np.sin(theta + 6.28 * draw[51]) + 0.25 * np.sin(2 * theta + 6.28 * draw[52])
        depth = (0.10 if draw[53] < 0.5 else 0.04) * min(rough, 2.0)
        r += depth * (np.abs(np.sin(bent * lobes / 2 + turn)) ** 0.8 - 0.6)
    return r.astype(np.float32)


def place(
    nodule: Nodule, body: Layout, seed: int, patient: int, view: str, offset: float = 0.0, turn: float = 0.0
) -> Lesion:
    """Return the nodule's cut by the image plane ``offset`` (-1..1, share of the third semi-axis) off its middle."""
    across, height, along = half_axes(nodule, seed, patient)
    width = across if view == "transverse" else along
    share = float(np.sqrt(max(1 - offset * offset, 0.02)))
    u = 2 * stream(seed, patient, nodule.number, "place").random(6) - 1
    room = (body.lobe_width if view == "transverse" else 6.0) - (width if view == "transverse" else 0.0)
    x, z = 0.7 * u[0] * max(room - 0.8, 0), body.centre + 0.7 * u[1] * max(body.lobe_height - height - 0.8, 0)
    if nodule.truth.margin is Margin.ETE:
        push = body.lobe_height - height + 1.8
        z = body.centre + (push if u[2] > 0 else -push)
        x = 0.3 * x
    third = along if view == "transverse" else across
    radius = _radius(nodule, seed, patient, turn)
    return Lesion(float(z), float(x), height * share, width * share, radius, share, offset * third, third)


def _distance(canvas: Canvas, where: Where, lesion: Lesion, nodule: Nodule) -> Array:
    """Signed distance to the contour; its bounding box has exactly the semi-axes that were asked for."""
    theta = np.arange(ANGLES) * (2 * np.pi / ANGLES)
    px, pz = lesion.radius * np.cos(theta), lesion.radius * np.sin(theta)
    sx, sz = (px.max() - px.min()) / 2, (pz.max() - pz.min()) / 2
    a, b = np.float32(lesion.width / sx), np.float32(lesion.height / sz)
    u = (canvas.x[:, where[1]] - lesion.x) / a + np.float32((px.max() + px.min()) / 2)
    v = (canvas.z[where[0]] - lesion.z) / b + np.float32((pz.max() + pz.min()) / 2)
    rho = np.sqrt(u * u + v * v) + np.float32(1e-3)
    turn = (np.arctan2(v, u) * np.float32(ANGLES / (2 * np.pi))).astype(np.int32) % ANGLES
    s = (rho - lesion.radius[turn]) * rho / np.sqrt((u / a) ** 2 + (v / b) ** 2 + np.float32(1e-6))
    margin, rough = nodule.truth.margin, min(nodule.latents.roughness, 2.0)
    if margin in (Margin.LOBIRR, Margin.ETE):
        small = min(1.0, lesion.height / 4)
        s += np.float32(rough * small) * (
            0.32 * canvas.field("edge", where, 1.7) + 0.16 * canvas.field("edge-fine", where, 0.7)
        )
    elif margin is Margin.ILL:
        s += np.float32(0.3 * min(1.0, lesion.height / 4)) * canvas.field("edge", where, 1.8)
    return s


def paint_nodule(
    canvas: Canvas, lesion: Lesion, nodule: Nodule, patient: Patient, limits: dict[str, Limit]
) -> tuple[Where, Array, dict[str, object]]:
    """Paint the nodule; return its box on the canvas, the signed distance over it, and facts for the record."""
    pad = 3.0
    where = canvas.box(
        lesion.z - lesion.height - pad,
        lesion.z + lesion.height + pad,
        lesion.x - lesion.width - pad,
        lesion.x + lesion.width + pad,
    )
    s = _distance(canvas, where, lesion, nodule)
    for at, other in limits.values():
        mine, theirs = _overlap(where, at)
        s[mine] = np.maximum(s[mine], 0.5 - other[theirs])
    draw = stream(*canvas.key[:3], "nodule-look").random(32)  # type: ignore[misc, arg-type]
    edge = EDGE_MM[nodule.truth.margin]
    base = patient.parenchyma_db
    look = nodule.latents
    spread = float(look.heterogeneity_db)
    echo = base + look.echo_db + spread * canvas.field("inside", where, 1.6)
    echo += 0.5 * spread * canvas.field("inside-middle", where, 0.6)
    echo += 0.9 * canvas.field("inside-fine", where, 0.4, 0.8)
    loss = 0.52 + 0.16 * (float(draw[0]) - 0.5) + look.attenuation
    composition = nodule.truth.composition
    if composition is not Composition.CYSTIC:
        canvas.paint(where, s, echo, loss, edge, SOLID)
    fluid = _fluid(canvas, where, s, lesion, nodule, base, edge)
    _border(canvas, where, s, nodule, draw)
    facts: dict[str, object] = {"cyst_fraction": fluid, "contrast_db": float(look.echo_db)}
    facts["foci_mm"] = _foci(canvas, where, s, lesion, nodule, draw)
    return where, s, facts


def _overlap(a: Where, b: Where) -> tuple[Where, Where]:
    """Return the common part of two boxes in the coordinates of each."""
    mine, theirs = [], []
    for p, q in zip(a, b, strict=True):
        low, high = max(p.start, q.start), max(min(p.stop, q.stop), max(p.start, q.start))
        mine.append(slice(low - p.start, high - p.start))
        theirs.append(slice(low - q.start, high - q.start))
    return (mine[0], mine[1]), (theirs[0], theirs[1])


def _fluid(canvas: Canvas, where: Where, s: Array, lesion: Lesion, nodule: Nodule, base: float, edge: float) -> float:
    """Paint cystic parts; return the cystic share of the area."""
    composition, inside = nodule.truth.composition, s < -0.4
    share = float(np.clip(nodule.latents.cyst_fraction, 0, 1))
    if composition is Composition.CYSTIC:
        canvas.paint(where, s, -36 + 1.5 * canvas.field("debris", where, 1.5), 0.12, edge, CYST)
        return 1.0
    if composition is Composition.MIXED and inside.any():
        share = float(np.clip(share, 0.12, 0.85))
        f = canvas.field("cyst", where, max(lesion.height / 1.4, 1.5), max(lesion.width / 1.4, 1.5))
        f = f + 0.12 * canvas.field("cyst-fine", where, 1.5)
        cut = np.quantile(f[inside], share)
        scale = np.float32(min(lesion.height, lesion.width) / 2.6)
        d = np.maximum((f - np.float32(cut)) * scale, s + 0.5)
        canvas.paint(where, d, -34 + 2.0 * canvas.field("debris", where, 1.5), 0.12, 0.15, CYST)
        canvas.line(where, d, 4, 0.15, 2, 0.8, shine=0.2)
        return float(np.mean(d[s < 0] < 0))
    if composition is Composition.SPONGIFORM and inside.any():
        share = float(np.clip(share, 0.52, 0.75))
        cell = float(np.clip(0.085 * lesion.height, 0.42, 0.95))  # larger spaces in a larger nodule
        f = canvas.field("sponge", where, cell, 1.5 * cell) + 0.4 * canvas.field("sponge-coarse", where, 3 * cell)
        d = np.maximum((f - np.float32(np.quantile(f[inside], share))) * np.float32(0.7 * cell), s + 0.35)
        canvas.paint(where, d, -15 + 3 * canvas.field("debris", where, 1.2), 0.35, 0.15, CYST)
        canvas.line(where, d, 4, 0.13, 1, 0.8, shine=0.4)
        return float(np.mean(d[s < 0] < 0))
    return 0.0


def _border(canvas: Canvas, where: Where, s: Array, nodule: Nodule, draw: np.ndarray) -> None:
    """Halo, wall and edge shadow."""
    composition = nodule.truth.composition
    if nodule.halo:
        _rim(canvas, where, s, 5 + 4 * float(draw[6]), 0.3 + 0.5 * float(draw[7]))
    if nodule.truth.margin is not Margin.SMOOTH:
        return
    cystic = composition is Composition.CYSTIC
    if not (cystic or nodule.halo):
        _rim(canvas, where, s, 2.5, 0.3)
    canvas.line(where, s - 0.1, 5 if cystic else 3.5, 0.16, 2, 1.0, shine=0.5 if cystic else 0.2)
    gz, gx = np.gradient(s, *canvas.step)
    lateral = gx * gx / (gz * gz + gx * gx + np.float32(1e-6))
    canvas.loss[where] += np.float32(1.0) * ridge(s, 0.35) * lateral**6


def _rim(canvas: Canvas, where: Where, s: Array, depth_db: float, width: float) -> None:
    """A dark rim just inside the border, broken along its way."""
    canvas.echo[where] -= np.float32(depth_db) * ridge(s + 0.3, width) * np.clip(0.9 + 0.8 * canvas.gaps[where], 0, 1.5)


def _foci(
    canvas: Canvas, where: Where, s: Array, lesion: Lesion, nodule: Nodule, draw: np.ndarray
) -> list[tuple[float, float, str]]:
    """Add echogenic foci; return their (z, x) in canvas mm and kind."""
    foci, found = nodule.truth.foci, []
    rng = canvas.rng("foci")
    if Focus.MACRO in foci:
        found += _macro(canvas, where, s, lesion, rng)
    if Focus.RIM in foci:
        arc = _angle(canvas, where, lesion) - 2 * np.pi * float(draw[3])
        near = np.clip(2.5 * (np.cos(arc) - 0.1 + 0.4 * canvas.gaps[where]), 0, 1)
        shell = np.abs(s + 0.15) - 0.22
        canvas.calcify(where, np.where(near > 0.5, shell, 1.0).astype(np.float32), 12 + 2 * canvas.gaps[where], 5.0)
        found.append((lesion.z, lesion.x, "rim"))
    if Focus.COMET in foci:
        for z, x in _spots(canvas, where, s, lesion, 1 + int(3 * draw[4]), rng, tissue=CYST):
            _tail(canvas, z, x, 9 + 6 * float(rng.random()), 1.5 + 1.5 * float(rng.random()))
            found.append((z, x, "comet"))
    if Focus.PEF in foci:
        for z, x in _spots(canvas, where, s, lesion, max(int(nodule.latents.foci), 3), rng, tissue=SOLID):
            _speck(canvas, z, x, rng)
            found.append((z, x, "pef"))
    return found


def _angle(canvas: Canvas, where: Where, lesion: Lesion) -> Array:
    return np.arctan2(
        (canvas.z[where[0]] - lesion.z) / lesion.height, (canvas.x[:, where[1]] - lesion.x) / lesion.width
    )


def _macro(canvas: Canvas, where: Where, s: Array, lesion: Lesion, rng: np.random.Generator) -> list:
    """One or two coarse calcifications with shadow, irregular clumps 1.5 to 3.5 mm wide."""
    found = []
    clump = canvas.field("clump", where, 0.5, 0.7)
    for z, x in _spots(canvas, where, s, lesion, 1 + int(rng.random() < 0.35), rng, tissue=SOLID):
        width = min(0.75 + rng.random(), 0.45 * lesion.width)
        d = np.hypot((canvas.x[:, where[1]] - x) / width, (canvas.z[where[0]] - z) / (0.45 * width)) - 1
        d = (0.45 * width * d + 0.18 * clump).astype(np.float32)
        canvas.calcify(where, d, 11 + 2 * clump, 11.0)
        found.append((z, x, "macro"))
    return found


def _spots(
    canvas: Canvas, where: Where, s: Array, lesion: Lesion, count: int, rng: np.random.Generator, tissue: int
) -> list[tuple[float, float]]:
    """Choose ``count`` places inside the nodule, in ``tissue`` where there is any, loosely clustered."""
    inside = (s < -0.7) & (canvas.tissue[where] == tissue)
    if canvas.y is not None:
        return _spots_of_sweep(lesion, count, rng)
    if not inside.any():
        inside = s < min(-0.3, float(s.min()) * 0.5)
    rows, cols = np.nonzero(inside)
    if not rows.size:
        return []
    picks = np.sort(rng.random(count) ** 1.0)
    order = np.argsort(canvas.gaps[where][rows, cols] + 1.3 * rng.random(rows.size).astype(np.float32))
    chosen = order[(picks * rows.size * 0.8).astype(int)]
    at_z, at_x = canvas.z[where[0], 0], canvas.x[0, where[1]]
    return [(float(at_z[rows[i]]), float(at_x[cols[i]])) for i in chosen]


def _spots_of_sweep(lesion: Lesion, count: int, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Places fixed in the nodule's volume: those that lie within 0.5 mm of the plane."""
    u = 1.3 * rng.random((count, 3)) - 0.65
    near = np.abs(u[:, 2] * lesion.third - lesion.off_mm) < 0.5
    height, width = lesion.height / lesion.share, lesion.width / lesion.share
    return [(float(lesion.z + a * height), float(lesion.x + b * width)) for a, b, _ in u[near]]


def _speck(canvas: Canvas, z: float, x: float, rng: np.random.Generator) -> None:
    """One punctate focus: one to three unresolved scatterers of unequal strength."""
    level = 10 + 10 * rng.random()
    for i in range(1 + int(3 * rng.random())):
        dz, dx = (0.0, 0.0) if i == 0 else (rng.random(2) - 0.5) * (0.45, 0.7)
        canvas.points.append((z + dz, x + dx, 10 ** ((level - 3 * i) / 20)))


def _tail(canvas: Canvas, z: float, x: float, level: float, length: float) -> None:
    """A comet tail: echoes at equal distance that fade and narrow."""
    for k in range(int(length / 0.2)):
        canvas.points.append((z + 0.2 * k, x, 10 ** ((level - 18 * 0.2 * k / length) / 20)))
