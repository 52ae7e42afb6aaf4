"""Names for the arrays that pass between rooms, with shape and unit said once."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Gray", "Mask", "Labels", "Scores", "Groups", "Floats"]

Gray = NDArray[np.uint8]
"""A B-mode frame, (rows, columns), 0 to 255; row 0 is the skin, column 0 the left of the picture."""
Mask = NDArray[np.bool_]
"""A mask, (rows, columns), True inside."""
Labels = NDArray[np.int64]
"""Class numbers, (n,); 1 is malignant (or suspicious, as the cohort says)."""
Scores = NDArray[np.float64]
"""Scores, (n,); larger means more malignant."""
Groups = NDArray[np.str_]
"""The patient of each row, (n,)."""
Floats = NDArray[np.float64]
"""Any other measured numbers; the docstring that uses it gives shape and unit."""
