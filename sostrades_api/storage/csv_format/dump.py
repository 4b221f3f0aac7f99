"""Values to CSV, by what they are and by the type of their variable."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine import ValueType, Variable, VariableType
from sostrades_api.storage.csv_format import cells
from sostrades_api.storage.csv_format.errors import CsvError, size_faults
from sostrades_api.storage.csv_format.parse import VALUE, VARIABLE, cell_kind, has_csv_form

_NEEDS_QUOTES = re.compile(r'[",\r\n]')
_QUOTED_EMPTY = '""'
_DECLARED = {"float", "int", "string", "bool", "list"}
_MAX_DIMENSIONS = 2
_NAN = "nan"


def dump(variable: Variable, value: Any) -> bytes:
    """Write a (checked) value of ``variable`` as CSV in UTF-8.

    Raises:
        CsvError: The value has no CSV form.
    """
    header, columns = _table(variable, value)
    _refuse_too_many(columns=len(header) - isinstance(value, dict))
    single = len(header) == 1
    lines = [",".join(_quote(name) for name in header)]
    if single:
        lines += columns[0]
    else:
        lines += map(",".join, zip(*columns, strict=True))
    lines.append("")
    try:
        return "\n".join(lines).encode("utf-8")
    except UnicodeEncodeError as error:
        raise CsvError([f"a text cannot be written in UTF-8: {error.reason}"]) from error


def _table(variable: Variable, value: Any) -> tuple[list[str], Sequence[Sequence[str]]]:
    value_type = variable.value_type
    if value is None:
        return _absent(variable)
    if isinstance(value, pd.DataFrame):
        return _frame(value, variable)
    if isinstance(value, np.ndarray):
        return _array(value)
    if isinstance(value, list | tuple):
        return _list(value, value_type)
    if isinstance(value, dict):
        return _dict(value, value_type, variable)
    return [VALUE], [_cells([value], kind=cell_kind(value_type), single=True)]


def _absent(variable: Variable) -> tuple[list[str], Sequence[Sequence[str]]]:
    kind = variable.value_type.kind
    if kind == VariableType.DATAFRAME and variable.columns:
        return list(variable.columns), [[] for _ in variable.columns]
    if kind == VariableType.DICT:
        return [VARIABLE, VALUE], [[], []]
    rows = [] if kind in {VariableType.DATAFRAME, VariableType.LIST, VariableType.ARRAY} else [""]
    return [VALUE], [rows]


def _frame(frame: pd.DataFrame, variable: Variable) -> tuple[list[str], list[list[str]]]:
    if frame.shape[1] == 0:
        raise CsvError(["a table without columns has no CSV form"])
    single = frame.shape[1] == 1
    columns = [
        _series(frame.iloc[:, position], _kind_of_column(variable, str(label)), single=single)
        for position, label in enumerate(frame.columns)
    ]
    return [str(label) for label in frame.columns], columns


def _kind_of_column(variable: Variable, name: str) -> str:
    column = variable.columns.get(name) if variable.columns else None
    return column.type if column and column.type in _DECLARED else cells.ANY


def _series(series: pd.Series, kind: str, *, single: bool) -> list[str]:
    values = series.astype(object) if isinstance(series.dtype, pd.CategoricalDtype) else series
    return _cells(values.tolist(), kind=kind, single=single)


def _array(array: np.ndarray[Any, Any]) -> tuple[list[str], list[list[str]]]:
    if array.ndim == 1:
        return [VALUE], [_cells(array.tolist(), kind="float", single=True)]
    if array.ndim != _MAX_DIMENSIONS or array.shape[1] == 0:
        raise CsvError([f"an array of shape {array.shape} has no CSV form"])
    single = array.shape[1] == 1
    columns = [_cells(column.tolist(), kind="float", single=single) for column in array.T]
    return [str(position) for position in range(array.shape[1])], columns


def _list(values: Sequence[Any], value_type: ValueType) -> tuple[list[str], list[list[str]]]:
    element = value_type.element
    _refuse_tables(value_type, values)
    is_of_dicts = all(isinstance(value, dict) for value in values) and len(values) > 0
    if not is_of_dicts:
        return [VALUE], [_cells(_elements(values, element), kind=cell_kind(element), single=True)]
    if any(item is None for value in values for item in value.values()):
        raise CsvError(["a list of dicts has no CSV form when one holds None: an empty cell is no such key"])
    names = list(dict.fromkeys(name for value in values for name in value))
    if not names or (names == [VALUE] and element is None):
        raise CsvError([f"a list of dicts with the keys {names} has no CSV form"])
    kind = cell_kind(element.element if element is not None else None)
    columns = [
        _cells(
            _elements([value.get(name) for value in values], element and element.element),
            kind=kind,
            single=len(names) == 1,
        )
        for name in names
    ]
    return names, columns


def _dict(
    values: dict[str, Any], value_type: ValueType, variable: Variable
) -> tuple[list[str], list[list[str]]]:
    if values and all(isinstance(value, pd.DataFrame) for value in values.values()):
        return _dict_of_frames(values, variable)
    if value_type.element is not None and value_type.element.kind == VariableType.DATAFRAME:
        names = [VARIABLE, *(variable.columns or [VALUE])]
        return names, [[] for _ in names]
    _refuse_tables(value_type, values.values())
    keys = _cells(list(values), kind="string", single=False)
    return [VARIABLE, VALUE], [
        keys,
        _cells(
            _elements(values.values(), value_type.element), kind=cell_kind(value_type.element), single=False
        ),
    ]


def _dict_of_frames(frames: dict[str, pd.DataFrame], variable: Variable) -> tuple[list[str], list[list[str]]]:
    names = _common_columns(frames, variable)
    _refuse_too_many(columns=len(names), tables=len(frames))
    keys: list[str] = []
    columns: list[list[str]] = [[] for _ in names]
    for key, frame in frames.items():
        keys += [_quote(key)] * len(frame)
        for position, name in enumerate(names):
            kind = _kind_of_column(variable, name)
            columns[position] += _series(frame.iloc[:, position], kind, single=False)
    return [VARIABLE, *names], [keys, *columns]


def _common_columns(frames: dict[str, pd.DataFrame], variable: Variable) -> list[str]:
    first, *others = frames.values()
    if any(not frame.columns.equals(first.columns) for frame in others):
        raise CsvError(["a dict of tables has no CSV form when their columns are not the same"])
    names = [str(label) for label in first.columns]
    if not names or (names == [VALUE] and variable.value_type.element is None):
        raise CsvError([f"a dict of tables with the columns {names} has no CSV form"])
    empty = [key for key, frame in frames.items() if not len(frame)]
    if empty:
        raise CsvError([f"a dict of tables has no CSV form when one is empty: {empty[0]!r} has no rows"])
    return names


def _refuse_too_many(*, columns: int, tables: int = 1) -> None:
    faults = size_faults(columns=columns, tables=tables)
    if faults:
        raise CsvError([f"a value of {fault} has no CSV form" for fault in faults])


def _refuse_tables(value_type: ValueType, values: Iterable[Any]) -> None:
    if not has_csv_form(value_type.element) or any(isinstance(value, pd.DataFrame) for value in values):
        raise CsvError([f"a {value_type} of tables has no CSV form"])


def _elements(values: Iterable[Any], element: ValueType | None) -> list[Any]:
    """Elements of a list or dict: NaN is written where numbers are declared, as an empty cell is none."""
    elements = [float(value) if isinstance(value, np.floating) else value for value in values]
    if element is None or element.kind != VariableType.FLOAT:
        if any(isinstance(value, float) and math.isnan(value) for value in elements):
            raise CsvError(["NaN in a list or dict of no declared numbers has no CSV form"])
        return elements
    return [_NAN if isinstance(value, float) and math.isnan(value) else value for value in elements]


def _cells(values: Iterable[Any], *, kind: str, single: bool) -> list[str]:
    """Write cells; in a single column a missing number is ``""``: readers skip blank lines."""
    missing = _QUOTED_EMPTY if single and kind not in {"string", cells.ANY} else ""
    texts = [_text(value, kind) for value in values]
    return [missing if text is None else text for text in texts]


def _text(value: Any, kind: str) -> str | None:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else repr(float(value))
    if isinstance(value, list | tuple | dict | np.ndarray):
        return _quote(_json(value))
    text = str(value)
    if isinstance(value, int):  # a bool is one
        return text
    return _quote(text) if kind == "string" else _quote_undeclared(text)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, default=_plain, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise CsvError([f"a cell holds what has no CSV form: {error}"]) from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    msg = f"a {type(value).__name__}"
    raise TypeError(msg)


def _quote(text: str) -> str:
    if text and not _NEEDS_QUOTES.search(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def _quote_undeclared(text: str) -> str:
    protected = cells.protect_text(text)
    if protected == text and cells.looks_special(text):
        return f'"{text}"'
    return _quote(protected)
