"""Prompts are drawn where they are meant, and a prompted network answers about what it is shown."""

import math

import pytest
import torch

from thyrolearn import models
from thyrolearn.errors import ParameterError
from thyrolearn.models.prompted import bounds, clicks, draw_boxes, draw_ellipses, draw_points


def test_clicks_fall_inside_and_everywhere():
    masks = torch.zeros(400, 1, 6, 8)
    masks[:, :, 2:4, 3:7] = 1
    x, y = clicks(masks, torch.Generator().manual_seed(0)).long().T
    assert (masks[torch.arange(400), 0, y, x] == 1).all()
    assert len({*zip(x.tolist(), y.tolist(), strict=True)}) == 8
    assert clicks(torch.zeros(1, 1, 6, 8)).isnan().all()


def test_drawn_prompts():
    dots = draw_points(torch.tensor([[5.0, 2.0], [torch.nan, torch.nan]]), (8, 12), spread=2.0)
    assert dots[0, 0, 2, 5] == 1 and dots[0, 0, 2, 7] == pytest.approx(torch.tensor(-0.5).exp().item())
    assert (dots[1] == 0).all()
    areas = draw_boxes(torch.tensor([[2.0, 1.0, 6.0, 4.0], [torch.nan] * 4]), (8, 12))
    assert areas[0].sum() == 12 and areas[0, 0, 1:4, 2:6].all() and (areas[1] == 0).all()


def test_an_ellipse_has_its_area_and_touches_its_box():
    box = torch.tensor([[10.0, 6, 90, 46], [torch.nan] * 4])
    drawn = draw_ellipses(box, (60, 100))
    assert drawn[0].sum().item() == pytest.approx(math.pi * 40 * 20, rel=0.01)
    # The middle of a row at the very end of an ellipse covers little: the box around the pixels is a pixel off at most.
    assert (bounds(drawn[:1])[0] - box[0]).abs().max() <= 1
    assert drawn[0, 0].flip(0).roll(-8, 0).equal(drawn[0, 0]) and drawn[1].sum() == 0


def test_evaluation_prompts_are_fixed_and_kind_matters():
    x, masks = torch.rand(2, 1, 32, 32), torch.zeros(2, 1, 32, 32)
    masks[:, :, 8:20, 10:24] = 1
    nets = {test: models.create("prompted", width=8, test=test).eval() for test in ("point", "box", "none")}
    weights = nets["none"].state_dict()
    found = {}
    for test, net in nets.items():
        net.load_state_dict(weights)
        found[test] = net(x, masks)
        assert torch.equal(found[test], net(x, masks))
    assert torch.equal(found["none"], nets["none"].segment(x))
    assert torch.equal(found["box"], nets["box"].segment(x, boxes=torch.tensor([[10.0, 8, 24, 20]] * 2)))
    assert not torch.allclose(found["point"], found["none"])


def test_gradient_reaches_every_parameter():
    net, masks = models.create("prompted", width=8), torch.zeros(4, 1, 32, 32)
    masks[:3, :, 8:20, 10:24] = 1
    net(torch.rand(4, 1, 32, 32), masks).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in net.parameters())


def test_unknown_prompt():
    with pytest.raises(ParameterError, match="box"):
        models.create("prompted", test="word")
