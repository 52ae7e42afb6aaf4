"""What is predicted: a `Task` holds the target, the loss, what the outputs mean, and how they are judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from thyrolearn.evaluation import Estimate

__all__ = ["Task"]


@dataclass(frozen=True)
class Task:
    """What a network is trained for, apart from the network and the data.

    ``targets(batches)``               the target of each case, a tensor (n, …)
    ``loss(outputs, targets)``         a scalar to minimise; ``outputs`` are the network's, float32
    ``decode(outputs)``                outputs as numpy predictions (n, …), probabilities where they are
    ``metrics(batches, predictions)``  ``{name: Estimate}`` with patients as the units of resampling
    ``monitor(batches, predictions)``  one number, larger is better, cheap enough for every epoch, called ``watch``
    ``spatial``                        the target is a picture that moves with the image (a mask)
    ``given``                          the network is given the target too (a condition, a prompt)
    ``options``                        how the task was made, so that a saved run can make it again

    >>> from thyrolearn.training import classification
    >>> classification().name
    'classification'
    """

    name: str
    targets: Callable[[Any], Tensor]
    loss: Callable[[Tensor, Tensor], Tensor]
    decode: Callable[[Tensor], np.ndarray]
    metrics: Callable[[Any, np.ndarray], dict[str, Estimate]]
    monitor: Callable[[Any, np.ndarray], float] | None = None
    watch: str = "score"
    spatial: bool = False
    given: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
