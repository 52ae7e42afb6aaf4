"""Public thyroid ultrasound sets: one module a set, each with ``read(root)`` and ``gather(root)``."""

READERS = {"ddti": "ddti"}
"""The name of a set and the module that reads it."""

__all__ = ["READERS"]
