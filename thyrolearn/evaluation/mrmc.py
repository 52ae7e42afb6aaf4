"""Reader studies: Obuchowski and Rockette's analysis of several readers, cases and modalities.

A modality is a way of reading, say without and with the model's help; every reader reads every case in each.
Sources: Obuchowski and Rockette 1995 (doi 10.1080/03610919508813243); degrees of freedom, Hillis 2007
(doi 10.1002/sim.2532). Lesson: `clinic/readers`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import binary, share
from thyrolearn.evaluation.delong import delong_covariance, placements
from thyrolearn.evaluation.estimate import Estimate

__all__ = ["ReaderStudy", "reader_study", "reader_study_of_areas", "jackknife_covariance"]


@dataclass(frozen=True)
class ReaderStudy:
    """The result of `reader_study`: AUCs (modalities, readers), the components of variance, and the test.

    ``differences`` maps (i, j) to modality i minus modality j with its interval, over random readers and cases.

    >>> scores = np.random.default_rng(0).normal(size=(2, 3, 40)) + np.repeat([0, 1], 20)
    >>> reader_study(np.repeat([0, 1], 20), scores).areas.shape
    (2, 3)
    """

    areas: NDArray[np.float64]
    variance: float
    cov1: float
    cov2: float
    cov3: float
    f: float
    ddf: float
    p: float
    differences: dict[tuple[int, int], Estimate]

    @property
    def means(self) -> NDArray[np.float64]:
        """Mean AUC over readers, (modalities,)."""
        return self.areas.mean(axis=1)


def jackknife_covariance(labels: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the AUCs (k,) of score rows (k, n), and their covariance (k, k) by leaving out one case at a time.

    >>> areas, covariance = jackknife_covariance([0, 0, 1, 1, 0, 1], [[.1, .4, .35, .8, .2, .7]])
    >>> areas.round(4), covariance.round(4)
    (array([0.8889]), array([[0.0309]]))
    """
    y = binary(labels)
    rows = np.atleast_2d(np.asarray(scores, dtype=np.float64))
    pairs = [placements(y, row) for row in rows]
    areas, share_of = np.array([a for a, _ in pairs]), np.stack([s for _, s in pairs])
    same = np.where(y == 1, (y == 1).sum(), (y == 0).sum())  # cases of the same class as the one left out
    if same.min() < 2:
        raise ParameterError("A class has a single case.", "A jackknife needs two of each class.")
    left_out = (areas[:, None] * same - share_of) / (same - 1)  # the mean placement of the class without that case
    deviation = left_out - left_out.mean(axis=1, keepdims=True)
    return areas, (y.size - 1) / y.size * deviation @ deviation.T


def reader_study(
    labels: ArrayLike,
    scores: ArrayLike,
    covariance: Literal["delong", "jackknife"] = "delong",
    confidence: float = 0.95,
) -> ReaderStudy:
    """Compare modalities over random readers and random cases by their AUC.

    ``labels`` (n,), ``scores`` (modalities, readers, n), larger for more malignant. Two modalities and two
    readers at least; the design must be fully crossed. Raises `ParameterError` for NaN: a reading is missing.

    >>> truth = np.repeat([0, 1], 30)
    >>> rng = np.random.default_rng(1)
    >>> alone = rng.normal(size=(4, 60)) + truth
    >>> study = reader_study(truth, np.stack([alone + truth, alone]))  # with help, and alone
    >>> study.differences[0, 1].low > 0, study.p < 0.05
    (True, True)
    """
    array = np.asarray(scores, dtype=np.float64)
    y = binary(labels)
    if array.ndim != 3 or min(array.shape[:2]) < 2 or array.shape[2] != y.size:
        raise ParameterError(f"The scores have shape {array.shape} for {y.size} cases.",
                             "Give (modalities, readers, cases), two modalities and two readers or more.")  # fmt: skip
    methods = {"delong": delong_covariance, "jackknife": jackknife_covariance}
    if covariance not in methods:
        raise ParameterError(f"There is no covariance {covariance!r}.", "Choose delong or jackknife.")
    areas, matrix = methods[covariance](y, array.reshape(-1, y.size))
    return reader_study_of_areas(areas.reshape(array.shape[:2]), matrix, y.size, confidence)


def reader_study_of_areas(areas: ArrayLike, covariance: ArrayLike, n: int, confidence: float = 0.95) -> ReaderStudy:
    """Compare modalities from AUCs (t, r) and the covariance (t·r, t·r) of their flattened form over ``n`` cases.

    Serves any other figure of merit too, given its covariance.

    >>> study = reader_study_of_areas([[0.9, 0.8], [0.7, 0.65]], np.eye(4) / 1000, n=100)
    >>> study.variance, study.cov1, round(study.f, 6)
    (0.001, 0.0, 49.0)
    """
    from scipy.stats import f as f_distribution
    from scipy.stats import t as t_distribution

    a = np.asarray(areas, dtype=np.float64)
    t, r = a.shape
    variance, cov1, cov2, cov3 = _components(np.asarray(covariance, dtype=np.float64).reshape(t, r, t, r))
    modality, reader = a.mean(axis=1, keepdims=True), a.mean(axis=0, keepdims=True)
    ms_modality = r * float(((modality - a.mean()) ** 2).sum()) / (t - 1)
    ms_both = float(((a - modality - reader + a.mean()) ** 2).sum()) / ((t - 1) * (r - 1))
    error = ms_both + max(r * (cov2 - cov3), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = float(np.divide(ms_modality, error))
        ddf = float(np.divide(error**2, ms_both**2 / ((t - 1) * (r - 1))))
    p = float(f_distribution.sf(f, t - 1, ddf)) if np.isfinite(ddf) else float(f_distribution.sf(f, t - 1, 1e9))
    level = 1 - (1 - share(confidence, "confidence", closed=False)) / 2
    reach = float(t_distribution.ppf(level, min(ddf, 1e9)) * np.sqrt(2 / r * error))
    differences = {}
    for i in range(t):
        for j in range(i + 1, t):
            gap = float(modality[i, 0] - modality[j, 0])
            differences[i, j] = Estimate(gap, gap - reach, gap + reach, "Obuchowski-Rockette", n, confidence)
    return ReaderStudy(a, variance, cov1, cov2, cov3, f, ddf, p, differences)


def _components(c: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Mean variance, and mean covariance of: the same reader, the same modality, neither; c is (t, r, t, r)."""
    t, r = c.shape[:2]
    same_modality = np.eye(t, dtype=bool)[:, None, :, None]
    same_reader = np.eye(r, dtype=bool)[None, :, None, :]
    kinds = ((same_modality & same_reader), (~same_modality & same_reader),
             (same_modality & ~same_reader), (~same_modality & ~same_reader))  # fmt: skip
    var, cov1, cov2, cov3 = (float(c[np.broadcast_to(kind, c.shape)].mean()) for kind in kinds)
    return var, cov1, cov2, cov3
