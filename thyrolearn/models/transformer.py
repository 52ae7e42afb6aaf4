"""Transformers for pictures: attention in a screen, a small ViT on it, torchvision's Swin (architectures/transformer).

Input: (n, 1, size, size) float32 from 0 to 1. Output: (n, outputs) logits.
"""

import itertools

import torch
from torch import Tensor, nn

from thyrolearn.errors import ParameterError
from thyrolearn.models.blocks import conv_unit

__all__ = ["Attention", "TransformerBlock", "ViT", "attention_distance", "rollout", "swin"]


class Attention(nn.Module):
    """Multi-head self-attention: Vaswani et al. 2017, arXiv 1706.03762, equation 1.

    Each token asks (q), each is known by a key (k) and holds a value (v); a token takes the values of the others,
    weighed by softmax(q k / sqrt(d)). With ``keep`` set, ``weights`` holds them after a call, (n, heads, t, t).

    >>> Attention(16, heads=4)(torch.zeros(2, 9, 16)).shape
    torch.Size([2, 9, 16])
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        if channels % heads:
            raise ParameterError(f"{channels} channels do not part into {heads} heads.", "Give a multiple of heads.")
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        self.keep = False
        self.weights: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(n, tokens, channels) to the same shape."""
        n, t, c = x.shape
        q, k, v = self.qkv(x).reshape(n, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-1, -2) * (c // self.heads) ** -0.5).softmax(dim=-1)
        self.weights = weights.detach() if self.keep else None
        return self.out((weights @ v).transpose(1, 2).reshape(n, t, c))


class TransformerBlock(nn.Module):
    """Tokens talk (attention), then each thinks for itself (a small perceptron); both are added to what was there.

    Layer normalisation before each part ("pre-norm": Xiong et al. 2020, arXiv 2002.04745).

    >>> TransformerBlock(16, heads=4)(torch.zeros(2, 9, 16)).shape
    torch.Size([2, 9, 16])
    """

    def __init__(self, channels: int, heads: int, widen: int = 2) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.attention = Attention(channels, heads)
        self.mlp = nn.Sequential(
            nn.Linear(channels, widen * channels), nn.GELU(), nn.Linear(widen * channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, tokens, channels) to the same shape."""
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class ViT(nn.Module):
    """Vision transformer: Dosovitskiy et al. 2021, arXiv 2010.11929; averaged tokens instead of a class token.

    ``stem="patch"`` cuts the image into ``patch`` x ``patch`` squares, as in the paper; ``stem="conv"`` reaches the
    same grid by stride-2 convolutions, which trains better on little data (Xiao et al. 2021, arXiv 2106.14881).
    ``position=False`` takes the places away. ``attention_maps`` returns what each block looked at.

    >>> ViT(size=32, width=16, depth=1)(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 1])
    """

    def __init__(
        self, outputs: int = 1, size: int = 64, width: int = 96, depth: int = 4, heads: int = 4, patch: int = 8,
        stem: str = "conv", position: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        if size % patch or patch & (patch - 1) or stem not in ("conv", "patch"):
            raise ParameterError(
                f"size={size}, patch={patch}, stem={stem!r} give no grid.", "patch: a power of 2 that parts size."
            )
        self.grid = size // patch
        self.stem = nn.Conv2d(1, width, patch, stride=patch) if stem == "patch" else _conv_stem(width, patch)
        self.position = nn.Parameter(0.02 * torch.randn(1, self.grid**2, width), requires_grad=position)
        if not position:
            nn.init.zeros_(self.position)
        self.blocks = nn.Sequential(*(TransformerBlock(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, outputs)

    def tokens(self, x: Tensor) -> Tensor:
        """Return the last block's tokens, normalised, (n, grid², width)."""
        x = self.stem(x - 0.3).flatten(2).transpose(1, 2)
        if x.shape[1] != self.position.shape[1]:
            raise ParameterError(f"{x.shape[1]} tokens, made for {self.position.shape[1]}.", "Make it with this size.")
        return self.norm(self.blocks(x + self.position))

    def embed(self, x: Tensor) -> Tensor:
        """Return the averaged tokens, (n, width)."""
        return self.tokens(x).mean(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, outputs) of images (n, 1, size, size)."""
        return self.head(self.embed(x))

    @torch.no_grad()
    def attention_maps(self, x: Tensor) -> Tensor:
        """Return the attention of every block, (n, blocks, heads, grid², grid²), on the CPU: row i is where i looks."""
        training, layers = self.training, [part for part in self.modules() if isinstance(part, Attention)]
        for layer in layers:
            layer.keep = True
        self.eval()(x.to(self.position.device))
        found = torch.stack([layer.weights for layer in layers if layer.weights is not None], dim=1)
        for layer in layers:
            layer.keep, layer.weights = False, None
        self.train(training)
        return found.cpu()


def attention_distance(maps: Tensor, patch: float = 1.0) -> Tensor:
    """Return how far a token looks on average: the distance to each token, weighed by its attention.

    ``maps`` (..., t, t) are shares over the last axis, as `ViT.attention_maps` gives them, for t tokens on a square
    grid; the result (...) is in the unit of ``patch``, the side of a token (pixels, mm). It is the transformer's
    counterpart of the receptive field: Dosovitskiy et al. 2021, arXiv 2010.11929, figure 7. Raises `ParameterError`
    where t is no square number. Lesson: architectures/transformer.

    >>> own, all_alike = torch.eye(4), torch.full((4, 4), 1 / 4)
    >>> [round(float(attention_distance(maps, patch=8)), 2) for maps in (own, all_alike)]
    [0.0, 6.83]
    """
    grid = round(maps.shape[-1] ** 0.5)
    if grid**2 != maps.shape[-1] or maps.shape[-2] != maps.shape[-1]:
        raise ParameterError(f"Maps {tuple(maps.shape)} belong to no square grid.", "Give (..., grid², grid²).")
    places = torch.cartesian_prod(torch.arange(grid), torch.arange(grid)).to(maps)
    # as one product: maps are large, and an array beside them would be as large again
    return maps.flatten(-2) @ torch.cdist(places, places).flatten() * (patch / grid**2)


def rollout(maps: Tensor) -> Tensor:
    """Follow the attention from the last block back to the patches: (n, blocks, heads, t, t) to (n, t, t).

    Row i says from which patches token i of the last block comes, as shares. Heads are averaged, the residual path
    counts as much as the attention, and the blocks are multiplied: Abnar and Zuidema 2020, arXiv 2005.00928. Values
    and perceptrons are ignored, so it is a picture of routes, not of reasons. Raises `ParameterError` for maps of
    another shape. Lesson: architectures/transformer.

    >>> rollout(torch.full((1, 1, 2, 4, 4), 1 / 4))[0, 0]
    tensor([0.6250, 0.1250, 0.1250, 0.1250])
    """
    if maps.dim() != 5 or maps.shape[-2] != maps.shape[-1]:
        raise ParameterError(f"Maps {tuple(maps.shape)} are not those of blocks.", "Give (n, blocks, heads, t, t).")
    steps = (maps.mean(dim=2) + torch.eye(maps.shape[-1]).to(maps)) / 2
    found = steps[:, 0]
    for block in range(1, steps.shape[1]):
        found = steps[:, block] @ found
    return found


def _conv_stem(width: int, patch: int) -> nn.Sequential:
    steps = patch.bit_length() - 1
    channels = [1] + [max(16, width >> (steps - 1 - step)) for step in range(steps)]
    channels[-1] = width
    units = [conv_unit(i, o, stride=2) for i, o in itertools.pairwise(channels)]
    return nn.Sequential(*units, nn.Conv2d(width, width, 1))


def swin(outputs: int = 1, size: int = 64, width: int = 24, depths: tuple[int, ...] = (2, 2, 2)) -> nn.Module:
    """Swin transformer, torchvision's: attention within shifted 4 x 4 windows (Liu et al. 2021, arXiv 2103.14030).

    Patches of 4, channels w, 2w, 4w. Input (n, 1, h, w), output (n, outputs) logits.

    >>> swin(width=12)(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 1])
    """
    from torchvision.models.swin_transformer import SwinTransformer

    heads = [max(1, width * 2**stage // 12) for stage in range(len(depths))]
    net = SwinTransformer([4, 4], width, list(depths), heads, [4, 4], stochastic_depth_prob=0.0, num_classes=outputs)
    net.features[0][0] = nn.Conv2d(1, width, 4, stride=4)  # type: ignore[index,operator]
    return net
