"""Values as JSON, both ways: what a load shows and what an update takes.

Tables are shown by a placeholder, or in full: a DataFrame as ``{"columns": [...], "data": [[row], ...]}``, an
array as nested lists. NaN and infinities have no JSON form and become null.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import orjson
import pandas as pd

from sostrades_api.engine import MISSING, InvalidValue, PlanVariable, ValueType, VariableType

DATAFRAME = "://dataframe"
NDARRAY = "://ndarray"
Layout = Sequence[Any]  # shape, columns
_TABLE_KEYS = {"columns", "data"}
_NUMBERS = frozenset({VariableType.FLOAT, VariableType.INT})
_NUMBER_TEXT = re.compile(r"[+-]?[0-9]{1,300}(?:\.[0-9]{0,300})?(?:[eE][+-]?[0-9]{1,3})?")


def json_value(value: Any, *, tables: bool = False) -> Any:
    """The JSON form of a value; ``tables`` puts DataFrames and arrays in, instead of their placeholders."""
    if isinstance(value, pd.DataFrame):
        return _json_table(value) if tables else DATAFRAME
    if isinstance(value, np.ndarray):
        return _json_plain(value.tolist()) if tables else NDARRAY
    if isinstance(value, dict):
        return {str(key): json_value(item, tables=tables) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item, tables=tables) for item in value]
    return _json_plain(value)


def json_bytes(value: Any) -> bytes:
    """JSON out of what `json_value` gave: strict, in UTF-8, whole numbers of any size."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS, default=str)
    except TypeError:  # orjson knows 64 bits only
        return json.dumps(value, allow_nan=False, default=str).encode()


def json_layout(value: Any) -> tuple[Any, Any]:
    """``shape`` and ``columns`` of the tables in a value, nested like it; None where there is no table."""
    if isinstance(value, pd.DataFrame):
        return list(value.shape), [str(column) for column in value.columns]
    if isinstance(value, np.ndarray):
        return list(value.shape), None
    if isinstance(value, dict):
        return nested_layout({str(key): json_layout(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return nested_layout([json_layout(item) for item in value])
    return None, None


def nested_layout(layouts: dict[str, Layout] | list[Layout]) -> tuple[Any, Any]:
    """The layout of a dict or list out of those of its items; None where none of them holds a table."""
    items = list(layouts.values()) if isinstance(layouts, dict) else layouts
    shapes = [shape for shape, _ in items]
    columns = [names for _, names in items]
    found = [None if all(part is None for part in parts) else parts for parts in (shapes, columns)]
    if isinstance(layouts, dict):
        found = [None if parts is None else dict(zip(layouts, parts, strict=True)) for parts in found]
    return found[0], found[1]


def from_json(value: Any, *, value_type: ValueType) -> Any:
    """The engine's form of a JSON value: tables become DataFrames and arrays, all else stays as it is.

    Raises:
        InvalidValue: a table is not of the form described above.
    """
    if value_type.kind == VariableType.DATAFRAME:
        return _table_from_json(value)
    if value_type.kind == VariableType.ARRAY:
        return _array_from_json(value)
    if value_type.element is None:
        return value
    if value_type.kind == VariableType.LIST and isinstance(value, list):
        return [from_json(item, value_type=value_type.element) for item in value]
    if value_type.kind == VariableType.DICT and isinstance(value, dict):
        return {key: from_json(item, value_type=value_type.element) for key, item in value.items()}
    return value


def number_from_text(value: Any, *, value_type: ValueType) -> Any:
    """A number that came as text, as older scripts send it; everything else as it is."""
    if isinstance(value, str) and value_type.kind in _NUMBERS and _NUMBER_TEXT.fullmatch(value):
        return int(value) if value.lstrip("+-").isdecimal() else float(value)
    return value


def described(planned: PlanVariable) -> dict[str, Any]:
    """All that is shown of a variable beside its value, the same in every study of a process."""
    variable = planned.variable
    constraints = variable.constraints
    columns = constraints.columns
    return {
        "var_name": variable.name,
        "type": str(variable.value_type.kind),
        "subtype_descriptor": _subtype(variable.value_type),
        "unit": variable.unit,
        "visibility": str(variable.visibility),
        "optional": variable.optional,
        "editable": is_editable(planned),
        "numerical": variable.numerical,
        "io": planned.io,
        "label": variable.label,
        "description": variable.description,
        "range": None if constraints.range is None else [_json_plain(bound) for bound in constraints.range],
        "possible_values": None
        if constraints.possible_values is None
        else [json_value(value) for value in constraints.possible_values],
        "column_descriptors": None
        if columns is None
        else {
            name: {
                "type": column.type,
                "unit": column.unit,
                "range": None if column.range is None else [_json_plain(bound) for bound in column.range],
                "editable": column.editable,
                "description": column.description,
            }
            for name, column in columns.items()
        },
    }


def show(value: Any, *, tables: bool = False) -> dict[str, Any]:
    """The keys of a loaded variable that depend on its value."""
    shape, columns = json_layout(value)
    return {"value": json_value(value, tables=tables), "shape": shape, "columns": columns}


def default_of(planned: PlanVariable) -> Any:
    """What is shown of a variable without a value: its default; of a loop's coupling where it starts."""
    is_given = planned.io == "in" or planned.in_loop
    return planned.default if is_given and planned.default is not MISSING else None


def is_editable(planned: PlanVariable) -> bool:
    """Whether a user may give this variable a value; that of a loop's coupling is where the loop starts."""
    return (planned.io == "in" or planned.in_loop) and planned.variable.editable


def _subtype(value_type: ValueType) -> Any:
    if value_type.element is None:
        return None
    element = value_type.element
    return {str(value_type.kind): _subtype(element) or str(element.kind)}


def _json_plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_json_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    return str(value)


def _json_table(frame: pd.DataFrame) -> dict[str, Any]:
    columns = [_json_plain(frame.iloc[:, index].tolist()) for index in range(frame.shape[1])]
    rows = [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(len(frame))]
    return {"columns": [str(column) for column in frame.columns], "data": rows}


def _table_from_json(value: Any) -> Any:
    if not isinstance(value, dict) or set(value) != _TABLE_KEYS:
        raise InvalidValue(['a table in JSON is {"columns": [names], "data": [[row], ...]}; or upload a CSV'])
    columns, rows = value["columns"], value["data"]
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise InvalidValue(["columns is not a list of names"])
    if len(set(columns)) != len(columns):
        raise InvalidValue(["columns names a column twice"])
    if not isinstance(rows, list):
        raise InvalidValue(["data is not a list of rows"])
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, list) or len(row) != len(columns):
            raise InvalidValue([f"row {number} of data is not a list of {len(columns)} cells"])
    cells = zip(*rows, strict=True) if rows else ([] for _ in columns)
    return pd.DataFrame({name: _column(list(column)) for name, column in zip(columns, cells, strict=True)})


def _column(cells: list[Any]) -> pd.Series:
    return pd.Series([math.nan if cell is None else cell for cell in cells]).infer_objects()


def _array_from_json(value: Any) -> Any:
    if not isinstance(value, list):
        raise InvalidValue(
            ["an array in JSON is a list, or lists of equal length in a list; or upload a CSV"]
        )
    try:
        return np.array(_deep(value, _nan_for_null))
    except ValueError as error:
        raise InvalidValue(["its lists are not of equal length"]) from error


def _deep(value: Any, change: Callable[[Any], Any]) -> Any:
    return [_deep(item, change) for item in value] if isinstance(value, list) else change(value)


def _nan_for_null(cell: Any) -> Any:
    return math.nan if cell is None else cell
