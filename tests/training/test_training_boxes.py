"""Detection: what is encoded comes back, the assignment is a plain loop's, and discs are found."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from test_training_fit import Toy

from thyrolearn import models
from thyrolearn.errors import DataError
from thyrolearn.models.detector import STRIDE, boxes_of
from thyrolearn.training import boxes as parts
from thyrolearn.training import detection, fit


class Nodules(Toy):
    """One or two dark ellipses in speckle, with masks and boxes."""

    def __init__(self, count, seed=0, size=64):
        super().__init__(count, seed, size)
        rng = np.random.default_rng(seed)
        z, x = np.mgrid[:size, :size] + 0.5
        frames, masks, self.boxes = [], [], []
        for _ in range(count):
            mask, found = np.zeros((size, size), bool), []
            for k in range(rng.integers(1, 3)):
                a, b = rng.uniform(6, 12, 2)
                cx, cy = rng.uniform(14, 20) + 26 * k, rng.uniform(16, 48)
                mask |= ((x - cx) / a) ** 2 + ((z - cy) / b) ** 2 < 1
                found.append([cx - a, cy - b, cx + a, cy + b])
            frames.append(rng.rayleigh(70, mask.shape) * np.where(mask, 0.4, 1))
            masks.append(mask)
            self.boxes.append(torch.tensor(found, dtype=torch.float32))
        self.images = torch.from_numpy(np.stack(frames).clip(0, 255).astype(np.uint8))[:, None]
        self.masks = torch.from_numpy(np.stack(masks).astype(np.uint8))[:, None]
        self.boxes = tuple(self.boxes)


def _encoded(truth, rows, columns):
    """Outputs that say exactly what ``truth`` says."""
    here, boxes = parts.assign(truth, rows, columns)
    y, x = torch.meshgrid(torch.arange(rows) + 0.5, torch.arange(columns) + 0.5, indexing="ij")
    x, y = x * STRIDE, y * STRIDE
    sides = torch.stack([x - boxes[:, 0], y - boxes[:, 1], boxes[:, 2] - x, boxes[:, 3] - y], dim=1)
    logs = (sides / STRIDE).clamp(min=1e-3).log()
    return torch.cat([torch.where(here, 20.0, -20.0)[:, None], logs], dim=1), here


def test_encoded_boxes_come_back_and_cost_nothing():
    truth = torch.tensor([[[8.0, 10, 40, 30], [50, 30, 90, 60]]])
    outputs, here = _encoded(truth, 8, 12)
    found = parts.decode(outputs)[0]
    kept = found[found[:, 4] > 0.5]
    np.testing.assert_allclose(kept[np.argsort(kept[:, 0]), :4], truth[0], atol=1e-3)
    maps = torch.zeros(1, 1, 64, 96, dtype=torch.uint8)
    for k, (x0, y0, x1, y1) in enumerate(truth[0].int().tolist(), 1):
        maps[0, 0, y0:y1, x0:x1] = k
    assert parts.loss(outputs, maps) < 1e-3
    assert here.sum() >= 2


def test_assignment_equals_a_plain_loop():
    rng = np.random.default_rng(0)
    truth = torch.tensor(np.sort(rng.uniform(0, 96, (3, 4, 2, 2)), axis=2).reshape(3, 4, 4), dtype=torch.float32)
    truth[0, 3] = torch.nan
    here, boxes = parts.assign(truth, 12, 12)
    for n in range(3):
        for i in range(12):
            for j in range(12):
                x, y = (j + 0.5) * 8, (i + 0.5) * 8
                fits = [
                    b for b in truth[n].tolist()
                    if not math.isnan(b[0]) and b[0] < x < b[2] and b[1] < y < b[3]
                    and abs(x - (b[0] + b[2]) / 2) < 12 and abs(y - (b[1] + b[3]) / 2) < 12
                ]  # fmt: skip
                assert bool(here[n, i, j]) == bool(fits)
                if fits:
                    best = min(fits, key=lambda b: (b[2] - b[0]) * (b[3] - b[1]))
                    assert boxes[n, :, i, j].tolist() == pytest.approx(best)


def test_numbered_maps_give_their_boxes_back():
    data = Nodules(12)
    found = parts.box_bounds(parts.numbered(data))
    for row, boxes in enumerate(data.boxes):
        for k, box in enumerate(boxes):
            assert (found[row, k] - box).abs().max() <= 1.5
        assert torch.isnan(found[row, len(boxes) :]).all()
    data.masks = None
    assert torch.nan_to_num(parts.box_bounds(parts.numbered(data)) - found).abs().max() <= 1.5


def test_a_frame_without_a_nodule_teaches_only_absence():
    outputs = torch.full((2, 5, 4, 4), -3.0, requires_grad=True)
    parts.loss(outputs, torch.zeros(2, 1, 32, 32, dtype=torch.uint8)).backward()
    assert (outputs.grad[:, 0] > 0).all() and (outputs.grad[:, 1:] == 0).all()


def test_boxes_are_found():
    run = fit(
        models.create("fcos", size=64, width=8), detection(), Nodules(192), Nodules(48, seed=1),
        epochs=10, batch=16, rate=5e-3, progress=False, device="cpu",
    )  # fmt: skip
    found = run.metrics["validation"]
    assert found["ap50"].value > 0.8 and found["sensitivity_at_1"].value > 0.9
    assert run.predictions["validation"].shape == (48, 10, 5)


def test_places_speak_of_pixels():
    outputs = torch.zeros(1, 5, 2, 3)
    outputs[0, 1:, 1, 2] = torch.tensor([1.0, 2, 3, 4]).log()
    assert boxes_of(outputs)[0, :, 1, 2].tolist() == pytest.approx([20 - 8, 12 - 16, 20 + 24, 12 + 32])


def test_missing_boxes():
    with pytest.raises(DataError, match="boxes"):
        detection().targets(SimpleNamespace(boxes=None))
