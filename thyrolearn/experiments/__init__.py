"""Experiments by name: task x model x method x data x tier, the one path from a cohort to a judged run.

``thyrolearn train``, the stored results in ``datasets/results``, the benchmark lesson and the claims all go through
`run`; so a number in a table and a number that a learner trains come from the same lines. Lesson: field/benchmark.
"""

from thyrolearn.experiments.experiment import TASKS, Experiment, folds_of, prepare
from thyrolearn.experiments.halves import halves
from thyrolearn.experiments.origin import machine
from thyrolearn.experiments.results import outdated, rows, store
from thyrolearn.experiments.running import cross_validate, evaluate, run
from thyrolearn.experiments.starts import starts
from thyrolearn.experiments.video import over_still

__all__ = ["Experiment", "TASKS", "folds_of", "prepare", "run", "cross_validate", "evaluate", "rows", "store",
           "outdated", "over_still", "starts", "halves", "machine"]  # fmt: skip
