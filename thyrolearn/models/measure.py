"""What a network costs and how far it looks."""

import copy
from typing import NamedTuple

import torch
from torch import nn

from thyrolearn.arrays import Floats
from thyrolearn.errors import ParameterError
from thyrolearn.seeding import torch_seed

__all__ = ["Count", "count", "receptive_field"]


class Count(NamedTuple):
    """The size of a network: numbers it has learnt, and multiply-accumulate operations for one image."""

    parameters: int
    macs: int


def count(
    model: nn.Module, size: int | tuple[int, int] | None = None, example: tuple[torch.Tensor, ...] | None = None
) -> Count:
    """Count the trainable parameters and the multiply-accumulates (half of torch's FLOPs) for one image.

    ``size`` is the side in pixels or (rows, columns), by default what the model was made for; a model that takes
    something else than one image (a clip, a prompt) is given an ``example`` of its arguments. Convolutions, matrix
    products and attention are counted, as everywhere in the literature; additions, normalisations and activations
    are not. Lesson: architectures/cnn.

    >>> from thyrolearn import models
    >>> count(models.create("linear"))
    Count(parameters=257, macs=256)
    """
    from torch.utils.flop_counter import FlopCounterMode

    size = size or getattr(model, "recipe", {}).get("size", 64)
    shape = (size, size) if isinstance(size, int) else tuple(size)
    example = example or (torch.zeros(1, 1, *shape),)
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():  # on shapes alone: nothing is computed, and no memory is taken
        copy.deepcopy(model).to("meta").eval()(*(part.to("meta") for part in example))
    return Count(sum(p.numel() for p in model.parameters() if p.requires_grad), counter.get_total_flops() // 2)


def receptive_field(model: nn.Module, size: int = 64, *, inputs: int = 16, seed: int = 0) -> Floats:
    """Return how strongly each pixel moves the centre of the last feature map: (size, size), sum 1.

    The effective receptive field of Luo et al. 2016, arXiv 1701.04128: the absolute gradient of the centre unit,
    summed over channels, averaged over ``inputs`` random images. It is smaller and rounder than the theoretical
    one. The model needs ``features`` that give (n, c, h, w), or to be a `ViT` or Swin, whose tokens lie on a grid;
    else `ParameterError`. Lessons: architectures/cnn, architectures/transformer.

    >>> from thyrolearn import models
    >>> field = receptive_field(models.create("vgg", width=4), 64, inputs=2)
    >>> field.shape, round(float(field.sum()), 6), bool(field[32, 32] > field[0, 0])
    ((64, 64), 1.0, True)
    """
    place = next(model.parameters()).device
    generator = torch.Generator().manual_seed(torch_seed(seed, "receptive field"))
    x = torch.rand(inputs, 1, size, size, generator=generator).to(place).requires_grad_()
    training = model.training
    maps = _last_map(model.eval(), x)
    model.train(training)
    # A sign per channel keeps the channels from cancelling each other.
    signs = torch.randint(0, 2, maps.shape[:2], generator=generator).to(place) * 2 - 1
    centre = (maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2] * signs).sum()
    (slope,) = torch.autograd.grad(centre, x)
    field = slope.abs().mean(dim=(0, 1)).double().cpu().numpy()
    return field / field.sum()


def _last_map(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The last feature map (n, c, h, w); tokens are put back on their grid."""
    features = getattr(model, "features", None)
    if isinstance(features, nn.Module):
        maps = features(x)
        return maps.permute(0, 3, 1, 2) if hasattr(model, "permute") else maps  # torchvision's Swin: channels last
    if hasattr(model, "tokens") and hasattr(model, "grid"):
        return model.tokens(x).transpose(1, 2).unflatten(2, (model.grid, model.grid))  # type: ignore[operator]
    raise ParameterError("This model has no feature map.", "Give a convolutional model, such as 'resnet'.")
