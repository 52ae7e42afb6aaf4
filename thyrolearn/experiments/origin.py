"""Where a result comes from: commit, simulator, class of machine."""

import os
import platform
import subprocess

from thyrolearn import settings as house

__all__ = ["machine", "origin"]


def machine() -> str:
    """Return the class of this machine, such as ``"2 x86_64 cores"``: enough to read a time by, no name in it.

    >>> machine().endswith("cores")
    True
    """
    return f"{os.cpu_count()} {platform.machine()} cores"


def origin() -> dict[str, str]:
    """Return ``version``, ``commit`` (empty outside a checkout), ``sim_version`` and ``machine``.

    >>> sorted(origin())
    ['commit', 'machine', 'sim_version', 'version']
    """
    from thyrolearn import __version__
    from thyrolearn.phantom import SIM_VERSION

    checkout = house.folders().checkout
    commit = ""
    if checkout is not None:
        asked = subprocess.run(
            ["git", "-C", str(checkout), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False
        )
        commit = asked.stdout.strip()
    return {"version": __version__, "commit": commit, "sim_version": str(SIM_VERSION), "machine": machine()}
