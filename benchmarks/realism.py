"""How far the phantom is from real frames, as a ladder of weak tests with intervals.

    python benchmarks/realism.py --real FOLDER [--tn3k FOLDER] [--frames 200] [--csv out.csv] [--json out.json]
        [--figure out.png]

``FOLDER`` is DDTI (XML and JPEG). Pixels are brought to 0.17 mm on both sides: DDTI's own scale is read off its
5 cm depth ticks. B was tuned on all of DDTI's patients, so everything said of B and DDTI is in-sample, both halves of
its patients apart included; what F adds to B was tuned on half 1 only. TN3K (images without masks or scale, of which
nothing was tuned) is compared by whole frames, brought to 256 rows. Each pair of real set and scanner is stored when it
is done, and not measured again. A small network always tells real and synthetic apart; no claim of being
indistinguishable is made.
"""

import argparse
import csv
import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage.feature import graycomatrix, graycoprops

from thyrolearn import phantom

PIXEL_MM = 0.17
PATCH = 128
WHOLE = 256  # rows of a frame whose scale is not known
GOALS = {
    "contrast": (-20.0, -10.0),
    "cnr": (0.35, 0.60),
    "posterior": (0.0, 8.0),
    "edge": (5.5, 8.0),
    "area": (0.04, 0.07),
    "height_over_width": (0.70, 0.85),
}
SAMPLES = {  # (reference, scanner): how much of the reference the scanner was tuned on
    ("ddti", "B"): "in-sample",
    ("ddti half 1", "B"): "in-sample",
    ("ddti half 2", "B"): "in-sample",
    ("ddti half 1", "F"): "in-sample",
    ("ddti half 2", "F"): "held out from F, not from B",
    **{("tn3k", scanner): "out-of-sample" for scanner in "ABDF"},
}
TESTS = {"first order": 0.70, "glcm": 0.85, "spectrum": 0.85, "all": 0.95}


@dataclass(frozen=True)
class Sample:
    """One frame with square pixels of `PIXEL_MM`, its nodule's mask, and whose it is."""

    image: np.ndarray
    mask: np.ndarray
    patient: str


def real_frames(root: Path) -> list[Sample]:
    """The frames of DDTI with one view and one nodule's mask of at least 200 px; each picture once."""
    from thyrolearn.data.public import ddti

    seen, out = set(), []
    for case in ddti.read(root, damaged="skip"):
        if case.raw["two_views"] or case.digest in seen or case.mask is None:
            continue
        seen.add(case.digest)
        labelled, count = ndimage.label(case.mask)
        if not count:
            continue
        largest = 1 + int(np.argmax(np.bincount(labelled.ravel())[1:]))
        mask = labelled == largest
        if mask.sum() >= 200 and min(mask.shape) >= PATCH:
            out.append(Sample(np.asarray(case.image), mask, case.patient))
    return out


def half(real: list[Sample], number: int) -> list[Sample]:
    """Half 1 or 2 of the patients: every other one in the order of their names."""
    names = sorted({sample.patient for sample in real})
    chosen = set(names[number - 1 :: 2])
    return [sample for sample in real if sample.patient in chosen]


def whole_frames(root: Path) -> list[Sample]:
    """TN3K's images without their black borders, `WHOLE` rows each; no mask, and each image its own patient."""
    from PIL import Image

    out = []
    for path in sorted((root / "trainval-image").glob("*.jpg")):
        image = np.asarray(Image.open(path).convert("L"))
        lit = [np.flatnonzero(image.mean(axis) > 8) for axis in (1, 0)]
        out.append(_whole(image[lit[0][0] : lit[0][-1] + 1, lit[1][0] : lit[1][-1] + 1], 1.0, path.stem))
    return out


def _whole(image: np.ndarray, aspect: float, patient: str) -> Sample:
    """The image with `WHOLE` rows and square pixels; ``aspect`` is the width of a pixel over its height."""
    from PIL import Image

    columns = round(WHOLE * image.shape[1] * aspect / image.shape[0])
    page = np.asarray(Image.fromarray(image).resize((columns, WHOLE), Image.Resampling.BICUBIC))
    return Sample(page, np.ones(page.shape, bool), patient)


def phantom_whole(count: int, seed: int, scanner: str) -> list[Sample]:
    """``count`` frames of the phantom as they come, brought to `WHOLE` rows."""
    out = []
    for i, patient in enumerate(phantom.patients(count, seed, prevalence=0.6)):
        frame = phantom.render(patient, patient.nodules[0], i % 2, seed, scanner=scanner, size=320)
        out.append(_whole(frame.image, frame.spacing_mm[1] / frame.spacing_mm[0], str(patient.number)))
    return out


def phantom_frames(count: int, seed: int, scanner: str) -> list[Sample]:
    """``count`` frames of the phantom drawn with square pixels; ``scanner`` is one name or several letters in turn."""
    out: list[Sample] = []
    for i, patient in enumerate(phantom.patients(count, seed, prevalence=0.6)):
        machine, square = scanner[i % len(scanner)], (PIXEL_MM, PIXEL_MM)
        frame = phantom.render(patient, patient.nodules[0], i % 2, seed, scanner=machine, spacing_mm=square)
        if frame.mask.sum() >= 200:
            out.append(Sample(frame.image, frame.mask, str(patient.number)))
    return out


def nodule_numbers(sample: Sample) -> dict[str, float]:
    """Contrast, CNR, posterior brightness, edge gradient, area share and shape of the nodule; grey levels."""
    image, mask = sample.image.astype(np.float32), sample.mask
    outside = ndimage.distance_transform_edt(~mask)
    ring = (outside > 2) & (outside <= 12)
    inside, around = image[mask], image[ring]
    rows, columns = np.nonzero(mask)
    below = slice(rows.max() + 3, rows.max() + 3 + max(8, (rows.max() - rows.min()) // 2))
    centre = int(columns.mean())
    half = max(3, (columns.max() - columns.min()) // 4)
    behind = image[below, max(centre - half, 0) : centre + half]
    beside = np.concatenate([image[below, max(columns.min() - 2 * half, 0) : columns.min()].ravel(),
                             image[below, columns.max() : columns.max() + 2 * half].ravel()])  # fmt: skip
    smooth = ndimage.gaussian_filter(image, 1.0)
    steep = np.hypot(ndimage.sobel(smooth, 0), ndimage.sobel(smooth, 1)) / 8
    edge = ndimage.binary_dilation(mask) ^ ndimage.binary_erosion(mask)
    return {
        "contrast": float(inside.mean() - around.mean()),
        "cnr": float(abs(inside.mean() - around.mean()) / np.hypot(inside.std(), around.std())),
        "posterior": float(behind.mean() - around.mean()) if behind.size else float("nan"),
        "beside": float(behind.mean() - beside.mean()) if behind.size and beside.size else float("nan"),
        "edge": float(steep[edge].mean()),
        "area": float(mask.mean()),
        "height_over_width": float(np.ptp(rows) + 1) / float(np.ptp(columns) + 1),
    }


def frame_numbers(sample: Sample) -> dict[str, float]:
    """Grey levels of the whole frame by thirds of depth."""
    image = sample.image.astype(np.float32)
    thirds = np.array_split(image, 3)
    return {
        "mean": float(image.mean()),
        "sd": float(image.std()),
        "black": float((image < 8).mean()),
        **{f"third {i + 1}": float(t.mean()) for i, t in enumerate(thirds)},
    }


def patch(sample: Sample) -> np.ndarray:
    """The square of `PATCH` pixels around the nodule, moved into the frame where needed."""
    rows, columns = np.nonzero(sample.mask)
    corner = []
    for at, size in zip((rows.mean(), columns.mean()), sample.image.shape, strict=True):
        corner.append(int(np.clip(at - PATCH / 2, 0, max(size - PATCH, 0))))
    cut = sample.image[corner[0] : corner[0] + PATCH, corner[1] : corner[1] + PATCH]
    return np.pad(cut, [(0, PATCH - n) for n in cut.shape], mode="reflect").astype(np.float32)


def _half_width(profile: np.ndarray) -> float:
    """Where an autocorrelation falls below one half, by linear interpolation, pixels."""
    k = int(np.argmax(profile < 0.5))
    return k - 1 + (profile[k - 1] - 0.5) / (profile[k - 1] - profile[k]) if k else float(len(profile))


def texture(p: np.ndarray) -> dict[str, float]:
    """Mean, spread of the fine texture, and its axial and lateral half widths (full width, pixels)."""
    fine = p - ndimage.gaussian_filter(p, 6)
    spectrum = np.abs(np.fft.fft2(fine)) ** 2
    auto = np.fft.ifft2(spectrum).real
    auto /= auto[0, 0]
    return {
        "mean": float(p.mean()),
        "fine sd": float(fine.std()),
        "axial": 2 * _half_width(auto[:20, 0]),
        "lateral": 2 * _half_width(auto[0, :20]),
    }


def glcm(p: np.ndarray) -> dict[str, float]:
    """Haralick numbers of 16 grey levels at one pixel, across and down."""
    levels = np.clip(p / 16, 0, 15).astype(np.uint8)
    matrix = graycomatrix(levels, [1], [0, np.pi / 2], levels=16, symmetric=True, normed=True)
    out = {}
    for name in ("contrast", "correlation", "homogeneity", "entropy"):
        across, down = graycoprops(matrix, name)[0]
        out[f"{name} across"], out[f"{name} down"] = float(across), float(down)
    return out


def spectrum(p: np.ndarray) -> dict[str, float]:
    """Log power in 10 bands down and 10 across, relative to the whole."""
    window = np.hanning(PATCH)[:, None] * np.hanning(PATCH)
    power = np.abs(np.fft.fft2((p - p.mean()) * window)) ** 2
    power /= power.sum()
    out = {}
    for name, axis in (("down", 1), ("across", 0)):
        line = power.sum(axis)[1 : PATCH // 2]
        for i, band in enumerate(np.array_split(line, 10)):
            out[f"{name} {i}"] = float(np.log10(band.mean() + 1e-9))
    return out


FEATURES: dict[str, Callable[[np.ndarray], dict[str, float]]] = {
    "first order": texture,
    "glcm": glcm,
    "spectrum": spectrum,
}


def table(samples: list[Sample], numbers: Callable[[Sample], dict[str, float]]) -> dict[str, np.ndarray]:
    """One array a number, in the order of the samples."""
    rows = [numbers(sample) for sample in samples]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def two_sample(real: list[Sample], fake: list[Sample]) -> Iterator[tuple[str, object]]:
    """Yield (name of the features, AUC as an `Estimate`) of a linear test, cross-validated by patient."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from thyrolearn.evaluation import auc

    labels = np.r_[np.zeros(len(real), int), np.ones(len(fake), int)]
    groups = np.array([f"r{s.patient}" for s in real] + [f"f{s.patient}" for s in fake])
    patches = [patch(s) for s in [*real, *fake]]
    values = {name: np.array([list(f(p).values()) for p in patches]) for name, f in FEATURES.items()}
    values["all"] = np.hstack(list(values.values()))
    for name, x in values.items():
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
        folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
        scores = cross_val_predict(model, x, labels, groups=groups, cv=folds, method="decision_function")
        yield name, auc(labels, scores, groups=groups, method="bootstrap", resamples=500)


def median_with_interval(values: np.ndarray, seed: int = 0) -> tuple[float, float, float]:
    """Median with a 95 % bootstrap interval."""
    values = values[np.isfinite(values)]
    picks = np.random.default_rng(seed).integers(0, len(values), (1000, len(values)))
    low, high = np.percentile(np.median(values[picks], 1), (2.5, 97.5))
    return float(np.median(values)), float(low), float(high)


def report(real: list[Sample], fake: list[Sample], masks: bool = True) -> dict[str, object]:
    """Compute the ladder and print it, the real frames on the left; return it. Without ``masks`` whole frames only."""
    out: dict[str, object] = {"frames": {"real": len(real), "phantom": len(fake)}}
    kinds = {"frame": frame_numbers, "nodule": nodule_numbers} if masks else {"frame": frame_numbers}
    kinds["texture"] = lambda s: texture(patch(s))
    kinds["glcm"] = lambda s: glcm(patch(s))
    for kind, numbers in kinds.items():
        a, b = table(real, numbers), table(fake, numbers)
        for name in a:
            rows = [median_with_interval(t[name]) for t in (a, b)]
            spread = [np.nanpercentile(t[name], (10, 90)) for t in (a, b)]
            goal = GOALS.get(name) if kind == "nodule" else None
            verdict = "" if goal is None else "ok" if goal[0] <= rows[1][0] <= goal[1] else f"goal {goal}"
            cells = [
                f"{m:8.2f} ({lo:.2f}, {hi:.2f}) [{s[0]:.2f} {s[1]:.2f}]"
                for (m, lo, hi), s in zip(rows, spread, strict=True)
            ]
            print(f"{kind:8s}{name:20s}{cells[0]:42s}{cells[1]:42s}{verdict}")
            out[f"{kind} {name}"] = {"real": rows[0], "phantom": rows[1]}
    for name, estimate in two_sample(real, fake):
        print(f"two-sample AUC, {name:12s} {estimate}   goal <= {TESTS[name]}")
        out[f"auc {name}"] = [estimate.value, estimate.low, estimate.high]  # type: ignore[attr-defined]
    return out


def stored(result: dict, reference: str, scanner: str, seed: int) -> list[dict[str, object]]:
    """The ladder as rows of a table: medians of both sides, or the AUC that tells them apart, with intervals."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "thyrolearn/phantom", "benchmarks/realism.py")
    commit = git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
    last = {
        "reference": reference, "sample": SAMPLES[reference, scanner], "real_frames": result["frames"]["real"],
        "scanner": scanner,
        "phantom_frames": result["frames"]["phantom"], "seed": seed, "sim_version": phantom.SIM_VERSION,
        "commit": commit, "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }  # fmt: skip
    names = [f"{side}{end}" for side in ("real", "phantom") for end in ("", "_low", "_high")]
    rows: list[dict[str, object]] = []
    for name, found in result.items():
        if name.startswith("auc "):
            blank: list[object] = [""] * 3
            values = blank + found
        elif name != "frames":
            values = [*found["real"], *found["phantom"]]
        else:
            continue
        cells = [v if v == "" else f"{v:.4f}" for v in values]
        rows.append({"quantity": name, **dict(zip(names, cells, strict=True)), **last})
    return rows


def draw(real: list[Sample], fake: list[Sample], path: Path, pairs: int = 6) -> None:
    """Write sample pairs, real above synthetic, as one PNG."""
    from PIL import Image

    from thyrolearn.phantom.sheet import tile

    rng = np.random.default_rng(0)
    pick = [rng.choice(len(s), pairs, replace=False) for s in (real, fake)]
    pictures = [s[i].image for s, chosen in zip((real, fake), pick, strict=True) for i in chosen]
    Image.fromarray(tile(pictures, pairs)).save(path)


def compare(real: dict[str, list[Sample]], options: argparse.Namespace, rows: list[dict]) -> Iterator[list[dict]]:
    """Yield the rows of every pair of `SAMPLES` that can be measured and is not among ``rows``."""
    done = {(row["reference"], row["scanner"]) for row in rows}
    for reference, scanner in SAMPLES:
        if reference in real and (reference, scanner) not in done:
            print(f"-- {reference}, scanner {scanner}: {SAMPLES[reference, scanner]}")
            whole = reference == "tn3k"
            fake = (phantom_whole if whole else phantom_frames)(options.frames, options.seed, scanner)
            yield stored(report(real[reference], fake, masks=not whole), reference, scanner, options.seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--real", type=Path, required=True)
    parser.add_argument("--tn3k", type=Path)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--csv", type=Path, help="such as datasets/results/realism.csv, which the book shows")
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    ddti = real_frames(options.real)
    real = {"ddti": ddti, **{f"ddti half {i}": half(ddti, i) for i in (1, 2)}}
    if options.tn3k:
        real["tn3k"] = whole_frames(options.tn3k)
    rows: list[dict] = []
    if options.csv and options.csv.exists():
        rows = list(csv.DictReader(options.csv.open(encoding="utf-8")))
    for more in compare(real, options, rows):
        rows += more
        if options.csv:
            with options.csv.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, list(more[0]), lineterminator="\n")
                writer.writeheader()
                writer.writerows(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))
    if options.figure:
        draw(ddti, phantom_frames(24, options.seed, "F"), options.figure)


if __name__ == "__main__":
    main()
