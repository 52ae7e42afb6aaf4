"""The smallest game that can collapse: eight clusters on a ring, and a generator that has to find them all.

Two small networks and the losses of `models.gan`; the lesson architectures/gan plays it twice and counts.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from thyrolearn.errors import ParameterError

__all__ = ["MODES", "sample", "play", "modes"]

MODES, RADIUS, SPREAD = 8, 2.0, 0.1
BATCH, RATE = 128, 3e-3


def centres() -> Tensor:
    """The middles of the clusters, (8, 2)."""
    angle = torch.arange(MODES) * (2 * torch.pi / MODES)
    return RADIUS * torch.stack([angle.cos(), angle.sin()], dim=1)


def sample(count: int, generator: torch.Generator | None = None) -> Tensor:
    """Return ``count`` real points, (count, 2), each cluster as likely as another.

    >>> sample(5).shape
    torch.Size([5, 2])
    """
    which = torch.randint(MODES, (count,), generator=generator)
    return centres()[which] + SPREAD * torch.randn(count, 2, generator=generator)


def modes(points: Tensor, least: float = 0.02) -> int:
    """Count the clusters that hold at least a share ``least`` of ``points`` (n, 2) within four spreads of their middle.

    >>> modes(centres()), modes(centres()[:3].repeat(9, 1))
    (8, 3)
    """
    near = torch.cdist(points, centres()) < 4 * SPREAD
    return int((near.float().mean(dim=0) >= least).sum())


def play(momentum: float, r1: float = 0.0, turns: int = 400, count: int = 1000, seed: int = 0) -> Tensor:
    """Let a generator learn the ring for ``turns`` steps of each player and return ``count`` of its points, (count, 2).

    ``momentum`` is Adam's first beta for both, ``r1`` the weight of the penalty. Raises `ParameterError` for fewer than
    one turn. torch's own random state stays as it was.

    >>> play(0.5, turns=2, count=3).shape
    torch.Size([3, 2])
    """
    if turns < 1:
        raise ParameterError(f"turns={turns} is no game.", "Give 1 or more.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator, discriminator = _player(2), _player(1)
        movers = [torch.optim.Adam(p.parameters(), RATE, betas=(momentum, 0.9)) for p in (generator, discriminator)]
        for _ in range(turns):
            _turn(generator, discriminator, *movers, r1)
        with torch.no_grad():
            return generator(torch.randn(count, 2))


def _player(outputs: int, width: int = 64) -> nn.Sequential:
    middle = nn.Linear(width, width)
    return nn.Sequential(nn.Linear(2, width), nn.ReLU(), middle, nn.ReLU(), nn.Linear(width, outputs))


def _turn(
    generator: nn.Module, discriminator: nn.Module, forger: torch.optim.Adam, expert: torch.optim.Adam, r1: float
) -> None:
    """One step of the discriminator, then one of the generator."""
    x = sample(BATCH).requires_grad_()
    fake, on_real = generator(torch.randn(BATCH, 2)), discriminator(x)
    doubt = (softplus(-on_real) + softplus(discriminator(fake.detach()))).mean()
    if r1 > 0:
        (slope,) = torch.autograd.grad(on_real.sum(), x, create_graph=True)
        doubt = doubt + r1 / 2 * slope.square().sum(dim=1).mean()
    _step(expert, doubt)
    _step(forger, softplus(-discriminator(fake)).mean())


def _step(mover: torch.optim.Adam, loss: Tensor) -> None:
    mover.zero_grad()
    loss.backward()
    mover.step()
