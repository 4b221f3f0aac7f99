"""Full check of a value that a user, a file or a default gives; the quick checks of a run are in ``outputs``.

Types are exact: a bool is no int and no float, a float is no int; an int is taken where a float is wanted,
and arrays hold floats, so that a model that writes 0.5 into a copy of one does not write 0.
Missing numbers: ``nan`` is refused in scalars, lists and dicts; in arrays and float or string columns it
means "missing" and is taken unless a range is declared. Infinities are taken unless a range forbids them.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.errors import InvalidValue
from sostrades_api.engine.exactness import inexact_rows, is_exact
from sostrades_api.engine.table_validation import check_frame
from sostrades_api.engine.tables import is_held
from sostrades_api.engine.value_types import INT_LIMITS, Constraints, ValueType, VariableType, kind_of

Faults = list[str]
_INEXACT = "is too large for a float to hold exactly"


def check_value(
    value: Any, value_type: ValueType, constraints: Constraints, *, optional: bool = False
) -> Any:
    """The value, normalised (int to float, list to array, columns in declared order).

    Args:
        value: anything.
        value_type: what it must be.
        constraints: range, possible values and columns; they hold for every innermost element.
        optional: whether ``None`` is a value too.

    Raises:
        InvalidValue: with every fault found.
    """
    if value is None:
        if optional:
            return None
        raise InvalidValue(["a value is needed; None is taken only by optional variables"])
    faults: Faults = []
    try:
        checked = _check(value, value_type, constraints, "", faults)
    except RecursionError:
        raise InvalidValue(["lists or dicts lie in each other too deeply, or in themselves"]) from None
    if faults:
        raise InvalidValue(faults)
    return checked


def _check(value: Any, value_type: ValueType, constraints: Constraints, where: str, faults: Faults) -> Any:
    return _CHECKS[value_type.kind](value, value_type, constraints, where, faults)


def _wrong_type(value: Any, wanted: str, where: str, faults: Faults) -> None:
    kind = type(value).__name__
    article = "an" if kind[0] in "aeiouAEIOU" else "a"
    faults.append(f"{where}{_shown(value)} is {article} {kind}, not {wanted}")


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, (pd.DataFrame, np.ndarray)) else "the value"
    return text if len(text) <= 60 else text[:57] + "..."


def _within(value: Any, constraints: Constraints, where: str, faults: Faults) -> None:
    limits = constraints.range
    if (
        limits
        and isinstance(value, (int, float))
        and not isinstance(value, bool)
        and not limits[0] <= value <= limits[1]
    ):
        faults.append(f"{where}{value!r} is outside [{limits[0]:g}, {limits[1]:g}]")
    if constraints.possible_values is not None and value not in constraints.possible_values:
        allowed = ", ".join(map(repr, constraints.possible_values))
        faults.append(f"{where}{_shown(value)} is not one of {allowed}")


def _float(value: Any, _type: ValueType, constraints: Constraints, where: str, faults: Faults) -> Any:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        return _wrong_type(value, "a number", where, faults)
    try:
        number = float(value)
    except OverflowError:
        faults.append(f"{where}{_shown(value)} is too large for a float")
        return None
    if math.isnan(number):
        faults.append(f"{where}nan is not a number; leave the variable out or give a number")
        return None
    if isinstance(value, (int, np.integer)) and not is_exact(value):
        faults.append(f"{where}{_shown(value)} {_INEXACT}")
        return None
    _within(number, constraints, where, faults)
    return number


def _int(value: Any, _type: ValueType, constraints: Constraints, where: str, faults: Faults) -> Any:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        return _wrong_type(value, "a whole number", where, faults)
    if not INT_LIMITS[0] <= value <= INT_LIMITS[1]:
        faults.append(f"{where}{_shown(value)} does not fit 64 bits")
    _within(int(value), constraints, where, faults)
    return int(value)


def _string(value: Any, _type: ValueType, constraints: Constraints, where: str, faults: Faults) -> Any:
    if not isinstance(value, str):
        return _wrong_type(value, "text", where, faults)
    if not _encodable(value):
        faults.append(f"{where}{_shown(value)} holds half a character (a lone surrogate)")
    _within(str(value), constraints, where, faults)
    return str(value)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bool(value: Any, _type: ValueType, constraints: Constraints, where: str, faults: Faults) -> Any:
    if not isinstance(value, (bool, np.bool_)):
        return _wrong_type(value, "true or false", where, faults)
    _within(bool(value), constraints, where, faults)
    return bool(value)


def _list(value: Any, value_type: ValueType, constraints: Constraints, where: str, faults: Faults) -> Any:
    if isinstance(value, np.ndarray) and value.ndim == 1:
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return _wrong_type(value, "a list", where, faults)
    element = value_type.element
    if element is None:
        return [_anything(item, constraints, f"{where}element {i}: ", faults) for i, item in enumerate(value)]
    return [
        _check(item, element, constraints, f"{where}element {i}: ", faults) for i, item in enumerate(value)
    ]


def _dict(value: Any, value_type: ValueType, constraints: Constraints, where: str, faults: Faults) -> Any:
    if not isinstance(value, Mapping):
        return _wrong_type(value, "a dict", where, faults)
    checked = {}
    for key, item in value.items():
        if not isinstance(key, str) or not _encodable(key):
            faults.append(f"{where}key {key!r} is not text")
            continue
        inner = f"{where}key {key!r}: "
        element = value_type.element
        checked[key] = (
            _check(item, element, constraints, inner, faults)
            if element
            else _anything(item, constraints, inner, faults)
        )
    return checked


def _array(value: Any, _type: ValueType, constraints: Constraints, where: str, faults: Faults) -> Any:
    if isinstance(value, (list, tuple)):
        fault, value = _array_of(value)
        if fault is not None:
            faults.append(where + fault)
            return None
    if not isinstance(value, np.ndarray):
        return _wrong_type(value, "an array of numbers", where, faults)
    fault = _fault_of_array(value)
    if fault is not None:
        faults.append(where + fault)
        return None
    with np.errstate(over="ignore"):
        numbers = np.asarray(value).astype(np.float64)
    _array_range(numbers, constraints, where, faults)
    return numbers


def _array_of(rows: Any) -> tuple[str | None, Any]:
    """What is wrong with a list of numbers or of rows, and the array of it."""
    if _holds_bool(rows):
        return "a list with true or false is not an array of numbers", None
    try:
        return None, np.asarray(rows) if rows else np.empty(0)
    except ValueError:
        return "the rows have different lengths", None


def _fault_of_array(value: np.ndarray) -> str | None:
    if isinstance(value, np.ma.MaskedArray):
        return "the array has a mask; fill it"
    if value.dtype.kind not in "fiu" or value.ndim == 0:
        return f"an array of {value.dtype} in {value.ndim} dimensions is not an array of numbers"
    if value.dtype.kind in "iu" and inexact_rows(np.asarray(value)).size:
        return f"a whole number {_INEXACT}"
    return None


def _holds_bool(value: Any) -> bool:
    kinds = set(map(type, value))
    if bool in kinds or np.bool_ in kinds:
        return True
    inner = kinds & {list, tuple}
    return bool(inner) and any(_holds_bool(item) for item in value if type(item) in inner)


def _array_range(value: np.ndarray, constraints: Constraints, where: str, faults: Faults) -> None:
    if constraints.range:
        low, high = constraints.range
        outside = ~((value >= low) & (value <= high))
        if outside.any():
            at = tuple(int(i) for i in np.argwhere(outside)[0])
            faults.append(f"{where}element {list(at)}: {value[at]!s} is outside [{low:g}, {high:g}]")


def _dataframe(value: Any, _type: ValueType, constraints: Constraints, where: str, faults: Faults) -> Any:
    if not isinstance(value, pd.DataFrame):
        return _wrong_type(value, "a table (DataFrame)", where, faults)
    columns, more = constraints.columns, constraints.more_columns
    frame = value.copy() if is_held(value) else value
    return check_frame(frame, columns=columns, where=where, faults=faults, more=more)


def _anything(value: Any, constraints: Constraints, where: str, faults: Faults) -> Any:
    """An element whose type is not declared: any of the types, judged by what it is."""
    if value is None:
        return None
    kind = kind_of(value)
    if kind is None:
        return _wrong_type(value, "a value this platform can store", where, faults)
    return _check(value, ValueType(kind), constraints, where, faults)


_CHECKS: dict[VariableType, Callable[[Any, ValueType, Constraints, str, Faults], Any]] = {
    VariableType.FLOAT: _float,
    VariableType.INT: _int,
    VariableType.STRING: _string,
    VariableType.BOOL: _bool,
    VariableType.LIST: _list,
    VariableType.DICT: _dict,
    VariableType.ARRAY: _array,
    VariableType.DATAFRAME: _dataframe,
}
