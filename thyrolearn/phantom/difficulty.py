"""How hard the phantom is: the few numbers that move the ceiling and the distance to it."""

from dataclasses import dataclass

from thyrolearn.errors import ParameterError

__all__ = ["DIFFICULTIES", "Difficulty", "resolve"]


@dataclass(frozen=True)
class Difficulty:
    """The settings that decide how much an image tells and how well it hides it.

    ``latent_d`` is the separation d' of all continuous latents of a nodule together, whatever its descriptors.
    ``size_cue`` says whether size follows the class. ``flips`` is the share of recorded labels that are wrong.
    These three move the ceiling. The rest moves only the distance to it, because the ceiling knows the true
    descriptors: ``parenchyma_db`` and ``gain_db`` are standard deviations over patients, ``echo_overlap_db``
    widens every echogenicity class on both sides, so that neighbours overlap.

    >>> DIFFICULTIES["hard"].flips
    0.05
    """

    name: str
    latent_d: float
    size_cue: bool = True
    flips: float = 0.0
    parenchyma_db: float = 2.0
    gain_db: float = 3.0
    echo_overlap_db: float = 1.0


DIFFICULTIES = {
    "easy": Difficulty("easy", latent_d=1.15, parenchyma_db=1.2, gain_db=2.0, echo_overlap_db=0.0),
    "default": Difficulty("default", latent_d=0.6),
    "hard": Difficulty("hard", latent_d=0.0, size_cue=False, flips=0.05),
}


def resolve(difficulty: str | Difficulty) -> Difficulty:
    """Return the `Difficulty` of that name, or the record itself; raise `ParameterError` for an unknown name.

    >>> resolve("hard").size_cue
    False
    """
    if isinstance(difficulty, Difficulty):
        return difficulty
    if difficulty not in DIFFICULTIES:
        raise ParameterError(f"difficulty={difficulty!r} is not known.", f"Choose one of {', '.join(DIFFICULTIES)}.")
    return DIFFICULTIES[difficulty]
