"""Golden frames: the pixels that the lessons' bands stand on do not move.

`golden.npz` holds one frame a scanner at 128 pixels, drawn when simulator 1.0.0 was frozen. A new cue takes a
new random stream; when pixels must change, raise `SIM_VERSION` and draw the file again with
``python tests/phantom/test_phantom_golden.py``.
"""

from pathlib import Path

import numpy as np
import pytest
from phantom_factory import gallery

from thyrolearn.phantom.rendering import SIM_VERSION, render

FILE = Path(__file__).with_name("golden.npz")


def golden_frames():
    for i, (name, patient, nodule) in enumerate(gallery(7)):
        scanner = "ABCDE"[i % 5]
        yield f"{i:02d} {scanner} {name}", render(patient, nodule, i % 3, 7, scanner=scanner, size=128)


def test_frames_are_the_frozen_ones_within_a_grey_level():
    with np.load(FILE) as kept:
        assert str(kept["sim_version"]) == SIM_VERSION
        for name, frame in golden_frames():
            step = np.abs(frame.image.astype(int) - kept[name].astype(int))
            assert (step <= 1).mean() >= 0.999, name


def test_the_order_of_work_does_not_move_a_pixel():
    frames = dict(golden_frames())
    rows = list(enumerate(gallery(7)))[::-1]
    for i, (name, patient, nodule) in rows[::3]:
        again = render(patient, nodule, i % 3, 7, scanner="ABCDE"[i % 5], size=128)
        assert np.array_equal(again.image, frames[f"{i:02d} {'ABCDE'[i % 5]} {name}"].image)


@pytest.mark.slow
def test_another_process_draws_the_same_pixels(tmp_path):
    import subprocess
    import sys

    out = tmp_path / "again.npz"
    subprocess.run([sys.executable, __file__, str(out)], check=True)
    with np.load(out) as again:
        for name, frame in golden_frames():
            step = np.abs(again[name].astype(int) - frame.image.astype(int))
            assert not step.any(), (name, step.max(), (step > 0).sum())


if __name__ == "__main__":
    import sys

    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FILE
    np.savez_compressed(
        target, sim_version=np.array(SIM_VERSION), **{name: frame.image for name, frame in golden_frames()}
    )
