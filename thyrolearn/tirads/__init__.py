"""TI-RADS as code: pure rules with their sources, five systems over one record. For teaching, not for diagnosis.

>>> from thyrolearn.tirads import Descriptors, acr
>>> acr.assess(Descriptors("solid", "hypo", "taller", "smooth", {"pef"}), size_mm=12).label
'TR5 (highly suspicious)'
"""

from thyrolearn.tirads import acr
from thyrolearn.tirads.descriptors import Composition, Descriptors, Echogenicity, Focus, Margin, Shape, every
from thyrolearn.tirads.rules import NOTICE, Action, Assessment

__all__ = [
    "NOTICE",
    "Action",
    "Assessment",
    "Composition",
    "Descriptors",
    "Echogenicity",
    "Focus",
    "Margin",
    "Shape",
    "acr",
    "every",
]
