"""Every classifier of the registry, and each building block against PyTorch's or torchvision's own."""

import time

import pytest
import torch
from torch import nn

from thyrolearn import models
from thyrolearn.errors import ParameterError
from thyrolearn.models import cnn, cnn_modern

NAMES = models.list("linear") + models.list("cnn")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [32, 64, 96])
def test_shape(name, size):
    assert models.create(name, outputs=3, size=size).eval()(torch.rand(2, 1, size, size)).shape == (2, 3)


@pytest.mark.parametrize("name", NAMES)
def test_oblong_frames_pass(name):
    assert models.create(name).eval()(torch.rand(1, 1, 64, 96)).shape == (1, 1)


@pytest.mark.parametrize("name", NAMES)
def test_gradient_reaches_every_parameter(name):
    model = models.create(name, outputs=2)
    model(torch.rand(4, 1, 64, 64)).square().sum().backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.parametrize("name", NAMES)
def test_size_and_cost(name):
    model = models.create(name)
    measured = models.count(model)
    assert measured.parameters == sum(p.numel() for p in model.parameters()) <= 400_000
    assert 0 < measured.macs < 60e6
    x = torch.rand(32, 1, 64, 64)
    model(x)
    begin = time.process_time()
    model(x).sum().backward()
    assert time.process_time() - begin < 1.5  # CPU seconds for 32 images; 0.01 to 0.1 on the machine we measured


@pytest.mark.parametrize("name", NAMES)
def test_seed_decides_the_weights_and_leaves_torch_alone(name):
    before = torch.get_rng_state()
    first, again, other = (models.create(name, seed=seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("linear", "lenet")])
def test_width_widens(name):
    assert models.count(models.create(name, width=8)).macs < models.count(models.create(name, width=24)).macs


@pytest.mark.parametrize("name", NAMES)
def test_head_stands_on_embed(name):
    model = models.create(name, outputs=2).eval()
    x = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(model.head(model.embed(x)), model(x))


def test_unknown_names_are_met_with_near_ones():
    with pytest.raises(ParameterError, match="resnet"):
        models.create("resnett")
    with pytest.raises(ParameterError, match="width"):
        models.create("resnet", widht=3)
    with pytest.raises(ParameterError, match="cnn"):
        models.list("cn")
    with pytest.raises(ParameterError, match="size"):
        models.create("resnet", size=4)


def test_lenet_has_the_published_number_of_weights():
    assert models.count(models.create("lenet", outputs=10, size=32)).parameters == 61_706


def test_counted_macs_match_arithmetic():
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.Flatten(), nn.Linear(4 * 16 * 16, 2))
    assert models.count(net, 16).macs == 4 * 9 * 16 * 16 + 4 * 16 * 16 * 2


def test_oblong_frames_clips_and_prompts_are_counted():
    unet = models.create("leanunet", width=4)
    assert models.count(unet, (32, 64)).macs == 2 * models.count(unet, 32).macs
    still, clip = models.create("resnet", width=4), models.create("clipnet", width=4, join="mean")
    three = models.count(clip, example=(torch.zeros(1, 3, 1, 64, 64),)).macs
    head = 8 * 4
    assert three == 3 * (models.count(still).macs - head) + head


def _copy(source, target):
    """Give ``target`` the weights of ``source``, in the order in which they are declared."""
    with torch.no_grad():
        ours, theirs = list(target.state_dict().values()), list(source.state_dict().values())
        assert [v.shape for v in ours] == [v.shape for v in theirs]
        for to, value in zip(ours, theirs, strict=True):
            to.copy_(value)
    return target.eval(), source.eval()


def _agree(ours, theirs, channels):
    x = torch.randn(2, channels, 12, 12)
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(8, 8, 1), (8, 16, 2)])
def test_residual_block_equals_torchvision(inputs, outputs, stride):
    from torchvision.models.resnet import BasicBlock

    down = None
    if stride > 1:
        down = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
    theirs = BasicBlock(inputs, outputs, stride, down)
    _agree(*_copy(theirs, cnn_modern.ResidualBlock(inputs, outputs, stride))[::1], inputs)


def test_dense_layer_equals_torchvision():
    from torchvision.models.densenet import _DenseLayer

    ours, theirs = _copy(_DenseLayer(16, 8, bn_size=2, drop_rate=0.0), cnn_modern.DenseLayer(16, 8))
    _agree(lambda x: ours(x)[:, 16:], theirs, 16)


def test_squeeze_excite_equals_torchvision():
    from torchvision.ops import SqueezeExcitation

    ours, theirs = _copy(SqueezeExcitation(16, 4, activation=nn.SiLU), cnn_modern.SqueezeExcite(16, 4))
    _agree(ours, theirs, 16)


@pytest.mark.parametrize(("outputs", "stride"), [(16, 1), (24, 2)])
def test_mbconv_equals_torchvision(outputs, stride):
    from torchvision.models.efficientnet import MBConv, MBConvConfig

    theirs = MBConv(MBConvConfig(4, 3, stride, 16, outputs, 1, 1.0, 1.0), 0.0, lambda c: nn.BatchNorm2d(c))
    _agree(*_copy(theirs, cnn_modern.MBConv(16, outputs, stride)), 16)


def test_convnext_block_equals_torchvision():
    from torchvision.models.convnext import CNBlock

    theirs, ours = CNBlock(16, 0.5, 0.0).eval(), cnn_modern.ConvNeXtBlock(16).eval()
    with torch.no_grad():
        names = [("0.weight", "0"), ("0.bias", "0")]
        state = {f"block.{name}": theirs.state_dict()[f"block.{name}"] for name, _ in names}
        state |= {f"block.1.{k}": theirs.state_dict()[f"block.2.{k}"] for k in ("weight", "bias")}
        for mine, his in ((2, 3), (4, 5)):
            state[f"block.{mine}.weight"] = theirs.state_dict()[f"block.{his}.weight"][:, :, None, None]
            state[f"block.{mine}.bias"] = theirs.state_dict()[f"block.{his}.bias"]
        ours.load_state_dict(state | {"scale": theirs.layer_scale.detach()})
    _agree(ours, theirs, 16)


def test_inception_block_equals_torchvision():
    from torchvision.models.googlenet import Inception

    theirs = Inception(16, 8, 8, 8, 4, 8, 8)
    theirs.branch3[1].conv = nn.Conv2d(4, 8, 5, padding=2, bias=False)  # torchvision kept a known 3 x 3 there
    for part in theirs.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eps = 1e-5
    theirs.branch4[0].ceil_mode = False
    _agree(*_copy(theirs, cnn.InceptionBlock(16, 8)), 16)


def test_receptive_field_of_one_convolution_is_its_kernel():
    class One(nn.Module):
        def __init__(self):
            super().__init__()
            self.features = nn.Conv2d(1, 1, 3, padding=1, bias=False)

    model = One()
    field = models.receptive_field(model, 16)
    kernel = model.features.weight.detach().abs()[0, 0].double().numpy()
    assert field[7:10, 7:10] == pytest.approx(kernel / kernel.sum())
    assert field.sum() == pytest.approx(1)


def test_receptive_field_grows_with_depth_and_needs_a_map():
    def spread(name):
        field = models.receptive_field(models.create(name), 64)
        return (field > 0).sum()

    assert spread("lenet") < spread("vgg")
    with pytest.raises(ParameterError, match="feature map"):
        models.receptive_field(models.create("linear"))
