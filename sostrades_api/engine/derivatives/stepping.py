"""What a small step of an input tells of the outputs, and what it does not."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

import numpy as np
import pandas as pd
from numpy.exceptions import ComplexWarning

SINGLE_STEP = 5e-3
"""Cube root of the rounding unit of single precision."""
_FEW_BITS = 12
_DIGITS = 1000.0  # roundings that a change must be worth, or half of its digits are noise

_filters = RLock()  # warning filters are the process' own: of two threads each would restore the other's


def _forget_lock() -> None:
    global _filters  # noqa: PLW0603 - a thread that held it does not live on in a child
    _filters = RLock()


os.register_at_fork(after_in_child=_forget_lock)


@contextmanager
def imaginary_parts_kept() -> Iterator[None]:
    """Raise where an imaginary part is thrown away, which NumPy only warns of."""
    with _filters, warnings.catch_warnings():
        warnings.simplefilter("error", ComplexWarning)
        yield


def ordered_as(known: Any, value: Any) -> Any:
    """The value with columns of its tables in the order of a checked one.

    Raises:
        KeyError: a table has not the same columns.
    """
    if isinstance(known, pd.DataFrame) and isinstance(value, pd.DataFrame):
        return value if value.columns.equals(known.columns) else value[list(known.columns)]
    if isinstance(known, dict) and isinstance(value, dict):
        return {key: ordered_as(known.get(key), item) for key, item in value.items()}
    if isinstance(known, (list, tuple)) and isinstance(value, (list, tuple)) and len(known) == len(value):
        return [ordered_as(one, item) for one, item in zip(known, value, strict=True)]
    return value


def is_single(high: np.ndarray, low: np.ndarray) -> bool:
    """Whether these two results of a step were computed in single precision.

    Where they are the same, a change may have been lost; or they are simple numbers, and do not depend on it.
    """
    if high.shape != low.shape or not high.size:
        return False
    if np.array_equal(high, low):
        return _fit_single(high) and not _are_simple(high)
    return _fit_single(high) and _fit_single(low)


def is_lost(high: np.ndarray, low: np.ndarray) -> bool:
    """Whether what two results in single precision differ by is rounding for the most part."""
    with np.errstate(over="ignore"):
        rounding = np.spacing(np.maximum(np.abs(high), np.abs(low)).astype(np.float32))
    return high.shape == low.shape and bool(np.all(np.abs(high - low) < _DIGITS * rounding))


def _fit_single(numbers: np.ndarray) -> bool:
    with np.errstate(over="ignore", under="ignore"):
        return np.array_equal(numbers, numbers.astype(np.float32))


def _are_simple(numbers: np.ndarray) -> bool:
    """Whether all are whole, or of so few bits that single precision is no likelier than double."""
    bits = np.ldexp(np.frexp(numbers)[0], _FEW_BITS)
    return bool(np.all((bits == np.floor(bits)) | (numbers == np.floor(numbers))))
