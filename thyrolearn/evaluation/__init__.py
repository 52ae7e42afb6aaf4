"""Evaluation: pure functions from arrays to an `Estimate`."""

from thyrolearn.evaluation.estimate import Estimate

__all__ = ["Estimate"]
