"""Equality to the bit, as a cache needs it: 0.0 and -0.0 differ, so do 1 and 1.0; nan equals nothing."""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.protection import FrozenDict, FrozenList


def same_bits(first: Any, second: Any) -> bool:
    """Whether two values are the same to the bit; in doubt, no."""
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    compare = _COMPARE.get(type(first), operator.eq)
    return bool(compare(first, second))


def _same_floats(first: float, second: float) -> bool:
    return first == second and math.copysign(1.0, first) == math.copysign(1.0, second)


def _same_arrays(first: np.ndarray, second: np.ndarray) -> bool:
    return first.dtype == second.dtype and first.shape == second.shape and first.tobytes() == second.tobytes()


def _same_dicts(first: dict[str, Any], second: dict[str, Any]) -> bool:
    return list(first) == list(second) and all(same_bits(first[key], second[key]) for key in first)


def _same_lists(first: list[Any], second: list[Any]) -> bool:
    return len(first) == len(second) and all(map(same_bits, first, second))


def _same_frames(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    if first.shape != second.shape or not first.columns.equals(second.columns):
        return False
    if first.columns.name != second.columns.name:
        return False
    pairs = zip(first.items(), second.items(), strict=True)
    return all(_same_columns(one, other) for (_, one), (_, other) in pairs)


def _same_columns(first: pd.Series, second: pd.Series) -> bool:
    if first.dtype != second.dtype:
        return False
    if isinstance(first.dtype, np.dtype) and first.dtype.kind != "O":
        return _same_arrays(first.to_numpy(), second.to_numpy())
    if isinstance(first.dtype, pd.CategoricalDtype) and not same_categories(first.dtype, second.dtype):
        return False
    return all(map(same_bits, first.tolist(), second.tolist()))


def same_categories(first: pd.CategoricalDtype, second: Any) -> bool:
    """Codes count categories in their order, which pandas' own comparison leaves aside."""
    return first.ordered == second.ordered and first.categories.equals(second.categories)


_COMPARE: dict[type, Callable[[Any, Any], bool]] = {
    float: _same_floats,
    np.ndarray: _same_arrays,
    pd.DataFrame: _same_frames,
    dict: _same_dicts,
    FrozenDict: _same_dicts,
    list: _same_lists,
    FrozenList: _same_lists,
}
