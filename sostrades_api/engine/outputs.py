"""Quick checks of what a discipline returns: exact type, columns, finite numbers; values come back frozen.

Outputs must be finite unless their descriptor says ``optional``: then ``None`` and missing numbers are taken.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sostrades_api.engine.output_faults import NotFiniteError, OutputFaultError, all_finite, wrong_type
from sostrades_api.engine.output_frames import FrameChecker
from sostrades_api.engine.protection import FrozenDict, FrozenList, freeze_array, is_frozen
from sostrades_api.engine.value_types import INT_LIMITS, Column, ValueType, VariableType, kind_of
from sostrades_api.engine.variable import Variable

Checker = Callable[[Any], Any]
_DOUBLE = np.dtype(np.float64)


def checker_of(variable: Variable) -> Checker:
    """A function that returns the value normalised and frozen, or raises ``OutputFaultError``."""
    check = _of_type(
        variable.value_type, variable.columns, missing=variable.optional, more=variable.more_columns
    )
    if not variable.optional:
        return check

    def check_optional(value: Any) -> Any:
        return None if value is None else check(value)

    return check_optional


def _of_type(
    value_type: ValueType, columns: Mapping[str, Column] | None, *, missing: bool, more: bool = False
) -> Checker:
    kind = value_type.kind
    if kind is VariableType.FLOAT:
        return any_float if missing else finite_float
    if kind is VariableType.ARRAY:
        return _any_array if missing else _finite_array
    if kind is VariableType.DATAFRAME:
        return FrameChecker(columns, missing=missing, more=more)
    if kind in {VariableType.LIST, VariableType.DICT}:
        element = value_type.element
        inner = (
            _nested(_of_type(element, columns, missing=missing, more=more))
            if element
            else _anything(missing=missing)
        )
        return _list_of(inner) if kind is VariableType.LIST else _dict_of(inner)
    return _SIMPLE[kind]


def any_float(value: Any) -> float:
    """A float, finite or not."""
    if type(value) is float:
        return value
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise wrong_type(value, "a float")
    try:
        return float(value)
    except OverflowError:
        raise OutputFaultError("is too large for a float") from None


def finite_float(value: Any) -> float:
    """A finite float."""
    number = any_float(value)
    if number - number != 0.0:
        raise NotFiniteError(f"it is {number}")
    return number


def _int(value: Any) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise wrong_type(value, "an int")
    if not INT_LIMITS[0] <= value <= INT_LIMITS[1]:
        raise OutputFaultError("does not fit 64 bits")
    return int(value)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong_type(value, "a string")
    return str(value)


def _bool(value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise wrong_type(value, "a bool")
    return bool(value)


_SIMPLE: dict[VariableType, Checker] = {
    VariableType.INT: _int,
    VariableType.STRING: _string,
    VariableType.BOOL: _bool,
}


def _any_array(value: Any) -> np.ndarray:
    """An array of doubles: who writes 0.5 into a copy of one does not write 0, and nothing wraps around."""
    if type(value) is not np.ndarray:
        value = _plain_array(value)
    if value.dtype is not _DOUBLE or not value.ndim:
        value = _doubles(value)
    # as one that was stored comes back: sums of it are the same to the last bit
    return freeze_array(value if value.flags.c_contiguous else value.copy())


def _plain_array(value: Any) -> np.ndarray:
    """The numbers of a matrix, a memory map and the like, which calculate by rules of their own."""
    if not isinstance(value, np.ndarray):
        raise wrong_type(value, "a numpy array")
    if isinstance(value, np.ma.MaskedArray):
        raise OutputFaultError("must be an array without a mask; fill it")
    return np.asarray(value)


def _doubles(value: np.ndarray) -> np.ndarray:
    if value.dtype.kind not in "fiu" or value.ndim == 0:
        raise OutputFaultError(
            f"must be an array of numbers, not of {value.dtype} in {value.ndim} dimensions"
        )
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as that
        return value.astype(_DOUBLE)


def _finite_array(value: Any) -> np.ndarray:
    array = _any_array(value)
    if not all_finite(array):
        at = np.argwhere(~np.isfinite(array))[0].tolist()
        raise NotFiniteError(f"element {at} is {array[tuple(at)]}")
    return array


def _nested(inner: Checker) -> Checker:
    """The checker of an element; an array is copied, as nobody knows who else holds it."""

    def check(value: Any) -> Any:
        if isinstance(value, np.ndarray) and not is_frozen(value):
            value = value.copy()
        return inner(value)

    return check if inner in {_any_array, _finite_array} else inner


def _list_of(inner: Checker) -> Checker:
    def check(value: Any) -> FrozenList:
        if not isinstance(value, (list, tuple)):
            raise wrong_type(value, "a list")
        return FrozenList([_inside(inner, item, f"element {i}") for i, item in enumerate(value)])

    return check


def _dict_of(inner: Checker) -> Checker:
    def check(value: Any) -> FrozenDict:
        if not isinstance(value, dict):
            raise wrong_type(value, "a dict")
        for key in value:
            if not isinstance(key, str):
                raise OutputFaultError(f"key {key!r} must be text")
        return FrozenDict({key: _inside(inner, item, f"key {key!r}") for key, item in value.items()})

    return check


def _inside(inner: Checker, value: Any, where: str) -> Any:
    try:
        return inner(value)
    except OutputFaultError as error:
        raise type(error)(f"{where}: {error}") from None


def _anything(*, missing: bool) -> Checker:
    def check(value: Any) -> Any:
        if value is None:
            if missing:
                return None
            raise NotFiniteError("it is missing (None)")
        kind = kind_of(value)
        if kind is None:
            raise wrong_type(value, "a value this platform can store")
        return _nested(_of_type(ValueType(kind), None, missing=missing))(value)

    return check


def has_limits(variable: Variable) -> bool:
    """Whether an output declares more than its type, to be checked once its block is done."""
    ranged = variable.columns is not None and any(column.range for column in variable.columns.values())
    return ranged or variable.range is not None or variable.possible_values is not None
