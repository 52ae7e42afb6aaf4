"""`load`, the one door to data: the settings say which, and everything after it is the same."""

from pathlib import Path
from typing import Any

from thyrolearn.data.cohort import Cohort
from thyrolearn.errors import DataError, SettingsError
from thyrolearn.settings import Settings, current

__all__ = ["load", "check", "names"]


def names() -> list[str]:
    """Every name that `load` knows: the phantom, the public sets that have a loader, and ``folder``.

    >>> "phantom" in names(), "ddti" in names()
    (True, True)
    """
    from thyrolearn.data.public import READERS

    return ["phantom", *READERS]


def load(
    data: Settings | str | None = None,
    *,
    root: Path | str | None = None,
    name: str = "stills",
    unlabelled: bool = False,
    progress: bool = True,
    **options: Any,
) -> Cohort:
    """Load a cohort: the phantom's cohort ``name``, or the public set in the folder ``root``.

    ``data`` is a `Settings`, a name ("phantom", "ddti", ...), or None for the environment's settings. Cases without
    a label are left out unless ``unlabelled`` (or unless none has one). ``options`` go to the loader: ``part`` for
    the phantom ("main", "held-out" or None), ``region="frame"`` for DDTI. ``root`` may be a folder that `prepare`
    wrote. Raises `SettingsError` for an unknown
    name and `DataError` for a folder that is missing, empty or damaged. Lesson: start/data_and_splits.

    >>> load("ddti", root="no/such/folder")
    Traceback (most recent call last):
    thyrolearn.errors.DataError: no/such/folder does not exist. ...
    """
    settings = data if isinstance(data, Settings) else current(data=data, root=root)
    root = root or settings.root
    if settings.data == "phantom":
        from thyrolearn.data.phantom import load_phantom

        return load_phantom(name, progress=progress, **options)
    module = reader(settings.data)
    cohort = _prepared(settings.data, root) or module.read(root, **options)
    labelled = cohort.labelled
    return cohort if unlabelled or not len(labelled) else labelled


def _prepared(data: str, root: Path | str | None) -> Cohort | None:
    """The cohort that `prepare` wrote into ``root``, or None where the folder holds the set itself."""
    from thyrolearn.data import store

    if root is None or not store.is_finished(Path(root).expanduser()):
        return None
    cohort = store.open_cohort(Path(root).expanduser())
    if cohort.name != data:
        raise DataError(f"{root} holds a prepared copy of {cohort.name!r}, not of {data!r}.", "Give its own name.")
    return cohort


def check(data: str, root: Path | str | None) -> dict[str, Any]:
    """Read a public set and report ``images``, ``usable``, ``annotations``, ``skipped`` and ``duplicates``.

    ``skipped`` lists ``{"file", "reason"}``; ``damaged`` names the files of this copy that are broken, which `load`
    refuses to pass over. Raises `SettingsError` and `DataError` as `load` does, and `DataError` for a copy that
    `prepare` wrote, which holds nothing but what was usable.

    >>> check("ddti", "no/such/folder")
    Traceback (most recent call last):
    thyrolearn.errors.DataError: no/such/folder does not exist. ...
    """
    module = reader(data)
    if _prepared(data, root) is not None:
        remedy = "Check the folder that it was made from; this one is read as it is."
        raise DataError(f"{root} is a copy that `thyrolearn data prepare` wrote.", remedy)
    report: dict[str, Any] = module.gather(root, damaged="skip").report()
    return report


def reader(data: str) -> Any:
    """The loader module of a public set; raises `SettingsError` for a name that is not known."""
    from importlib import import_module

    from thyrolearn.data.public import READERS

    if data == "phantom":
        raise SettingsError("The phantom has no folder of files.", "Name a public set; `thyrolearn data list` has all.")
    if data not in READERS:
        raise SettingsError(f"There is no data set {data!r}.", f"Choose one of {', '.join(names())}.")
    return import_module(f"thyrolearn.data.public.{READERS[data]}")
