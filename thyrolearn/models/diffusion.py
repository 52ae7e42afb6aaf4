"""Pictures out of noise, step by step: a small DDPM (lesson architectures/diffusion_and_foundation).

Picture and noise are two directions at right angles; adding noise turns from one towards the other, and the network
learns to turn back. ``forward`` makes pictures noisy and returns the guess and the truth, so the ordinary training loop
trains it (task "denoising"); ``sample`` walks back. Pictures are (n, 1, h, w) float32 from 0 to 1, inside -1 to 1.
"""

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

__all__ = ["cosine_schedule", "TimedBlock", "NoiseNet", "DDPM"]


def cosine_schedule(steps: int) -> Tensor:
    """Return how much of the picture is left after each step, (steps + 1,), from 1 down to nearly 0.

    The cumulative product of Nichol and Dhariwal 2021, arXiv 2102.09672, equation 17, betas held under 0.999.

    >>> [round(float(x), 3) for x in cosine_schedule(4)]
    [1.0, 0.847, 0.494, 0.144, 0.0]
    """
    t = torch.arange(steps + 1, dtype=torch.float64) / steps
    left = torch.cos((t + 0.008) / 1.008 * math.pi / 2) ** 2
    betas = (1 - left[1:] / left[:-1]).clamp(max=0.999)
    return torch.cat([torch.ones(1, dtype=torch.float64), (1 - betas).cumprod(0)]).float()


class TimedBlock(nn.Module):
    """A residual block that is told the time: group norm, SiLU, 3 x 3 convolution, twice, the time added between.

    >>> TimedBlock(8, 16, 32)(torch.zeros(2, 8, 4, 4), torch.zeros(2, 32)).shape
    torch.Size([2, 16, 4, 4])
    """

    def __init__(self, inputs: int, outputs: int, time: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.GroupNorm(4, inputs), nn.SiLU(), nn.Conv2d(inputs, outputs, 3, padding=1))
        self.time = nn.Linear(time, outputs)
        self.second = nn.Sequential(nn.GroupNorm(4, outputs), nn.SiLU(), nn.Conv2d(outputs, outputs, 3, padding=1))
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """(n, inputs, h, w) and (n, time) to (n, outputs, h, w)."""
        hidden = self.first(x) + self.time(time)[:, :, None, None]
        return self.shortcut(x) + self.second(hidden)


class NoiseNet(nn.Module):
    """A U-Net that looks at a noisy picture and is told the time, as sines (Ho et al. 2020, arXiv 2006.11239).

    Works at half the size (a stride-2 stem, pixel shuffle at the end): levels of w, 2w and 2w channels.

    >>> NoiseNet(width=8)(torch.zeros(2, 1, 32, 32), torch.tensor([0.1, 0.9])).shape
    torch.Size([2, 1, 32, 32])
    """

    def __init__(self, width: int = 32, conditions: int = 0) -> None:
        super().__init__()
        w, time = width, 4 * width
        self.width = width
        self.clock = nn.Sequential(nn.Linear(w, time), nn.SiLU(), nn.Linear(time, time), nn.SiLU())
        self.describe = nn.Linear(conditions, time) if conditions else None
        self.stem = nn.Conv2d(1, w, 4, 2, 1)
        self.down = nn.ModuleList([TimedBlock(w, w, time), TimedBlock(w, 2 * w, time), TimedBlock(2 * w, 2 * w, time)])
        self.up = nn.ModuleList([TimedBlock(4 * w, 2 * w, time), TimedBlock(3 * w, w, time)])
        self.head = nn.Sequential(nn.GroupNorm(4, w), nn.SiLU(), nn.Conv2d(w, 4, 3, padding=1), nn.PixelShuffle(2))

    def forward(self, x: Tensor, time: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Noisy pictures (n, 1, h, w), h and w multiples of 8, and times (n,) from 0 to 1, to what is asked of them."""
        angles = 1000 * time[:, None] * torch.exp(-torch.linspace(0, 9.2, self.width // 2, device=x.device))
        clock = self.clock(torch.cat([angles.sin(), angles.cos()], dim=1))
        if self.describe is not None and conditions is not None:
            clock = clock + self.describe(conditions)
        a = self.down[0](self.stem(x), clock)
        b = self.down[1](interpolate(a, scale_factor=0.5, mode="area"), clock)
        c = self.down[2](interpolate(b, scale_factor=0.5, mode="area"), clock)
        b = self.up[0](torch.cat([interpolate(c, scale_factor=2.0), b], dim=1), clock)
        return self.head(self.up[1](torch.cat([interpolate(b, scale_factor=2.0), a], dim=1), clock))


class DDPM(nn.Module):
    """Noise is added in ``steps`` steps; a `NoiseNet` learns to take it away (Ho et al. 2020, arXiv 2006.11239).

    The network is asked for neither noise nor picture but for `turn`, which learns several times faster here.

    >>> DDPM(width=8, steps=10)(torch.rand(2, 1, 16, 16)).shape
    torch.Size([2, 2, 16, 16])
    """

    left: Tensor

    def __init__(
        self, outputs: int = 1, size: int = 64, width: int = 32, steps: int = 200, conditions: int = 0
    ) -> None:
        super().__init__()
        self.net = NoiseNet(width, conditions)
        self.steps, self.size = steps, size
        self.register_buffer("left", cosine_schedule(steps), persistent=False)

    def noisy(self, x: Tensor, step: Tensor, noise: Tensor) -> Tensor:
        """Return pictures (n, 1, h, w), -1 to 1, after ``step`` (n,) steps of noise: equation 4 in one go."""
        left = self.left[step][:, None, None, None]
        return left.sqrt() * x + (1 - left).sqrt() * noise

    def turn(self, x: Tensor, step: Tensor, noise: Tensor) -> Tensor:
        """Return what the network is asked for, the mix of ``x`` and ``noise`` at right angles to `noisy`.

        Salimans and Ho 2022 (arXiv 2202.00512) call it v. Picture and noise follow from it and the noisy picture by
        turning back, and neither at the first step nor at the last is it known without looking.
        """
        left = self.left[step][:, None, None, None]
        return left.sqrt() * noise - (1 - left).sqrt() * x

    def forward(self, x: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Return the guessed and the true `turn`, (n, 2, h, w), at a random step for each picture (n, 1, h, w)."""
        # In evaluation the draw is always the same, so that a validation loss can be compared between epochs.
        draw = None if self.training else torch.Generator().manual_seed(0)
        step = torch.randint(1, self.steps + 1, (len(x),), generator=draw).to(x.device)
        noise = torch.randn(x.shape, generator=draw).to(x.device)
        x = 2 * x - 1
        guess = self.net(self.noisy(x, step, noise), step / self.steps, conditions)
        return torch.cat([guess, self.turn(x, step, noise)], dim=1)

    @torch.no_grad()
    def sample(self, count: int, *, seed: int = 0, steps: int = 50, eta: float = 0.0,
               conditions: Tensor | None = None) -> Tensor:  # fmt: skip
        """Return ``count`` new pictures, (count, 1, size, size) from 0 to 1, walking back in ``steps`` strides.

        ``eta=0`` is DDIM (Song et al. 2021, arXiv 2010.02502), sure-footed from the first noise on; ``eta=1`` with all
        steps is the DDPM walk, which adds fresh noise at every step.
        """
        place = next(self.parameters()).device
        draw = torch.Generator().manual_seed(seed)
        training = self.training
        self.eval()
        x = torch.randn(count, 1, self.size, self.size, generator=draw).to(place)
        path = torch.linspace(self.steps, 0, steps + 1).round().long().tolist()
        for now, then in itertools.pairwise(path):
            fresh = torch.randn(x.shape, generator=draw).to(place)
            x = self._back(x, now, then, eta, fresh, conditions)
        self.train(training)
        return ((x + 1) / 2).clamp(0, 1)

    def _back(self, x: Tensor, now: int, then: int, eta: float, fresh: Tensor, conditions: Tensor | None) -> Tensor:
        """One stride from step ``now`` to ``then``: guess the clean picture, lay the right noise on it again."""
        left, later = self.left[now], self.left[then]
        turn = self.net(x, torch.full((len(x),), now / self.steps, device=x.device), conditions)
        clean = (left.sqrt() * x - (1 - left).sqrt() * turn).clamp(-1, 1)
        noise = (x - left.sqrt() * clean) / (1 - left).sqrt()  # what the clamped guess implies
        spread = eta * ((1 - later) / (1 - left) * (1 - left / later)).clamp(min=0).sqrt()
        return later.sqrt() * clean + (1 - later - spread**2).clamp(min=0).sqrt() * noise + spread * fresh
