"""Convolutions near the picture, attention far from it (lesson architectures/hybrid).

``coatnet`` classifies: (n, 1, size, size) to (n, outputs). ``transunet`` outlines: (n, 1, h, w) to (n, outputs, h, w).
Both can be built as either half alone, for the ablation.
"""

from torch import Tensor, nn

from thyrolearn.models.blocks import Classifier, conv_unit
from thyrolearn.models.cnn_modern import ResidualBlock
from thyrolearn.models.segmenter import Decoder, fitting, levels_of, residual_encoder
from thyrolearn.models.transformer import TransformerBlock

__all__ = ["AttentionStage", "CoAtNet", "TransUNet"]


class AttentionStage(nn.Module):
    """Transformer blocks on a feature map: every place is a token; (n, c, h, w) to the same shape.

    A depthwise 3 x 3 convolution tells the tokens where they are (Chu et al. 2021, arXiv 2102.10882), so that any
    size of picture will do.

    >>> import torch
    >>> AttentionStage(16, depth=1, heads=4)(torch.zeros(2, 16, 4, 6)).shape
    torch.Size([2, 16, 4, 6])
    """

    def __init__(self, channels: int, depth: int, heads: int) -> None:
        super().__init__()
        self.place = nn.Conv2d(channels, channels, 3, padding=1, groups=channels)
        self.blocks = nn.Sequential(*(TransformerBlock(channels, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) to the same shape."""
        shape = x.shape
        tokens = (x + self.place(x)).flatten(2).transpose(1, 2)
        return self.norm(self.blocks(tokens)).transpose(1, 2).reshape(shape)


class CoAtNet(Classifier):
    """C-C-T-T: two convolution stages, then attention stages (Dai et al. 2021, arXiv 2106.04803).

    Stem and residual blocks to 1/8 of the size, channels w, 2w, 4w; then ``depth`` transformer blocks.
    ``part="conv"`` replaces the attention by as many residual blocks, ``part="attention"`` the residual blocks by
    plain stride-2 convolutions.

    >>> import torch
    >>> CoAtNet(width=8)(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 1])
    """

    def __init__(
        self, outputs: int = 1, size: int = 64, width: int = 16, depth: int = 2, heads: int = 4, part: str = "both"
    ) -> None:
        a, b, c = width, 2 * width, 4 * width
        if part == "attention":
            near: list[nn.Module] = [conv_unit(a, b, stride=2), conv_unit(b, c, stride=2)]
        else:
            near = [ResidualBlock(a, a), ResidualBlock(a, b, stride=2), ResidualBlock(b, c, stride=2)]
        if part == "conv":
            far: list[nn.Module] = [ResidualBlock(c, c) for _ in range(depth)]
        else:
            far = [AttentionStage(c, depth, heads)]
        super().__init__(nn.Sequential(conv_unit(1, a, stride=2), *near, *far), c, outputs)


class TransUNet(nn.Module):
    """A U-Net whose deepest level is a transformer: Chen et al. 2021, arXiv 2102.04306, on the lean U-Net's body.

    ``depth=0`` leaves the attention out.

    >>> import torch
    >>> TransUNet(width=8)(torch.zeros(1, 1, 32, 48)).shape
    torch.Size([1, 1, 32, 48])
    """

    def __init__(self, outputs: int = 1, size: int = 128, width: int = 24, depth: int = 2, heads: int = 4) -> None:
        super().__init__()
        channels = [width, 2 * width, 4 * width, 6 * width]
        self.encoder = residual_encoder(channels)
        self.attention = AttentionStage(channels[-1], depth, heads) if depth else nn.Identity()
        self.decoder = Decoder(channels, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, outputs, h, w) of images (n, 1, h, w)."""
        levels = levels_of(self.encoder, fitting(x))
        return self.decoder([*levels[:-1], self.attention(levels[-1])])
