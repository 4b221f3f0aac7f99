"""Whether a value means the same to the last bit once it was written down and read again."""

from typing import Any

import numpy as np
import pandas as pd

_SCALARS = frozenset({float, int, bool, str, type(None)})


def is_plain(value: Any) -> bool:
    """Whether its numbers lie in memory as those of a value that was read from a file.

    They are equal otherwise too, but the last bit of a sum of them may not be: it depends on the order in
    which they are added, and that on how an array or a column lies in memory.
    """
    if type(value) in _SCALARS:
        return True
    if isinstance(value, np.ndarray):
        return value.flags.c_contiguous and value.dtype.isnative and not value.dtype.hasobject
    if isinstance(value, pd.DataFrame):
        numbers = (column.to_numpy() for _, column in value.items() if isinstance(column.dtype, np.dtype))
        return all(column.flags.c_contiguous for column in numbers)
    if isinstance(value, dict):
        return all(is_plain(item) for item in value.values())
    return isinstance(value, list) and all(is_plain(item) for item in value)
