"""What every metric asks of its arrays; a metric that is undefined raises instead of returning a number."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats, Labels
from thyrolearn.errors import ParameterError

__all__ = ["column", "binary", "patient_codes", "two_classes", "share", "probabilities"]


def column(values: ArrayLike, name: str, length: int | None = None) -> Floats:
    """Return ``values`` as float64 (n,), refusing other shapes, other lengths, emptiness and NaN.

    >>> column([1, 2], "scores")
    array([1., 2.])
    """
    out = np.asarray(values, dtype=np.float64)
    if out.ndim != 1:
        raise ParameterError(f"{name} has shape {out.shape}.", "Give one number a case, shape (n,).")
    if out.size == 0:
        raise ParameterError(f"{name} is empty.", "Give at least one case.")
    if length is not None and out.size != length:
        raise ParameterError(
            f"{name} has {out.size} rows and the other array {length}.", "Give one row a case in each."
        )
    if np.isnan(out).any():
        rows = np.flatnonzero(np.isnan(out))
        raise ParameterError(f"{name} is NaN in {rows.size} of {out.size} rows, first in row {rows[0]}.",
                             "Find out why the model gave no score; do not drop the case silently.")  # fmt: skip
    return out


def binary(values: ArrayLike, name: str = "labels", length: int | None = None) -> Labels:
    """Return ``values`` as int64 (n,) of 0 and 1, refusing anything else.

    >>> binary([0.0, 1.0, True])
    array([0, 1, 1])
    """
    out = column(values, name, length)
    if not np.isin(out, (0, 1)).all():
        odd = out[~np.isin(out, (0, 1))][0]
        raise ParameterError(f"{name} holds {odd:g}.", "Give 0 (benign) or 1 (malignant) for every case.")
    return out.astype(np.int64)


def two_classes(labels: Labels, what: str) -> None:
    """Raise where only one class is present, since ``what`` is then undefined.

    >>> two_classes(np.array([0, 1]), "AUC")
    """
    if labels.min() == labels.max():
        raise ParameterError(f"All {labels.size} labels are {labels[0]}, so {what} is undefined.",
                             "Evaluate on cases of both classes.")  # fmt: skip


def share(value: float, name: str, *, closed: bool = True) -> float:
    """Return ``value`` if it lies between 0 and 1, the ends included when ``closed``.

    >>> share(0.95, "confidence", closed=False)
    0.95
    """
    inside = 0 <= value <= 1 if closed else 0 < value < 1
    if not inside:
        raise ParameterError(f"{name} is {value:g}.", f"Give a value {'from 0 to' if closed else 'between 0 and'} 1.")
    return float(value)


def patient_codes(groups: ArrayLike | None, n: int) -> NDArray[np.int64]:
    """Number the patients 0, 1, … by row; without ``groups`` each row is its own patient.

    >>> patient_codes(["b", "a", "b"], 3)
    array([1, 0, 1])
    """
    if groups is None:
        return np.arange(n)
    names = np.asarray(groups)  # a pandas column arrives as objects
    if names.shape != (n,):
        raise ParameterError(f"groups has shape {names.shape} for {n} cases.", "Give the patient of each row.")
    missing = np.array([g is None or g != g or g == "" for g in names.tolist()])
    if missing.any():
        raise ParameterError(f"{missing.sum()} of {n} rows have no patient, first row {np.flatnonzero(missing)[0]}.",
                             "Name the patient of each row, or give an unknown one a name of its own.")  # fmt: skip
    if names.dtype == object:
        names = names.astype(str)
    return np.unique(names, return_inverse=True)[1].astype(np.int64)


def probabilities(values: ArrayLike, length: int | None = None) -> Floats:
    """Return ``values`` as float64 (n,), refusing what lies outside 0 to 1: logits, as a rule.

    >>> probabilities([0, 0.5, 1])
    array([0. , 0.5, 1. ])
    """
    out = column(values, "probabilities", length)
    if out.min() < 0 or out.max() > 1:
        odd = out.min() if out.min() < 0 else out.max()
        raise ParameterError(f"A probability is {odd:g}.", "Give values from 0 to 1; put logits through a sigmoid.")
    return out
