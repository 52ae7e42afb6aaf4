"""What the convolutional families share: one frame for every image classifier, one convolution unit."""

import torch
from torch import Tensor, nn

__all__ = ["Classifier", "conv_unit"]


class Classifier(nn.Module):
    """Features, mean over place, linear head: the frame that every image classifier here fits into.

    ``features`` turns (n, 1, h, w) into (n, ``channels``, h', w'); a class activation map, a frozen probe and a
    frame encoder for clips all take hold here. Global average pooling: Lin et al. 2014, arXiv 1312.4400.

    >>> net = Classifier(conv_unit(1, 8, stride=2), channels=8, outputs=3)
    >>> net.embed(torch.zeros(2, 1, 32, 32)).shape, net(torch.zeros(2, 1, 32, 32)).shape
    (torch.Size([2, 8]), torch.Size([2, 3]))
    """

    def __init__(self, features: nn.Module, channels: int, outputs: int) -> None:
        super().__init__()
        self.features = features
        self.channels = channels
        self.head = nn.Linear(channels, outputs)

    def embed(self, x: Tensor) -> Tensor:
        """Return the pooled features, (n, ``channels``), of images (n, 1, h, w)."""
        return torch.mean(self.features(x), dim=(2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, outputs) of images (n, 1, h, w), float32 from 0 to 1."""
        return self.head(self.embed(x))


def conv_unit(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167), ReLU: (n, inputs, h, w) in.

    The padding keeps the size at stride 1 and halves it (rounded up) at stride 2. No bias: the normalisation has one.

    >>> conv_unit(1, 8, stride=2)(torch.zeros(4, 1, 33, 33)).shape
    torch.Size([4, 8, 17, 17])
    """
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
