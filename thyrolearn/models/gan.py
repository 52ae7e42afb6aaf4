"""A generator against a discriminator: DCGAN with what makes it train today (lesson architectures/gan).

Both play in one ``forward``: it returns two losses an image, each of which moves one player only, so the ordinary
training loop trains them (task "generation"). Images are (n, 1, size, size) float32 from 0 to 1.
"""

import itertools

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import softplus
from torch.nn.utils.parametrizations import spectral_norm

from thyrolearn.errors import ParameterError

__all__ = ["Generator", "Discriminator", "DCGAN"]


class Generator(nn.Module):
    """Noise to picture: Radford et al. 2016, arXiv 1511.06434; transposed convolutions double 4 x 4 up to ``size``.

    ``conditions`` numbers that describe the picture may be laid beside the noise.

    >>> Generator(size=32, width=4)(torch.randn(2, 64)).shape
    torch.Size([2, 1, 32, 32])
    """

    def __init__(self, size: int = 64, width: int = 16, noise: int = 64, conditions: int = 0) -> None:
        super().__init__()
        self.noise = noise
        doublings = (size // 4).bit_length() - 1
        channels = [width * 2**step for step in reversed(range(doublings))]
        layers: list[nn.Module] = [nn.Unflatten(1, (-1, 1, 1)), *_up(noise + conditions, channels[0], 4, 1, 0)]
        for inputs, outputs in itertools.pairwise(channels):
            layers += _up(inputs, outputs, 4, 2, 1)
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(channels[-1], 1, 4, 2, 1), nn.Sigmoid())

    def forward(self, noise: Tensor, conditions: Tensor | None = None) -> Tensor:
        """(n, noise) and (n, conditions) to pictures (n, 1, size, size) from 0 to 1."""
        return self.layers(noise if conditions is None else torch.cat([noise, conditions], dim=1))


def _up(inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> list[nn.Module]:
    conv = nn.ConvTranspose2d(inputs, outputs, kernel, stride, padding, bias=False)
    return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]


class Discriminator(nn.Module):
    """Picture to one number, large for real: stride-2 convolutions down to 4 x 4, leaky ReLU, no batch statistics.

    ``spectral`` bounds each layer's slope to 1 (Miyato et al. 2018, arXiv 1802.05957). Conditions enter by projection
    (Miyato and Koyama 2018, arXiv 1802.05637).

    >>> Discriminator(size=32, width=4)(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2])
    """

    def __init__(self, size: int = 64, width: int = 16, conditions: int = 0, spectral: bool = False) -> None:
        super().__init__()
        bound = spectral_norm if spectral else (lambda layer: layer)
        halvings = (size // 4).bit_length() - 1
        channels = [1, *(width * 2**step for step in range(halvings))]
        layers: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(channels):
            layers += [bound(nn.Conv2d(inputs, outputs, 4, 2, 1)), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.score = bound(nn.Linear(16 * channels[-1], 1))
        self.project = bound(nn.Linear(conditions, 16 * channels[-1], bias=False)) if conditions else None

    def forward(self, x: Tensor, conditions: Tensor | None = None) -> Tensor:
        """(n, 1, size, size) and (n, conditions) to (n,)."""
        seen = self.layers(2 * x - 1)
        score = self.score(seen)[:, 0]
        if self.project is not None and conditions is not None:
            score = score + (self.project(conditions) * seen).sum(dim=1)
        return score


class DCGAN(nn.Module):
    """Both players and their game: non-saturating loss (Goodfellow et al. 2014), R1 penalty of weight ``r1``.

    R1 pulls the discriminator's slope at real pictures to zero: Mescheder et al. 2018, arXiv 1801.04406. ``r1=0`` and
    ``spectral=False`` give the bare game, which collapses more easily.

    >>> DCGAN(size=32, width=4)(torch.rand(2, 1, 32, 32)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self, outputs: int = 1, size: int = 64, width: int = 16, noise: int = 64, conditions: int = 0,
        r1: float = 1.0, spectral: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        if size < 16 or size & (size - 1):
            raise ParameterError(f"size={size} is not reached by doubling 4.", "Give 16, 32, 64 or 128.")
        self.generator = Generator(size, width, noise, conditions)
        self.discriminator = Discriminator(size, width, conditions, spectral)
        self.r1 = r1

    def forward(self, x: Tensor, conditions: Tensor | None = None) -> Tensor:
        """Return the losses of discriminator and generator, (n, 2), for real pictures (n, 1, size, size)."""
        noise = torch.randn(len(x), self.generator.noise, device=x.device)
        fake = self.generator(noise, conditions)
        x = x.detach().requires_grad_(self.training and self.r1 > 0)
        real_score = self.discriminator(x, conditions)
        doubt = softplus(-real_score) + softplus(self.discriminator(fake.detach(), conditions))
        if x.requires_grad:
            (slope,) = torch.autograd.grad(real_score.sum(), x, create_graph=True)
            doubt = doubt + self.r1 / 2 * slope.square().sum(dim=(1, 2, 3))
        # The generator is judged by a copy of the weights that takes no gradient: its loss moves the generator alone.
        judge = {name: value.detach() for name, value in self.discriminator.named_parameters()}
        deceit = softplus(-functional_call(self.discriminator, judge, (fake, conditions)))
        return torch.stack([doubt, deceit], dim=1)

    @torch.no_grad()
    def sample(self, count: int, *, seed: int = 0, conditions: Tensor | None = None) -> Tensor:
        """Return ``count`` new pictures, (count, 1, size, size) from 0 to 1, the same for the same ``seed``."""
        place = next(self.parameters()).device
        noise = torch.randn(count, self.generator.noise, generator=torch.Generator().manual_seed(seed)).to(place)
        training = self.training
        pictures = self.eval().generator(noise, conditions)
        self.train(training)
        return pictures
