"""Losses and decoding of the tasks against torch, and a mask that is learned."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from test_training_fit import Toy
from torch.nn.functional import binary_cross_entropy_with_logits

from thyrolearn import models
from thyrolearn.errors import DataError, ParameterError
from thyrolearn.training import (
    Run,
    classification,
    denoising,
    detection,
    fit,
    generation,
    grading,
    prompted,
    segmentation,
    tasks,
    translation,
)


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


@pytest.mark.parametrize(("name", "task"), [("dcgan", generation), ("ddpm", denoising)])
def test_generators_train_on_the_same_loop(name, task, tmp_path):
    model = models.create(name, size=32, width=8)
    given = {"epochs": 3, "batch": 16, "progress": False, "device": "cpu", "betas": (0.5, 0.99)}
    before = {key: value.clone() for key, value in model.state_dict().items()}
    run = fit(model, task(), Toy(64), folder=tmp_path, **given)
    moved = [not torch.equal(before[key], value) for key, value in model.state_dict().items()]
    assert sum(moved) > 0.9 * len(moved)
    assert np.isfinite([row["loss"] for row in run.history]).all()
    if name == "ddpm":
        assert run.history[-1]["loss"] < run.history[0]["loss"]
    assert torch.equal(Run.load(tmp_path).model.sample(2), model.sample(2))


def test_conditions_reach_the_network():
    data = Toy(32)
    model = models.create("dcgan", size=32, width=4, conditions=1)
    task = generation("labels")
    run = fit(model, task, data, epochs=1, batch=16, progress=False, device="cpu")
    assert tasks.create("generation", **task.options).given and len(run.history) == 1
    malignant, benign = (model.sample(2, conditions=torch.full((2, 1), value)) for value in (1.0, 0.0))
    assert not torch.equal(malignant, benign)


def test_clips_are_trained_and_their_frames_move_together():
    data = Toy(32)
    data.images = data.images[:, None].repeat(1, 3, 1, 1, 1)
    seen = []

    def spy(images, generator):
        seen.append(images.shape)
        return images

    model = models.create("clipnet", size=32, width=4, join="mean")
    run = fit(model, classification(), data, epochs=2, batch=16, augment=spy, progress=False, device="cpu")
    assert seen[0] == (16, 3, 32, 32) and len(run.history) == 2 and run.predict(data).shape == (32,)


def test_a_prompt_tells_which_of_two_discs_is_meant():
    """Two like discs, one of them meant: without the prompt half of the answers must be wrong."""
    data, other = Discs(160), Discs(160, seed=7)
    for part in (data, other):
        mirrored = torch.minimum(part.images, part.images.flip(3))
        part.images = torch.where(part.masks.flip(3) > 0, mirrored, part.images)
    scores = {}
    for test in ("point", "none"):
        model = models.create("prompted", size=32, width=8, test=test)
        given = {"epochs": 8, "batch": 16, "rate": 5e-3, "progress": False, "device": "cpu", "augment": False}
        scores[test] = fit(model, prompted(), data, other, **given).history[-1]["validation_dice"]
    assert scores["point"] > scores["none"] + 0.05


class _Graded(Toy):
    """Speckle that is darker the higher the level."""

    def __init__(self, count, seed=0):
        super().__init__(count, seed)
        level = np.random.default_rng(seed).integers(1, 6, count)
        self.images = (
            (self.images.float() * torch.from_numpy(1.2 - 0.15 * level)[:, None, None, None]).clamp(0, 255).byte()
        )
        self.cohort = [SimpleNamespace(level=f"{k}a" if k == 4 else str(k)) for k in level]


def test_levels_are_graded_in_order():
    model = models.create("resnet", outputs=4, size=32, width=8)
    data = {"train": _Graded(192), "validation": _Graded(64, seed=1)}
    run = fit(model, grading(), **data, epochs=8, batch=32, progress=False, device="cpu", augment=False)
    found = run.metrics["validation"]
    assert found["weighted_kappa"].value > 0.7 and found["error_in_levels"].value < 0.7


def test_ordinal_loss_is_a_sum_of_yes_or_no_questions():
    logits = torch.randn(3, 4)
    above = torch.tensor([[0.0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]])
    torch.testing.assert_close(
        grading().loss(logits, torch.tensor([1, 3, 5])), binary_cross_entropy_with_logits(logits, above)
    )


def test_cases_without_a_level():
    data = _Graded(4)
    data.cohort[1].level = None
    with pytest.raises(DataError, match="1 of 4"):
        grading().targets(data)


def test_a_look_is_translated_and_the_picture_stays():
    """Scanner B is scanner A, darker by a third: the translator must find that, and keep what is on the picture."""
    data = Toy(128)
    data.other = (Toy(128, seed=5).images.float() * 0.66).byte()
    model = models.create("cyclegan", size=32, width=8)
    given = {"epochs": 8, "batch": 16, "progress": False, "device": "cpu", "betas": (0.5, 0.99), "augment": False}
    fit(model, translation(), data, rate=2e-3, **given)
    x = Toy(32, seed=9).images.float() / 255
    made = model.translate(x)
    assert abs(made.mean() / x.mean() - 0.66) < 0.12
    assert torch.corrcoef(torch.stack([made.flatten(), x.flatten()]))[0, 1] > 0.9
    with pytest.raises(DataError, match="other"):
        translation().targets(Toy(4))


def test_the_other_look_may_be_given():
    other = Toy(4, seed=5).images
    torch.testing.assert_close(translation(other).targets(Toy(4)), other.float() / 255)
    with pytest.raises(DataError, match="other"):
        translation(other).targets(Toy(5))


def test_conditions_come_from_a_function_and_are_obeyed():
    """Half of the pictures are dark and half are light; the one number given says which is wanted."""
    data = Toy(128)
    wanted = torch.arange(128) % 2
    noise = 20 * torch.randn(128, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    data.images = (60 + 120 * wanted.view(-1, 1, 1, 1) + noise).clamp(0, 255).byte()
    task = generation(given=lambda batches: 2.0 * wanted[:, None] - 1)
    assert task.given and task.targets(data).shape == (128, 1)
    game = models.create("dcgan", size=16, width=8, conditions=1, r1=0.05)
    given = {"epochs": 12, "batch": 16, "rate": 2e-3, "betas": (0.0, 0.99), "weight_decay": 0.0, "clip": None}
    fit(game, task, data, augment=False, progress=False, device="cpu", **given)
    light, dark = (game.sample(32, conditions=torch.full((32, 1), value)).mean() for value in (1.0, -1.0))
    assert light - dark > 0.2  # truly 0.47
    with pytest.raises(ParameterError, match="twice"):
        generation("labels", given=lambda batches: batches.labels)


@pytest.mark.parametrize(("name", "task"), [("leanunet", segmentation), ("linear", classification)])
def test_mirrored_predictions_do_not_know_left_from_right(name, task):
    data = Discs(4)
    run = Run(models.create(name, size=32).eval(), task())
    turned = Discs(4)
    turned.images = data.images.flip(3)
    found, again = run.predict(data, mirror=True), run.predict(turned, mirror=True)
    np.testing.assert_allclose(found, again[..., ::-1] if found.ndim == 3 else again, atol=1e-3)
    assert not np.allclose(run.predict(data), found, rtol=1e-3, atol=0)


def test_boxes_are_not_mirrored():
    with pytest.raises(ParameterError, match="mirror"):
        Run(models.create("fcos", size=32, width=4), detection()).predict(Discs(2), mirror=True)
