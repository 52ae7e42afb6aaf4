"""From one scanner's look to another's without pairs: a small CycleGAN (lesson architectures/gan).

Zhu et al. 2017, arXiv 1703.10593. Four players in one ``forward``, whose losses each move one pair of them, so the
ordinary training loop trains it (task "translation"). Images are (n, 1, h, w) float32 from 0 to 1.
"""

import torch
from torch import Tensor, nn
from torch.func import functional_call

from thyrolearn.models.blocks import conv_unit
from thyrolearn.models.cnn_modern import ResidualBlock

__all__ = ["Translator", "PatchCritic", "CycleGAN"]


class Translator(nn.Module):
    """A picture plus a learnt change: stride-2 stem, residual blocks, pixel shuffle; at first the change is nothing.

    >>> x = torch.rand(2, 1, 32, 32)
    >>> torch.equal(Translator(width=4)(x), x)
    True
    """

    def __init__(self, width: int = 16, blocks: int = 3) -> None:
        super().__init__()
        self.last = nn.Conv2d(2 * width, 4, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]
        middle = [ResidualBlock(2 * width, 2 * width) for _ in range(blocks)]
        self.change = nn.Sequential(conv_unit(1, 2 * width, 5, stride=2), *middle, self.last, nn.PixelShuffle(2))

    def forward(self, x: Tensor) -> Tensor:
        """(n, 1, h, w), h and w even, to the same shape; kept in 0…1 in evaluation only, since a clamp has no slope."""
        out = x + self.change(x)
        return out if self.training else out.clamp(0, 1)


class PatchCritic(nn.Module):
    """Does each patch look real? Three stride-2 convolutions and a score for each place (Isola et al. 2017).

    >>> PatchCritic(width=4)(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 4, 4])
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((1, width), (width, 2 * width), (2 * width, 4 * width)):
            layers += [nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(4 * width, 1, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        """(n, 1, h, w) to (n, h/8, w/8)."""
        return self.layers(x)[:, 0]


class CycleGAN(nn.Module):
    """Translators A to B and B to A, a critic for each look; there and back must give the same picture.

    Least-squares adversarial loss (Mao et al. 2017, arXiv 1611.04076); ``cycle`` weighs there-and-back, half of it
    "what is B already stays as it is".

    >>> CycleGAN(width=4)(torch.rand(2, 1, 32, 32), torch.rand(2, 1, 32, 32)).shape
    torch.Size([2, 2])
    """

    def __init__(self, outputs: int = 1, size: int = 64, width: int = 16, cycle: float = 10.0) -> None:
        super().__init__()
        self.to_b, self.to_a = Translator(width), Translator(width)
        self.critic_b, self.critic_a = PatchCritic(width), PatchCritic(width)
        self.cycle = cycle

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the losses of the critics and of the translators, (n, 2), for unpaired pictures, both (n, 1, h, w)."""
        fake_b, fake_a = self.to_b(a), self.to_a(b)
        doubt = _doubt(self.critic_b, b, fake_b) + _doubt(self.critic_a, a, fake_a)
        deceit = _deceit(self.critic_b, fake_b) + _deceit(self.critic_a, fake_a)
        there_and_back = _apart(self.to_a(fake_b), a) + _apart(self.to_b(fake_a), b)
        as_it_is = _apart(self.to_b(b), b) + _apart(self.to_a(a), a)
        return torch.stack([doubt, deceit + self.cycle * (there_and_back + as_it_is / 2)], dim=1)

    @torch.no_grad()
    def translate(self, x: Tensor, *, back: bool = False) -> Tensor:
        """Return pictures (n, 1, h, w) of look A in look B, or with ``back`` the other way."""
        training = self.training
        self.eval()
        found = (self.to_a if back else self.to_b)(x)
        self.train(training)
        return found


def _doubt(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    losses = (critic(real) - 1).square() + critic(fake.detach()).square()
    return losses.mean(dim=(1, 2))


def _deceit(critic: nn.Module, fake: Tensor) -> Tensor:
    # Judged by a copy of the weights that takes no gradient: this loss moves the translator alone.
    fixed = {name: value.detach() for name, value in critic.named_parameters()}
    return (functional_call(critic, fixed, (fake,)) - 1).square().mean(dim=(1, 2))


def _apart(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).abs().mean(dim=(1, 2, 3))
