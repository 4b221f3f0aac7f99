"""What can be wrong with one output; the node that ran adds discipline and variable."""

import math
from typing import Any

import numpy as np
import pandas as pd

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
    """Whether no number of a float array is NaN or infinite.

    A sum of squares says so in two thirds of the time that looking at each takes; only when it is not finite
    itself, as of large numbers, is each looked at. It is taken row by row: a single product of many
    numbers would be shared among threads, which costs milliseconds on a busy machine (measured).
    """
    if numbers.dtype == np.float64:
        flat = numbers.ravel(order="K")
        whole = flat.size // _ROW
        squares = 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            if whole:
                rows = flat[: whole * _ROW].reshape(whole, _ROW)
                squares, flat = float(np.vecdot(rows, rows).sum()), flat[whole * _ROW :]
            if math.isfinite(squares + float(flat.dot(flat))):
                return True
    return bool(np.isfinite(numbers).all())
