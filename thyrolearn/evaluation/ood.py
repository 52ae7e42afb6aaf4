"""Out of distribution: scores that say how foreign a case is, and what it costs to turn foreign cases away.

Every score here is larger for more foreign cases. Logits (n, classes) and features (n, d) come from the caller.
Lesson: `challenges/uncertainty`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from thyrolearn.arrays import Floats
from thyrolearn.errors import ParameterError
from thyrolearn.evaluation.checks import binary, column, share
from thyrolearn.evaluation.classification import auc, specificity_at_sensitivity
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.operating import rate

__all__ = ["softmax_score", "energy_score", "entropy_score", "mahalanobis_score", "neighbour_score", "ood_report",
           "selective_accuracy", "selective_risk"]  # fmt: skip


def _table(values: ArrayLike, name: str, columns: int | None = None) -> NDArray[np.float64]:
    out = np.asarray(values, dtype=np.float64)
    if out.ndim != 2 or out.size == 0 or not np.isfinite(out).all() or columns not in (None, out.shape[1]):
        raise ParameterError(
            f"{name} has shape {out.shape} or holds NaN.", f"Give (n, {columns or 'columns'}) numbers."
        )
    return out


def _log_softmax(logits: ArrayLike) -> NDArray[np.float64]:
    z = _table(logits, "logits")
    if z.shape[1] < 2:
        raise ParameterError(f"The logits have shape {z.shape}.", "Give two columns; a sigmoid's logit z is (0, z).")
    z = z - z.max(axis=1, keepdims=True)
    return z - np.log(np.exp(z).sum(axis=1, keepdims=True))


def softmax_score(logits: ArrayLike) -> Floats:
    """Return 1 - the largest probability, (n,). Source: Hendrycks and Gimpel 2017 (arXiv 1610.02136).

    >>> softmax_score([[0.0, 0.0], [0.0, 5.0]]).round(4)
    array([0.5   , 0.0067])
    """
    return 1 - np.exp(_log_softmax(logits).max(axis=1))


def entropy_score(logits: ArrayLike) -> Floats:
    """Return the entropy of the softmax in nats, (n,).

    >>> entropy_score([[0.0, 0.0], [0.0, 5.0]]).round(4)
    array([0.6931, 0.0402])
    """
    log_p = _log_softmax(logits)
    return -(np.exp(log_p) * log_p).sum(axis=1)


def energy_score(logits: ArrayLike, temperature: float = 1.0) -> Floats:
    """Return -T log sum exp(logits / T), (n,). Source: Liu et al. 2020 (arXiv 2010.03759).

    >>> energy_score([[0.0, 0.0], [0.0, 5.0]]).round(4)
    array([-0.6931, -5.0067])
    """
    z = _table(logits, "logits") / temperature
    top = z.max(axis=1)
    return -temperature * (top + np.log(np.exp(z - top[:, None]).sum(axis=1)))


def mahalanobis_score(train_features: ArrayLike, train_labels: ArrayLike, features: ArrayLike) -> Floats:
    """Return the squared Mahalanobis distance of ``features`` (n, d) to the nearest class mean of training, (n,).

    One covariance for all classes, by its pseudo-inverse. Source: Lee et al. 2018 (arXiv 1807.03888).

    >>> mahalanobis_score([[-1, 0], [1, 0], [0, -1], [0, 1]], [0, 0, 0, 0], [[2, 0]])
    array([8.])
    """
    known = _table(train_features, "train_features")
    new = _table(features, "features", known.shape[1])
    labels = np.asarray(train_labels)
    if labels.shape != (len(known),):
        raise ParameterError(f"train_labels has shape {labels.shape} for {len(known)} rows.", "Give one label a row.")
    classes, codes = np.unique(labels, return_inverse=True)
    means = np.stack([known[labels == c].mean(axis=0) for c in classes])
    centred = known - means[codes]
    inverse = np.linalg.pinv(centred.T @ centred / len(known))
    gaps = new[:, None] - means[None]
    return np.einsum("ncd,de,nce->nc", gaps, inverse, gaps).min(axis=1)


def neighbour_score(train_features: ArrayLike, features: ArrayLike, neighbours: int = 5) -> Floats:
    """Return the distance from each of ``features`` (n, d) to its k-th nearest training row, (n,).

    Source: Sun et al. 2022 (arXiv 2204.06507), who scale the features to length 1 first.

    >>> neighbour_score([[0, 0], [1, 0], [2, 0]], [[3, 0]], neighbours=2)
    array([2.])
    """
    from scipy.spatial import KDTree

    known = _table(train_features, "train_features")
    if not 1 <= neighbours <= len(known):
        raise ParameterError(f"There is no neighbour {neighbours} among {len(known)}.", "Give a smaller number.")
    return KDTree(known).query(_table(features, "features", known.shape[1]), k=[neighbours])[0][:, 0]


def ood_report(
    familiar: ArrayLike,
    foreign: ArrayLike,
    groups_familiar: ArrayLike | None = None,
    groups_foreign: ArrayLike | None = None,
    keep: float = 0.95,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Estimate how well a score tells foreign from familiar cases: "auc", and "accepted" foreign cases.

    "accepted" is the false-positive rate at 95 % true positives of the literature: the share of foreign cases
    that pass where the threshold lets ``keep`` of the familiar ones pass.

    >>> report = ood_report(np.linspace(0, 1, 100), np.linspace(0.9, 3, 50))
    >>> round(report["auc"].value, 3), round(report["accepted"].value, 2)
    (0.996, 0.04)
    """
    known, other = column(familiar, "familiar"), column(foreign, "foreign")
    names = [np.arange(len(x)) if g is None else np.asarray(g) for x, g in
             ((known, groups_familiar), (other, groups_foreign))]  # fmt: skip
    groups = np.concatenate([np.char.add(prefix, n.astype(str)) for prefix, n in zip(("a:", "b:"), names, strict=True)])
    passes, score = np.repeat([1, 0], [known.size, other.size]), -np.concatenate([known, other])
    rejected = specificity_at_sensitivity(passes, score, share(keep, "keep"), groups, confidence, seed=seed)
    accepted = Estimate(
        1 - rejected.value, 1 - rejected.high, 1 - rejected.low, rejected.method, rejected.n, confidence
    )
    return {"auc": auc(passes, score, groups, confidence=confidence, seed=seed), "accepted": accepted}


def selective_accuracy(
    correct: ArrayLike,
    uncertainty: ArrayLike,
    keep: float,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Estimate the accuracy among the ``keep`` most certain share of cases, the others being referred to a reader.

    ``correct`` (n,) is 1 where the model is right; cases tied at the limit are kept.

    >>> selective_accuracy([1, 1, 1, 0], [0.1, 0.2, 0.3, 0.9], keep=0.75).value
    1.0
    """
    right = binary(correct, "correct")
    doubt = column(uncertainty, "uncertainty", right.size)
    limit = np.quantile(doubt, share(keep, "keep"), method="inverted_cdf")
    return rate(right == 1, doubt <= limit, groups, "auto", confidence, seed)


def selective_risk(errors: ArrayLike, uncertainty: ArrayLike) -> tuple[Floats, Floats, float]:
    """Return coverage, error rate among the kept cases, and the area under that curve (AURC).

    The most certain cases are kept first; ``errors`` (n,) is 1 where the model is wrong. Source: Geifman and
    El-Yaniv 2017 (arXiv 1705.08500).

    >>> coverage, risk, area = selective_risk([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])
    >>> risk.round(3), round(area, 3)
    (array([0.   , 0.   , 0.333, 0.5  ]), 0.208)
    """
    wrong = column(errors, "errors")
    order = np.argsort(column(uncertainty, "uncertainty", wrong.size), kind="stable")
    kept = np.arange(1, wrong.size + 1)
    risk = np.cumsum(wrong[order]) / kept
    return kept / wrong.size, risk, float(risk.mean())
