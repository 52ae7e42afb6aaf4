"""GAN and diffusion: gradients go where the game says, the schedule is the paper's, an oracle's picture comes back."""

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from thyrolearn import models
from thyrolearn.errors import ParameterError
from thyrolearn.models.diffusion import cosine_schedule


@pytest.mark.parametrize("options", [{}, {"r1": 0.0}, {"spectral": True}, {"conditions": 3}])
def test_each_loss_moves_one_player(options):
    game = models.create("dcgan", size=32, width=4, **options)
    conditions = torch.rand(4, 3) if "conditions" in options else None
    for column, mover, other in ((0, game.discriminator, game.generator), (1, game.generator, game.discriminator)):
        game.zero_grad()
        game(torch.rand(4, 1, 32, 32), conditions)[:, column].mean().backward()
        assert all(p.grad is None or p.grad.abs().sum() == 0 for p in other.parameters())
        moved = [p.grad.abs().sum() > 0 for p in mover.parameters() if p.grad is not None]
        assert sum(moved) >= len(list(mover.parameters())) - 1  # the last bias of the score may cancel


def test_losses_are_the_papers():
    game = models.create("dcgan", size=32, width=4, r1=0.0).eval()
    x = torch.rand(4, 1, 32, 32)
    torch.manual_seed(0)
    losses = game(x)
    torch.manual_seed(0)
    fake = game.generator(torch.randn(4, 64))
    real, false = game.discriminator(x), game.discriminator(fake)
    one, zero = torch.ones(4), torch.zeros(4)
    torch.testing.assert_close(losses[:, 0], bce(real, one, reduction="none") + bce(false, zero, reduction="none"))
    torch.testing.assert_close(losses[:, 1], bce(false, one, reduction="none"))


def test_r1_is_the_squared_slope():
    game = models.create("dcgan", size=16, width=4, r1=2.0).train()
    game.discriminator = Slope()
    bare = models.create("dcgan", size=16, width=4, r1=0.0).train()
    bare.generator, bare.discriminator = game.generator, game.discriminator
    x = torch.rand(4, 1, 16, 16)
    torch.manual_seed(0)
    with_penalty = game(x)[:, 0]
    torch.manual_seed(0)
    penalty = with_penalty - bare(x)[:, 0]
    torch.testing.assert_close(penalty, torch.full((4,), 2.0 / 2 * 9.0 * 256))  # slope 3 in each of 256 pixels


class Slope(nn.Module):
    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(3.0))

    def forward(self, x, conditions=None):
        return self.slope * x.sum(dim=(1, 2, 3))


@pytest.mark.parametrize("name", ["dcgan", "ddpm"])
def test_samples_are_pictures_and_seeded(name):
    model = models.create(name, size=32, width=8)
    first, again, other = (model.sample(3, seed=seed) for seed in (1, 1, 2))
    assert first.shape == (3, 1, 32, 32) and first.min() >= 0 and first.max() <= 1
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert model.training


def test_dcgan_needs_a_power_of_two():
    with pytest.raises(ParameterError, match="64"):
        models.create("dcgan", size=48)


def test_schedule_is_the_papers():
    f = [math.cos((t / 100 + 0.008) / 1.008 * math.pi / 2) ** 2 for t in range(101)]
    expected = torch.tensor([value / f[0] for value in f])
    torch.testing.assert_close(cosine_schedule(100)[:-1], expected[:-1], rtol=1e-4, atol=1e-6)
    assert cosine_schedule(100)[-1] > 0  # the last beta is held under 0.999


def test_noise_keeps_the_variance():
    model, x = models.create("ddpm", size=32, width=8), torch.randn(64, 1, 32, 32)
    step = torch.full((64,), 77)
    assert model.noisy(x, step, torch.randn(x.shape)).var().item() == pytest.approx(1, abs=0.02)


def test_picture_and_noise_come_back_by_turning():
    model = models.create("ddpm", size=16, width=8)
    x, noise = torch.rand(50, 1, 16, 16) * 2 - 1, torch.randn(50, 1, 16, 16)
    step = torch.arange(1, 200, 4)
    kept, added = (part.sqrt()[:, None, None, None] for part in (model.left[step], 1 - model.left[step]))
    seen, turn = model.noisy(x, step, noise), model.turn(x, step, noise)
    torch.testing.assert_close(kept * seen - added * turn, x)
    torch.testing.assert_close(added * seen + kept * turn, noise)


@pytest.mark.parametrize(("eta", "steps"), [(0.0, 20), (0.0, 200), (1.0, 200)])
def test_an_oracle_brings_the_picture_back(eta, steps):
    """Where all data are one picture the best guess is known; walking back must end at the picture."""
    model = models.create("ddpm", size=16, width=8)
    truth = torch.rand(1, 1, 16, 16) * 1.8 - 0.9

    class Oracle(nn.Module):
        def forward(self, x, time, conditions=None):
            left = model.left[(time * model.steps).round().long()][:, None, None, None]
            return (left.sqrt() * x - truth) / (1 - left).sqrt()

    model.net = nn.Sequential()  # replace the network, keep the buffers
    model.net.forward = Oracle().forward
    model.register_parameter("anchor", nn.Parameter(torch.zeros(1)))
    found = model.sample(2, steps=steps, eta=eta) * 2 - 1
    torch.testing.assert_close(found, truth.expand(2, -1, -1, -1), rtol=0, atol=2e-3)


def test_noise_net_reads_time_and_conditions():
    net = models.create("ddpm", size=16, width=8, conditions=2).net.eval()
    x, c = torch.randn(1, 1, 16, 16), torch.rand(1, 2)
    at = lambda t, c: net(x, torch.tensor([t]), c)  # noqa: E731
    assert not torch.allclose(at(0.1, c), at(0.9, c)) and not torch.allclose(at(0.1, c), at(0.1, 1 - c))


def test_cyclegan_moves_critics_and_translators_apart():
    game = models.create("cyclegan", size=32, width=4)
    for column, movers, others in (
        (0, (game.critic_a, game.critic_b), (game.to_a, game.to_b)),
        (1, (game.to_a, game.to_b), (game.critic_a, game.critic_b)),
    ):
        game.zero_grad()
        game(torch.rand(4, 1, 32, 32), torch.rand(4, 1, 32, 32))[:, column].mean().backward()
        assert all(p.grad is None or p.grad.abs().sum() == 0 for net in others for p in net.parameters())
        assert any(p.grad is not None and p.grad.abs().sum() > 0 for net in movers for p in net.parameters())


def test_a_fresh_cyclegan_changes_nothing_and_pays_no_cycle():
    game, x, y = models.create("cyclegan", size=32, width=4), torch.rand(2, 1, 32, 32), torch.rand(2, 1, 32, 32)
    assert torch.equal(game.translate(x), x) and torch.equal(game.translate(x, back=True), x)
    strict = models.create("cyclegan", size=32, width=4, cycle=1000.0)
    torch.testing.assert_close(game(x, y), strict(x, y))
