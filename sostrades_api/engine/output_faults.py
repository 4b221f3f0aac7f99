"""What can be wrong with one output; the node that ran adds discipline and variable."""

import math
from typing import Any

import numpy as np
import pandas as pd


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
