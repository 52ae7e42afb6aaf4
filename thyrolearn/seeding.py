"""Random streams by name: the same key gives the same numbers, whatever else was drawn before.

Philox is counter based (Salmon et al., SC'11, doi 10.1145/2063384.2063405), so each key has its own
stream and a new stage in a simulation does not disturb the stages that were there.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["stream", "normals", "torch_seed"]


def _digest(seed: int, key: tuple[int | str, ...]) -> int:
    text = repr((int(seed), *key)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little")


def stream(seed: int, *key: int | str) -> np.random.Generator:
    """Return the generator of the stream named by ``seed`` and ``key``.

    >>> a, b = stream(7, "patient", 3), stream(7, "patient", 3)
    >>> bool(a.random() == b.random()), bool(a.random() == stream(7, "patient", 4).random())
    (True, False)
    """
    return np.random.Generator(np.random.Philox(key=_digest(seed, key)))


def normals(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Standard normal float32 of ``shape``, by Box and Muller from the raw words of ``rng``.

    numpy keeps raw words stable between versions, but not ``Generator.normal``.

    >>> x = normals(stream(0, "doctest"), (200, 300))
    >>> x.dtype, bool(abs(x.mean()) < 0.02), bool(abs(x.std() - 1) < 0.02)
    (dtype('float32'), True, True)
    """
    count = int(np.prod(shape))
    half = (count + 1) // 2
    # bit_generator.random_raw gives 64-bit words: one for the radius, one for the angle.
    words = rng.bit_generator.random_raw(half)
    upper = (words >> np.uint64(40)).astype(np.float32)  # 24 bits, exact in float32
    lower = (words & np.uint64(0xFFFFFF)).astype(np.float32)
    radius = np.sqrt(np.float32(-2.0) * np.log((upper + np.float32(1.0)) * np.float32(2.0**-24)))
    angle = lower * np.float32(2.0 * np.pi * 2.0**-24)
    out = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
    return out[:count].reshape(shape)


def torch_seed(seed: int, *key: int | str) -> int:
    """Return a 63-bit seed for ``torch.Generator().manual_seed`` from ``seed`` and ``key``.

    >>> torch_seed(0, "weights") == torch_seed(0, "weights") != torch_seed(1, "weights")
    True
    """
    return _digest(seed, key) & (2**63 - 1)
