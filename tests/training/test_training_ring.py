"""The ring: a game that collapses when the generator runs ahead, and finds every cluster in equal turns."""

import pytest
import torch

from thyrolearn.errors import ParameterError
from thyrolearn.training import ring


def test_real_points_lie_in_eight_clusters():
    points = ring.sample(4000, torch.Generator().manual_seed(0))
    assert ring.modes(points) == 8
    radius = points.norm(dim=1)
    assert abs(radius.mean() - 2.0) < 0.02 and abs(radius.std() - 0.1) < 0.02


def test_points_between_the_clusters_are_in_no_mode():
    angle = (torch.arange(8) + 0.5) * torch.pi / 4
    assert ring.modes(2 * torch.stack([angle.cos(), angle.sin()], dim=1)) == 0


def test_a_few_strays_make_no_mode():
    points = ring.centres()[torch.tensor([0] * 99 + [1])]
    assert ring.modes(points) == 1 and ring.modes(points, least=0.01) == 2


def test_a_generator_that_runs_ahead_collapses_and_equal_turns_do_not():
    assert ring.modes(ring.play(steps=3)) <= 2
    assert ring.modes(ring.play(r1=0.3)) == 8


def test_same_seed_same_points_and_the_global_stream_is_left_alone():
    before = torch.random.get_rng_state()
    first, again, other = (ring.play(turns=3, count=10, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())
    with pytest.raises(ParameterError, match="no game"):
        ring.play(turns=0)
