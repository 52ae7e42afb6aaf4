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
BATCH, RATE = 128, 2e-3


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


def play(steps: int = 1, r1: float = 0.0, turns: int = 400, count: int = 1000, seed: int = 0) -> Tensor:
    """Let a generator learn the ring for ``turns`` and return ``count`` of its points, (count, 2).

    A turn is one step of the discriminator, then ``steps`` of the generator; ``r1`` is the weight of the penalty.
    With several steps the generator answers a discriminator that stands still, and the best answer to that is one
    point. Raises `ParameterError` for fewer than one turn or step. torch's own random state stays as it was.

    >>> play(turns=2, count=3).shape
    torch.Size([3, 2])
    """
    if turns < 1 or steps < 1:
        raise ParameterError(f"turns={turns}, steps={steps} is no game.", "Give 1 or more of each.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator, discriminator = _player(2), _player(1)
        forger, expert = (torch.optim.Adam(p.parameters(), RATE, betas=(0.5, 0.9)) for p in (generator, discriminator))
        for _ in range(turns):
            _step(expert, _doubt(generator, discriminator, r1))
            for _ in range(steps):
                _step(forger, softplus(-discriminator(generator(torch.randn(BATCH, 2)))).mean())
        with torch.no_grad():
            return generator(torch.randn(count, 2))


def _player(outputs: int, width: int = 64) -> nn.Sequential:
    middle = nn.Linear(width, width)
    return nn.Sequential(nn.Linear(2, width), nn.ReLU(), middle, nn.ReLU(), nn.Linear(width, outputs))


def _doubt(generator: nn.Module, discriminator: nn.Module, r1: float) -> Tensor:
    """The discriminator's loss on fresh points, with the penalty."""
    x = sample(BATCH).requires_grad_()
    on_real, on_fake = discriminator(x), discriminator(generator(torch.randn(BATCH, 2)).detach())
    loss = (softplus(-on_real) + softplus(on_fake)).mean()
    if r1 > 0:
        (slope,) = torch.autograd.grad(on_real.sum(), x, create_graph=True)
        loss = loss + r1 / 2 * slope.square().sum(dim=1).mean()
    return loss


def _step(mover: torch.optim.Adam, loss: Tensor) -> None:
    mover.zero_grad()
    loss.backward()
    mover.step()
