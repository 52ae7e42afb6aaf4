"""A sweep: frames of one nodule a fraction of a millimetre apart, with speckle that decorrelates as a probe moves.

Anatomy is painted on key planes 1 mm apart, from lattices with a third axis, and interpolated. Scatterers are
planes of noise 0.25 mm apart, mixed with a Gaussian of the elevation beam's width; the correlation of the speckle at
a shift y is exp(-y^2 / (4 s^2)) for the field and its square for the intensity. In a coarse sweep, with steps of more
than 1 mm, anatomy is painted for each frame and the speckle of each, correlated by less than 0.1, is drawn anew.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from thyrolearn.errors import ParameterError
from thyrolearn.phantom.acquisition import shadows
from thyrolearn.phantom.anatomy import Layout, layout, paint_front, paint_longitudinal, paint_transverse
from thyrolearn.phantom.canvas import new_canvas
from thyrolearn.phantom.fields import Array
from thyrolearn.phantom.lesion import half_axes, paint_nodule, place
from thyrolearn.phantom.records import Nodule, Patient
from thyrolearn.phantom.rendering import SIM_VERSION, Scene, check_request, choices, machine_of, picture, signal, window
from thyrolearn.phantom.scanner import Scanner
from thyrolearn.seeding import normals, stream

__all__ = ["Clip", "elevation_weights", "sweep"]

PLANE_MM = 0.25
BEAM_MM = 0.45
KEY_MM = 1.0
COARSE_MM = 8.0  # the largest step
FAR = 9.0  # signed distance in mm where the nodule is not in the plane


@dataclass(frozen=True)
class Clip:
    """A sweep: ``images`` (n, rows, columns) uint8, ``masks`` the same in bool, ``y_mm`` (n,) along the sweep."""

    images: np.ndarray
    masks: np.ndarray
    y_mm: np.ndarray
    spacing_mm: tuple[float, float]
    view: str
    patient: Patient
    nodule: Nodule
    seed: int
    frames_per_second: float = 20.0
    sim_version: str = SIM_VERSION
    extra: dict[str, object] = field(default_factory=dict)


def elevation_weights(y: float, beam_mm: float = BEAM_MM) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the noise planes seen from ``y`` mm and their weights, of unit L2 norm.

    >>> planes, weights = elevation_weights(0.1)
    >>> len(planes), bool(np.isclose((weights**2).sum(), 1))
    (9, True)
    """
    middle = round(y / PLANE_MM)
    planes = np.arange(middle - 4, middle + 5)
    weights = np.exp(-((planes * PLANE_MM - y) ** 2) / (2 * beam_mm**2))
    return planes, (weights / np.linalg.norm(weights)).astype(np.float32)


def sweep(
    patient: Patient,
    nodule: Nodule,
    seed: int,
    *,
    frames: int = 30,
    step_mm: float | None = 0.25,
    scanner: str | Scanner | None = None,
    size: int = 256,
    view: str = "transverse",
) -> Clip:
    """Return a sweep of ``frames`` frames, ``step_mm`` apart with 15 % jitter, through the middle of the nodule.

    ``frames`` 1 to 200, ``step_mm`` 0.05 to 8 (a coarse sweep keeps some frames of a clip only), or None: the frames
    cross the whole nodule, each in the middle of its share. Other arguments as in `render`. Same arguments, same
    pixels; the stills of `render` are not frames of the sweep. Raises `ParameterError` for values outside their range.

    >>> from thyrolearn import phantom
    >>> patient = phantom.patients(1, seed=0)[0]
    >>> sweep(patient, patient.nodules[0], seed=0, frames=2, size=64).images.shape
    (2, 64, 64)
    """
    check_request(nodule, 0, size, view)
    half = half_axes(nodule, int(seed), patient.number)
    if step_mm is None and frames > 0:
        step_mm = float(np.clip(2 * half[0 if view == "longitudinal" else 2] / frames, 0.05, COARSE_MM))
    if step_mm is None or not 1 <= frames <= 200 or not 0.05 <= step_mm <= COARSE_MM:
        raise ParameterError(f"frames={frames}, step_mm={step_mm} are not allowed.", "Give 1 to 200 and 0.05 to 8 mm.")
    stage = _Stage(patient, nodule, int(seed), scanner, size, view, between=step_mm <= KEY_MM)
    jitter = 1 + 0.15 * np.clip(normals(stage.stream("steps"), (frames,)), -2, 2)
    y = np.cumsum(step_mm * jitter)
    y -= y.mean()
    images, masks = zip(*(stage.frame(i, float(v)) for i, v in enumerate(y)), strict=True)
    spacing = (stage.extent[0] / size, stage.extent[1] / size)
    volume = float(4 / 3 * np.pi * np.prod(half))
    facts: dict[str, object] = {"scanner": stage.machine.name, "volume_mm3": volume}
    return Clip(np.stack(images), np.stack(masks), y, spacing, view, patient, nodule, int(seed), extra=facts)


class _Stage:
    """What the frames of one sweep share: key planes, noise planes, machine and window."""

    def __init__(
        self, patient: Patient, nodule: Nodule, seed: int, scanner: str | Scanner | None, size: int, view: str,
        between: bool = True,
    ) -> None:  # fmt: skip
        self.between = between  # frames lie so close that painted planes are interpolated
        self.key: tuple[int | str, ...] = (seed, patient.number, nodule.number, "sweep")
        self.patient, self.nodule, self.seed, self.size, self.view = patient, nodule, seed, size, view
        self.machine = machine_of(patient, scanner, seed)
        self.half = half_axes(nodule, seed, patient.number)
        self.body = layout(patient, nodule, self.half, seed)
        self.draw = choices(self.key)
        middle = place(nodule, self.body, seed, patient.number, view)
        self.extent, self.centre = window(self.machine, middle, self.body, view, self.draw, size, None)
        self.planes: dict[int, Scene] = {}
        self.far: dict[int, Array] = {}
        self.noise: dict[int, Array] = {}

    def stream(self, name: str, *more: int) -> np.random.Generator:
        return stream(*self.key, name, *more)  # type: ignore[arg-type]

    def frame(self, number: int, y: float) -> tuple[np.ndarray, np.ndarray]:
        """Image and mask at ``y``."""
        if self.between:
            (scene, distance), speckle = self._mixed(y), self._speckle(y)
        else:
            scene, distance = self._paint(y)
            speckle = normals(self.stream("speckle of frame", number), (2, 2 * self.size, self.size))
        env = signal(scene, speckle)
        image = picture(scene, env, self.patient, lambda name: self.stream(name, number))
        return image, distance < 0

    def _mixed(self, y: float) -> tuple[Scene, Array]:
        """The two key planes around ``y``, mixed, and the nodule's signed distance."""
        low = int(np.floor(y / KEY_MM))
        share = np.float32(y / KEY_MM - low)
        a, b = self._plane(low), self._plane(low + 1)
        for k in [k for k in self.planes if k < low]:
            if len(self.planes) > 2:
                del self.planes[k], self.far[k]

        def mix(one: Array, two: Array) -> Array:
            return one + share * (two - one)

        near = a if share < 0.5 else b
        canvas = replace(
            near.canvas,
            echo=mix(a.canvas.echo, b.canvas.echo),
            shine=mix(a.canvas.shine, b.canvas.shine),
            key=self.key,
            y=y,
        )
        scene = replace(near, canvas=canvas, loss_db=mix(a.loss_db, b.loss_db))
        return scene, mix(self.far[low], self.far[low + 1])

    def _speckle(self, y: float) -> Array:
        planes, weights = elevation_weights(y)
        for k in [k for k in self.noise if k < planes[0]]:
            del self.noise[k]
        shape = (2, 2 * self.size, self.size)
        for k in planes:
            if int(k) not in self.noise:
                self.noise[int(k)] = normals(self.stream("speckle", int(k)), shape)
        total = weights[0] * self.noise[int(planes[0])]
        for k, w in zip(planes[1:], weights[1:], strict=True):
            total += w * self.noise[int(k)]
        return total

    def _plane(self, number: int) -> Scene:
        if number not in self.planes:
            self.planes[number], self.far[number] = self._paint(number * KEY_MM)
        return self.planes[number]

    def _paint(self, y: float) -> tuple[Scene, Array]:
        """Paint the plane at ``y`` mm; also the nodule's signed distance over the whole canvas."""
        third = self.half[2] if self.view == "transverse" else self.half[0]
        offset = float(np.clip(y / third, -0.98, 0.98))
        body = _tapered(self.body, y, self.view)
        turn = 0.3 * y / max(self.half[0], 1.0)
        lesion = place(self.nodule, self.body, self.seed, self.patient.number, self.view, offset, turn)
        side = (1 if body.oesophagus else -1) if self.view == "transverse" else 1
        canvas = new_canvas(self.key, (self.size, self.size), self.extent, self.centre, side, y)
        paint_front(canvas, body, self.draw[4:])
        paint = paint_transverse if self.view == "transverse" else paint_longitudinal
        limits = paint(canvas, body, self.patient)
        far = np.full(canvas.echo.shape, FAR, np.float32)
        where, distance, facts = (slice(0, 1), slice(0, 1)), far[:1, :1], dict[str, object]()
        if abs(y) < 0.98 * third:
            where, distance, facts = paint_nodule(canvas, lesion, self.nodule, self.patient, limits)
            far[where] = distance
        slope = self.machine.deep_loss[0] + (self.machine.deep_loss[1] - self.machine.deep_loss[0]) * self.draw[2]
        attenuation = self.patient.attenuation
        loss = shadows(canvas, self.machine, body.onset_mm, float(slope) * self.machine.frequency / 10, attenuation)
        scene = Scene(canvas, body, lesion, where, distance, self.machine, self.view, side, self.half, facts, loss)
        return scene, far


def _tapered(body: Layout, y: float, view: str) -> Layout:
    """The neck ``y`` mm off the middle: a lobe that thins towards its poles."""
    if view != "transverse":
        return body
    thin = np.float64(np.sqrt(max(1 - (y / (1.6 * body.lobe_length)) ** 2, 0.3)))
    return replace(body, lobe_height=float(body.lobe_height * thin), lobe_width=float(body.lobe_width * thin))
