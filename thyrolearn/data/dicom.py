"""Ultrasound frames from DICOM: the picture, its spacing and the region it lies in, for the `folder` loader.

Spacing comes from the Sequence of Ultrasound Regions (DICOM PS3.3 C.8.5.5) and from nowhere else: ultrasound has
no Pixel Spacing. The frame is cut to its 2D tissue region, so that burned-in text outside it goes.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from thyrolearn.arrays import Gray, Mask
from thyrolearn.data.images import LARGEST, SMALLEST, binarise, read_mask, stretch
from thyrolearn.errors import DataError

if TYPE_CHECKING:
    from pydicom import Dataset

__all__ = ["Header", "DicomPixels", "read_header", "is_dicom"]

ULTRASOUND = ("1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1")
CENTIMETRE, TWO_DIMENSIONS, TISSUE = 3, 1, 1
DEPTHS_MM = (10.0, 300.0)  # a picture that is less or more deep has a wrong spacing


@dataclass(frozen=True)
class Header:
    """What a DICOM file says of its picture. ``region`` is (top, bottom, left, right) in pixels of the frame."""

    frames: int
    region: tuple[int, int, int, int]
    spacing_mm: tuple[float, float] | None
    patient: str
    scanner: str
    modality: str
    notes: tuple[str, ...] = field(default=())


def is_dicom(path: Path) -> bool:
    """True where the file has the DICOM preamble."""
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def read_header(path: Path | str) -> Header:
    """Read everything but the pixels. Raises `DataError` for a file that is no ultrasound image.

    >>> from pydicom.data import get_testdata_file
    >>> header = read_header(get_testdata_file("examples_palette.dcm"))
    >>> header.frames, header.spacing_mm is not None
    (1, True)
    """
    data = _dataset(Path(path), pixels=False)
    kind = str(getattr(data, "SOPClassUID", ""))
    if kind not in ULTRASOUND:
        name = getattr(getattr(data, "SOPClassUID", None), "name", "no image at all")
        raise DataError(f"{path} is not an ultrasound image ({name}).", "Remove it from the folder.")
    rows, columns = int(getattr(data, "Rows", 0) or 0), int(getattr(data, "Columns", 0) or 0)
    if min(rows, columns) < SMALLEST or rows * columns > LARGEST:
        raise DataError(f"{path} says that it has {columns} x {rows} pixels.", "Export the file again.")
    region, spacing, notes = _region(data, (rows, columns))
    return Header(
        frames=int(getattr(data, "NumberOfFrames", 1) or 1),
        region=region,
        spacing_mm=spacing,
        patient=str(getattr(data, "PatientID", "") or ""),
        scanner=" ".join(
            str(getattr(data, name, "") or "") for name in ("Manufacturer", "ManufacturerModelName")
        ).strip(),
        modality="B-mode",
        notes=notes,
    )


def _dataset(path: Path, *, pixels: bool) -> "Dataset":
    try:
        import pydicom
        from pydicom.errors import InvalidDicomError
    except ImportError:
        raise DataError("DICOM files need pydicom.", "Install it: pip install 'thyrolearn[dicom]'") from None
    try:
        return pydicom.dcmread(path, stop_before_pixels=not pixels)
    except InvalidDicomError:
        raise DataError(f"{path} is not a DICOM file.", "Remove it from the folder, or export it again.") from None
    except (OSError, EOFError, ValueError, NotImplementedError) as problem:
        raise DataError(f"{path} cannot be read ({problem}).", "Export the file again.") from None


def _region(
    data: "Dataset", shape: tuple[int, int]
) -> tuple[tuple[int, int, int, int], tuple[float, float] | None, tuple[str, ...]]:
    """The largest 2D tissue region with its spacing; the whole frame and None where there is none to be trusted."""
    whole = (0, shape[0], 0, shape[1])
    found = []
    for item in getattr(data, "SequenceOfUltrasoundRegions", None) or []:
        if (
            int(getattr(item, "RegionSpatialFormat", 0)) == TWO_DIMENSIONS
            and int(getattr(item, "RegionDataType", 0)) == TISSUE
        ):
            box = _bounds(item, shape)
            if box is not None:
                found.append((box, item))
    if not found:
        return whole, None, ("no 2D tissue region is described: spacing unknown",)
    notes = [] if len(found) == 1 else [f"{len(found)} 2D regions: the largest is used"]
    box, item = max(found, key=lambda pair: (pair[0][1] - pair[0][0]) * (pair[0][3] - pair[0][2]))
    spacing, remark = _spacing(item, box)
    return box, spacing, (*notes, *([remark] if remark else []))


def _bounds(item: Any, shape: tuple[int, int]) -> tuple[int, int, int, int] | None:
    names = ("RegionLocationMinY0", "RegionLocationMaxY1", "RegionLocationMinX0", "RegionLocationMaxX1")
    top, bottom, left, right = (int(getattr(item, name, -1)) for name in names)
    bottom, right = min(bottom + 1, shape[0]), min(right + 1, shape[1])  # the standard includes the last pixel
    return (top, bottom, left, right) if 0 <= top < bottom - SMALLEST and 0 <= left < right - SMALLEST else None


def _spacing(item: Any, box: tuple[int, int, int, int]) -> tuple[tuple[float, float] | None, str]:
    units = {int(getattr(item, f"PhysicalUnits{axis}Direction", 0)) for axis in "XY"}
    if units != {CENTIMETRE}:
        return None, "the region is not measured in cm: spacing unknown"
    z, x = (abs(float(getattr(item, f"PhysicalDelta{axis}", 0) or 0)) * 10 for axis in "YX")
    if z == 0 or x == 0:
        return None, "the region's spacing is 0: spacing unknown"
    depth = (box[1] - box[0]) * z
    if not DEPTHS_MM[0] <= depth <= DEPTHS_MM[1]:
        return None, f"the region would be {depth:.0f} mm deep: spacing not believed"
    return (z, x), ""


@dataclass(frozen=True)
class DicomPixels:
    """The pixels of one frame of a DICOM file, cut to ``region``; the mask file has the size of the whole frame."""

    file: Path
    frame: int
    region: tuple[int, int, int, int]
    mask_file: Path | None = None
    token: str = ""

    def image(self) -> Gray:
        """The frame as uint8 grey."""
        top, bottom, left, right = self.region
        return np.ascontiguousarray(self._frame()[top:bottom, left:right])

    def mask(self) -> Mask | None:
        """The mask, cut alike."""
        if self.mask_file is None:
            return None
        top, bottom, left, right = self.region
        return binarise(read_mask(self.mask_file))[top:bottom, left:right]

    def _frame(self) -> Gray:
        from pydicom.pixels import apply_color_lut, pixel_array

        data = _dataset(self.file, pixels=True)
        try:
            values = pixel_array(data, index=self.frame)
            if data.PhotometricInterpretation == "PALETTE COLOR":
                values = np.asarray(apply_color_lut(values, data))
                values = (values >> 8).astype(np.uint8) if values.dtype == np.uint16 else values
        except (RuntimeError, NotImplementedError) as problem:
            remedy = "Install a decoder: pip install pylibjpeg pylibjpeg-libjpeg pylibjpeg-openjpeg"
            raise DataError(f"{self.file} is compressed in a way that cannot be read ({problem}).", remedy) from None
        except (ValueError, AttributeError, KeyError, IndexError, EOFError) as problem:
            raise DataError(f"{self.file} is cut off or damaged ({problem}).", "Export the file again.") from None
        gray = _luma(values) if values.ndim == 3 else stretch(values)
        return 255 - gray if data.PhotometricInterpretation == "MONOCHROME1" else gray


def _luma(colour: np.ndarray) -> Gray:
    """Grey from RGB by the weights of ITU-R BT.601, as for pictures."""
    from PIL import Image

    return np.array(Image.fromarray(np.ascontiguousarray(colour[..., :3]).astype(np.uint8)).convert("L"))
