"""Strips: the speckle's law, the grain's direction, and a label that no single end and no sum tells."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from thyrolearn.errors import ParameterError
from thyrolearn.training import lobes


def test_between_the_ends_lies_rayleigh_speckle():
    middle = lobes.strips(400).images[..., 16:-16].double()
    assert abs(middle.mean() / middle.std() - 1.91) < 0.05  # Rayleigh; grey values end at 255


def test_the_grain_runs_as_said():
    few = lobes.strips(300)
    images = few.images[:, 0].double()
    for end, part in enumerate((images[..., :16], images[..., -16:])):
        rows, columns = part.mean(dim=2).std(dim=1), part.mean(dim=1).std(dim=1)
        # Bars along the strip: whole rows are bright or dark.
        assert ((rows > columns) == few.along[:, end]).float().mean() > 0.98


def test_the_label_is_the_exclusive_or_so_no_sum_of_both_ends_tells_it():
    many = lobes.strips(4000)
    along, labels = many.along.numpy(), many.labels.numpy()
    assert np.array_equal(labels, 1 - (along[:, 0] ^ along[:, 1]))
    assert all(abs(along[labels == 1, end].mean() - 0.5) < 0.05 for end in (0, 1))
    model = LogisticRegression().fit(along, labels)
    assert abs(roc_auc_score(labels, model.decision_function(along)) - 0.5) < 0.03


def test_same_seed_same_strips_and_the_global_stream_is_left_alone():
    before = torch.random.get_rng_state()
    first, again, other = (lobes.strips(5, seed) for seed in (1, 1, 2))
    assert torch.equal(first.images, again.images) and not torch.equal(first.images, other.images)
    assert torch.equal(before, torch.random.get_rng_state())
    with pytest.raises(ParameterError, match="no strip"):
        lobes.strips(0)
