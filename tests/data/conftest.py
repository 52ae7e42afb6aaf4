import os
from pathlib import Path

import numpy as np
import pytest

from thyrolearn.data.case import Case
from thyrolearn.data.cohort import Cohort


@pytest.fixture(scope="session")
def real():
    """The folder of real frames, or a skip with the reason."""
    folder = os.environ.get("THYROLEARN_REAL")
    if not folder or not Path(folder).is_dir():
        pytest.skip("THYROLEARN_REAL is not set: the real frames are not here")
    return Path(folder)


@pytest.fixture
def make_cohort():
    """Make a cohort from rows of fields; every case is a small grey picture."""

    def make(rows, **known):
        frame = np.full((12, 16), 60, np.uint8)
        return Cohort([Case.of(frame, id=str(i), **row) for i, row in enumerate(rows)], **known)

    return make
