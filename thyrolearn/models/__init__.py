"""Networks by name: one module an architecture family, pure torch, each readable in one screen.

``models.create("resnet")`` is the one door; `list` names what stands behind it. Every image classifier takes
(n, 1, h, w) float32 from 0 to 1 and returns (n, outputs) logits. Torch is loaded when a model is made.
"""

from __future__ import annotations

import builtins
import difflib
import importlib
import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

from thyrolearn.errors import ParameterError

if TYPE_CHECKING:
    from torch import nn

    from thyrolearn.models.measure import count, receptive_field

__all__ = ["Entry", "entry", "create", "list", "count", "receptive_field"]


class Entry(NamedTuple):
    """Where a model is written and to which family it belongs."""

    module: str
    factory: str
    family: str


_MODELS: dict[str, Entry] = {
    "linear": Entry("cnn", "Linear", "linear"),
    "lenet": Entry("cnn", "LeNet", "cnn"),
    "vgg": Entry("cnn", "VGG", "cnn"),
    "inception": Entry("cnn", "Inception", "cnn"),
    "resnet": Entry("cnn_modern", "ResNet", "cnn"),
    "densenet": Entry("cnn_modern", "DenseNet", "cnn"),
    "efficientnet": Entry("cnn_modern", "EfficientNet", "cnn"),
    "convnext": Entry("cnn_modern", "ConvNeXt", "cnn"),
    "vit": Entry("transformer", "ViT", "transformer"),
    "swin": Entry("transformer", "swin", "transformer"),
    "coatnet": Entry("hybrid", "CoAtNet", "hybrid"),
    "unet": Entry("segmenter", "UNet", "segmenter"),
    "leanunet": Entry("segmenter", "LeanUNet", "segmenter"),
    "fpn": Entry("segmenter", "FPN", "segmenter"),
    "transunet": Entry("hybrid", "TransUNet", "segmenter"),
    "prompted": Entry("prompted", "PromptedUNet", "prompted"),
    "clipnet": Entry("rnn", "ClipNet", "clip"),
    "joiner": Entry("rnn", "Joiner", "features"),
    "curvenet": Entry("rnn", "CurveNet", "curves"),
    "convlstm": Entry("rnn", "ConvLSTM", "clip"),
    "rowgru": Entry("rnn", "RowGRU", "rnn"),
    "fcos": Entry("detector", "FCOS", "detector"),
    "dcgan": Entry("gan", "DCGAN", "generator"),
    "ddpm": Entry("diffusion", "DDPM", "generator"),
    "cyclegan": Entry("translation", "CycleGAN", "translator"),
    "lite0": Entry("pretrained", "lite0", "pretrained"),
}
# "timm:NAME" and "torchvision:NAME" lead to those libraries' own registries.
_LIBRARIES = {
    "timm": Entry("pretrained", "from_timm", "pretrained"),
    "torchvision": Entry("pretrained", "from_torchvision", "pretrained"),
}


def entry(name: str) -> Entry:
    """Return the `Entry` of ``name``; an unknown name raises `ParameterError` with the nearest ones.

    >>> entry("resnet").family
    'cnn'
    """
    library, _, architecture = name.partition(":")
    if library in _LIBRARIES and architecture:
        return _LIBRARIES[library]
    if name not in _MODELS:
        near = difflib.get_close_matches(name, _MODELS, n=3, cutoff=0.5) or sorted(_MODELS)
        raise ParameterError(f"There is no model {name!r}.", f"Did you mean {', '.join(near)}? models.list() has all.")
    return _MODELS[name]


def create(name: str, outputs: int = 1, size: int = 64, *, seed: int | None = 0, **options: Any) -> nn.Module:
    """Make the network ``name`` with ``outputs`` logits for images of ``size`` x ``size`` pixels.

    The first weights follow from ``seed`` and ``name`` alone and leave torch's global generator as it was;
    ``seed=None`` draws from the global generator, as plain torch does. ``options`` (such as ``width``) go to the
    model. ``"timm:NAME"`` and ``"torchvision:NAME"`` take a network of those libraries. Lesson: architectures/cnn.
    Raises `ParameterError` for an unknown name, option or a value out of range.

    >>> net = create("resnet", outputs=2, width=8)
    >>> net.recipe["name"], net.head.out_features
    ('resnet', 2)
    """
    found = entry(name)
    factory = getattr(importlib.import_module(f"thyrolearn.models.{found.module}"), found.factory)
    parameters = inspect.signature(factory).parameters
    known = [option for option in parameters if option not in ("outputs", "size", "architecture")]
    for option in options:
        if option not in known and "options" not in known:
            raise ParameterError(f"{name} has no option {option!r}.", f"It has: {', '.join(known) or 'none'}.")
    if outputs < 1 or size < 16:
        raise ParameterError(f"outputs={outputs}, size={size} makes no network.", "Give outputs >= 1 and size >= 16.")
    named = {"architecture": name.partition(":")[2]} if "architecture" in parameters else {}
    model = _seeded(factory, seed, name, outputs=outputs, size=size, **named, **options)
    # The recipe lets a saved run build the same network again; a plain dict, so that it fits in JSON.
    model.recipe = {"name": name, "outputs": outputs, "size": size, **options}  # type: ignore[assignment]
    return model


def _seeded(factory: Any, seed: int | None, name: str, **options: Any) -> nn.Module:
    if seed is None:
        return factory(**options)
    import torch

    from thyrolearn.seeding import torch_seed

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(torch_seed(seed, "weights", name))
        return factory(**options)


def list(family: str | None = None) -> builtins.list[str]:
    """Return the names that `create` knows, of one ``family`` or of all; an unknown family raises `ParameterError`.

    >>> list("cnn")[:3]
    ['lenet', 'vgg', 'inception']
    """
    families = {found.family for found in _MODELS.values()}
    if family is not None and family not in families:
        raise ParameterError(f"There is no family {family!r}.", f"There are: {', '.join(sorted(families))}.")
    return [name for name, found in _MODELS.items() if family in (None, found.family)]


def __getattr__(name: str) -> object:
    if name in ("count", "receptive_field"):
        return getattr(importlib.import_module("thyrolearn.models.measure"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> builtins.list[str]:
    return sorted(__all__)
