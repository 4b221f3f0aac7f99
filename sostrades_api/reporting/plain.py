"""Numbers as JSON can hold them: lists of Python scalars, with null for NaN and the infinities."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

_SCALARS = (str, int, bool, type(None))


def plain_scalar(value: Any) -> Any:
    """One cell: NaN, NaT, ``pandas.NA`` and the infinities become None, dates ISO text."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.generic):
        return plain_scalar(value.item())
    if isinstance(value, _SCALARS):
        return value
    if value != value:  # noqa: PLR0124  NaT is the only other value that differs from itself
        return None
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    return None if type(value).__name__ == "NAType" else str(value)


def plain_list(values: Sequence[Any] | np.ndarray) -> list[Any]:
    """A sequence, an array or a pandas Series as a list of plain scalars."""
    array = values if isinstance(values, np.ndarray) else getattr(values, "values", values)
    if isinstance(array, np.ndarray) and array.ndim == 1:
        if array.dtype.kind in "iub":
            return array.tolist()
        if array.dtype.kind == "f":
            return array.tolist() if np.isfinite(array).all() else [plain_scalar(v) for v in array.tolist()]
        if array.dtype.kind == "M":
            return [None if np.isnat(v) else str(np.datetime_as_string(v, unit="auto")) for v in array]
    return [plain_scalar(value) for value in values]


def plain_tree(value: Any) -> Any:
    """A nested structure of mappings and sequences, made of plain lists, dicts and scalars."""
    if isinstance(value, Mapping):
        return {str(key): plain_tree(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain_list(value) if value.ndim == 1 else [plain_tree(item) for item in value]
    if isinstance(value, (list, tuple)) or hasattr(value, "to_list"):
        return [plain_tree(item) for item in value]
    return plain_scalar(value)
