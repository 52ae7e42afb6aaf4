"""All systems at once: side by side for one nodule, and written out as the one table a browser scores from."""

import json
from dataclasses import asdict

from thyrolearn.errors import ParameterError
from thyrolearn.tirads import acr, ai, c, eu, k, rules
from thyrolearn.tirads.descriptors import Composition, Descriptors, Echogenicity, Focus, Margin, Shape, Word
from thyrolearn.tirads.rules import NOTICE, SIZE_RANGE_MM, Assessment, System

__all__ = ["SYSTEMS", "as_json", "assess", "compare", "tables"]

SYSTEMS: dict[str, System] = {
    "acr": acr.SYSTEM,
    "eu": eu.SYSTEM,
    "k": k.SYSTEM,
    "c": c.SYSTEM,
    "ai": ai.SYSTEM,
}
"""Every system by its short name, in the order in which they are shown."""

WORDS: dict[str, type[Word]] = {
    "composition": Composition,
    "echogenicity": Echogenicity,
    "shape": Shape,
    "margin": Margin,
    "foci": Focus,
}
"""The words of each category, in the order of the fields of `Descriptors`."""


def assess(system: str, descriptors: Descriptors, size_mm: float | None = None) -> Assessment:
    """Assess by the system's short name: acr, eu, k, c or ai.

    Raises `ParameterError` for another name or a size outside 1 to 150 mm.

    >>> assess("k", Descriptors("solid", "hypo", "wider", "smooth")).level
    4
    """
    if system not in SYSTEMS:
        raise ParameterError(f"{system!r} is not a TI-RADS system.", f"Allowed: {', '.join(SYSTEMS)}.")
    return rules.assess(SYSTEMS[system], descriptors, size_mm)


def compare(descriptors: Descriptors, size_mm: float | None = None) -> list[Assessment]:
    """Assess one nodule by every system, side by side; levels of different systems are not the same thing.

    Raises `ParameterError` for a size outside 1 to 150 mm.

    >>> partly_cystic = Descriptors("mixed", "hypo", "wider", "smooth")
    >>> {a.system: a.action.value for a in compare(partly_cystic, size_mm=18)}
    {'ACR TI-RADS 2017': 'follow-up', 'EU-TIRADS 2017': 'FNA', 'K-TIRADS 2021': 'follow-up',
     'C-TIRADS 2020': 'none', 'AI TI-RADS 2019': 'none'}
    """
    return [rules.assess(system, descriptors, size_mm) for system in SYSTEMS.values()]


def tables() -> dict[str, object]:
    """Return every rule as plain data: words, points, patterns, levels, cuts, advice, notes, sources.

    How to score from it: refuse ``anechoic`` unless the composition is in ``anechoic_only_in`` and ``none`` beside
    another focus. A system with ``points`` sums them (0 at once for a composition in ``stop``) and takes the level
    whose ``points`` band holds the total; one without takes the first of ``patterns`` whose ``when`` holds (each
    category named has one of the words). The action is FNA, else follow-up, where its cut is reached (``inclusive``:
    at least ``mm``; else more), else none; ``advice`` is keyed by it.

    >>> tables()["systems"]["acr"]["points"]["shape"]
    {'wider': 0, 'taller': 3}
    """
    return {
        "notice": NOTICE,
        "size_mm": list(SIZE_RANGE_MM),
        "words": {name: {word.value: word.term for word in words} for name, words in WORDS.items()},
        "anechoic_only_in": [Composition.CYSTIC.value, Composition.SPONGIFORM.value],
        "systems": {name: {**asdict(system), "status": system.source.status} for name, system in SYSTEMS.items()},
    }


def as_json(indent: int | None = None) -> str:
    """Return `tables` as JSON text, the same on every machine.

    >>> import json
    >>> list(json.loads(as_json())["systems"])
    ['acr', 'eu', 'k', 'c', 'ai']
    """
    return json.dumps(tables(), indent=indent, ensure_ascii=False)
