"""The five scanners: what a machine and its operator's settings do to the picture; and an old archive.

A, B and D are the training sites; C and E are held out and have worse physics (lower frequency, fewer looks,
more noise). Parameters were chosen by us; DDTI-like frames come from B (an old 12 MHz linear array). F, in `ARCHIVE`,
is B with a shorter pulse, as an old archive keeps it: recorded from the video output and compressed. It comes nearest
to DDTI, belongs to no cohort, and has to be asked for.
"""

from dataclasses import dataclass, replace

import numpy as np

from thyrolearn.errors import ParameterError

__all__ = ["ARCHIVE", "SCANNERS", "Scanner", "adjusted", "get_scanner"]


@dataclass(frozen=True)
class Scanner:
    """One scanner preset.

    ``frequency`` in MHz, ``cycles`` in the pulse, ``f_number`` of the aperture, ``focus_mm``, ``range_db`` the
    display's dynamic range, ``gain_db``, ``level`` the grey (0-1) of normal gland, ``gamma`` of the grey map,
    ``looks`` compounded, ``smoothing`` the share of speckle reduction, ``noise_db`` and ``haze_db`` relative to
    normal gland, ``depth_mm`` (low, high), ``width_mm``, ``deep_loss`` (low, high) the extra loss with depth in
    dB/cm/MHz, ``lateral`` the width factor of the beam,
    ``floor`` the grey (0-1) of black, ``average`` whether two samples make a display row (else one is picked),
    ``jpeg`` the quality (0: none), ``overlay`` the burnt-in style that `overlays` draws on request. A recorder adds
    ``bandwidth``, the cycles/mm at which detail down the picture has lost half its amplitude (0: no limit), and
    ``grain``, noise of that standard deviation in grey levels. ``habits`` scales how much patients' settings vary.
    """

    name: str
    frequency: float
    cycles: float
    f_number: float
    focus_mm: float
    range_db: float
    gain_db: float
    level: float
    gamma: float
    looks: int
    smoothing: float
    noise_db: float
    haze_db: float
    depth_mm: tuple[float, float]
    width_mm: float
    deep_loss: tuple[float, float] = (0.1, 0.6)
    overlay: str = "none"
    jpeg: int = 0
    lateral: float = 0.37
    floor: float = 0.0
    average: bool = True
    bandwidth: float = 0.0
    grain: float = 0.0
    habits: float = 1.0

    @property
    def wavelength_mm(self) -> float:
        """Wavelength in tissue at 1540 m/s, mm."""
        return 1.54 / self.frequency


_ROWS = [
    Scanner(
        "A", 10.0, 2.2, 2.6, 16, 58, 0, 0.50, 1.15, 3, 0.55, -62, -36, (34, 42), 38.0, overlay="margins", floor=0.02
    ),
    Scanner(
        "B", 9.0, 2.5, 5.4, 18, 56, 1, 0.44, 1.00, 1, 0.27, -50, -28, (38, 47), 42.0, (0.0, 0.3), "ticks", floor=0.06
    ),
    Scanner("C", 5.5, 2.2, 4.4, 22, 42, 2, 0.48, 0.60, 2, 0.70, -38, -22, (40, 50), 40.0, overlay="text", floor=0.035),
    Scanner(
        "D", 13.0, 1.8, 1.9, 14, 66, 0, 0.56, 1.25, 3, 0.35, -62, -37, (30, 38), 40.0, overlay="calipers", floor=0.02
    ),
    Scanner("E", 6.0, 2.0, 4.4, 20, 42, 1, 0.40, 0.70, 1, 0.15, -38, -22, (38, 48), 38.0, jpeg=50, floor=0.03),
]

SCANNERS: dict[str, Scanner] = {row.name: row for row in _ROWS}

ARCHIVE: dict[str, Scanner] = {
    "F": replace(SCANNERS["B"], name="F", cycles=2.0, smoothing=0.18, jpeg=80, bandwidth=3.2, grain=2.0, habits=0.7)
}
"""Machines behind a recorder; F was tuned on one half of DDTI's patients, from a B that was tuned on all of them."""


def get_scanner(name: str | Scanner) -> Scanner:
    """Return the preset called ``name``, of `SCANNERS` or `ARCHIVE` (or ``name`` itself, where it is a `Scanner`).

    Raises `ParameterError` for a name that is not there.

    >>> get_scanner("A").frequency
    10.0
    """
    if isinstance(name, Scanner):
        return name
    presets = SCANNERS | ARCHIVE
    if name not in presets:
        raise ParameterError(f"There is no scanner {name!r}.", f"Choose one of {', '.join(presets)}.")
    return presets[name]


def adjusted(scanner: Scanner, normal: np.ndarray) -> Scanner:
    """Return the preset with one patient's settings: aperture, pulse, range, smoothing and grey floor vary.

    ``normal`` holds six standard normal numbers; zeros give the preset itself.

    >>> adjusted(SCANNERS["A"], np.zeros(6)) == SCANNERS["A"]
    True
    """
    n = [float(v) * scanner.habits for v in np.clip(normal, -2.5, 2.5)]
    return replace(
        scanner,
        f_number=scanner.f_number * np.exp(0.18 * n[0]),
        cycles=scanner.cycles * np.exp(0.12 * n[1]),
        range_db=scanner.range_db * np.exp(0.08 * n[2]),
        smoothing=min(max(scanner.smoothing + 0.2 * n[3], 0.0), 0.9) if scanner.smoothing else 0.0,
        gamma=scanner.gamma * np.exp(0.06 * n[4]),
        haze_db=scanner.haze_db + 2.0 * n[5],
    )
