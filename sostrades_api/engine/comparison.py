"""Equality to the bit, as a cache needs it: 0.0 and -0.0 differ, so do 1 and 1.0; nan equals nothing."""

import math
from typing import Any

import numpy as np
import pandas as pd


def same_bits(first: Any, second: Any) -> bool:
    """Whether two values are the same to the bit; in doubt, no."""
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    if isinstance(first, float):
        return first == second and math.copysign(1.0, first) == math.copysign(1.0, second)
    if isinstance(first, np.ndarray):
        return (
            first.dtype == second.dtype
            and first.shape == second.shape
            and first.tobytes() == second.tobytes()
        )
    if isinstance(first, pd.DataFrame):
        return _same_frames(first, second)
    if isinstance(first, dict):
        return list(first) == list(second) and all(same_bits(first[key], second[key]) for key in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same_bits, first, second))
    return first == second


def _same_frames(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    if first.shape != second.shape or not first.columns.equals(second.columns):
        return False
    return all(_same_columns(first[name], second[name]) for name in first.columns)


def _same_columns(first: pd.Series, second: pd.Series) -> bool:
    if first.dtype != second.dtype:
        return False
    if isinstance(first.dtype, np.dtype) and first.dtype.kind != "O":
        return same_bits(first.to_numpy(), second.to_numpy())
    return all(map(same_bits, first.tolist(), second.tolist()))
