"""Read-only values: what one discipline is given, it cannot change for the others.

Arrays are views of a read-only array, tables are shallow copies under pandas' copy-on-write (a change stays
in the copy) on read-only memory, lists and dicts are copies of subclasses that refuse to change. An array is
copied when somebody else may still write it, and so is a table when somebody holds an array of its memory:
one given with ``copy=False``, or ``frame["a"].array``. A table that is read from a result shares its memory
with the result; only its ``frame["a"].array`` is a way to change both.
"""

from collections.abc import Iterable
from sys import getrefcount
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from sostrades_api.engine.tables import holds_objects, is_lent, lent_table, own_table

OBJECTS = np.dtype(object)
"""Dtype of columns whose cells may hold lists."""
_UNCHANGING = frozenset({bool, int, float, str, type(None), np.ndarray})  # arrays are read-only views
_PROBE = {"only here": object()}
SOLE = getrefcount(_PROBE["only here"])
"""What ``getrefcount`` says of a value that nobody but one dict holds."""


class ReadOnlyError(TypeError):
    """A list or dict that is read-only was to be changed; ``value`` is it."""

    def __init__(self, value: Any) -> None:
        super().__init__("inputs are read-only")
        self.value = value


def _refuse_change(self: Any, *_args: Any, **_kwargs: Any) -> NoReturn:
    raise ReadOnlyError(self)


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
    """A view of the array, which is no longer writeable; so the view cannot be made writeable again.

    Copied only when it looks into memory somebody else can still write.
    """
    if is_frozen(array):
        return array
    base = array.base
    if base is not None:
        # memory of others (a memory map, a buffer) is as writeable as the array that looks into it
        owner = base if isinstance(base, np.ndarray) else array
        if owner.flags.writeable:
            array = array.copy()
    array.flags.writeable = False
    return array.view()


def is_frozen(array: np.ndarray) -> bool:
    """Whether an array is a read-only view of a read-only array, as ``freeze_array`` makes it."""
    base = array.base
    return isinstance(base, np.ndarray) and not array.flags.writeable and not base.flags.writeable


def own_arrays(outputs: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The outputs, with a copy of each named array that anybody else holds, be it by a view of it.

    A view that was taken while the array was writeable stays writeable, but it counts as a reference.
    """
    own = outputs
    for name in names:
        array = outputs.get(name)
        if not isinstance(array, np.ndarray) or is_frozen(array):
            continue
        del array  # it would count
        if getrefcount(outputs[name]) > SOLE:
            own = dict(outputs) if own is outputs else own
            own[name] = outputs[name].copy()
    return own


def freeze_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A shallow copy under copy-on-write; lists inside cells, which it would share, are frozen."""
    if not holds_objects(frame):
        return own_table(frame)
    frozen = frame.copy(deep=False)
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if dtype == OBJECTS:
            frozen[name] = pd.Series([_frozen_cell(cell) for cell in frame[name]], dtype=object)
    return frozen


def _frozen_cell(cell: Any) -> Any:
    """A cell whose arrays are copied, as nobody knows who else looks into them."""
    if isinstance(cell, np.ndarray):
        return cell if is_frozen(cell) else freeze_array(cell.copy())
    if isinstance(cell, dict):
        return FrozenDict({key: _frozen_cell(item) for key, item in cell.items()})
    if isinstance(cell, (list, tuple)):
        return cell if type(cell) is FrozenList else FrozenList([_frozen_cell(item) for item in cell])
    return cell


def _thaw_frame(frame: pd.DataFrame) -> pd.DataFrame:
    if is_lent(frame):
        frame = frame.copy()
    if not holds_objects(frame):
        return own_table(frame)
    thawed = frame.copy(deep=False)
    for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
        if dtype == OBJECTS:
            thawed[name] = pd.Series([thaw(cell) for cell in frame[name]], dtype=object)
    return thawed


def freeze(value: Any) -> Any:
    """The value such that nobody holding it, or the original table, can change it for others."""
    if type(value) is float:
        return value
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
    """What one consumer gets of a frozen value: tables, lists and dicts of its own, also nested ones.

    Functions written in C, as ``heapq`` has them, change even a list that refuses to be changed; but only
    this one.
    """
    if type(value) is pd.DataFrame or isinstance(value, pd.DataFrame):
        return _lent_frame(value)
    if isinstance(value, dict):
        if _UNCHANGING.issuperset(map(type, value.values())):
            return FrozenDict(value)
        return FrozenDict({key: hand_out(element) for key, element in value.items()})
    if isinstance(value, list):
        if _UNCHANGING.issuperset(map(type, value)):
            return FrozenList(value)
        return FrozenList([hand_out(element) for element in value])
    return value


def _lent_frame(frame: pd.DataFrame) -> pd.DataFrame:
    lent = lent_table(frame)
    if holds_objects(frame):
        for name, dtype in zip(frame.columns, frame.dtypes, strict=True):
            if dtype == OBJECTS and not _UNCHANGING.issuperset(map(type, frame[name])):
                lent[name] = pd.Series([hand_out(cell) for cell in frame[name]], dtype=object)
    return lent
