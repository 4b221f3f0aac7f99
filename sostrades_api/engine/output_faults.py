"""What can be wrong with one output; the node that ran adds discipline and variable."""

import math
from typing import Any

import numpy as np
import pandas as pd

_MANY = 16_384
_ROW = 4096
"""So few numbers at a time that the linear algebra library starts no threads."""


class OutputFaultError(Exception):
    """An output is of the wrong type or shape; the text says how."""


class NotFiniteError(OutputFaultError):
    """An output is not finite; the text says where."""


def wrong_type(value: Any, wanted: str) -> OutputFaultError:
    """The error of a value that is not what was declared."""
    return OutputFaultError(f"must be {wanted}, not {type(value).__name__}")


def not_finite_inside(cell: Any) -> str | None:
    """What is missing or not finite in a cell, or inside a list, dict or array in it; None if nothing is."""
    if isinstance(cell, (float, np.floating)):
        return None if math.isfinite(cell) else f"is {cell}"
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return "is missing"
    if isinstance(cell, np.ndarray):
        if cell.dtype.kind != "O":
            return None if cell.dtype.kind != "f" or np.isfinite(cell).all() else "holds what is not finite"
        cell = cell.ravel().tolist()
    items = cell.values() if isinstance(cell, dict) else cell if isinstance(cell, (list, tuple)) else ()
    fault = next((fault for fault in map(not_finite_inside, items) if fault is not None), None)
    return fault and (fault if fault.startswith("holds") else f"holds what {fault}")


def all_finite(numbers: np.ndarray) -> bool:
    """Whether no number of a float array is NaN or infinite, without a list of flags where that is quicker.

    Largest and smallest say so of few numbers, a sum of squares of many; only when that is not finite itself,
    as of large numbers, is each looked at. It is taken row by row: a single product of many numbers would be
    shared among threads, which costs milliseconds on a busy machine (measured).
    """
    size = numbers.size
    if not size:
        return True
    if size < _MANY:
        return math.isfinite(np.maximum.reduce(numbers, axis=None)) and math.isfinite(
            np.minimum.reduce(numbers, axis=None)
        )
    if numbers.dtype == np.float64 and numbers.flags.forc:
        flat = numbers.ravel(order="K")
        whole = size // _ROW * _ROW
        rows, rest = flat[:whole].reshape(-1, _ROW), flat[whole:]
        with np.errstate(over="ignore", invalid="ignore"):
            if math.isfinite(float(np.vecdot(rows, rows).sum()) + float(rest.dot(rest))):
                return True
    return bool(np.isfinite(numbers).all())
