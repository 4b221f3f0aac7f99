"""Quick checks of what a discipline returns: exact type, columns, finite numbers; values come back frozen.

Outputs must be finite unless their descriptor says ``optional``: then ``None`` and missing numbers are taken.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.protection import FrozenDict, FrozenList, freeze_array
from sostrades_api.engine.table_validation import plain_index
from sostrades_api.engine.value_types import Column, ValueType, VariableType
from sostrades_api.engine.variable import Variable

Checker = Callable[[Any], Any]


class BadOutput(Exception):
    """An output is of the wrong type or shape; the text says how."""


class NotANumber(BadOutput):
    """An output is not finite; the text says where."""


def checker_of(variable: Variable) -> Checker:
    """A function that returns the value normalised and frozen, or raises ``BadOutput``."""
    check = _of_type(variable.value_type, variable.columns, finite=_FINITE if not variable.optional else None)
    if not variable.optional:
        return check

    def check_optional(value: Any) -> Any:
        return None if value is None else check(value)

    return check_optional


_FINITE = "finite"


def _of_type(value_type: ValueType, columns: Mapping[str, Column] | None, *, finite: str | None) -> Checker:
    kind = value_type.kind
    if kind is VariableType.FLOAT:
        return _float if finite else _any_float
    if kind is VariableType.ARRAY:
        return _array if finite else _any_array
    if kind is VariableType.DATAFRAME:
        return FrameChecker(columns, finite=finite)
    if kind in {VariableType.LIST, VariableType.DICT}:
        inner = (
            _of_type(value_type.element, columns, finite=finite) if value_type.element else _Anything(finite)
        )
        return _list_of(inner) if kind is VariableType.LIST else _dict_of(inner)
    return _SIMPLE[kind]


def _wrong(value: Any, wanted: str) -> BadOutput:
    return BadOutput(f"must be {wanted}, not {type(value).__name__}")


def _any_float(value: Any) -> float:
    if type(value) is float:
        return value
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise _wrong(value, "a float")
    return float(value)


def _float(value: Any) -> float:
    if type(value) is not float:
        value = _any_float(value)
    if value - value != 0.0:
        raise NotANumber(f"it is {value}")
    return value


def _int(value: Any) -> int:
    if type(value) is int:
        return value
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise _wrong(value, "an int")
    return int(value)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(value, "a string")
    return str(value)


def _bool(value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise _wrong(value, "a bool")
    return bool(value)


_SIMPLE: dict[VariableType, Checker] = {
    VariableType.INT: _int,
    VariableType.STRING: _string,
    VariableType.BOOL: _bool,
}


def _any_array(value: Any) -> np.ndarray:
    if not isinstance(value, np.ndarray):
        raise _wrong(value, "a numpy array")
    if value.dtype.kind not in "fiu" or value.ndim == 0:
        raise BadOutput(f"must be an array of numbers, not of {value.dtype} in {value.ndim} dimensions")
    return freeze_array(value)


def _array(value: Any) -> np.ndarray:
    array = _any_array(value)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        at = np.argwhere(~np.isfinite(array))[0].tolist()
        raise NotANumber(f"element {at} is {array[tuple(at)]}")
    return array


def _list_of(inner: Checker) -> Checker:
    def check(value: Any) -> FrozenList:
        if not isinstance(value, (list, tuple)):
            raise _wrong(value, "a list")
        return FrozenList([_inside(inner, item, f"element {i}") for i, item in enumerate(value)])

    return check


def _dict_of(inner: Checker) -> Checker:
    def check(value: Any) -> FrozenDict:
        if not isinstance(value, dict):
            raise _wrong(value, "a dict")
        for key in value:
            if not isinstance(key, str):
                raise BadOutput(f"key {key!r} must be text")
        return FrozenDict({key: _inside(inner, item, f"key {key!r}") for key, item in value.items()})

    return check


def _inside(inner: Checker, value: Any, where: str) -> Any:
    try:
        return inner(value)
    except BadOutput as error:
        raise type(error)(f"{where}: {error}") from None


class _Anything:
    """Checks an element whose type is not declared by what it is."""

    def __init__(self, finite: str | None) -> None:
        self.finite = finite

    def __call__(self, value: Any) -> Any:
        if value is None:
            return None
        for python_types, kind in _BY_PYTHON_TYPE:
            if isinstance(value, python_types):
                return _of_type(ValueType(kind), None, finite=self.finite)(value)
        raise _wrong(value, "a value this platform can store")


class FrameChecker:
    """Checks a table: columns as declared and, in numeric ones, finite numbers."""

    def __init__(self, columns: Mapping[str, Column] | None, *, finite: str | None) -> None:
        self.columns = columns
        self.finite = finite
        self.names = pd.Index(list(columns)) if columns is not None else None
        self.all_float = columns is not None and all(column.type == "float" for column in columns.values())

    def __call__(self, value: Any) -> pd.DataFrame:
        if not isinstance(value, pd.DataFrame):
            raise _wrong(value, "a DataFrame")
        frame = self._with_columns(value)
        if not plain_index(frame):
            raise BadOutput("the table has an index of its own; put it in a column or reset_index(drop=True)")
        for name, column in frame.items():
            self._check_column(str(name), column)
        return frame.copy(deep=False)

    def _with_columns(self, frame: pd.DataFrame) -> pd.DataFrame:
        if self.columns is None:
            if not frame.columns.is_unique or not all(isinstance(name, str) for name in frame.columns):
                raise BadOutput(f"column names must be different texts, got {list(frame.columns)}")
            return frame
        if frame.columns.equals(self.names):
            return frame
        missing = [name for name in self.columns if name not in frame.columns]
        extra = [str(name) for name in frame.columns if name not in self.columns]
        if missing or extra or not frame.columns.is_unique:
            raise BadOutput(
                f"columns must be {', '.join(self.columns)}; missing: {', '.join(missing) or 'none'}, "
                f"not declared: {', '.join(extra) or 'none'}"
            )
        return frame[list(self.columns)]

    def _check_column(self, name: str, column: pd.Series) -> None:
        kind = column.dtype.kind
        declared = self.columns[name].type if self.columns is not None else None
        allowed = _DTYPE_KINDS.get(declared) if declared else None
        if allowed is not None and kind not in allowed:
            raise BadOutput(f"column {name!r} must hold {declared}, not {column.dtype}")
        if kind == "f" and self.finite:
            numbers = column.to_numpy()
            if not np.isfinite(numbers).all():
                row = int(np.flatnonzero(~np.isfinite(numbers))[0])
                raise NotANumber(f"column {name!r}, row {row} is {numbers[row]}")


_DTYPE_KINDS = {"float": "fiu", "int": "iu", "bool": "b", "string": "OUT"}
_BY_PYTHON_TYPE: tuple[tuple[Any, VariableType], ...] = (
    ((bool, np.bool_), VariableType.BOOL),
    ((int, np.integer), VariableType.INT),
    ((float, np.floating), VariableType.FLOAT),
    (str, VariableType.STRING),
    ((list, tuple), VariableType.LIST),
    (dict, VariableType.DICT),
    (np.ndarray, VariableType.ARRAY),
    (pd.DataFrame, VariableType.DATAFRAME),
)


def has_limits(variable: Variable) -> bool:
    """Whether an output declares more than its type, to be checked once its block is done."""
    ranged = variable.columns is not None and any(column.range for column in variable.columns.values())
    return ranged or variable.range is not None or variable.possible_values is not None


def is_nan(value: Any) -> bool:
    """Whether a value is the float nan."""
    return isinstance(value, float) and math.isnan(value)
