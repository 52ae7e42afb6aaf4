"""The fixed inputs of make_vectors.py: scores, masks and boxes that every peer is asked about."""

import numpy as np

Y = [0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1]
P = [0.10, 0.35, 0.24, 0.80, 0.20, 0.85, 0.13, 0.85, 0.74, 0.58, 0.71, 0.25]
Q = [0.2, 0.3, 0.4, 0.7, 0.1, 0.9, 0.3, 0.6, 0.5, 0.8, 0.4, 0.45]


def score_sets():
    """Labels and two paired scores: the printed set of twelve, then simulated ones, the second with ties."""
    rng = np.random.default_rng(20)
    sets = [(np.array(Y), np.array(P), np.array(Q))]
    for n, digits in ((40, 3), (80, 1), (150, 3)):
        y = np.r_[0, 1, rng.integers(0, 2, n - 2)]
        a = 1 / (1 + np.exp(-(1.2 * (2 * y - 1) + rng.normal(size=n) * 1.5)))
        b = 1 / (1 + np.exp(-(0.8 * (2 * y - 1) + rng.normal(size=n) * 1.5)))
        sets.append((y, a.round(digits).clip(0.05, 0.95), b.round(digits).clip(0.05, 0.95)))
    return sets


def mask_pairs():
    """The facts' S1 to S11, then random blobs with spacings; (id, truth, prediction, spacing)."""
    from scipy.ndimage import gaussian_filter

    def square(n, row, col, side):
        mask = np.zeros((n, n), dtype=bool)
        mask[row : row + side, col : col + side] = True
        return mask

    truth, empty = square(20, 5, 5, 6), np.zeros((20, 20), dtype=bool)
    stray = truth.copy()
    stray[0, 0] = True
    unit, half = (1, 1), (0.5, 0.5)
    pairs = [
        ("S1", truth, truth, unit),
        ("S2", truth, square(20, 5, 6, 6), unit),
        ("S3", truth, square(20, 5, 7, 6), unit),
        ("S4", truth, square(20, 5, 7, 6), half),
        ("S5", truth, square(20, 5, 8, 6), (1, 0.2)),
        ("S6", truth, stray, unit),
        ("S7", truth, empty, unit),
        ("S8", empty, truth, unit),
        ("S9", empty, empty, unit),
        ("S10", square(60, 10, 10, 40), square(60, 10, 11, 40), unit),
        ("S11", square(60, 10, 10, 3), square(60, 10, 11, 3), unit),
    ]
    rng = np.random.default_rng(11)
    for k in range(8):
        base = gaussian_filter(rng.normal(size=(2, 40, 44)), (0, 4, 4))
        first = base[0] > np.quantile(base[0], 0.8)
        second = (0.8 * base[0] + 0.6 * base[1]) > np.quantile(base[0], 0.85)
        pairs.append((f"blob{k}", first, second, ((1, 1), (0.1, 0.05), (0.3, 0.3))[k % 3]))
    return pairs


def box_sets():
    """The documentation's one box, then random images with small, medium and large nodules, misses and strays."""
    yield [[[214, 41, 562, 285]]], [[[258, 41, 606, 285]]], [[0.536]]
    rng = np.random.default_rng(5)
    for images in (6, 12, 25):
        truths, boxes, scores = [], [], []
        for _ in range(images):
            corner = rng.integers(0, 200, (int(rng.integers(0, 4)), 2))
            truth = np.hstack([corner, corner + rng.integers(12, 150, corner.shape)]).reshape(-1, 4)
            near = truth + rng.normal(0, 7, truth.shape).round()
            near = near[rng.random(len(near)) < 0.85]
            corner = rng.integers(0, 200, (int(rng.integers(0, 3)), 2))
            stray = np.hstack([corner, corner + rng.integers(12, 150, corner.shape)]).reshape(-1, 4)
            found = np.vstack([near, stray, near[:1] + 2])
            found = found[(found[:, 2:] > found[:, :2]).all(axis=1)]
            truths.append(truth)
            boxes.append(found)
            scores.append(rng.random(len(found)).round(2))
        yield truths, boxes, scores
