"""CSV to values, by the type of the variable."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine import ValueType, Variable, VariableType
from sostrades_api.storage.csv_format import cells
from sostrades_api.storage.csv_format.errors import (
    SHOWN_FAULTS,
    CsvError,
    listed,
    raise_faults,
    size_faults,
)
from sostrades_api.storage.csv_format.text_table import TextColumn, TextTable, read_table

VALUE = "value"
VARIABLE = "variable"
_COLUMN_KINDS = {"float": "float", "int": "int", "string": "string", "bool": "bool", "list": cells.JSON}
_SCALARS = {VariableType.FLOAT, VariableType.INT, VariableType.STRING, VariableType.BOOL}


def parse(variable: Variable, data: bytes) -> Any:
    """Read the value of ``variable`` from a CSV; ``variable.check`` has still to judge ranges and the like.

    Raises:
        CsvError: The text, its header, the shape of its rows or a cell is wrong; faults name row and column,
            the first row under the header being row 1.
    """
    try:
        return _parse(read_table(data), variable)
    except CsvError as error:
        raise CsvError([*_other_separator(data), *error.faults]) from error


def _other_separator(data: bytes) -> list[str]:
    """What spreadsheets write where the decimal mark is a comma."""
    header = data.partition(b"\n")[0]
    if b"," in header or b"\x00" in header:  # a file that is no text has another fault
        return []
    for separator, name in ((b";", "semicolons"), (b"\t", "tabs")):
        if separator in header:
            return [f"the columns seem to be separated by {name}: use commas, and points in numbers"]
    return []


def _parse(table: TextTable, variable: Variable) -> Any:
    value_type = variable.value_type
    kind = value_type.kind
    if kind in _SCALARS:
        return _scalar(table, variable)
    if kind == VariableType.ARRAY:
        return _array(table)
    if kind == VariableType.DATAFRAME:
        raise_faults([f"the table has {fault}" for fault in size_faults(columns=len(table.columns))])
        _check_columns(table.header, variable)
        return _frame(table.columns, table.rows, variable)
    if kind == VariableType.LIST:
        return _list(table, value_type)
    return _dict(table, value_type, variable)


def cell_kind(value_type: ValueType | None) -> str:
    """Return how one element of a list or dict stands in its cell."""
    if value_type is None:
        return cells.ANY
    return value_type.kind.value if value_type.kind in _SCALARS else cells.JSON


def has_csv_form(value_type: ValueType | None) -> bool:
    """Tell whether an element of a list or dict has a form in a cell: tables have not."""
    return value_type is None or value_type.innermost.kind != VariableType.DATAFRAME


def _expect(table: TextTable, header: Sequence[str]) -> None:
    if table.header != list(header):
        raise CsvError([f"the header is {','.join(table.header)!r}, not {','.join(header)!r}"])


def _present(column: TextColumn, values: list[Any]) -> list[Any]:
    missing = [row for row, value in enumerate(values) if value is None]
    faults = [f"{column.where(row)}: is empty, a value is needed" for row in missing[:SHOWN_FAULTS]]
    raise_faults(faults, count=len(missing))
    return values


def _scalar(table: TextTable, variable: Variable) -> Any:
    _expect(table, [VALUE])
    column = table.columns[0]
    kind = cell_kind(variable.value_type)
    values = cells.cell_values(column, kind=kind)
    while len(values) > 1 and values[-1] is None:  # blank lines at the end
        values.pop()
    if len(values) != 1:
        raise CsvError([f"{len(values)} rows under the header, one is needed"])
    return values[0] if variable.optional else _present(column, values)[0]


def _array(table: TextTable) -> np.ndarray[Any, Any]:
    if table.header == [VALUE]:
        return cells.numbers_as_written(table.columns[0])
    _expect(table, [str(position) for position in range(len(table.columns))])
    return np.column_stack([cells.numbers_as_written(column) for column in table.columns])


def _check_columns(header: Sequence[str], variable: Variable) -> None:
    faults = []
    names = list(header)
    if len(set(names)) < len(names):
        faults.append("the header names a column twice")
    if variable.columns is not None:
        missing = [name for name in variable.columns if name not in names]
        known = names if variable.more_columns else variable.columns
        unknown = [name for name in names if name not in known]
        if missing:
            faults.append(f"missing columns: {listed(missing)}")
        if unknown:
            declared = ", ".join(variable.columns)
            faults.append(f"unknown columns: {listed(unknown)} (declared: {declared})")
    raise_faults(faults)


def _frame(columns: Sequence[TextColumn], rows: int, variable: Variable) -> pd.DataFrame:
    declared = variable.columns or {}
    values = {}
    for column in columns:
        known = declared.get(column.name)
        kind = _COLUMN_KINDS.get(known.type, cells.ANY) if known else cells.ANY
        values[column.name] = cells.column_values(column, kind=kind)
    return pd.DataFrame(values, index=pd.RangeIndex(rows))


def _list(table: TextTable, value_type: ValueType) -> list[Any]:
    element = value_type.element
    _refuse_tables(value_type)
    is_of_dicts = element is not None and element.kind == VariableType.DICT
    if table.header == [VALUE] and not (is_of_dicts and table.rows):
        values = cells.cell_values(table.columns[0], kind=cell_kind(element))
        return values if element is None else _present(table.columns[0], values)
    if element is not None and not is_of_dicts:
        _expect(table, [VALUE])
    inner = element.element if element is not None else None
    columns = [cells.cell_values(column, kind=cell_kind(inner)) for column in table.columns]
    return [
        {name: value for name, value in zip(table.header, row, strict=True) if value is not None}
        for row in zip(*columns, strict=True)
    ]


def _dict(table: TextTable, value_type: ValueType, variable: Variable) -> dict[str, Any]:
    element = value_type.element
    of_tables = element is not None and element.kind == VariableType.DATAFRAME
    undeclared = element is None and table.header[0] == VARIABLE and table.header != [VARIABLE, VALUE]
    if of_tables or undeclared:
        return _dict_of_frames(table, variable)
    _refuse_tables(value_type)
    _expect(table, [VARIABLE, VALUE])
    keys = _keys(table.columns[0])
    if len(set(keys)) < len(keys):
        seen: set[str] = set()
        twice = next(row for row, key in enumerate(keys) if key in seen or seen.add(key))
        raise CsvError([f"{table.columns[0].where(twice)}: {keys[twice]!r} stands there twice"])
    values = cells.cell_values(table.columns[1], kind=cell_kind(element))
    return dict(zip(keys, values if element is None else _present(table.columns[1], values), strict=True))


def _keys(column: TextColumn) -> list[str]:
    return _present(column, cells.cell_values(column, kind="string"))


def _dict_of_frames(table: TextTable, variable: Variable) -> dict[str, pd.DataFrame]:
    if table.header[0] != VARIABLE:
        raise CsvError([f"the first column is {table.header[0]!r}, not {VARIABLE!r}"])
    _check_columns(table.header[1:], variable)
    codes, names = pd.factorize(np.array(_keys(table.columns[0]), dtype=object))
    faults = size_faults(columns=len(table.columns) - 1, tables=len(names))
    raise_faults([f"the dict has {fault}" for fault in faults])
    if not len(names):
        return {}
    order = np.argsort(codes, kind="stable")
    columns = [column.part(order) for column in table.columns[1:]]
    ends = np.cumsum(np.bincount(codes)).tolist()
    return {
        name: _frame([column.slice(start, end) for column in columns], end - start, variable)
        for name, start, end in zip(names, [0, *ends[:-1]], ends, strict=True)
    }


def _refuse_tables(value_type: ValueType) -> None:
    if not has_csv_form(value_type.element):
        raise CsvError([f"a {value_type} has no CSV form"])
