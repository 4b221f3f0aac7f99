"""Equality that tells -0.0 from 0.0, True from 1 and an int from a float."""

import math

import numpy as np
import pandas as pd


def same(one, other) -> bool:
    """Whether two values are the same in every bit a user can see."""
    if type(one) is not type(other):
        return False
    if isinstance(one, pd.DataFrame):
        return _same_frames(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and _same_bits(one, other)
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or repr(one) == repr(other)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    return one == other


def _same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype.kind != "f":
        return bool(np.array_equal(one, other))
    missing = np.isnan(one)
    return bool(
        np.array_equal(missing, np.isnan(other))
        and np.array_equal(np.where(missing, 0, one), np.where(missing, 0, other))
        and np.array_equal(np.signbit(one)[~missing], np.signbit(other)[~missing])
    )


def _same_frames(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    pd.testing.assert_index_equal(one.index, other.index)
    if list(one.columns) != list(other.columns) or list(one.dtypes) != list(other.dtypes):
        return False
    for name in one.columns:
        if one[name].dtype.kind == "O" and isinstance(one[name].dtype, np.dtype):
            if not same(one[name].tolist(), other[name].tolist()):
                return False
        elif one[name].dtype.kind == "f":
            if not _same_bits(one[name].to_numpy(), other[name].to_numpy()):
                return False
        else:
            pd.testing.assert_series_equal(one[name], other[name], check_exact=True)
    return True
