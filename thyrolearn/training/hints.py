"""How fast the machine is asked to go: threads, allocator, half precision, and the course of the learning rate."""

import ctypes
import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import torch
from torch import nn

__all__ = ["hints", "half_precision", "has_bfloat16", "layout", "one_cycle", "spared"]

# glibc's mallopt: give blocks of up to 32 MiB from the heap and keep them, instead of asking the kernel for each
# tensor. Halves the page faults and saves about a twentieth of the time. M_MMAP_MAX = 0 would do as much, but with
# it two torchrun processes never ended.
_MALLOPT = {-1: 2**30, -3: 2**25}  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD


@contextmanager
def hints(usual: int = 2) -> Iterator[int]:
    """Set torch's threads (``THYROLEARN_THREADS``, else ``OMP_NUM_THREADS``, else ``usual``); yield their number.

    They are set back after the block; within it, `spared` may take fewer. glibc is also asked, for good, to keep freed
    memory at hand. On a shared laptop two threads are near the best; one learns most per CPU second.

    >>> before = torch.get_num_threads()
    >>> with hints() as threads:
    ...     torch.get_num_threads() == threads
    True
    >>> torch.get_num_threads() == before
    True
    """
    before = torch.get_num_threads()
    text = os.environ.get("THYROLEARN_THREADS") or os.environ.get("OMP_NUM_THREADS") or str(usual)
    threads = max(1, min(int(text) if text.isdigit() else usual, os.cpu_count() or 1))
    torch.set_num_threads(threads)
    _keep_memory()
    try:
        yield threads
    finally:
        torch.set_num_threads(before)


def spared(threads: int) -> int:
    """Return how many of ``threads`` the other programs of this machine leave free, at least one.

    Two threads that must wait for each other at every layer, on one free core, took twenty times as long as one alone
    (the backward pass in bfloat16, torch 2.14 on Linux). ``THYROLEARN_THREADS`` is obeyed to the letter.

    >>> spared(1)
    1
    """
    if threads == 1 or "THYROLEARN_THREADS" in os.environ:
        return threads
    return max(1, min(threads, int((os.cpu_count() or 1) - _OTHERS.cores() + 0.5)))


class _Others:
    """How many cores other programs have kept busy, measured between two looks at least half a second apart."""

    def __init__(self) -> None:
        self.before, self.busy = self._look(), 0.0

    def cores(self) -> float:
        now = self._look()
        wall, own, all_of_us = (new - old for new, old in zip(now, self.before, strict=True))
        if wall >= 0.5:
            self.before, self.busy = now, max(0.0, all_of_us - own) / wall
        return self.busy

    @staticmethod
    def _look() -> tuple[float, float, float]:
        """Seconds by the clock, of this process, and of all processes on all cores."""
        import psutil

        times = psutil.cpu_times()
        return time.monotonic(), time.process_time(), times.user + times.system + getattr(times, "nice", 0.0)


_OTHERS = _Others()


def _keep_memory() -> None:
    # One process a machine only: with several, peace is worth more than a twentieth.
    if sys.platform.startswith("linux") and "WORLD_SIZE" not in os.environ:
        with suppress(OSError, AttributeError):  # musl has no mallopt; it is only a hint
            library = ctypes.CDLL("libc.so.6")
            for name, value in _MALLOPT.items():
                library.mallopt(name, value)


def layout(model: nn.Module, device: torch.device) -> torch.memory_format:
    """Return how pictures and weights lie in memory: channels last, which convolutions like, but where it is not safe.

    On a CPU a 1 x 1 convolution of stride 2 on fewer than 16 channels writes beyond its memory, channels last or in
    bfloat16, and on large maps that ends the process (torch 2.14.1, seen on AMD EPYC).

    >>> from thyrolearn import models
    >>> [layout(models.create("resnet", width=width), torch.device("cpu")) for width in (8, 16)]
    [torch.contiguous_format, torch.channels_last]
    """
    narrow = (
        max(part.stride) > 1 and max(part.kernel_size) == 1 and part.in_channels < 16
        for part in model.modules()
        if isinstance(part, nn.Conv2d)
    )
    return torch.contiguous_format if device.type == "cpu" and any(narrow) else torch.channels_last


def half_precision(model: nn.Module, device: torch.device) -> bool:
    """Whether bfloat16 autocast pays: dense networks where the processor has it, never depthwise networks on a CPU.

    Depthwise convolutions ran 1.6 to 2.1 times slower in bfloat16 on the CPUs we measured, dense ones 1.4 to 2.2
    times faster. On a CPU a network that `layout` must spare stays in full precision, and so does one that is recurrent
    and nothing else, which ran three times slower.

    >>> from thyrolearn import models
    >>> [half_precision(models.create(name), torch.device("cpu")) for name in ("convnext", "curvenet")]
    [False, False]
    """
    if device.type == "cpu":
        convs = [part for part in model.modules() if isinstance(part, nn.Conv2d)]
        if layout(model, device) != torch.channels_last:
            return False
        if not convs and any(isinstance(part, nn.RNNBase) for part in model.modules()):
            return False
        grouped = [part.groups > 1 for part in convs]
        return 8 * sum(grouped) <= len(grouped) and has_bfloat16(device)
    return has_bfloat16(device)


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies in bfloat16 itself, so that it is faster there.

    >>> has_bfloat16(torch.device("mps"))
    False
    """
    if device.type == "cpu":
        return torch.cpu.get_capabilities().get("avx512_bf16", False)
    return device.type != "mps" and torch.cuda.is_bf16_supported(including_emulation=False)


def one_cycle(fraction: float, warm: float = 0.3) -> float:
    """Return the share of the highest learning rate at ``fraction`` (0 to 1) of the training: up, then down to zero.

    Smith and Topin 2018, arXiv 1708.07120, in the cosine form of ``torch.optim.lr_scheduler.OneCycleLR``: from
    1/25 to 1 in the first ``warm`` part, then to 4e-6. A share of the *time budget* serves as well as one of the steps,
    so that a slow machine still ends with small steps.

    >>> [round(one_cycle(x), 3) for x in (0, 0.3, 1)]
    [0.04, 1.0, 0.0]
    """
    fraction = min(max(fraction, 0.0), 1.0)
    if fraction < warm:
        start, end, part = 1 / 25, 1.0, fraction / warm
    else:
        start, end, part = 1.0, 1 / 25e4, (fraction - warm) / (1 - warm)
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
