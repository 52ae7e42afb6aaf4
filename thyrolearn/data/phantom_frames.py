"""Phantom frames as an old machine stores them: the nodule in the middle and large, often two views side by side.

The cohort ``frames`` is for networks that shall outline nodules on real frames. How large a nodule is and where it
lies follow the outlines of DDTI (quantiles over its 254 outlined frames); the machine is another one for each frame
(domain randomisation: Tobin et al. 2017, arXiv 1703.06907). A nodule is resized after it was drawn, so its label and
descriptors are not kept. All images are synthetic, for teaching, not for diagnosis.
"""

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thyrolearn.arrays import Gray, Mask
from thyrolearn.data.case import Box, Case, InMemory
from thyrolearn.seeding import normals, stream

__all__ = ["frame_case"]

SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)  # of the frames that have less
HEIGHT = {  # of a nodule as a share of the depth, in one view and in each of two
    False: (0.16, 0.17, 0.27, 0.39, 0.55, 0.68, 0.7),
    True: (0.16, 0.17, 0.236, 0.328, 0.43, 0.56, 0.58),
}
ROUNDNESS = (0.8, 0.83, 1.1, 1.33, 1.55, 2.1, 2.2)  # width over height
ASPECT = (1.1, 1.12, 1.27, 1.3, 1.32, 1.65, 1.7)  # of a single view, width over height
HALF_ASPECT = 0.82  # of each of two views
DEPTH_MM = (26.0, 40.0)
MIDDLE, SPREAD = 0.53, 0.045  # where across the view the nodule's middle lies, as a share of the width
SIZE_MM = (4.0, 44.0)
FAINTER, DRIER = 0.7, 0.5  # of a nodule's contrast and fluid: real nodules stand out less than the phantom's
MARGIN = 1.6  # a view is rendered wider by this factor, then cut so that the nodule lies where it should


def frame_case(part: str, patient: Any, nodule: Any, seed: int, *, size: int, two_views: float) -> Case:
    """Render the frame of ``nodule``; ``two_views`` is the chance that it holds a second view beside the first.

    >>> from thyrolearn.phantom import patients
    >>> one = patients(1, seed=0)[0]
    >>> case = frame_case("main", one, one.nodules[0], 0, size=128, two_views=1.0)
    >>> case.shape, len(case.boxes), case.label
    ((128, 160), 2, None)
    """
    rng = stream(seed, patient.number, nodule.number, "frames")
    u, n = rng.random(24), normals(rng, (2,))
    two = bool(u[0] < two_views)
    depth = _between(u[1], *DEPTH_MM)
    aspect = HALF_ASPECT if two else float(np.interp(u[2], SHARES, ASPECT))
    spacing = (depth / size, depth * aspect * MARGIN / size)
    views = ("transverse", "longitudinal") if two or u[3] < 0.55 else ("longitudinal",)
    resized, machine = _resized(nodule, u[4:6], depth, two), _machine(patient.scanner, u[8:24], depth)
    uneven = replace(patient, heterogeneity=patient.heterogeneity * _between(u[7], 1.0, 1.8))
    shown = [
        _view(uneven, resized, view, seed, machine, size, spacing, MIDDLE + SPREAD * float(n[i]))
        for i, view in enumerate(views if two else views[:1])
    ]
    if u[6] < 0.5:
        shown.reverse()
    return _case(part, patient, nodule, seed, shown, spacing, two)


def _between(u: float, low: float, high: float) -> float:
    return float(low + (high - low) * u)


def _resized(nodule: Any, u: NDArray[np.float64], depth: float, two: bool) -> Any:
    """The nodule at a height and roundness that real outlines have."""
    ratio = float(np.clip(1 / np.interp(u[1], SHARES, ROUNDNESS), 0.4, 1.25))
    height = depth * float(np.interp(u[0], SHARES, HEIGHT[two]))
    size = float(np.clip(height / min(ratio, 1.0), *SIZE_MM))
    seen = nodule.latents
    seen = replace(seen, ap_ratio=ratio, echo_db=FAINTER * seen.echo_db, cyst_fraction=DRIER * seen.cyst_fraction)
    return replace(nodule, size_mm=size, latents=seen)


def _machine(name: str, u: NDArray[np.float64], depth: float) -> Any:
    """A machine near the preset ``name`` with settings of its own."""
    from thyrolearn.phantom.scanner import get_scanner

    base = get_scanner(name)
    return replace(
        base,
        frequency=base.frequency * np.exp(_between(u[0], -0.3, 0.25)),
        cycles=base.cycles * np.exp(_between(u[1], -0.2, 0.2)),
        f_number=base.f_number * np.exp(_between(u[2], -0.45, 0.35)),
        focus_mm=_between(u[3], 12, 24),
        range_db=_between(u[4], 46, 66),
        level=_between(u[5], 0.34, 0.48),
        gamma=_between(u[6], 0.8, 1.3),
        looks=1 + int(3 * u[7]) if u[8] < 0.5 else base.looks,
        smoothing=_between(u[9], 0.1, 0.7),
        noise_db=base.noise_db + _between(u[10], -4, 4),
        haze_db=base.haze_db + _between(u[11], -5, 5),
        deep_loss=(0.0, _between(u[12], 0.2, 0.7)),
        floor=_between(u[13], 0.02, 0.07),
        depth_mm=(depth, depth),
        jpeg=0,
    )


def _view(
    patient: Any, nodule: Any, view: str, seed: int, machine: Any, size: int, spacing: tuple[float, float], at: float
) -> tuple[Gray, Mask]:
    """One view, cut so that the nodule's middle lies at the share ``at`` of its width."""
    from thyrolearn.phantom import render

    number = 0 if view == "transverse" else 1
    frame = render(patient, nodule, number, seed, scanner=machine, size=size, view=view, spacing_mm=spacing)
    width = round(size / MARGIN)
    columns = np.flatnonzero(frame.mask.any(axis=0))
    middle = float(columns.mean()) if columns.size else size / 2
    left = int(np.clip(round(middle - width * at), 0, size - width))
    return frame.image[:, left : left + width], frame.mask[:, left : left + width]


def _case(
    part: str, patient: Any, nodule: Any, seed: int, shown: list[tuple[Gray, Mask]],
    spacing: tuple[float, float], two: bool,
) -> Case:  # fmt: skip
    from thyrolearn.phantom import SIM_VERSION

    image, mask = (np.concatenate([view[k] for view in shown], axis=1) for k in (0, 1))
    return Case(
        id=f"p{patient.number:06d}-n{nodule.number}",
        source="phantom",
        patient=str(patient.number),
        nodule=str(nodule.number),
        pixels=InMemory(image, mask, f"{SIM_VERSION}:{seed}:frames"),
        boxes=_boxes([view[1] for view in shown]),
        view="both" if two else "",
        site=patient.site,
        scanner=patient.scanner,
        spacing_mm=(float(spacing[0]), float(spacing[1])),
        raw=MappingProxyType({"part": part, "two_views": two}),
        notes=("synthetic",),
    )


def _boxes(masks: list[Mask]) -> tuple[Box, ...]:
    """The nodule's box in each view, in pixels of the frame, largest first."""
    found, left = [], 0
    for mask in masks:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if rows.size:
            edges = (left + columns[0], rows[0], left + columns[-1] + 1, rows[-1] + 1)
            found.append(tuple(float(v) for v in edges))
        left += mask.shape[1]
    return tuple(sorted(found, key=lambda b: (b[0] - b[2]) * (b[3] - b[1])))  # type: ignore[arg-type]
