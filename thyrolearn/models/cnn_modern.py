"""Convolutional networks since 2015, each as a small model that shows its one idea (lesson architectures/cnn).

================  =========================================================================
``resnet``        learn the difference, keep a straight path (He et al. 2016)
``densenet``      every layer sees all before it (Huang et al. 2017)
``efficientnet``  cheap depthwise convolutions and channel attention (Tan and Le 2019)
``convnext``      a convolution net dressed like a transformer (Liu et al. 2022)
================  =========================================================================

Input: (n, 1, h, w) float32 from 0 to 1. Output: (n, outputs) logits.
"""

import torch
from torch import Tensor, nn

from thyrolearn.models.blocks import Classifier, conv_unit

__all__ = [
    "ResidualBlock", "ResNet", "DenseLayer", "DenseNet", "SqueezeExcite", "MBConv", "EfficientNet",
    "ConvNeXtBlock", "ConvNeXt",
]  # fmt: skip


class ResidualBlock(nn.Module):
    """x + F(x): He et al. 2016, arXiv 1512.03385, figure 2; the shortcut is a 1 x 1 convolution where sizes differ.

    >>> ResidualBlock(8, 16, stride=2)(torch.zeros(2, 8, 10, 10)).shape
    torch.Size([2, 16, 5, 5])
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.unit = conv_unit(inputs, outputs, stride=stride)
        self.conv = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        same = inputs == outputs and stride == 1
        self.shortcut = nn.Identity() if same else conv_unit(inputs, outputs, 1, stride)[:2]

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        return torch.relu(self.shortcut(x) + self.norm(self.conv(self.unit(x))))


class ResNet(Classifier):
    """Stem and four residual blocks, channels w, 2w, 4w, 8w, halving the size each time but the second.

    The course's default: at width 16 (0.31 M weights) it learns most per second of CPU time of all we tried.

    >>> ResNet(width=8)(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 1])
    """

    def __init__(self, outputs: int = 1, size: int = 64, width: int = 16) -> None:
        features = nn.Sequential(
            conv_unit(1, width, stride=2),
            ResidualBlock(width, width),
            ResidualBlock(width, 2 * width, stride=2),
            ResidualBlock(2 * width, 4 * width, stride=2),
            ResidualBlock(4 * width, 8 * width, stride=2),
        )
        super().__init__(features, 8 * width, outputs)


class DenseLayer(nn.Module):
    """Add ``growth`` new channels to all earlier ones: Huang et al. 2017, arXiv 1608.06993 (bottleneck form).

    >>> DenseLayer(16, growth=8)(torch.zeros(2, 16, 10, 10)).shape
    torch.Size([2, 24, 10, 10])
    """

    def __init__(self, inputs: int, growth: int, bottleneck: int = 2) -> None:
        super().__init__()
        middle = bottleneck * growth
        self.new = nn.Sequential(
            nn.BatchNorm2d(inputs), nn.ReLU(), nn.Conv2d(inputs, middle, 1, bias=False),
            nn.BatchNorm2d(middle), nn.ReLU(), nn.Conv2d(middle, growth, 3, padding=1, bias=False),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, inputs + growth, h, w)."""
        return torch.cat([x, self.new(x)], dim=1)


class DenseNet(Classifier):
    """Four dense blocks of ``depth`` layers; between them a 1 x 1 convolution halves the channels, a pooling the size.

    >>> DenseNet(width=8)(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 1])
    """

    def __init__(self, outputs: int = 1, size: int = 64, width: int = 16, depth: int = 4) -> None:
        channels = 2 * width
        stages: list[nn.Module] = [conv_unit(1, channels, stride=2), nn.MaxPool2d(2)]
        for block in range(4):
            for _ in range(depth):
                stages.append(DenseLayer(channels, width))
                channels += width
            if block < 3:
                half = channels // 2
                stages += [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, half, 1, bias=False)]
                stages += [nn.AvgPool2d(2)] if block < 2 else []
                channels = half
        super().__init__(nn.Sequential(*stages, nn.BatchNorm2d(channels), nn.ReLU()), channels, outputs)


class SqueezeExcite(nn.Module):
    """Weigh each channel by what the whole image says: Hu et al. 2018, arXiv 1709.01507.

    >>> SqueezeExcite(16, 4)(torch.ones(2, 16, 5, 5)).shape
    torch.Size([2, 16, 5, 5])
    """

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.excite = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same shape."""
        weight = self.excite(nn.functional.silu(self.squeeze(x.mean(dim=(2, 3), keepdim=True))))
        return x * torch.sigmoid(weight)


class MBConv(nn.Module):
    """Widen, filter each channel by itself, weigh the channels, narrow: Sandler et al. 2018, Tan and Le 2019.

    Depthwise convolution (``groups`` = channels) needs one ninth to one tenth of the multiplications of a full one.

    >>> MBConv(16, 24, stride=2)(torch.zeros(2, 16, 10, 10)).shape
    torch.Size([2, 24, 5, 5])
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1, expand: int = 4, kernel: int = 3) -> None:
        super().__init__()
        wide = expand * inputs
        self.block = nn.Sequential(
            nn.Conv2d(inputs, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.SiLU(),
            nn.Conv2d(wide, wide, kernel, stride, kernel // 2, groups=wide, bias=False),
            nn.BatchNorm2d(wide), nn.SiLU(),
            SqueezeExcite(wide, max(1, inputs // 4)),
            nn.Conv2d(wide, outputs, 1, bias=False), nn.BatchNorm2d(outputs),
        )  # fmt: skip
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) to (n, outputs, h / stride, w / stride)."""
        return x + self.block(x) if self.residual else self.block(x)


class EfficientNet(Classifier):
    """MBConv blocks whose width, depth and resolution would be scaled together: Tan and Le 2019, arXiv 1905.11946.

    >>> EfficientNet(width=8)(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 1])
    """

    def __init__(self, outputs: int = 1, size: int = 64, width: int = 16) -> None:
        features = nn.Sequential(
            conv_unit(1, width, stride=2),
            MBConv(width, width, expand=1),
            MBConv(width, 2 * width, stride=2), MBConv(2 * width, 2 * width),
            MBConv(2 * width, 4 * width, stride=2), MBConv(4 * width, 4 * width),
            MBConv(4 * width, 6 * width, stride=2, kernel=5), MBConv(6 * width, 6 * width, kernel=5),
        )  # fmt: skip
        super().__init__(features, 6 * width, outputs)


class _ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of (n, c, h, w)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """Large depthwise kernel, layer norm, a widening in between, layer scale: Liu et al. 2022, arXiv 2201.03545.

    >>> ConvNeXtBlock(16)(torch.zeros(2, 16, 10, 10)).shape
    torch.Size([2, 16, 10, 10])
    """

    def __init__(self, channels: int, scale: float = 0.1) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(channels, channels, 7, padding=3, groups=channels),
            _ChannelNorm(channels, eps=1e-6),
            nn.Conv2d(channels, 4 * channels, 1), nn.GELU(), nn.Conv2d(4 * channels, channels, 1),
        )  # fmt: skip
        self.scale = nn.Parameter(torch.full((channels, 1, 1), scale))

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same shape."""
        return x + self.scale * self.block(x)


class ConvNeXt(Classifier):
    """A 4 x 4 patch stem and three stages of two blocks, channels 2w, 4w, 6w, between them 2 x 2 stride-2 convolutions.

    >>> ConvNeXt(width=8)(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 1])
    """

    def __init__(self, outputs: int = 1, size: int = 64, width: int = 16) -> None:
        a, b, c = 2 * width, 4 * width, 6 * width
        features = nn.Sequential(
            nn.Conv2d(1, a, 4, stride=4), _ChannelNorm(a, eps=1e-6), ConvNeXtBlock(a), ConvNeXtBlock(a),
            _ChannelNorm(a, eps=1e-6), nn.Conv2d(a, b, 2, stride=2), ConvNeXtBlock(b), ConvNeXtBlock(b),
            _ChannelNorm(b, eps=1e-6), nn.Conv2d(b, c, 2, stride=2), ConvNeXtBlock(c), ConvNeXtBlock(c),
            _ChannelNorm(c, eps=1e-6),
        )  # fmt: skip
        super().__init__(features, c, outputs)
