"""What can be wrong with one output; the node that ran adds discipline and variable."""

import math
import os
from typing import Any

import numpy as np
import pandas as pd

_HAS_ONE_THREAD = os.environ.get("OPENBLAS_NUM_THREADS") == "1"  # as workers have it
_STORABLE = (str, bool, int, float, np.bool_, np.integer, np.floating)
_ROW = 4096
"""So few numbers at a time that the linear algebra library starts no threads."""


class OutputFaultError(Exception):
    """An output is of the wrong type or shape; the text says how."""


class NotFiniteError(OutputFaultError):
    """An output is not finite; the text says where."""


def wrong_type(value: Any, wanted: str) -> OutputFaultError:
    """The error of a value that is not what was declared."""
    return OutputFaultError(f"must be {wanted}, not {type(value).__name__}")


def unstorable_inside(cell: Any) -> str | None:
    """The type of what nobody can store in a cell, or inside a list, dict or array in it; None if nothing."""
    if cell is None or isinstance(cell, _STORABLE) or cell is pd.NA:
        return None
    if isinstance(cell, np.ndarray):
        if cell.dtype.kind != "O":
            return None if cell.dtype.kind in "fiubU" else f"array of {cell.dtype}"
        cell = cell.ravel().tolist()
    if not isinstance(cell, (list, tuple, dict)):
        return type(cell).__name__
    items = cell.values() if isinstance(cell, dict) else cell
    return next((fault for fault in map(unstorable_inside, items) if fault is not None), None)


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

    A sum of squares says so in half the time (measured); only when it is not finite itself, as of large
    numbers, is each looked at. Where linear algebra has several threads, many numbers are taken row by row:
    a single product would be shared among the threads, which costs milliseconds on a busy machine (measured).
    """
    if (
        numbers.dtype == np.float64
        and numbers.flags.forc
        and math.isfinite(_squares(numbers.ravel(order="K")))
    ):
        return True
    return bool(np.isfinite(numbers).all())


def _squares(flat: np.ndarray) -> float:
    if _HAS_ONE_THREAD or flat.size <= _ROW:
        return float(np.vdot(flat, flat))  # does not warn of an overflow; to ignore one takes longer
    whole = flat.size // _ROW * _ROW
    rows, rest = flat[:whole].reshape(-1, _ROW), flat[whole:]
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.vecdot(rows, rows).sum()) + float(np.vdot(rest, rest))
