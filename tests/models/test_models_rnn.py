"""Cells against torch's cells; clip networks against what they claim to be."""

import pytest
import torch
from torch import nn

from thyrolearn import models
from thyrolearn.errors import ParameterError
from thyrolearn.models.rnn import AttentionPool, ConvLSTMCell, GRUCell, LSTMCell, unroll


def test_lstm_cell_equals_torch():
    ours, theirs = LSTMCell(5, 7), nn.LSTMCell(5, 7)
    ours.load_state_dict(theirs.state_dict())
    x, h, c = torch.randn(3, 5), torch.randn(3, 7), torch.randn(3, 7)
    for mine, his in zip(ours(x, (h, c)), theirs(x, (h, c)), strict=True):
        torch.testing.assert_close(mine, his)


def test_gru_cell_equals_torch():
    ours, theirs = GRUCell(5, 7), nn.GRUCell(5, 7)
    ours.load_state_dict(theirs.state_dict())
    x, h = torch.randn(3, 5), torch.randn(3, 7)
    torch.testing.assert_close(ours(x, (h,))[0], theirs(x, h))


@pytest.mark.parametrize(("cell", "net"), [(LSTMCell, nn.LSTM), (GRUCell, nn.GRU)])
def test_unrolled_cell_equals_torch(cell, net):
    theirs, ours = net(5, 7, batch_first=True), cell(5, 7)
    ours.load_state_dict({k.removesuffix("_l0"): v for k, v in theirs.state_dict().items()})
    x = torch.randn(2, 6, 5)
    torch.testing.assert_close(unroll(ours, x), theirs(x)[0])


def test_conv_lstm_of_one_pixel_is_an_lstm():
    """On a 1 x 1 picture only the kernels' middles count: the same gates as an LSTM with those weights."""
    ours, theirs = ConvLSTMCell(5, 7), nn.LSTMCell(5, 7)
    with torch.no_grad():
        middle = ours.gates.weight[:, :, 1, 1]
        middle.copy_(torch.cat([theirs.weight_ih, theirs.weight_hh], dim=1))
        ours.gates.bias.copy_(theirs.bias_ih + theirs.bias_hh)
    x, h, c = torch.randn(3, 5), torch.randn(3, 7), torch.randn(3, 7)
    at = lambda t: t[..., None, None]  # noqa: E731
    for mine, his in zip(ours(at(x), (at(h), at(c))), theirs(x, (h, c)), strict=True):
        torch.testing.assert_close(mine[..., 0, 0], his)


def test_attention_pool_is_a_weighted_mean():
    pool, x = AttentionPool(6), torch.randn(3, 5, 6)
    out = pool(x)
    torch.testing.assert_close(out, (pool.weights[..., None] * x).sum(1))
    torch.testing.assert_close(pool.weights.sum(1), torch.ones(3))


@pytest.mark.parametrize("join", ["mean", "attention", "gru", "lstm"])
def test_clipnet_learns_everywhere_and_takes_any_length(join):
    net = models.create("clipnet", width=4, join=join, outputs=2)
    clip = torch.rand(3, 4, 1, 32, 32)
    net(clip).square().sum().backward()
    assert all(p.grad is not None for p in net.parameters())
    assert net(torch.rand(2, 7, 1, 32, 32)).shape == (2, 2)


@pytest.mark.parametrize(("join", "same"), [("mean", True), ("attention", True), ("gru", False)])
def test_only_the_recurrent_join_knows_time(join, same):
    net, clip = models.create("clipnet", width=4, join=join).eval(), torch.rand(2, 4, 1, 32, 32)
    assert torch.allclose(net(clip), net(clip.flip(1)), atol=1e-6) == same


@pytest.mark.parametrize(("join", "same"), [("mean", True), ("gru", False), ("lstm", False)])
def test_only_a_recurrent_curve_network_knows_time(join, same):
    net, curves = models.create("curvenet", join=join, outputs=3).eval(), torch.rand(4, 1, 2, 30)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(1))
    assert net(curves).shape == (4, 3)
    assert torch.allclose(net(curves), net(curves[..., order]), atol=1e-6) == same
    torn = torch.stack([curves[:, :, 0], curves[:, :, 1, order]], dim=2)
    assert not torch.allclose(net(curves), net(torn), atol=1e-6), "the pairs are read"


def test_mean_join_of_a_still_is_the_still_network():
    still = models.create("resnet", width=4).eval()
    net = models.create("clipnet", width=4, join="mean").warm_start(still).eval()
    net.head.load_state_dict(still.head.state_dict())
    x = torch.rand(2, 1, 32, 32)
    torch.testing.assert_close(net(x[:, None].repeat(1, 3, 1, 1, 1)), still(x))


def test_frozen_encoder_stays_as_it_is():
    net = models.create("clipnet", width=4, frozen=True).train()
    before = {k: v.clone() for k, v in net.encoder.state_dict().items()}
    net(torch.rand(3, 4, 1, 32, 32)).sum().backward()
    assert all(torch.equal(before[k], v) for k, v in net.encoder.state_dict().items())
    assert all(p.grad is None for p in net.encoder.parameters())


def test_bad_clip_networks():
    with pytest.raises(ParameterError, match="join"):
        models.create("clipnet", join="sum")
    with pytest.raises(ParameterError, match="mean, gru or lstm"):
        models.create("curvenet", join="attention")
    with pytest.raises(ParameterError, match="same width"):
        models.create("clipnet", width=8).warm_start(models.create("resnet", width=4))


def test_convlstm_shape():
    assert models.create("convlstm", outputs=2)(torch.rand(2, 3, 1, 64, 64)).shape == (2, 2)
