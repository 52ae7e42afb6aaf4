import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from torchvision.transforms.v2 import functional as vision

from thyrolearn.data import augment

STILL = {"degrees": 0.0, "zoom": 0.0, "shift": 0.0, "mirror": 0.0, "gain": 0.0, "contrast": 0.0, "gamma": 0.0}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def smooth(count=4, side=64):
    rng = np.random.default_rng(0)
    pictures = [ndimage.gaussian_filter(rng.random((side, side)), 5) for _ in range(count)]
    return torch.tensor(np.stack([(p - p.min()) / np.ptp(p) for p in pictures])[:, None], dtype=torch.float32)


def test_with_every_amount_at_zero_nothing_changes():
    images = smooth()
    assert torch.allclose(augment(images, seeded(), **STILL), images, atol=1e-5)


def test_the_generator_decides_everything_and_the_input_stays():
    images = smooth()
    before = images.clone()
    a, b, c = (augment(images, seeded(s)) for s in (1, 1, 2))
    assert torch.equal(a, b) and not torch.allclose(a, c) and torch.equal(images, before)
    assert not torch.allclose(a[0] - images[0], a[1] - images[1], atol=1e-2)  # each sample has its own map
    state = torch.get_rng_state()
    augment(images, seeded())
    assert torch.equal(torch.get_rng_state(), state)


def test_mirror_is_left_to_right_and_never_upside_down():
    images = smooth(64)
    out = augment(images, seeded(), **{**STILL, "mirror": 1.0})
    assert torch.allclose(out, images.flip(-1), atol=1e-5)
    half = augment(images, seeded(), **{**STILL, "mirror": 0.5})
    kinds = [torch.allclose(h, i, atol=1e-4) for h, i in zip(half, images, strict=True)]
    assert 15 < sum(kinds) < 49
    # Sound goes down: a picture that is dark above and light below stays so, whatever is drawn.
    ramp = torch.linspace(0, 1, 64).reshape(1, 1, 64, 1).expand(200, 1, 64, 64)
    rows = augment(ramp, seeded(3))[:, 0].mean(-1)
    assert (rows[:, 44:].mean(1) > rows[:, :20].mean(1) + 0.2).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_turn_is_torchvisions_turn(seed):
    image = smooth(1)
    out = augment(image, seeded(seed), **{**STILL, "degrees": 30.0})
    draw = torch.rand(8, 1, generator=seeded(seed))[0, 0] * 2 - 1
    truth = vision.rotate(image, float(draw) * 30.0, interpolation=vision.InterpolationMode.BILINEAR)
    inside = slice(16, 48)  # the corners differ: reflected here, black there
    assert (out - truth)[..., inside, inside].abs().max() < 2e-3


def test_masks_move_with_the_picture_and_stay_masks():
    z, x = np.mgrid[:64, :64]
    mask = torch.tensor(((z - 30) ** 2 / 150 + (x - 36) ** 2 / 80 < 1)[None, None].repeat(32, 0)).to(torch.uint8)
    options = {**STILL, "degrees": 12.0, "zoom": 0.15, "shift": 0.06, "mirror": 0.5}
    out, moved = augment(mask.float(), seeded(), masks=mask, **options)
    assert moved.dtype == torch.uint8 and set(moved.unique().tolist()) == {0, 1}
    overlap = 2 * ((out > 0.5) & (moved == 1)).sum((1, 2, 3)) / ((out > 0.5).sum((1, 2, 3)) + moved.sum((1, 2, 3)))
    assert overlap.min() > 0.97
    areas = moved.sum((1, 2, 3)).float() / mask[0].sum()
    assert areas.min() > 1 / 1.15**2 - 0.05 and areas.max() < 1.15**2 + 0.05 and areas.std() > 0.05


def test_tone_changes_are_gain_contrast_and_gamma():
    images = torch.full((256, 1, 8, 8), 0.5)
    added = augment(images, seeded(), **{**STILL, "gain": 0.1})[:, 0, 0, 0] - 0.5
    assert added.abs().max() <= 0.1 + 1e-6 and added.std() == pytest.approx(0.1 / math.sqrt(3), rel=0.1)
    powers = torch.log(augment(images, seeded(), **{**STILL, "gamma": 0.2})[:, 0, 0, 0]) / math.log(0.5)
    assert powers.min() >= math.exp(-0.2) - 1e-4 and powers.max() <= math.exp(0.2) + 1e-4 and powers.std() > 0.05
    pair = torch.tensor([0.4, 0.6]).repeat(32).reshape(1, 1, 8, 8).expand(256, 1, 8, 8)
    spread = augment(pair, seeded(), **{**STILL, "contrast": 0.2}).std((1, 2, 3)) / pair[0].std()
    assert spread.min() >= math.exp(-0.2) - 1e-3 and spread.max() <= math.exp(0.2) + 1e-3 and spread.std() > 0.05
