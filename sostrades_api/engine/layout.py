"""Whether a value means the same to the last bit once it was written down and read again.

Equal numbers are not enough: the last bit of a sum depends on the order in which they are added, and that on
how an array, or the columns of a table, lie in memory.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.comparison import same_categories
from sostrades_api.engine.protection import FrozenDict, FrozenList
from sostrades_api.engine.tables import number_blocks

_PLAIN: dict[type, type] = {FrozenDict: dict, FrozenList: list}


def difference(value: Any, read: Any) -> str | None:
    """What differs between a value and what was read of it, frozen or not; None when nothing does."""
    if _PLAIN.get(type(value), type(value)) is not _PLAIN.get(type(read), type(read)):
        return f"a {type(value).__name__} becomes a {type(read).__name__}"
    for kind, compare in _COMPARE:
        if isinstance(value, kind):
            return compare(value, read)
    return None if _exact(value) == _exact(read) else f"{value!r} becomes {read!r}"


def _dict_difference(value: dict[Any, Any], read: dict[Any, Any]) -> str | None:
    if list(map(_exact, value)) != list(map(_exact, read)):
        return "its keys"
    return _first(((f"key {key!r}", value[key], read[key]) for key in value), difference)


def _list_difference(value: Sequence[Any], read: Sequence[Any]) -> str | None:
    if len(value) != len(read):
        return "its length"
    pairs = enumerate(zip(value, read, strict=True))
    return _first(((f"element {at}", *pair) for at, pair in pairs), difference)


def _exact(value: Any) -> Any:
    """What tells -0.0 from 0.0 and 1 from 1.0; nan is like nan."""
    return type(value), repr(value)


def _array_difference(value: np.ndarray, read: np.ndarray) -> str | None:
    if value.dtype != read.dtype or value.dtype.isnative is not read.dtype.isnative:
        return f"dtype {value.dtype} becomes {read.dtype}"
    if value.flags.c_contiguous is not read.flags.c_contiguous:
        return "its order in memory"
    if value.dtype.hasobject:
        return "it holds Python objects"
    same = value.shape == read.shape and value.tobytes() == read.tobytes()
    return None if same else "its numbers"


def _table_difference(value: pd.DataFrame, read: pd.DataFrame) -> str | None:
    for axis in ("columns", "index"):
        fault = _axis_difference(getattr(value, axis), getattr(read, axis))
        if fault is not None:
            return f"{fault} of its {axis}"
    if value.attrs or read.attrs or not value.flags.allows_duplicate_labels:
        return "its attributes"
    fault = _first(
        ((f"column {name!r}", value[name], read[name]) for name in value.columns), _column_difference
    )
    if fault is None and number_blocks(value) != number_blocks(read):
        return "how its columns lie in memory"
    return fault


def _axis_difference(axis: pd.Index, read: pd.Index) -> str | None:
    if type(axis) is not type(read) or axis.dtype != read.dtype:
        return f"the type ({type(axis).__name__} of {axis.dtype})"
    if _exact(axis.name) != _exact(read.name):
        return f"the name ({axis.name!r})"
    return None if list(map(_exact, axis)) == list(map(_exact, read)) else "the labels"


def _column_difference(column: pd.Series, read: pd.Series) -> str | None:
    if column.dtype != read.dtype:
        return f"dtype {column.dtype} becomes {read.dtype}"
    if isinstance(column.dtype, np.dtype) and column.dtype.kind != "O":
        return _array_difference(column.to_numpy(), read.to_numpy())
    if isinstance(column.dtype, pd.CategoricalDtype) and not same_categories(column.dtype, read.dtype):
        return "its categories"
    return difference(column.tolist(), read.tolist())


def _first(pairs: Any, compare: Callable[[Any, Any], str | None]) -> str | None:
    for where, one, other in pairs:
        fault = compare(one, other)
        if fault is not None:
            return f"{where}: {fault}"
    return None


_COMPARE: tuple[tuple[Any, Callable[[Any, Any], str | None]], ...] = (
    (np.ndarray, _array_difference),
    (pd.DataFrame, _table_difference),
    (dict, _dict_difference),
    ((list, tuple), _list_difference),
)
