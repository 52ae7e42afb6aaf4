"""Which cases show the same picture, and which patients must therefore stay together."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from thyrolearn.data.cohort import Cohort

__all__ = ["NEAR", "Pair", "duplicates", "joined_groups"]

NEAR = 40
"""Perceptual hashes that differ in at most this many of 256 bits count as the same picture. Measured on 262
DDTI frames: a re-saved, shifted, brightened or shrunk copy differs in at most 20, unrelated frames in 86 or more."""


@dataclass(frozen=True)
class Pair:
    """Two positions in a cohort that show one picture; ``how`` says how that was found."""

    first: int
    second: int
    how: Literal["bytes", "near", "mirrored"]


def _flipped(bits: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The hash that the left-right mirrored picture would have: odd cosine waves change sign."""
    grid = bits.reshape(-1, 16, 16).copy()
    grid[:, :, 1::2] ^= True
    return grid.reshape(len(bits), 256)


def _near(looks: list[str], near: int) -> list[tuple[int, int, Literal["near", "mirrored"]]]:
    bits = np.unpackbits(np.frombuffer(bytes.fromhex("".join(looks)), np.uint8)).reshape(len(looks), 256).astype(bool)
    signs = bits.astype(np.float32) * 2 - 1
    mirrored = _flipped(bits).astype(np.float32) * 2 - 1
    found: list[tuple[int, int, Literal["near", "mirrored"]]] = []
    for start in range(0, len(looks), 1024):  # blocks: 5,000 pictures would need a table of 25 million
        rows = signs[start : start + 1024]
        for other, how in ((signs, "near"), (mirrored, "mirrored")):
            distance = (256 - rows @ other.T) / 2
            for i, j in np.argwhere(distance <= near):
                if start + i < j:
                    found.append((int(start + i), int(j), how))  # type: ignore[arg-type]
    return found


def duplicates(cohort: Cohort, near: int = NEAR) -> list[Pair]:
    """Find the pairs of cases that show the same picture: equal bytes first, then near-equal looks.

    Of equal files only neighbours in a chain are listed (n equal files make n - 1 pairs). Cases without
    ``digest`` and ``look`` (the phantom's, which cannot repeat) are passed over. ``near`` is the largest
    distance of perceptual hashes, bits of 256. Lesson: start/data_and_splits.

    >>> from thyrolearn.data.case import Case
    >>> frame = np.zeros((8, 8), np.uint8)
    >>> twice = Cohort([Case.of(frame, id=name, digest="d") for name in "ab"])
    >>> duplicates(twice)
    [Pair(first=0, second=1, how='bytes')]
    """
    pairs: dict[tuple[int, int], Pair] = {}
    same: dict[str, list[int]] = defaultdict(list)
    for i, case in enumerate(cohort):
        if case.digest:
            same[case.digest].append(i)
    for members in same.values():
        for a, b in pairwise(members):
            pairs[a, b] = Pair(a, b, "bytes")
    first_of = {members[k]: members[0] for members in same.values() for k in range(len(members))}
    hashed = [i for i, case in enumerate(cohort) if case.look and first_of.get(i, i) == i]
    if len(hashed) > 1:
        for a, b, how in _near([cohort[i].look or "" for i in hashed], near):
            pairs.setdefault((hashed[a], hashed[b]), Pair(hashed[a], hashed[b], how))
    return [pairs[key] for key in sorted(pairs)]


def joined_groups(cohort: Cohort, near: int = NEAR) -> NDArray[np.int64]:
    """Number the groups that may not be parted: patients, with those joined who share a picture.

    Returns int64 (n,), equal numbers for cases that must stay on one side of a split.

    >>> from thyrolearn.data.case import Case
    >>> frame = np.zeros((8, 8), np.uint8)
    >>> joined_groups(Cohort([Case.of(frame, id=i, digest=d) for i, d in [("a", "x"), ("b", "y"), ("c", "x")]]))
    array([0, 1, 0])
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    _, patient = np.unique(cohort.patients, return_inverse=True)
    count = int(patient.max(initial=-1)) + 1
    pairs = duplicates(cohort, near)
    rows = patient[[pair.first for pair in pairs]] if pairs else np.zeros(0, np.int64)
    columns = patient[[pair.second for pair in pairs]] if pairs else np.zeros(0, np.int64)
    links = coo_matrix((np.ones(len(pairs)), (rows, columns)), shape=(count, count))
    _, component = connected_components(links, directed=False)
    return component[patient].astype(np.int64)
