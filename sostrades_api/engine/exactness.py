"""Whether a whole number survives becoming a float."""

from decimal import Decimal
from typing import Any

import numpy as np

_ALL_EXACT = 2**53


def is_exact(number: Any) -> bool:
    """Whether a float holds this whole number, or is at least written by its digits.

    JavaScript writes 1.2345678901234568e20 as 123456789012345680000: that is not what the float holds to the
    last digit, but it is the text of that float and of no other.
    """
    if -_ALL_EXACT <= number <= _ALL_EXACT:
        return True
    nearest = float(number)
    return int(nearest) == int(number) or Decimal(repr(nearest)) == int(number)


def inexact_rows(numbers: np.ndarray) -> np.ndarray:
    """Where in a flattened array of whole numbers one is not exact as a float."""
    flat = numbers.ravel()
    if flat.dtype.itemsize < 8:
        return np.empty(0, dtype=np.int64)
    large = np.flatnonzero((flat > _ALL_EXACT) | (flat < -_ALL_EXACT))
    return np.array([at for at in large if not is_exact(int(flat[at]))], dtype=np.int64)
