"""What a reader says of a nodule: five categories, each a short word with its full term.

The words follow ACR TI-RADS 2017 (doi 10.1016/j.jacr.2017.01.046) and its data element RDES152; the other
systems are scored from the same record, so that one nodule can be read five ways. Impossible input is an
error here, once, and no rule has to think of it again. For teaching, not for diagnosis.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, combinations, product
from typing import Self

from thyrolearn.errors import ParameterError

__all__ = ["Word", "Composition", "Echogenicity", "Shape", "Margin", "Focus", "Descriptors", "every"]


class Word(StrEnum):
    """A descriptor: its value is the short word, ``terms`` are the full terms, the standard's own first.

    >>> Composition.SOLID.value, Composition.SOLID.term
    ('solid', 'solid or almost completely solid')
    """

    terms: tuple[str, ...]

    def __new__(cls, value: str, *terms: str) -> Self:
        """Keep the short word as the value and the full terms beside it."""
        word = str.__new__(cls, value)
        word._value_ = value
        word.terms = terms
        return word

    @property
    def term(self) -> str:
        """The full term as the standard prints it."""
        return self.terms[0]

    @classmethod
    def named(cls, text: object) -> Self:
        """Return the member for exactly its short word.

        Raises `ParameterError` with the allowed words for anything else, also for another case: a table
        that writes ``Solid`` in some rows is worth a look.

        >>> Shape.named("taller")
        <Shape.TALLER: 'taller'>
        """
        for word in cls:
            if isinstance(text, str) and str.__eq__(word, text):
                return word
        raise cls._unknown(text)

    @classmethod
    def parse(cls, text: object) -> Self:
        """Return the member for its short word or one of its full terms; a hyphen counts as a blank.

        Raises `ParameterError` with the allowed words, and a suggestion where only the case differs.

        >>> Shape.parse("taller-than-wide"), Margin.parse("extra-thyroidal extension")
        (<Shape.TALLER: 'taller'>, <Margin.ETE: 'ete'>)
        """
        if isinstance(text, str):
            wanted = _plain(text)
            for word in cls:
                if wanted in (word.value, *map(_plain, word.terms)):
                    return word
        raise cls._unknown(text)

    @classmethod
    def _unknown(cls, text: object) -> ParameterError:
        meant = [word for word in cls if isinstance(text, str) and _is_nearly(word, text)]
        hint = f"Did you mean {meant[0].value!r}? " if meant else ""
        allowed = ", ".join(f"{word.value} ({word.term})" for word in cls)
        return ParameterError(f"{text!r} is not a word for {cls.__name__.lower()}.", f"{hint}Allowed: {allowed}.")


def _plain(text: str) -> str:
    return " ".join(text.replace("-", " ").split())


def _is_nearly(word: Word, text: str) -> bool:
    wanted = _plain(text).lower()
    return wanted in (word.value, *(_plain(term).lower() for term in word.terms))


class Composition(Word):
    """What the nodule consists of.

    >>> [word.value for word in Composition]
    ['cystic', 'spongiform', 'mixed', 'solid', 'undetermined']
    """

    CYSTIC = "cystic", "cystic or almost completely cystic", "almost completely cystic"
    SPONGIFORM = "spongiform", "spongiform (more than half tiny cystic spaces)"
    MIXED = "mixed", "mixed cystic and solid"
    SOLID = "solid", "solid or almost completely solid", "almost completely solid"
    UNDETERMINED = "undetermined", "cannot be determined because of calcification", "cannot be determined"


class Echogenicity(Word):
    """How bright the solid part is beside the gland; ``veryhypo`` is darker than the strap muscle.

    >>> Echogenicity.parse("hypoechoic").value
    'hypo'
    """

    ANECHOIC = "anechoic", "anechoic"
    HYPER = "hyper", "hyperechoic"
    ISO = "iso", "isoechoic"
    HYPO = "hypo", "hypoechoic", "mildly hypoechoic"
    VERYHYPO = "veryhypo", "very hypoechoic", "markedly hypoechoic"
    UNDETERMINED = "undetermined", "cannot be determined"


class Shape(Word):
    """The shape on the transverse image.

    >>> Shape.measured(height_mm=9.0, width_mm=9.0).value  # taller needs a ratio above 1
    'wider'
    """

    WIDER = "wider", "wider-than-tall"
    TALLER = "taller", "taller-than-wide"

    @classmethod
    def measured(cls, height_mm: float, width_mm: float) -> "Shape":
        """Return the shape from the antero-posterior and the transverse diameter, both in mm.

        Taller means antero-posterior > transverse; raises `ParameterError` unless both are above 0.
        Source: Eur Thyroid J 2020;9(2), which also shows how the cut moves sensitivity.

        >>> Shape.measured(height_mm=12.0, width_mm=9.0).value
        'taller'
        """
        if not (height_mm > 0 and width_mm > 0):
            raise ParameterError(f"Diameters {height_mm} and {width_mm} mm have no ratio.", "Give both above 0.")
        return cls.TALLER if height_mm > width_mm else cls.WIDER


class Margin(Word):
    """The nodule's border.

    >>> Margin.parse("lobulated or irregular").value
    'lobirr'
    """

    SMOOTH = "smooth", "smooth"
    ILL = "ill", "ill-defined"
    UNDETERMINED = "undetermined", "cannot be determined"
    LOBIRR = "lobirr", "lobulated or irregular", "lobulated", "irregular"
    ETE = "ete", "extra-thyroidal extension", "extrathyroidal extension"


class Focus(Word):
    """Echogenic foci; all that apply. A large comet-tail is V-shaped, over 1 mm, in a cystic part.

    Small comet-tails in solid tissue count as punctate foci.

    >>> Focus.parse("punctate echogenic foci").value
    'pef'
    """

    NONE = "none", "none"
    COMET = "comet", "large comet-tail artefact", "large comet-tail artifact", "large comet-tail", "comet-tail"
    MACRO = "macro", "macrocalcification", "macrocalcifications"
    RIM = "rim", "peripheral (rim) calcification", "rim calcification", "peripheral calcification"
    PEF = "pef", "punctate echogenic foci", "microcalcification", "microcalcifications"


@dataclass(frozen=True)
class Descriptors:
    """What one reader says of one nodule. ``foci`` is a set and empty where there are none.

    The words may be given as members or as their exact short words; `parse` also takes full terms.
    Raises `ParameterError`, naming the allowed values, for unknown words and for what cannot be:
    an anechoic nodule that is not cystic (so that a total of 1 ACR point never arises) and ``none``
    together with another focus.

    >>> Descriptors("solid", "hypo", "taller", "smooth", {"pef"}).foci
    frozenset({<Focus.PEF: 'pef'>})
    >>> Descriptors("mixed", "anechoic", "wider", "smooth")
    Traceback (most recent call last):
    ...
    thyrolearn.errors.ParameterError: A mixed nodule cannot be anechoic. ...
    """

    composition: Composition
    echogenicity: Echogenicity
    shape: Shape
    margin: Margin
    foci: frozenset[Focus] = frozenset()

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "composition", Composition.named(self.composition))
        set_(self, "echogenicity", Echogenicity.named(self.echogenicity))
        set_(self, "shape", Shape.named(self.shape))
        set_(self, "margin", Margin.named(self.margin))
        set_(self, "foci", _foci(self.foci))
        fluid = (Composition.CYSTIC, Composition.SPONGIFORM)
        if self.echogenicity is Echogenicity.ANECHOIC and self.composition not in fluid:
            solid = ", ".join(word for word in Echogenicity if word is not Echogenicity.ANECHOIC)
            raise ParameterError(
                f"A {self.composition} nodule cannot be anechoic.",
                f"Allowed for its solid part: {solid}; or choose the composition cystic.",
            )

    @classmethod
    def parse(
        cls, composition: str, echogenicity: str, shape: str, margin: str, foci: str | Iterable[str] = ()
    ) -> "Descriptors":
        """Return the record from short words or full terms; ``foci`` is one term or several.

        Raises `ParameterError` with the allowed words.

        >>> Descriptors.parse("solid", "hypoechoic", "taller-than-wide", "smooth", "macro").shape
        <Shape.TALLER: 'taller'>
        """
        several = [foci] if isinstance(foci, str) else list(foci)
        return cls(
            Composition.parse(composition),
            Echogenicity.parse(echogenicity),
            Shape.parse(shape),
            Margin.parse(margin),
            _foci(frozenset(Focus.parse(focus) for focus in several)),
        )

    def words(self) -> dict[str, str | list[str]]:
        """Return plain words for JSON and tables; ``Descriptors.parse(**words)`` gives the record back.

        >>> Descriptors("cystic", "anechoic", "wider", "smooth").words()["foci"]
        []
        """
        return {
            "composition": self.composition.value,
            "echogenicity": self.echogenicity.value,
            "shape": self.shape.value,
            "margin": self.margin.value,
            "foci": [focus.value for focus in Focus if focus in self.foci],
        }

    def __str__(self) -> str:
        foci = [focus.term for focus in Focus if focus in self.foci] or ["no echogenic foci"]
        parts = [self.composition.term, f"echogenicity: {self.echogenicity.term}", self.shape.term]
        return ", ".join([*parts, f"margin: {self.margin.term}", *foci])


def _foci(foci: Iterable[str]) -> frozenset[Focus]:
    """Check the set of foci; ``none`` alone becomes the empty set, so that equal readings are equal."""
    if isinstance(foci, str):
        raise ParameterError(f"foci={str(foci)!r} is one string.", f"Give a set such as {{{str(foci)!r}}}.")
    found = frozenset(Focus.named(focus) for focus in foci)
    if Focus.NONE in found and len(found) > 1:
        others = ", ".join(sorted(found - {Focus.NONE}))
        allowed = ", ".join(word for word in Focus if word is not Focus.NONE)
        raise ParameterError(f"Foci 'none' contradicts {others}.", f"Give none alone, or any of {allowed}.")
    return found - {Focus.NONE}


def every() -> Iterator[Descriptors]:
    """Yield each of the 4,320 possible records once, in a fixed order: rules can be tried on all of them.

    >>> sum(1 for _ in every())
    4320
    """
    foci = [focus for focus in Focus if focus is not Focus.NONE]
    subsets = list(chain.from_iterable(combinations(foci, size) for size in range(len(foci) + 1)))
    for composition, echo, shape, margin, subset in product(Composition, Echogenicity, Shape, Margin, subsets):
        solid = composition not in (Composition.CYSTIC, Composition.SPONGIFORM)
        if not (echo is Echogenicity.ANECHOIC and solid):
            yield Descriptors(composition, echo, shape, margin, frozenset(subset))
