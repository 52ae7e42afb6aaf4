"""C-TIRADS 2020: five signs count +1 each, a comet-tail -1; the score gives the category.

Zhou J et al., Endocrine 2020;70:256-279, doi 10.1007/s12020-020-02441-y. Scoring from two secondary sources; the
sizes for FNA rest on secondary sources only, and whether they are inclusive is unconfirmed. Two traps: an ill-defined
margin scores here and not in the ACR's system; plain hypoechogenicity scores nothing. There is no rule that ends the
count for a cyst. Lesson: 0_start/01_first_look. For teaching, not for diagnosis.
"""

from thyrolearn.tirads import rules
from thyrolearn.tirads.descriptors import Descriptors
from thyrolearn.tirads.rules import Assessment, Cut, Level, Note, Source, System

__all__ = ["SYSTEM", "assess", "category", "parts", "points"]

POINTS = {
    "composition": {"cystic": 0, "spongiform": 0, "mixed": 0, "solid": 1, "undetermined": 1},
    "echogenicity": {"anechoic": 0, "hyper": 0, "iso": 0, "hypo": 0, "veryhypo": 1, "undetermined": 0},
    "shape": {"wider": 0, "taller": 1},
    "margin": {"smooth": 0, "ill": 1, "undetermined": 0, "lobirr": 1, "ete": 1},
    "foci": {"comet": -1, "macro": 0, "rim": 0, "pef": 1},
}


def _level(level: str, risk: str, points: tuple[int, int], name: str, cut_mm: float | None = None) -> Level:
    if cut_mm is None:
        return Level(level, f"C-TIRADS {level}", name, risk, points, advice={"none": "No FNA."})
    return Level(level, f"C-TIRADS {level}", name, risk, points, Cut(cut_mm), None, {
        "FNA": f"FNA ({level} from {cut_mm:g} mm; cut-off from secondary sources).",
        "none": f"No FNA at this size ({level} under {cut_mm:g} mm; cut-off from secondary sources).",
    })  # fmt: skip


LEVELS = (
    _level("2", "0 %", (-1, -1), "benign"),
    _level("3", "under 2 %", (0, 0), "probably benign"),
    _level("4A", "2 to 10 %", (1, 1), "low suspicion", 15),
    _level("4B", "10 to 50 %", (2, 2), "moderate suspicion", 10),
    _level("4C", "50 to 90 %", (3, 4), "high suspicion", 10),
    _level("5", "over 90 %", (5, 5), "highly suggestive of malignancy", 10),
)
NOTES = (
    Note("Composition undetermined: counted as solid, as the ACR's points do; C-TIRADS was not found to say.",
         {"composition": ("undetermined",)}),
    Note("Below 10 mm the guideline is said to make exceptions (several foci, subcapsular, near trachea or nerve, "
         "suspicious lymph node); not confirmed.", levels=("4A", "4B", "4C", "5"), below_mm=10),
)  # fmt: skip
SYSTEM = System(
    name="C-TIRADS 2020",
    source=Source("10.1007/s12020-020-02441-y", "current", "S", "scoring and, weakest, the cut-offs"),
    scope="Category 1 is no nodule, 6 is proven malignancy.",
    levels=LEVELS,
    points=POINTS,
    notes=(*NOTES, rules.UNIT),
)


def parts(descriptors: Descriptors) -> dict[str, int]:
    """Return the score by category of sign, each -1, 0 or 1.

    >>> parts(Descriptors("solid", "hypo", "wider", "ill"))["margin"]
    1
    """
    return rules.parts(SYSTEM, descriptors)


def points(descriptors: Descriptors) -> int:
    """Return the score, -1 to 5.

    >>> points(Descriptors("mixed", "iso", "wider", "smooth", {"comet"}))
    -1
    """
    return sum(parts(descriptors).values())


def category(points: int) -> str:
    """Return the category of a score: 2, 3, 4A, 4B, 4C or 5; raises `ParameterError` outside -1 to 5.

    >>> [category(score) for score in range(-1, 6)]
    ['2', '3', '4A', '4B', '4C', '4C', '5']
    """
    return str(rules.level_of(SYSTEM, points).level)


def assess(descriptors: Descriptors, size_mm: float | None = None) -> Assessment:
    """Return score, category and, where the largest diameter in mm is given, the action.

    Raises `ParameterError` for a size outside 1 to 150 mm.

    >>> assess(Descriptors("solid", "veryhypo", "taller", "smooth"), size_mm=11).level
    '4C'
    """
    return rules.assess(SYSTEM, descriptors, size_mm)
