"""The first convolutional networks, each as a small model that shows its one idea (lesson architectures/cnn).

=============  ==============================================================================
``linear``     no convolution: logistic regression on 16 x 16 pixels, the baseline to beat
``lenet``      convolve, pool, repeat, then fully connected (LeCun et al. 1998)
``vgg``        depth from stacks of 3 x 3 convolutions (Simonyan and Zisserman 2015)
``inception``  several kernel sizes side by side (Szegedy et al. 2015)
=============  ==============================================================================

Input: (n, 1, h, w) float32 from 0 to 1. Output: (n, outputs) logits. The rest of the line is in `cnn_modern`.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn

from thyrolearn.models.blocks import Classifier, conv_unit

__all__ = ["Linear", "LeNet", "VGG", "InceptionBlock", "Inception"]


class Linear(nn.Module):
    """Logistic regression on the image averaged down to ``pixels`` x ``pixels``.

    Grey 0.5 is taken away first, which changes no decision and lets the weights start where they belong.

    >>> Linear()(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 1])
    """

    def __init__(self, outputs: int = 1, size: int = 64, pixels: int = 16) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(pixels)
        self.head = nn.Linear(pixels * pixels, outputs)

    def embed(self, x: Tensor) -> Tensor:
        """Return the pixels that the weights see, (n, pixels²)."""
        return self.pool(x - 0.5).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, outputs) of images (n, 1, h, w)."""
        return self.head(self.embed(x))


class LeNet(nn.Module):
    """LeNet-5: LeCun et al. 1998, Proc. IEEE 86(11), doi 10.1109/5.726791; tanh, average pooling.

    At 32 x 32 pixels it is the paper's network with the full second layer (61,706 weights for ten classes);
    larger images are pooled to the paper's 5 x 5 maps before the fully connected layers.

    >>> LeNet()(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 1])
    """

    def __init__(self, outputs: int = 1, size: int = 64) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
            nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        )  # fmt: skip
        self.pool = nn.AdaptiveAvgPool2d(5)
        self.dense = nn.Sequential(nn.Linear(16 * 5 * 5, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh())
        self.head = nn.Linear(84, outputs)

    def embed(self, x: Tensor) -> Tensor:
        """Return the last hidden layer, (n, 84)."""
        return self.dense(self.pool(self.features(x)).flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, outputs) of images (n, 1, h, w)."""
        return self.head(self.embed(x))


class VGG(Classifier):
    """Two 3 x 3 convolutions see 5 x 5 pixels with fewer weights: Simonyan and Zisserman 2015, arXiv 1409.1556.

    Four stages of two convolutions and a max pooling, channels w, 2w, 4w, 6w. Batch normalisation (2015) is added:
    without it this depth trains badly, as the paper's authors found when they grew theirs layer by layer.

    >>> VGG(width=8)(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 1])
    """

    def __init__(self, outputs: int = 1, size: int = 64, width: int = 16) -> None:
        channels = [1, width, 2 * width, 4 * width, 6 * width]
        stages = []
        for inputs, outs in pairwise(channels):
            stages += [conv_unit(inputs, outs), conv_unit(outs, outs), nn.MaxPool2d(2)]
        super().__init__(nn.Sequential(*stages), channels[-1], outputs)


class InceptionBlock(nn.Module):
    """Four views of the same place, side by side: Szegedy et al. 2015, arXiv 1409.4842, figure 2(b).

    1 x 1, 3 x 3 and 5 x 5 convolutions and a max pooling; 1 x 1 convolutions in front keep the large kernels cheap.
    (n, inputs, h, w) to (n, 4 ``each``, h, w): a quarter of the channels for each branch.

    >>> InceptionBlock(16, 8)(torch.zeros(2, 16, 10, 10)).shape
    torch.Size([2, 32, 10, 10])
    """

    def __init__(self, inputs: int, each: int) -> None:
        super().__init__()
        self.one = conv_unit(inputs, each, 1)
        self.three = nn.Sequential(conv_unit(inputs, each, 1), conv_unit(each, each, 3))
        self.five = nn.Sequential(conv_unit(inputs, each // 2, 1), conv_unit(each // 2, each, 5))
        self.pool = nn.Sequential(nn.MaxPool2d(3, 1, padding=1), conv_unit(inputs, each, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the four branches joined along the channels."""
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], dim=1)


class Inception(Classifier):
    """GoogLeNet's idea in four blocks behind a stride-2 stem; channels w, 2w, 4w, 6w, 8w.

    >>> Inception(width=8)(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 1])
    """

    def __init__(self, outputs: int = 1, size: int = 64, width: int = 16) -> None:
        features = nn.Sequential(
            conv_unit(1, width, 7, stride=2),
            InceptionBlock(width, width // 2), nn.MaxPool2d(2),
            InceptionBlock(2 * width, width), nn.MaxPool2d(2),
            InceptionBlock(4 * width, width + width // 2),
            InceptionBlock(6 * width, 2 * width), nn.MaxPool2d(2),
        )  # fmt: skip
        super().__init__(features, 8 * width, outputs)
