"""Public thyroid ultrasound sets: one module a set, each with ``read(root)`` and ``gather(root)``.

A set whose layout nobody here has seen, in its files or in code that reads them, has a card and no reader.
"""

READERS = {
    "ddti": "ddti",
    "ddti-pairs": "ddti_pairs",
    "tn3k": "tn3k",
    "tg3k": "tg3k",
    "tn5000": "tn5000",
    "tnui": "tnui",
    "stanford": "stanford",
    "thyroidxl": "thyroidxl",
    "auitd": "auitd",
    "folder": "folder",
}
"""The name of a set and the module that reads it."""

__all__ = ["READERS"]
