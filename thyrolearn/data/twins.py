"""The same phantom nodule under another scanner: what a translation between scanners, or a shift, is judged by."""

from thyrolearn.data.case import Case
from thyrolearn.data.cohort import Cohort
from thyrolearn.data.phantom import COHORTS, Recipe, render_case
from thyrolearn.errors import DataError, SettingsError

__all__ = ["rescan"]


def rescan(cohort: Cohort, scanner: str, name: str = "stills") -> Cohort:
    """Render every case of a phantom ``cohort`` again, as ``scanner`` ("A" to "E") would have shown it.

    Patient, nodule, plane and scatterers stay; beam, noise and display change, so case i of the result is the truth
    for case i put under the other machine. ``name`` is the named cohort that the cases come from. Takes about 25 ms
    a frame; nothing is cached. Raises `DataError` for cases that the phantom did not make and `ParameterError` for an
    unknown scanner. Lesson: architectures/gan.

    >>> from thyrolearn.data.phantom import render_case, COHORTS
    >>> from thyrolearn import phantom
    >>> patient = phantom.patients(1, COHORTS["sample"].seed, scanners="A")[0]
    >>> case = render_case("main", patient, patient.nodules[0], 0, COHORTS["sample"])
    >>> other = rescan(Cohort([case]), "C", "sample")[0]
    >>> other.scanner, other.id == case.id, bool((other.image != case.image).any())
    ('C', True, True)
    """
    if name not in COHORTS:
        raise SettingsError(f"The phantom has no cohort {name!r}.", f"Choose one of {', '.join(COHORTS)}.")
    cases = [_again(case, scanner, COHORTS[name]) for case in cohort]
    return Cohort(cases, name=f"{cohort.name}, scanner {scanner}")


def _again(case: Case, scanner: str, recipe: Recipe) -> Case:
    from thyrolearn.phantom import patients

    if case.source != "phantom":
        raise DataError(f"{case.id} of {case.source!r} cannot be scanned again.", "Give a cohort of the phantom.")
    shares = {"prevalence": recipe.prevalence, "difficulty": recipe.difficulty}
    (patient,) = patients(1, recipe.seed, scanners=scanner, first=int(case.patient), **shares)
    nodule = patient.nodules[int(case.nodule)]
    return render_case(str(case.raw["part"]), patient, nodule, int(case.raw["frame"]), recipe)
