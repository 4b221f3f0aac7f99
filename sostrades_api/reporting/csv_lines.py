"""The numbers behind a picture as lines of CSV (RFC 4180), exact to the last digit."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from sostrades_api.charts import Chart, Series, Table
from sostrades_api.reporting.plain import plain_list

_NUMBERS = {int, float, type(None)}
_NEEDS_QUOTES = re.compile(r'[",\r\n]')


def csv_lines(header: Sequence[str], columns: Sequence[list[Any]]) -> list[str]:
    """Header and columns of plain scalars as lines without their line end; None is an empty cell."""
    cells = [_cells(column) for column in columns]
    return [",".join(map(_quoted, header)), *map(",".join, zip(*cells, strict=True))]


def _cells(column: list[Any]) -> list[str]:
    if column and set(map(type, column)) <= _NUMBERS:
        # orjson prints a float as exactly as ``repr``, in a tenth of its time; numbers need no quotes.
        return ["" if cell == "null" else cell for cell in orjson.dumps(column)[1:-1].decode().split(",")]
    return ["" if value is None else _quoted(str(value)) for value in column]


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _NEEDS_QUOTES.search(cell) else cell


def chart_csv(chart: Chart) -> list[str]:
    """One row an abscissa, one column a series, each header with its unit."""
    header = [chart.x_axis.title, *(_series_title(chart, series) for series in chart.series)]
    columns = [(plain_list(series.x), plain_list(series.y)) for series in chart.series]
    if not columns:
        return csv_lines(header, [])
    shared = columns[0][0]
    if all(abscissa == shared for abscissa, _ in columns):
        return csv_lines(header, [shared, *(ordinate for _, ordinate in columns)])
    return csv_lines(header, _merged(columns))


def _series_title(chart: Chart, series: Series) -> str:
    axis = chart.secondary_y_axis if series.secondary and chart.secondary_y_axis else chart.y_axis
    return f"{series.name} [{axis.unit}]" if axis.unit else series.name


def _merged(columns: Sequence[tuple[list[Any], list[Any]]]) -> list[list[Any]]:
    """Columns over the union of the abscissas; one that a series has several times makes several rows."""
    rows: dict[tuple[Any, int], list[Any]] = {}
    for rank, (abscissa, ordinate) in enumerate(columns, start=1):
        seen: dict[Any, int] = {}
        for x, y in zip(abscissa, ordinate, strict=True):
            seen[x] = seen.get(x, 0) + 1
            rows.setdefault((x, seen[x]), [x] + [None] * len(columns))[rank] = y
    return [list(column) for column in zip(*rows.values(), strict=True)]


def table_csv(table: Table) -> list[str]:
    """The table as it is."""
    columns = [plain_list(column.values) for column in table.columns]
    return csv_lines([column.title for column in table.columns], columns)


def native_csv(data: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a native figure holds of plain points or slices: one row each, with the name of its trace."""
    rows: list[list[Any]] = []
    for trace in data:
        first = trace.get("x", trace.get("labels"))
        second = trace.get("y", trace.get("values"))
        if isinstance(first, list) and isinstance(second, list):
            pairs = zip(first, second, strict=False)
            rows += [[trace.get("name"), *pair] for pair in pairs if not isinstance(pair[1], (list, dict))]
    return csv_lines(["series", "x", "y"], [list(column) for column in zip(*rows, strict=True)])
