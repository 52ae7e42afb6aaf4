"""Transformers, hybrids and segmenters, against torch's and torchvision's own layers and against arithmetic."""

import pytest
import torch
from torch import nn

from thyrolearn import models
from thyrolearn.errors import ParameterError
from thyrolearn.models.hybrid import AttentionStage
from thyrolearn.models.segmenter import Decoder
from thyrolearn.models.transformer import Attention, TransformerBlock, attention_distance, rollout

CLASSIFIERS = models.list("transformer") + models.list("hybrid")
SEGMENTERS = models.list("segmenter")


def _give(attention, theirs):
    with torch.no_grad():
        attention.qkv.weight.copy_(theirs.in_proj_weight)
        attention.qkv.bias.copy_(theirs.in_proj_bias)
        attention.out.weight.copy_(theirs.out_proj.weight)
        attention.out.bias.copy_(theirs.out_proj.bias)


def test_attention_equals_torch():
    theirs, ours = nn.MultiheadAttention(24, 4, batch_first=True), Attention(24, 4).eval()
    _give(ours, theirs)
    x = torch.randn(3, 10, 24)
    expected, weights = theirs(x, x, x, average_attn_weights=False)
    ours.keep = True
    torch.testing.assert_close(ours(x), expected)
    torch.testing.assert_close(ours.weights, weights)


def test_transformer_block_equals_torch():
    theirs = nn.TransformerEncoderLayer(24, 4, 48, 0.0, "gelu", batch_first=True, norm_first=True)
    ours = TransformerBlock(24, 4)
    _give(ours.attention, theirs.self_attn)
    for mine, his in (
        (ours.norm1, theirs.norm1),
        (ours.norm2, theirs.norm2),
        (ours.mlp[0], theirs.linear1),
        (ours.mlp[2], theirs.linear2),
    ):
        mine.load_state_dict(his.state_dict())
    x = torch.randn(3, 10, 24)
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("size", [32, 64, 96])
def test_classifier_shape(name, size):
    assert models.create(name, outputs=3, size=size).eval()(torch.rand(2, 1, size, size)).shape == (2, 3)


@pytest.mark.parametrize("name", SEGMENTERS)
@pytest.mark.parametrize("shape", [(64, 64), (64, 96)])
def test_segmenter_shape(name, shape):
    assert models.create(name, outputs=2, width=8).eval()(torch.rand(2, 1, *shape)).shape == (2, 2, *shape)


@pytest.mark.parametrize("name", CLASSIFIERS + SEGMENTERS)
def test_gradient_reaches_every_parameter(name):
    model = models.create(name, size=64)
    model(torch.rand(4, 1, 64, 64)).square().sum().backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_small_enough(name):
    assert models.count(models.create(name)).parameters <= 400_000


@pytest.mark.parametrize("name", CLASSIFIERS + SEGMENTERS)
def test_seeded(name):
    first, again = (models.create(name, seed=3).state_dict() for _ in range(2))
    assert all(torch.equal(first[key], again[key]) for key in first)


def test_without_position_a_vit_cannot_tell_order():
    x = torch.rand(2, 1, 32, 32)
    patches = x.unfold(2, 8, 8).unfold(3, 8, 8).reshape(2, 16, 8, 8)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    mixed = patches[:, order].reshape(2, 4, 4, 8, 8).permute(0, 1, 3, 2, 4).reshape(2, 1, 32, 32)
    blind = models.create("vit", size=32, width=16, stem="patch", position=False).eval()
    seeing = models.create("vit", size=32, width=16, stem="patch").eval()
    torch.testing.assert_close(blind(x), blind(mixed), rtol=1e-4, atol=1e-5)
    assert (seeing(x) - seeing(mixed)).abs().max() > 1e-4


def test_vit_attention_maps_are_shares():
    net = models.create("vit", size=32, width=16, depth=2)
    maps = net.attention_maps(torch.rand(2, 1, 32, 32))
    assert net.training and not any(block.attention.keep or block.attention.weights is not None for block in net.blocks)
    assert maps.shape == (2, 2, 4, 16, 16)
    torch.testing.assert_close(maps.sum(-1), torch.ones(2, 2, 4, 16))


def test_attention_distance_by_hand_and_for_each_head():
    """Three by three tokens: the corner's distances are 0, 1, 2, the root of 2, ... as on squared paper."""
    maps = torch.zeros(2, 9, 9)
    maps[0, :, 4] = 1  # everyone looks at the centre: four neighbours at 1, four corners at root 2
    maps[1, torch.arange(9), torch.arange(8, -1, -1)] = 1  # each looks at its mirror image through the centre
    expected = torch.tensor([(4 + 4 * 2**0.5) / 9, (4 * 2 + 4 * 8**0.5) / 9])
    torch.testing.assert_close(attention_distance(maps), expected)
    torch.testing.assert_close(attention_distance(maps, patch=8), 8 * expected)
    found = attention_distance(
        models.create("vit", size=32, width=16, depth=2).attention_maps(torch.rand(3, 1, 32, 32))
    )
    assert found.shape == (3, 2, 4) and (found > 0).all()
    with pytest.raises(ParameterError, match="square"):
        attention_distance(torch.zeros(8, 8))


def test_rollout_is_the_linear_network_of_its_shares():
    """Without values and perceptrons a block is x -> (x + mean attention of x) / 2; pushed through."""
    maps = torch.rand(2, 3, 4, 9, 9, dtype=torch.float64).softmax(dim=-1)
    x = torch.rand(2, 9, 5, dtype=torch.float64)
    expected = x
    for block in range(3):
        expected = (expected + torch.stack([maps[:, block, h] @ expected for h in range(4)]).mean(0)) / 2
    torch.testing.assert_close(rollout(maps) @ x, expected)
    torch.testing.assert_close(rollout(maps).sum(-1), torch.ones(2, 9, dtype=torch.float64))
    with pytest.raises(ParameterError, match="blocks"):
        rollout(maps[0])


def test_swin_looks_within_its_window_until_the_windows_shift():
    """Windows of 4 x 4 patches of 4 pixels: the centre of 64 x 64 lies in the window that begins at pixel 32."""
    net = models.create("swin", depths=(2,))
    shifted = models.receptive_field(net, 64) > 0
    net.features[1] = net.features[1][:1]
    inside = models.receptive_field(net, 64) > 0
    assert inside[32:48, 32:48].all() and inside.sum() == 16 * 16
    assert shifted[16:48, 16:48].all() and shifted.sum() == 32 * 32  # the shifted window touches four of the first


def test_a_vit_can_look_everywhere_in_one_block():
    field = models.receptive_field(models.create("vit", stem="patch", depth=1), 64)
    assert (field > 0).all() and field[32:40, 32:40].sum() > 64 / 4096  # and sees itself best


def test_vit_refuses_what_gives_no_grid():
    for wrong in ({"patch": 6}, {"patch": 12}, {"stem": "conf"}, {"heads": 5}):
        with pytest.raises(ParameterError):
            models.create("vit", **wrong)
    with pytest.raises(ParameterError, match="made for 64"):
        models.create("vit", size=64)(torch.rand(1, 1, 32, 32))


def test_attention_stage_sees_the_whole_map_at_once():
    stage, x = AttentionStage(8, 1, 2).eval(), torch.randn(1, 8, 6, 6, requires_grad=True)
    stage(x)[0, :, 0, 0].square().sum().backward()
    assert (x.grad.abs().sum(1) > 0).all()


@pytest.mark.parametrize("part", ["conv", "attention"])
def test_coatnet_halves(part):
    half = models.create("coatnet", part=part)
    attention = any(isinstance(module, Attention) for module in half.modules())
    assert attention == (part == "attention")
    assert half(torch.rand(2, 1, 64, 64)).shape == (2, 1)


def test_unet_has_the_papers_number_of_weights():
    """64 channels, two classes, no normalisation: 31.03 million, as the paper's figure adds up."""
    net = models.create("unet", outputs=2, width=64)
    norms = sum(p.numel() for m in net.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters())
    biases = sum(m.out_channels for m in net.modules() if isinstance(m, nn.Conv2d) and m.bias is None)
    assert models.count(net, 64).parameters - norms + biases == 31_030_658


def test_segmenters_need_sides_that_halve():
    with pytest.raises(ParameterError, match="multiples of 16"):
        models.create("leanunet")(torch.rand(1, 1, 60, 64))
    with pytest.raises(ParameterError, match="multiples of 4"):
        models.create("fpn")(torch.rand(1, 1, 62, 64))


def test_a_feature_pyramid_takes_sides_that_its_deep_levels_round():
    net = models.create("fpn").eval()
    assert net(torch.rand(1, 1, 96, 144)).shape == (1, 1, 96, 144)
    assert net(torch.zeros(1, 1, 96, 144)).mean() < -1  # it begins with: no nodule


def test_a_feature_pyramid_sees_the_whole_frame_from_every_place():
    net, x = models.create("fpn").eval(), torch.rand(1, 1, 64, 96, requires_grad=True)
    net(x)[0, 0, 0, 0].backward()
    assert x.grad[0, 0, -8:, -8:].abs().sum() > 0


@pytest.mark.parametrize(("name", "width"), [("resnet", 8), ("leanunet", 12), ("fpn", 8)])
def test_narrow_strided_shortcuts_stay_in_full_precision_on_a_cpu(name, width):
    """In bfloat16 their backward pass writes beyond its memory and ends the process (torch 2.14.1)."""
    from thyrolearn.training.hints import half_precision

    able = torch.cpu.get_capabilities().get("avx512_bf16", False)
    assert not half_precision(models.create(name, width=width), torch.device("cpu"))
    assert half_precision(models.create(name, width=16), torch.device("cpu")) == able


def test_lean_decoder_passes_a_level_through():
    """A decoder whose weights are zero but for one tap of the head returns the flattest map, enlarged."""
    decoder = Decoder([2, 4], 1).eval()
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.zero_()
        decoder.up[0][0].weight[0, 0, 1, 1] = 1.0  # the flat map's first channel
        decoder.up[0][1].weight.fill_(1.0)
        decoder.head[0].weight[:, 0, 1, 1] = 1.0
    flat = torch.rand(1, 2, 8, 8)
    out = decoder([flat, torch.rand(1, 4, 4, 4)])
    expected = flat[:, :1].repeat_interleave(2, 2).repeat_interleave(2, 3) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(out, expected)
