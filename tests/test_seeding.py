"""Streams: independent by key, stable between releases, and normal where they say so."""

import numpy as np
import pytest
from scipy import stats

from thyrolearn.seeding import normals, stream, torch_seed


def test_a_stream_is_pinned_for_ever() -> None:
    # The first raw words of one key: if these move, every cohort and band in the course moves with them.
    words = stream(0, "golden", 1).bit_generator.random_raw(3).tolist()
    assert words == GOLDEN


GOLDEN = [15812222045991923074, 3765788248647655434, 13181613745296275983]


def test_normals_are_normal() -> None:
    sample = normals(stream(3, "normal"), (200_000,))
    assert sample.dtype == np.float32
    assert stats.kstest(sample, "norm").pvalue > 0.001
    assert abs(np.corrcoef(sample[:-1], sample[1:])[0, 1]) < 0.01


def test_keys_do_not_run_into_each_other() -> None:
    keys: list[tuple[int | str, ...]] = [(1, 23), (12, 3), ("1", 23), (1, "23"), (123,)]
    first = {int(stream(0, *key).bit_generator.random_raw()) for key in keys}
    assert len(first) == len(keys)


@pytest.mark.parametrize("shape", [(0,), (1,), (3, 5), (2, 2, 2)])
def test_normals_have_the_shape_asked_for(shape: tuple[int, ...]) -> None:
    assert normals(stream(0), shape).shape == shape


def test_torch_seeds_fit_torch() -> None:
    import torch

    seeds = [torch_seed(0, "a", n) for n in range(100)]
    assert len(set(seeds)) == 100
    for seed in seeds:
        torch.Generator().manual_seed(seed)
