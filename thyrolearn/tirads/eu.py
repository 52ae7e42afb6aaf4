"""EU-TIRADS 2017: patterns give the class, class and size give the advice.

Russ G et al., Eur Thyroid J 2017;6:225-237, doi 10.1159/000478927. Cut-offs are exclusive: more than 10, 15,
20 mm. From the words of `Descriptors`: taller is non-oval, lobulated, irregular or extra-thyroidal is an irregular
margin, punctate foci are microcalcifications, very hypoechoic is markedly hypoechoic. A mixed nodule with any
hypoechoic tissue is class 4, here and not in Korea. Lesson: 0_start/01_first_look. For teaching, not for diagnosis.
"""

from dataclasses import replace

from thyrolearn.tirads import rules
from thyrolearn.tirads.descriptors import Descriptors
from thyrolearn.tirads.rules import Assessment, Cut, Level, Note, Pattern, Source, System

__all__ = ["SYSTEM", "assess", "category", "system"]

LEVELS = (
    Level(2, "EU-TIRADS 2", "benign", "about 0 %", advice={"none": "No FNA, except to treat."}),
    Level(3, "EU-TIRADS 3", "low risk", "2 to 4 %", fna=Cut(20, inclusive=False), advice={
        "FNA": "FNA (class 3 over 20 mm).",
        "none": "No FNA at this size (class 3 up to 20 mm).",
    }),
    Level(4, "EU-TIRADS 4", "intermediate risk", "6 to 17 %", fna=Cut(15, inclusive=False), advice={
        "FNA": "FNA (class 4 over 15 mm).",
        "none": "No FNA at this size (class 4 up to 15 mm).",
    }),
    Level(5, "EU-TIRADS 5", "high risk", "26 to 87 %", None, Cut(10, inclusive=False), Cut(0), {
        "FNA": "FNA (class 5 over 10 mm); if the first cytology is benign, again within 3 months.",
        "follow-up": "Active surveillance, or FNA by choice (class 5 up to 10 mm, no suspicious lymph node).",
    }),
)  # fmt: skip
MARKED_IN_MIXED = Pattern({"composition": ("mixed",), "echogenicity": ("veryhypo",)}, 5)
PATTERNS = (
    Pattern({"composition": ("cystic", "spongiform")}, 2),
    Pattern({"shape": ("taller",)}, 5),
    Pattern({"margin": ("lobirr", "ete")}, 5),
    Pattern({"foci": ("pef",)}, 5),
    Pattern({"composition": ("solid", "undetermined"), "echogenicity": ("veryhypo",)}, 5),
    Pattern({"echogenicity": ("hypo", "veryhypo")}, 4),
    Pattern({}, 3),
)
_SCORED = ("mixed", "solid", "undetermined")
NOTES = (
    Note("Entirely spongiform is class 2, but this nodule has a high-risk feature: reconsider spongiform.",
         {"composition": ("spongiform",), "shape": ("taller",)}),
    Note("Entirely spongiform is class 2, but this nodule has a high-risk margin: reconsider spongiform.",
         {"composition": ("spongiform",), "margin": ("lobirr", "ete")}),
    Note("Entirely spongiform is class 2, but this nodule has microcalcifications: reconsider spongiform.",
         {"composition": ("spongiform",), "foci": ("pef",)}),
    Note("Mixed and markedly hypoechoic: class 4 by our reading of 'in a solid nodule'; others read class 5.",
         {"composition": ("mixed",), "echogenicity": ("veryhypo",)}, levels=(4,)),
    Note("Composition undetermined: read as solid, as the ACR's points do; EU-TIRADS does not say.",
         {"composition": ("undetermined",)}),
    Note("Echogenicity undetermined: read as isoechoic, as the ACR's points do; EU-TIRADS does not say.",
         {"composition": _SCORED, "echogenicity": ("undetermined",)}),
)  # fmt: skip
SYSTEM = System(
    name="EU-TIRADS 2017",
    source=Source(
        "10.1159/000478927",
        "current",
        "C",
        "class table; mixed, and 5 under 10 mm, second-hand",
    ),
    scope="Class 1 is no nodule. A suspicious lymph node calls for FNA whatever the size of the nodule.",
    levels=LEVELS,
    patterns=PATTERNS,
    notes=(*NOTES, rules.UNIT),
)


def system(marked_needs_solid: bool = True) -> System:
    """Return the table; False reads marked hypoechogenicity as high risk in mixed nodules too.

    >>> system(marked_needs_solid=False).patterns[0].level
    5
    """
    return SYSTEM if marked_needs_solid else replace(SYSTEM, patterns=(MARKED_IN_MIXED, *PATTERNS))


def category(descriptors: Descriptors, marked_needs_solid: bool = True) -> int:
    """Return the class, 2 to 5.

    >>> category(Descriptors("mixed", "hypo", "wider", "smooth"))
    4
    """
    return int(assess(descriptors, marked_needs_solid=marked_needs_solid).level)


def assess(descriptors: Descriptors, size_mm: float | None = None, *, marked_needs_solid: bool = True) -> Assessment:
    """Return the class and, where the largest diameter in mm is given, the action.

    Raises `ParameterError` for a size outside 1 to 150 mm.

    >>> assess(Descriptors("mixed", "hypo", "wider", "smooth"), size_mm=18).advice
    'FNA (class 4 over 15 mm).'
    """
    return rules.assess(system(marked_needs_solid), descriptors, size_mm)
