"""What a result was made with: versions, machine, device, threads."""

import os
import platform
from importlib.metadata import version
from typing import Any

import torch

__all__ = ["environment"]


def environment(device: torch.device, threads: int, processes: int = 1) -> dict[str, Any]:
    """Return the versions and the machine as plain values for a report.

    >>> environment(torch.device("cpu"), 2)["device"]
    'cpu'
    """
    packages = ("thyrolearn", "numpy", "accelerate")
    name = (
        torch.cuda.get_device_name(device)
        if device.type not in ("cpu", "mps")
        else platform.processor() or platform.machine()
    )
    return {
        "versions": {"python": platform.python_version()}
        | {package: version(package) for package in packages}
        | {"torch": str(torch.__version__)},
        "device": device.type,
        "device_name": name,
        "threads": threads,
        "processes": processes,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }
