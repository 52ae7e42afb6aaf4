"""The plain records of the phantom: what is known of a patient, a nodule and a frame.

Nothing here draws or renders. `population` fills `Patient` and `Nodule`, the acquisition fills `Frame`.
Lengths are in mm, levels in dB, angles in radians.
"""

from dataclasses import dataclass, field

import numpy as np

from thyrolearn.arrays import Gray, Mask
from thyrolearn.tirads import Descriptors

__all__ = ["Latents", "Nodule", "Other", "Patient", "Frame"]


@dataclass(frozen=True)
class Latents:
    """The continuous values behind a nodule's descriptors; the only way, with them, from label to pixels.

    ``echo_db`` is relative to the patient's own parenchyma, ``ap_ratio`` is height over width,
    ``roughness`` scales the contour's harmonics, ``foci`` counts punctate foci, ``heterogeneity_db`` is the
    spread of the echo inside, ``cyst_fraction`` the cystic share of the area, ``attenuation`` what the nodule
    absorbs above the gland's own (dB/cm/MHz).
    """

    echo_db: float
    ap_ratio: float
    roughness: float
    foci: int
    heterogeneity_db: float
    cyst_fraction: float
    attenuation: float = 0.0


@dataclass(frozen=True)
class Nodule:
    """One nodule as the generator knows it."""

    number: int
    label: int  # 1 malignant, 0 benign, as recorded
    histotype: str
    severity: float  # the latent u shared by all cues
    truth: Descriptors
    readers: tuple[Descriptors, ...]  # three noisy readers; `readers.majority` is the label of record
    latents: Latents
    size_mm: float  # largest diameter
    halo: bool
    posterior: float  # P(malignant | everything an image can show), at the cohort's prevalence
    frames: int = 2
    flipped: bool = False  # True where the recorded label is wrong (difficulty "hard")


@dataclass(frozen=True)
class Patient:
    """One patient with the random effects that all of the patient's frames share."""

    number: int
    age: int
    sex: str  # "F" or "M"
    site: str
    scanner: str  # "A" to "E"
    parenchyma_db: float
    heterogeneity: float  # multiplies the gland's texture; 2 with Hashimoto's disease
    attenuation: float  # multiplies all attenuation
    thickness: float  # multiplies the layers in front of the gland
    hashimoto: bool
    gain_db: float  # the operator's gain habit
    nodules: tuple[Nodule, ...] = ()


@dataclass(frozen=True)
class Other:
    """Another nodule of the patient that a frame shows too: what it is, its masks and its box, as in `Frame`."""

    nodule: Nodule
    mask: Mask
    visible: Mask
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """One B-mode frame with all that is known of it. Pixel boxes are (x0, y0, x1, y1), x to the right."""

    image: Gray
    mask: Mask
    visible: Mask  # the part of the mask that is not in shadow
    box: tuple[float, float, float, float]
    diameters_mm: tuple[float, float, float]  # transverse, antero-posterior, longitudinal
    spacing_mm: tuple[float, float]  # (z, x)
    view: str  # "transverse" or "longitudinal"
    patient: Patient
    nodule: Nodule
    number: int  # the frame's number within the nodule
    seed: int
    sim_version: str
    extra: dict[str, object] = field(default_factory=dict)  # foci positions, drawn contrast, volume, overlays
    others: tuple[Other, ...] = ()  # with `render(others=True)`

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the image."""
        rows, columns = np.shape(self.image)
        return rows, columns

    @property
    def boxes(self) -> tuple[tuple[float, float, float, float], ...]:
        """Boxes of all nodules in the frame, the frame's own first; one that is not in view has none."""
        own = (self.box,) if self.mask.any() else ()
        return own + tuple(other.box for other in self.others)

    @property
    def all_nodules(self) -> Mask:
        """Mask of all nodules in the frame, (rows, columns)."""
        return np.any([self.mask, *(other.mask for other in self.others)], axis=0)
