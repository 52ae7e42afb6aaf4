"""Claims: a lesson's results, each held inside the band that ten seeds gave it."""

import json
import os
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thyrolearn.course.records import read_yaml
from thyrolearn.course.show import card, escape, inline
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.estimate import Estimate

__all__ = ["Band", "Key", "band_of", "read_bands", "judge", "strip", "shown", "record", "recording", "RECORD"]

RECORD = "THYROLEARN_CLAIMS"
"""The environment variable that names the file to append to; while it is set, claims are recorded and not judged."""
_WIDTH = 5.0  # standard deviations on each side, so that another machine's rounding breaks no reader's run
_LEFT, _RIGHT = 16, 424  # of the strip, in its own units
_FLOOR = 1e-3  # a value that does not vary with the seed still varies with the machine


@dataclass(frozen=True)
class Key:
    """What a claim belongs to: the lesson's slug, the data set, the tier and the claim's name."""

    lesson: str
    data: str
    tier: str
    name: str


@dataclass(frozen=True)
class Band:
    """Where a claim's value may lie: mean and five standard deviations over ``seeds`` runs on a fixed cohort."""

    statement: str
    mean: float
    sd: float
    low: float
    high: float
    seeds: int
    sim_version: str

    def holds(self, value: float) -> bool:
        """Whether ``value`` lies inside the band (its ends included)."""
        return self.low <= value <= self.high


def band_of(values: list[float], statement: str, sim_version: str) -> Band:
    """Return the band of ``values``, one a seed: mean plus and minus five sample standard deviations.

    >>> band = band_of([0.80, 0.82, 0.84], "The network reads the margin.", "1")
    >>> round(band.mean, 3), round(band.sd, 3), round(band.low, 3), round(band.high, 3)
    (0.82, 0.02, 0.72, 0.92)
    """
    if len(values) < 2:
        raise ParameterError(f"A band needs at least 2 seeds; {len(values)} given.", "Use --seeds 10.")
    mean, sd = statistics.fmean(values), statistics.stdev(values)
    half = max(_WIDTH * sd, _FLOOR)
    mean, sd, low, high = (float(f"{number:.6g}") for number in (mean, sd, mean - half, mean + half))
    return Band(statement, mean, sd, low, high, len(values), sim_version)


def read_bands(file: Path) -> dict[Key, Band]:
    """Read ``claims.yml``: lesson, then ``data/tier``, then name.

    >>> read_bands(Path("no-such-file.yml"))
    {}
    """
    bands: dict[Key, Band] = {}
    for lesson, settings in read_yaml(file).items():
        for setting, claims in settings.items():
            data, tier = setting.split("/")
            bands |= {Key(lesson, data, tier, name): Band(**fields) for name, fields in claims.items()}
    return bands


def judge(estimate: Estimate, band: Band | None, excludes: float | None = None) -> str | None:
    """Return what is wrong with ``estimate``, or None: outside its band, or an interval that holds ``excludes``.

    Without a band nothing was promised, so nothing is wrong: a small set of a learner's own may well leave a
    difference open, and the interval says so.

    >>> judge(Estimate(0.10, -0.02, 0.22, "bootstrap", 90), None, excludes=0)
    >>> judge(Estimate(0.10, -0.02, 0.22, "bootstrap", 90), Band("Gain.", 0.1, 0.01, 0, 0.2, 10, "1"), excludes=0)
    'its interval, -0.020 to 0.220, holds 0'
    """
    if band is None:
        return None
    if not band.holds(estimate.value):
        return f"its value, {estimate.value:.3f}, lies outside the band {band.low:.3f} to {band.high:.3f}"
    if excludes is not None and not estimate.excludes(excludes):
        return f"its interval, {estimate.low:.3f} to {estimate.high:.3f}, holds {excludes:g}"
    return None


def record(file: Path, key: Key, estimate: Estimate, statement: str, seed: int) -> None:
    """Append one line (JSON) for ``key`` to ``file``; a single write, so that lines never mix."""
    row: dict[str, Any] = vars(key) | {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    row |= {"n": estimate.n, "seed": seed, "statement": statement}
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(row) + "\n")


def recording() -> Path | None:
    """The file to record in, or None when claims are to be judged."""
    name = os.environ.get(RECORD)
    return Path(name) if name else None


def shown(
    statement: str,
    estimate: Estimate,
    band: Band | None = None,
    problem: str | None = None,
    reference: float | None = None,
    patience: Estimate | None = None,
) -> tuple[str, str]:
    """The claim as (HTML, plain text): statement, value with interval, the strip, and how it was judged.

    ``patience`` is what the same claim came to at the full tier, where that is stored.
    """
    if problem:
        kind, said = "out", f"This claim fails: {problem}."
    elif band:
        kind = "good"
        said = f"Inside its band, {band.low:.3f} to {band.high:.3f} (mean and 5 sd of {band.seeds} seeds)."
    else:
        kind, said = "open", "No band is stored for this data set and tier: the value stands with its interval alone."
        if reference is not None and not estimate.excludes(reference):
            said += f" The interval holds {reference:g}: these cases leave the question open."
    if patience:
        said += f" At the full tier, once: {patience.value:.3f} ({patience.low:.3f} to {patience.high:.3f})."
    body = f'<p><span class="tl-title">Claim.</span> {inline(statement)}</p><p>{escape(estimate)}</p>'
    body += strip(estimate, band, reference) + f'<p class="tl-soft">{escape(said)}</p>'
    return card(kind, body, "Claim"), f"Claim. {statement}\n{estimate}\n{said}"


def strip(estimate: Estimate, band: Band | None = None, reference: float | None = None) -> str:
    """Draw value, interval, band and reference on one line, as SVG with its text alternative.

    >>> picture = strip(Estimate(0.1, 0.05, 0.15, "bootstrap", 90), reference=0)
    >>> picture.startswith("<svg"), 'role="img"' in picture
    (True, True)
    """
    marks = [estimate.value, estimate.low, estimate.high]
    marks += [band.low, band.high] if band else []
    marks += [reference] if reference is not None else []
    start, span = min(marks), (max(marks) - min(marks)) or 1.0

    def x(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (value - start) / span

    told = f"Value {estimate.value:.3f}, interval {estimate.low:.3f} to {estimate.high:.3f}"
    shapes = [f'<line class="tl-axis" x1="{_LEFT}" x2="{_RIGHT}" y1="30" y2="30"/>']
    if band:
        told += f", band {band.low:.3f} to {band.high:.3f}"
        shapes += _band(x(band.low), x(band.high), band)
    if reference is not None:
        told += f", compared with {reference:g}"
        at = f'x1="{x(reference):.1f}" x2="{x(reference):.1f}" y1="16" y2="46"'
        shapes.append(f'<line class="tl-reference" {at}/>')
        if abs(x(reference) - x(estimate.value)) > 60:
            shapes.append(_label(x(reference), 11, f"{reference:g}"))
    line = f'x1="{x(estimate.low):.1f}" x2="{x(estimate.high):.1f}" y1="30" y2="30"'
    shapes.append(f'<line class="tl-interval" {line}/>')
    shapes.append(f'<circle class="tl-value" cx="{x(estimate.value):.1f}" cy="30" r="6"/>')
    shapes.append(_label(x(estimate.value), 11, f"{estimate.value:.3f}", bold=True))
    return f'<svg viewBox="0 0 440 62" role="img" aria-label="{escape(told)}.">{"".join(shapes)}</svg>'


def _band(left: float, right: float, band: Band) -> list[str]:
    """The band as a box with its ends, and its name where there is room between them."""
    shapes = [f'<rect class="tl-band" x="{left:.1f}" y="18" width="{right - left:.1f}" height="24"/>']
    shapes += [_label(left, 58, f"{band.low:.3f}"), _label(right, 58, f"{band.high:.3f}")]
    if right - left > 190:
        shapes.append(_label((left + right) / 2, 58, f"band of {band.seeds} seeds"))
    return shapes


def _label(x: float, y: int, text: str, bold: bool = False) -> str:
    anchor = "start" if x < 40 else "end" if x > 400 else "middle"
    look = ' class="tl-bold"' if bold else ""
    return f'<text{look} x="{x:.1f}" y="{y}" text-anchor="{anchor}">{text}</text>'
