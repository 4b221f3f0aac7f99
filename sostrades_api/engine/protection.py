"""Read-only values: what one discipline is given, it cannot change for the others.

Arrays lose their write flag, tables are shallow copies under pandas' copy-on-write (a change stays in the
copy), lists and dicts are subclasses that refuse to change. Nothing is copied deeply.
"""

from typing import Any, NoReturn

import numpy as np
import pandas as pd

from sostrades_api.engine.tables import holds_objects, own_table

OBJECTS = np.dtype(object)
"""Dtype of columns whose cells may hold lists."""


def _refuse_change(_self: Any, *_args: Any, **_kwargs: Any) -> NoReturn:
    msg = "inputs are read-only; change a copy: list(value) or dict(value)"
    raise TypeError(msg)


_refuse: Any = _refuse_change  # stands in for methods of any signature


class FrozenList(list):
    """A list that refuses to change; copies of it are plain lists."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = pop = remove = clear = sort = reverse = _refuse

    def copy(self) -> list:
        """A plain list."""
        return list(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict) -> list:
        return thaw(self)

    def __reduce__(self) -> tuple:
        return list, (list(self),)


class FrozenDict(dict):
    """A dict that refuses to change; copies of it are plain dicts."""

    __setitem__ = __delitem__ = __ior__ = _refuse
    pop = popitem = clear = update = setdefault = _refuse

    def copy(self) -> dict:
        """A plain dict."""
        return dict(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict) -> dict:
        return thaw(self)

    def __reduce__(self) -> tuple:
        return dict, (dict(self),)


def freeze_array(array: np.ndarray) -> np.ndarray:
    """The array, no longer writeable; copied only when it looks into memory somebody else can still write."""
    base = array.base
    if base is not None:
        # memory of others (a memory map, a buffer) is as writeable as the array that looks into it
        owner = base if isinstance(base, np.ndarray) else array
        if owner.flags.writeable:
            array = array.copy()
    array.flags.writeable = False
    return array


def freeze_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A shallow copy under copy-on-write; lists inside cells, which it would share, are frozen."""
    if not holds_objects(frame):
        return own_table(frame)
    frozen = frame.copy(deep=False)
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if dtype == OBJECTS:
            frozen[name] = pd.Series([freeze(cell) for cell in frame[name]], dtype=object)
    return frozen


def _thaw_frame(frame: pd.DataFrame) -> pd.DataFrame:
    if not holds_objects(frame):
        return own_table(frame)
    thawed = frame.copy(deep=False)
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if dtype == OBJECTS:
            thawed[name] = pd.Series([thaw(cell) for cell in frame[name]], dtype=object)
    return thawed


def freeze(value: Any) -> Any:
    """The value such that nobody holding it, or the original table, can change it for others."""
    if isinstance(value, np.ndarray):
        return freeze_array(value)
    if isinstance(value, pd.DataFrame):
        return freeze_frame(value)
    if isinstance(value, dict):
        return value if type(value) is FrozenDict else FrozenDict({k: freeze(v) for k, v in value.items()})
    if isinstance(value, list):
        return value if type(value) is FrozenList else FrozenList([freeze(v) for v in value])
    return value


def thaw(value: Any) -> Any:
    """Plain lists and dicts again, all the way down, and tables of their own; arrays stay read-only."""
    if isinstance(value, pd.DataFrame):
        return _thaw_frame(value)
    if isinstance(value, dict):
        return {key: thaw(element) for key, element in value.items()}
    if isinstance(value, list):
        return [thaw(element) for element in value]
    return value


def hand_out(value: Any) -> Any:
    """What one consumer gets of a frozen value: tables, also nested ones, as shallow copies of its own."""
    if isinstance(value, pd.DataFrame):
        return own_table(value)
    if isinstance(value, dict):
        return FrozenDict({key: hand_out(element) for key, element in value.items()})
    if isinstance(value, list):
        return FrozenList([hand_out(element) for element in value])
    return value
