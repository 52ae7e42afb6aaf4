"""Losses and decoding of the tasks against torch, and a mask that is learned."""

import math

import numpy as np
import pytest
import torch
from test_training_fit import Toy
from torch.nn.functional import binary_cross_entropy_with_logits

from thyrolearn import models
from thyrolearn.errors import DataError, ParameterError
from thyrolearn.training import Run, classification, fit, segmentation, tasks


class Discs(Toy):
    """Dark discs at random places in speckle, with their masks."""

    def __init__(self, count, seed=0, size=32):
        super().__init__(count, seed, size)
        rng = np.random.default_rng(seed)
        z, x = np.mgrid[:size, :size]
        centre = rng.uniform(size * 0.3, size * 0.7, (count, 2, 1, 1))
        radius = rng.uniform(size * 0.1, size * 0.25, (count, 1, 1))
        masks = (z - centre[:, 0]) ** 2 + (x - centre[:, 1]) ** 2 < radius**2
        speckle = rng.rayleigh(70, (count, size, size)) * np.where(masks, 0.4, 1.0)
        self.images = torch.from_numpy(speckle.clip(0, 255).astype(np.uint8))[:, None]
        self.masks = torch.from_numpy(masks.astype(np.uint8))[:, None]


def test_classification_loss_equals_torch():
    logits, labels = torch.randn(8, 1), torch.arange(8) % 2.0
    loss = classification(pos_weight=3.0).loss(logits, labels)
    expected = binary_cross_entropy_with_logits(logits[:, 0], labels, pos_weight=torch.tensor(3.0))
    torch.testing.assert_close(loss, expected)


def test_classification_decodes_to_probabilities():
    np.testing.assert_allclose(classification().decode(torch.tensor([[0.0], [math.log(3)]])), [0.5, 0.75])


def test_soft_dice_of_hard_masks_is_the_dice_distance():
    truth = torch.zeros(2, 1, 10, 10)
    truth[:, :, 2:6] = 1
    found = truth.roll(2, dims=2)
    both = segmentation().loss(60 * (2 * found - 1), truth) - segmentation(dice_weight=0.0).loss(
        60 * (2 * found - 1), truth
    )
    dice = (2 * 20 + 1) / (80 + 1)  # half of 40 pixels overlap; one is added above and below
    assert float(both) == pytest.approx(1 - dice, abs=1e-5)


def test_masks_are_learned_and_move_with_the_image():
    run = fit(
        models.create("leanunet", size=32, width=8), segmentation(), Discs(128), Discs(48, seed=1),
        epochs=6, batch=16, rate=5e-3, progress=False, device="cpu",
    )  # fmt: skip
    found = run.metrics["validation"]
    assert found["dice"].value > 0.8
    assert found["dice"].value == pytest.approx(run.history[-1]["validation_dice"], abs=1e-3)
    assert run.predictions["validation"].shape == (48, 32, 32)


def test_a_saved_segmentation_opens_again(tmp_path):
    model = models.create("leanunet", size=32, width=4)
    run = fit(model, segmentation(), Discs(16), epochs=1, batch=8, progress=False, folder=tmp_path, device="cpu")
    same = Run.load(tmp_path)
    assert same.task.name == "segmentation" and same.task.spatial
    np.testing.assert_array_equal(same.predict(Discs(4)), run.predict(Discs(4)))


def test_missing_masks_and_unknown_tasks():
    data = Toy(8)
    data.masks = None
    with pytest.raises(DataError, match="masks"):
        segmentation().targets(data)
    with pytest.raises(ParameterError, match="classification"):
        tasks.create("poetry")
