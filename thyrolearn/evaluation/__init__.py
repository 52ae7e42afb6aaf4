"""Evaluation: pure functions from arrays to an `Estimate`.

Every module loads numpy alone; scipy and scikit-learn come in with the first metric that needs them.
"""

from thyrolearn.evaluation.classification import (
    auc,
    auc_difference,
    average_precision,
    roc_points,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from thyrolearn.evaluation.delong import delong_covariance, delong_test, newcombe_interval, placements
from thyrolearn.evaluation.estimate import Estimate
from thyrolearn.evaluation.resampling import (
    bootstrap,
    bootstrap_ratio,
    bootstrap_weights,
    percentile_estimate,
    proportion,
)

__all__ = [
    "Estimate",
    "auc",
    "auc_difference",
    "average_precision",
    "bootstrap",
    "bootstrap_ratio",
    "bootstrap_weights",
    "delong_covariance",
    "delong_test",
    "newcombe_interval",
    "percentile_estimate",
    "placements",
    "proportion",
    "roc_points",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
]
