"""AI TI-RADS 2019: the ACR's table with points that a genetic algorithm chose; levels and sizes stay the ACR's.

Wildman-Tobriner B et al., Radiology 2019, doi 10.1148/radiol.2019182128; points as the authors' notebook prints them.
Chosen on 1,325 nodules and tested on 100: specificity 47 to 65 % there, 37 to 40 % on 378 others, which is a lesson in
optimism. Extra-thyroidal extension was not in the training data and keeps the ACR's 3 points.
Lesson: 0_start/01_first_look. For teaching, not for diagnosis.
"""

from dataclasses import replace

from thyrolearn.tirads import acr, rules
from thyrolearn.tirads.descriptors import Descriptors
from thyrolearn.tirads.rules import Assessment, Level, Note, Source

__all__ = ["SYSTEM", "assess", "level", "parts", "points"]

POINTS = {
    "composition": {"cystic": 0, "spongiform": 0, "mixed": 0, "solid": 3, "undetermined": 0},
    "echogenicity": {"anechoic": 0, "hyper": 0, "iso": 0, "hypo": 2, "veryhypo": 3, "undetermined": 0},
    "shape": {"wider": 0, "taller": 1},
    "margin": {"smooth": 0, "ill": 0, "undetermined": 0, "lobirr": 2, "ete": 3},
    "foci": {"comet": 0, "macro": 0, "rim": 2, "pef": 3},
}
_ONE = "Neither FNA nor follow-up by size, as in TR1 and TR2; the paper was not found to say which a total of 1 is."
_UNKNOWN = "not read for these points"  # the ACR's rates were measured with the ACR's points
LEVELS = (
    *(replace(row, risk=_UNKNOWN) for row in acr.LEVELS),
    Level(2, "TR1 or TR2", "no level is defined for 1 point", _UNKNOWN, (1, 1), advice={"none": _ONE}),
)
KEPT = Note(
    "Extra-thyroidal extension was not in the training data: the ACR's 3 points are kept.",
    {"margin": ("ete",), "composition": ("mixed", "solid", "undetermined")},
)
SYSTEM = replace(
    acr.SYSTEM,
    name="AI TI-RADS 2019",
    source=Source("10.1148/radiol.2019182128", "proposal", "C", "points; the level of a total of 1 is undefined"),
    levels=LEVELS,
    points=POINTS,
    notes=(*acr.NOTES, KEPT, rules.UNIT),
)


def parts(descriptors: Descriptors) -> dict[str, int]:
    """Return the points by category; cystic and spongiform end the count at 0.

    >>> parts(Descriptors("solid", "iso", "taller", "smooth"))
    {'composition': 3, 'echogenicity': 0, 'shape': 1, 'margin': 0, 'foci': 0}
    """
    return rules.parts(SYSTEM, descriptors)


def points(descriptors: Descriptors) -> int:
    """Return the total, 0 to 15.

    >>> points(Descriptors("mixed", "iso", "wider", "smooth"))
    0
    """
    return sum(parts(descriptors).values())


def level(points: int) -> int:
    """Return the level 1 to 5; a total of 1, which the ACR's points never give, counts as 2 with no action.

    Raises `ParameterError` for a total that is none.

    >>> [level(total) for total in range(8)]
    [1, 2, 2, 3, 4, 4, 4, 5]
    """
    return int(rules.level_of(SYSTEM, points).level)


def assess(descriptors: Descriptors, size_mm: float | None = None) -> Assessment:
    """Return points, level and, where the largest diameter in mm is given, the action.

    Raises `ParameterError` for a size outside 1 to 150 mm.

    >>> assess(Descriptors("solid", "hypo", "wider", "lobirr"), size_mm=15).level
    5
    """
    return rules.assess(SYSTEM, descriptors, size_mm)
