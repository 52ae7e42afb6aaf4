"""ACR TI-RADS 2017: points are added, the total gives the level, level and size give the action.

Tessler FN et al., J Am Coll Radiol 2017;14:587-595, doi 10.1016/j.jacr.2017.01.046; user's guide: Radiology
2018;287:29-36, doi 10.1148/radiol.2017171240. Malignancy by level: Middleton WD et al., AJR 2017,
doi 10.2214/AJR.16.17613 (3,422 nodules). Cut-offs are inclusive: at least 10, 15, 25 mm.
Lesson: 0_start/01_first_look. For teaching, not for diagnosis.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from thyrolearn.errors import ParameterError
from thyrolearn.tirads import rules
from thyrolearn.tirads.descriptors import Descriptors
from thyrolearn.tirads.rules import Assessment, Cut, Level, Note, Source, System

__all__ = ["SYSTEM", "Selection", "assess", "grew", "level", "parts", "points", "select"]

POINTS = {
    "composition": {"cystic": 0, "spongiform": 0, "mixed": 1, "solid": 2, "undetermined": 2},
    "echogenicity": {"anechoic": 0, "hyper": 1, "iso": 1, "hypo": 2, "veryhypo": 3, "undetermined": 1},
    "shape": {"wider": 0, "taller": 3},
    "margin": {"smooth": 0, "ill": 0, "undetermined": 0, "lobirr": 2, "ete": 3},
    "foci": {"comet": 0, "macro": 1, "rim": 2, "pef": 3},
}
_BENIGN = {"none": "No FNA and no follow-up by size."}
LEVELS = (
    Level(1, "TR1", "benign", "0.3 %", (0, 0), advice=_BENIGN),
    Level(2, "TR2", "not suspicious", "1.5 %", (2, 2), advice=_BENIGN),
    Level(3, "TR3", "mildly suspicious", "4.8 %", (3, 3), Cut(25), Cut(15), {
        "FNA": "FNA (TR3 from 25 mm).",
        "follow-up": "Follow-up ultrasound at 1, 3 and 5 years (TR3 from 15 mm).",
        "none": "Neither FNA nor follow-up at this size (TR3 under 15 mm).",
    }),
    Level(4, "TR4", "moderately suspicious", "9.1 %", (4, 6), Cut(15), Cut(10), {
        "FNA": "FNA (TR4 from 15 mm).",
        "follow-up": "Follow-up ultrasound at 1, 2, 3 and 5 years (TR4 from 10 mm).",
        "none": "Neither FNA nor follow-up at this size (TR4 under 10 mm).",
    }),
    Level(5, "TR5", "highly suspicious", "35.0 %", (7, 17), Cut(10), Cut(5), {
        "FNA": "FNA (TR5 from 10 mm).",
        "follow-up": "Follow-up ultrasound every year for up to 5 years (TR5 from 5 mm).",
        "none": "Neither FNA nor follow-up at this size (TR5 under 5 mm).",
    }),
)  # fmt: skip
_WORRYING = ("lobirr", "ete")
NOTES = (
    Note("Spongiform ends the count, but this margin is worrying: reconsider spongiform.",
         {"composition": ("spongiform",), "margin": _WORRYING}),
    Note("Spongiform ends the count, but these foci are worrying: reconsider spongiform.",
         {"composition": ("spongiform",), "foci": ("macro", "rim", "pef")}),
    Note("Mixed: echogenicity, margin and foci are those of the solid part; an eccentric solid part at an acute "
         "angle to the wall is worrying.", {"composition": ("mixed",)}),
    Note("Extra-thyroidal extension, where definite, counts as malignant until proven otherwise, at any size.",
         {"margin": ("ete",), "composition": ("mixed", "solid", "undetermined")}),
    Note("TR5 of 5 to 9 mm: no automatic FNA; a shared decision about a possible microcarcinoma.",
         levels=(5,), from_mm=5, below_mm=10),
)  # fmt: skip
SYSTEM = System(
    name="ACR TI-RADS 2017",
    source=Source("10.1016/j.jacr.2017.01.046", "current", "C", "points, cut-offs; follow-up years second-hand"),
    scope="Adults; not for FDG-avid nodules or a known high genetic risk such as MEN 2.",
    levels=LEVELS,
    points=POINTS,
    stop=("cystic", "spongiform"),
    notes=(*NOTES, rules.UNIT),
)


def parts(descriptors: Descriptors) -> dict[str, int]:
    """Return the points by category; cystic and spongiform end the count at 0 whatever else is there.

    >>> parts(Descriptors("solid", "hypo", "taller", "smooth"))
    {'composition': 2, 'echogenicity': 2, 'shape': 3, 'margin': 0, 'foci': 0}
    """
    return rules.parts(SYSTEM, descriptors)


def points(descriptors: Descriptors) -> int:
    """Return the total, 0 or 2 to 17: one choice a category, the foci summed.

    >>> points(Descriptors("solid", "iso", "wider", "smooth", {"macro", "rim", "pef"}))
    9
    """
    return sum(parts(descriptors).values())


def level(points: int) -> int:
    """Return the level 1 to 5 for a total; raises `ParameterError` for 1, which no valid reading gives.

    >>> [level(total) for total in (0, 2, 3, 4, 6, 7, 17)]
    [1, 2, 3, 4, 4, 5, 5]
    """
    return int(rules.level_of(SYSTEM, points).level)


def assess(descriptors: Descriptors, size_mm: float | None = None) -> Assessment:
    """Return points, level and, where the largest diameter in mm is given, the action.

    Raises `ParameterError` for a size outside 1 to 150 mm.

    >>> print(assess(Descriptors("solid", "hypo", "wider", "smooth"), size_mm=12))
    ACR TI-RADS 2017: TR4 (moderately suspicious), 4 points (risk in its table: 9.1 %)
    Follow-up ultrasound at 1, 2, 3 and 5 years (TR4 from 10 mm).
    doi:10.1016/j.jacr.2017.01.046, current; confirmed on a page (...); for teaching, not for diagnosis
    """
    return rules.assess(SYSTEM, descriptors, size_mm)


@dataclass(frozen=True)
class Selection:
    """Which of several nodules to report and which to sample, as positions in the input."""

    report: tuple[int, ...]
    sample: tuple[int, ...]


def select(nodules: Sequence[tuple[Descriptors, float]]) -> Selection:
    """Choose among several (descriptors, size in mm): report at most four, sample at most two.

    By points, then by size; only nodules that reach their FNA size are sampled. Read on a copy of the
    Radiopaedia text; a worksheet of the ACR is said to word it otherwise. Raises `ParameterError` for a size
    outside 1 to 150 mm.

    >>> big, small = (Descriptors("solid", "iso", "wider", "smooth"), 30), (Descriptors("solid", "hypo", "taller",
    ...     "smooth"), 11)
    >>> select([big, small])
    Selection(report=(1, 0), sample=(1, 0))
    """
    found = [assess(descriptors, size_mm) for descriptors, size_mm in nodules]
    order = sorted(range(len(found)), key=lambda i: (-(found[i].points or 0), -(found[i].size_mm or 0.0)))
    sample = [i for i in order if found[i].action is rules.Action.FNA]
    return Selection(tuple(order[:4]), tuple(sample[:2]))


def grew(before_mm: Sequence[float], after_mm: Sequence[float]) -> bool:
    """Whether a nodule grew: at least 20 % and 2 mm in two dimensions, or at least 50 % in volume.

    Both arguments are the three diameters in mm, in the same order (volume: 0.524 a b c, the factor cancels).
    Raises `ParameterError` unless there are three sizes of 1 to 150 mm in each.

    >>> grew((10, 10, 10), (12, 12, 10)), grew((10, 10, 10), (12, 10, 10))
    (True, False)
    """
    if not len(before_mm) == len(after_mm) == 3:
        raise ParameterError(f"{len(before_mm)} and {len(after_mm)} diameters.", "Give three before and three after.")
    pairs = [(rules.size(a) or 0.0, rules.size(b) or 0.0) for a, b in zip(before_mm, after_mm, strict=True)]
    wider = [b - a >= 2 and 5 * b >= 6 * a for a, b in pairs]
    (a, d), (b, e), (c, f) = pairs
    return sum(wider) >= 2 or 2 * d * e * f >= 3 * a * b * c
