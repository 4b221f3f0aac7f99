"""Full check of a table against its declared columns; faults name row (the first is row 1) and column."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.exactness import inexact_rows, is_exact
from sostrades_api.engine.output_faults import unstorable_inside
from sostrades_api.engine.tables import layout, names_of, own_table
from sostrades_api.engine.value_types import Column

_SHOWN_FAULTS = 5
# columns of these dtypes hold nothing that a cell-by-cell look could find wrong
_NORMAL = {"float": np.dtype(np.float64), "int": np.dtype(np.int64), "bool": np.dtype(np.bool_)}


def plain_index(frame: pd.DataFrame) -> bool:
    """Whether rows are numbered 0, 1, 2, ...: anything else would be lost in storage."""
    index = frame.index
    if type(index) is pd.RangeIndex:
        return index.start == 0 and index.step == 1
    return index.nlevels == 1 and index.dtype.kind == "i" and bool((index == np.arange(len(index))).all())


def check_frame(
    frame: pd.DataFrame,
    *,
    columns: Mapping[str, Column] | None,
    where: str,
    faults: list[str],
    more: bool = False,
) -> pd.DataFrame:
    """The table with columns in declared order and normalised dtypes; adds to ``faults`` what is wrong.

    With ``more``, columns that are not declared follow the declared ones, and hold whatever can be stored.
    """
    if columns is not None and _is_as_declared(frame, columns):
        return own_table(frame)
    if not all(isinstance(name, str) for name in frame.columns) or not frame.columns.is_unique:
        faults.append(f"{where}column names must be different texts, got {list(frame.columns)}")
        return frame
    if not plain_index(frame):
        faults.append(
            f"{where}the table has an index of its own; put it in a column or reset_index(drop=True)"
        )
        return frame
    if columns is not None and not _columns_fit(frame, columns, where, faults, more=more):
        return frame
    declared = columns or {}
    names = [*declared, *(name for name in frame.columns if name not in declared)]
    if list(frame.columns) != names:
        frame = frame.reindex(columns=names)
    changed: dict[str, pd.Series] = {}
    for name, dtype in zip(names, frame.dtypes, strict=True):
        column = declared.get(name)
        # numpy takes None for float64 in comparisons, so a kind without normal dtype is asked for first
        if column and column.type in _NORMAL and dtype == _NORMAL[column.type] and not column.range:
            continue
        checked = _check_column(pd.Series(frame[name]), column, f"{where}column {name!r}", faults)
        if checked.dtype != dtype:
            changed[name] = checked
    frame = frame.copy(deep=False)
    for name, checked in changed.items():
        frame[name] = checked
    is_plain = type(frame.index) is pd.RangeIndex and frame.index.name is None  # a name would not be stored
    return frame if is_plain else frame.reset_index(drop=True)


def _is_as_declared(frame: pd.DataFrame, columns: Mapping[str, Column]) -> bool:
    """Whether a glance shows nothing to check: all columns are floats of any size, as they should be."""
    return (
        all(column.type == "float" and column.range is None for column in columns.values())
        and layout(frame) == np.float64
        and type(frame.index) is pd.RangeIndex
        and frame.index.name is None
        and plain_index(frame)
        and names_of(tuple(columns)).are_those_of(frame)
    )


def _columns_fit(
    frame: pd.DataFrame, columns: Mapping[str, Column], where: str, faults: list[str], *, more: bool
) -> bool:
    missing = [name for name in columns if name not in frame.columns]
    extra = [] if more else [name for name in frame.columns if name not in columns]
    if missing:
        faults.append(f"{where}missing columns: {', '.join(missing)}")
    if extra:
        faults.append(f"{where}unknown columns: {', '.join(extra)} (declared: {', '.join(columns)})")
    return not missing and not extra


def _check_column(series: pd.Series, column: Column | None, where: str, faults: list[str]) -> pd.Series:
    kind = column.type if column else "multiple"
    if kind == "float":
        return _numbers(series, column, where, faults)
    if kind == "int":
        return _whole_numbers(series, column, where, faults)
    if isinstance(series.dtype, pd.StringDtype) and kind in {"string", "multiple"}:
        return series.astype("str")
    if series.dtype.kind in "fiub" and kind == "multiple" and isinstance(series.dtype, np.dtype):
        return series
    wrong = {"string": _not_text, "bool": _not_bool, "list": _not_list}.get(kind, _not_storable)
    _report([(row, value, f"not {kind}") for row, value in enumerate(series) if wrong(value)], where, faults)
    if kind == "bool" and series.dtype == object and not faults:
        return series.astype(bool)
    return series.astype("str") if kind == "string" and not faults else series


def _report(found: list[tuple[int, Any, str]], where: str, faults: list[str]) -> None:
    faults.extend(
        f"{where}, row {row + 1}: {value!r} is {reason}" for row, value, reason in found[:_SHOWN_FAULTS]
    )
    if len(found) > _SHOWN_FAULTS:
        faults.append(f"{where}: {len(found) - _SHOWN_FAULTS} more rows are wrong")


def _numbers(series: pd.Series, column: Column | None, where: str, faults: list[str]) -> pd.Series:
    if series.dtype.kind not in "fiu" or not isinstance(series.dtype, np.dtype):
        bad = [(row, value, "not a number") for row, value in enumerate(series) if not _number(value)]
        _report(bad, where, faults)
        if bad:
            return series
    _report(
        [(row, series.iloc[row], "too large for a float to hold exactly") for row in _inexact(series)],
        where,
        faults,
    )
    numbers = series.astype(np.float64)
    _in_range(numbers, column, where, faults)
    return numbers


def _inexact(series: pd.Series) -> list[int]:
    if series.dtype.kind in "iu":
        return [int(row) for row in inexact_rows(series.to_numpy())]
    if series.dtype.kind == "f":
        return []
    return [row for row, value in enumerate(series) if _whole(value) and not is_exact(value)]


def _whole_numbers(series: pd.Series, column: Column | None, where: str, faults: list[str]) -> pd.Series:
    if series.dtype.kind not in "iu" or not isinstance(series.dtype, np.dtype):
        bad = [(row, value, "not a whole number") for row, value in enumerate(series) if not _whole(value)]
        _report(bad, where, faults)
        if bad:
            return series
    try:
        numbers = series.astype(np.int64)
    except OverflowError:
        faults.append(f"{where}: a number does not fit 64 bits")
        return series
    _in_range(numbers, column, where, faults)
    return numbers


def _in_range(numbers: pd.Series, column: Column | None, where: str, faults: list[str]) -> None:
    if column is None or column.range is None:
        return
    low, high = column.range
    values = numbers.to_numpy()
    rows = np.flatnonzero(~((values >= low) & (values <= high)))
    _report([(int(row), values[row].item(), f"outside [{low:g}, {high:g}]") for row in rows], where, faults)


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - true for nan only


def _number(value: Any) -> bool:
    return _missing(value) or (
        isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, (bool, np.bool_))
    )


def _whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_))


def _not_text(value: Any) -> bool:
    return not isinstance(value, str) and not _missing(value)


def _not_bool(value: Any) -> bool:
    return not isinstance(value, (bool, np.bool_))


def _not_list(value: Any) -> bool:
    return not isinstance(value, (list, np.ndarray))


def _not_storable(value: Any) -> bool:
    return not _missing(value) and unstorable_inside(value) is not None
