"""TI-RADS as code: pure rules with their sources, five systems over one record. For teaching, not for diagnosis.

>>> from thyrolearn.tirads import Descriptors, acr
>>> acr.assess(Descriptors("solid", "hypo", "taller", "smooth", {"pef"}), size_mm=12).label
'TR5 (highly suspicious)'
"""

from thyrolearn.tirads import acr, ai, c, eu, k
from thyrolearn.tirads.descriptors import Composition, Descriptors, Echogenicity, Focus, Margin, Shape, every
from thyrolearn.tirads.rules import NOTICE, Action, Assessment
from thyrolearn.tirads.table import SYSTEMS, WORDS, as_json, assess, compare, tables

__all__ = [
    "NOTICE",
    "SYSTEMS",
    "WORDS",
    "Action",
    "Assessment",
    "Composition",
    "Descriptors",
    "Echogenicity",
    "Focus",
    "Margin",
    "Shape",
    "acr",
    "ai",
    "as_json",
    "assess",
    "c",
    "compare",
    "eu",
    "every",
    "k",
    "tables",
]
