"""Scalars, lists and dicts as JSON; NaN and infinities are written as Python's ``json`` reads them back."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.storage.errors import UnstorableValueError

SCALARS = frozenset({bool, int, float, str, type(None)})
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def simplify(value: Any) -> Any:
    """Return ``value`` with tuples as lists and NumPy scalars as Python's; arrays and DataFrames stay.

    Raises:
        UnstorableValueError: Something in it is of another kind.
    """
    kind = type(value)
    if kind in SCALARS or kind is np.ndarray or kind is pd.DataFrame:
        return value
    if isinstance(value, list | tuple):
        return list(value) if set(map(type, value)) <= SCALARS else [simplify(item) for item in value]
    if isinstance(value, Mapping):
        return {_simplify_key(key): simplify(item) for key, item in value.items()}
    return _simplify_scalar(value)


def is_plain(value: Any) -> bool:
    """Tell whether JSON alone keeps the (simplified) value exactly."""
    if type(value) is list:
        kinds = set(map(type, value))
        return kinds <= SCALARS or all(map(is_plain, value))
    if type(value) is dict:
        return set(map(type, value)) <= {str} and is_plain(list(value.values()))
    return type(value) in SCALARS


def dumps(value: Any) -> bytes:
    """Write a plain value."""
    try:
        return _ENCODER.encode(value).encode("ascii")
    except ValueError as error:  # an integer of more than 4300 digits
        raise UnstorableValueError(str(error)) from error


def loads(data: memoryview | bytes) -> Any:
    """Read a plain value."""
    return json.loads(str(data, "ascii"))


def hand_out(value: Any) -> Any:
    """Return ``value`` such that nothing its reader does to it can reach the original.

    Containers are copied; DataFrames are shallow copies (pandas copies on write); arrays are read-only.
    """
    kind = type(value)
    if kind is list:
        return value.copy() if set(map(type, value)) <= SCALARS else [hand_out(item) for item in value]
    if kind is dict:
        return {key: item if type(item) in SCALARS else hand_out(item) for key, item in value.items()}
    if kind is pd.DataFrame:
        return value.copy(deep=False)
    return value


def _simplify_key(key: Any) -> Any:
    simple = simplify(key)
    if type(simple) not in SCALARS:
        msg = f"a {type(key).__name__} cannot be the key of a stored dict"
        raise UnstorableValueError(msg)
    return simple


_BASES: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (np.bool_, bool),
    (np.integer, int),
    (np.floating, float),
    (str, str.__str__),
    (int, int),
    (float, float),
)


def _simplify_scalar(value: Any) -> Any:
    if type(value) is np.longdouble:
        msg = "a long double cannot be stored exactly"
        raise UnstorableValueError(msg)
    for base, convert in _BASES:
        if isinstance(value, base):
            return convert(value)
    msg = f"a {type(value).__module__}.{type(value).__qualname__} cannot be stored"
    raise UnstorableValueError(msg)
