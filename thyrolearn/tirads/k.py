"""K-TIRADS 2021: patterns give the class, class and size give the advice.

Ha EJ et al., Korean J Radiol 2021;22:2094-2123, doi 10.3348/kjr.2021.0713; read through secondary sources. Cut-offs
are exclusive: more than 10, 10 to 15 (a range, `class_4_cut_mm`), 20 mm. The 2016 edition, superseded, biopsied class
5 and 4 at 10, 3 at 15, 2 at 20 mm: some programs print its cut-offs as 2021's. From the words of `Descriptors`: a large
comet-tail in a mixed nodule is an intracystic focus with comet-tail; a composition that calcification hides is an
entirely calcified nodule. Lesson: 0_start/01_first_look. For teaching, not for diagnosis.
"""

from dataclasses import replace

from thyrolearn.errors import ParameterError
from thyrolearn.tirads import rules
from thyrolearn.tirads.descriptors import Descriptors
from thyrolearn.tirads.rules import Assessment, Cut, Level, Note, Pattern, Row, Source, System

__all__ = ["SYSTEM", "assess", "category", "system"]


def _class_4(cut_mm: float) -> Level:
    return Level(4, "K-TIRADS 4", "intermediate suspicion", "10 to 40 %", None, Cut(cut_mm, False), Cut(0), {
        "FNA": f"FNA (class 4 over {cut_mm:g} mm; the guideline gives a range of 10 to 15 mm).",
        "follow-up": f"Follow-up ultrasound at 1, 3 and 5 years (class 4 up to {cut_mm:g} mm, of a range of 10 to 15).",
    })  # fmt: skip


LEVELS = (
    Level(2, "K-TIRADS 2", "benign", "under 3 %", advice={"none": "No routine FNA."}),
    Level(3, "K-TIRADS 3", "low suspicion", "3 to 10 %", None, Cut(20, inclusive=False), Cut(0), {
        "FNA": "FNA (class 3 over 20 mm).",
        "follow-up": "Follow-up ultrasound at 1, 3 and 5 years (class 3 up to 20 mm).",
    }),
    _class_4(15),
    Level(5, "K-TIRADS 5", "high suspicion", "over 60 %", None, Cut(10, inclusive=False), Cut(0), {
        "FNA": "FNA (class 5 over 10 mm).",
        "follow-up": "Follow-up ultrasound every 6 months for 1 to 2 years, then yearly (class 5 up to 10 mm).",
    }),
)  # fmt: skip
SUSPICIOUS: tuple[Row, ...] = ({"shape": ("taller",)}, {"margin": ("lobirr", "ete")}, {"foci": ("pef",)})
DARK: Row = {"composition": ("solid",), "echogenicity": ("hypo", "veryhypo")}
BRIGHT = ("anechoic", "hyper", "iso", "undetermined")
PATTERNS = (
    Pattern({"composition": ("undetermined",)}, 4),
    Pattern({"composition": ("cystic",)}, 2),
    Pattern({"composition": ("spongiform",), "echogenicity": BRIGHT}, 2),
    Pattern({"composition": ("mixed",), "foci": ("comet",)}, 2),
    *(Pattern({**DARK, **feature}, 5) for feature in SUSPICIOUS),
    Pattern(DARK, 4),
    *(Pattern(feature, 4) for feature in SUSPICIOUS),
    Pattern({}, 3),
)
NOTES = (
    Note("Composition hidden by calcification: read as an entirely calcified nodule.",
         {"composition": ("undetermined",)}),
    Note("Echogenicity undetermined: read as iso- or hyperechoic; K-TIRADS does not say.",
         {"composition": ("mixed", "solid", "spongiform"), "echogenicity": ("undetermined",)}),
)  # fmt: skip
SYSTEM = System(
    name="K-TIRADS 2021",
    source=Source("10.3348/kjr.2021.0713", "current", "S", "the primary paper could not be opened"),
    scope="Class 1 is no nodule. Class 4 has a range of cut-offs: over 15 mm where there is no risk factor.",
    levels=LEVELS,
    patterns=PATTERNS,
    notes=(*NOTES, rules.UNIT),
)


def system(class_4_cut_mm: float = 15) -> System:
    """Return the table with class 4's cut inside its range; raises `ParameterError` outside 10 to 15 mm.

    >>> system(10).at(4).fna
    Cut(mm=10, inclusive=False)
    """
    if not 10 <= class_4_cut_mm <= 15:
        raise ParameterError(f"class_4_cut_mm={class_4_cut_mm!r} is outside K-TIRADS 2021.", "Give 10 to 15 mm.")
    return replace(SYSTEM, levels=tuple(_class_4(class_4_cut_mm) if row.level == 4 else row for row in LEVELS))


def category(descriptors: Descriptors) -> int:
    """Return the class, 2 to 5.

    >>> category(Descriptors("mixed", "hypo", "wider", "smooth"))
    3
    """
    return int(assess(descriptors).level)


def assess(descriptors: Descriptors, size_mm: float | None = None, *, class_4_cut_mm: float = 15) -> Assessment:
    """Return the class and, where the largest diameter in mm is given, the action.

    Raises `ParameterError` for a size outside 1 to 150 mm or a class 4 cut outside 10 to 15 mm.

    >>> assess(Descriptors("mixed", "hypo", "wider", "smooth"), size_mm=18).action.value
    'follow-up'
    """
    return rules.assess(system(class_4_cut_mm), descriptors, size_mm)
