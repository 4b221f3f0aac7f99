"""The numbers behind a picture as lines of CSV (RFC 4180), exact to the last digit."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sostrades_api.charts import Chart, Series, Table
from sostrades_api.reporting.plain import plain_list


class _Lines(list[str]):
    """A file for ``csv.writer`` that keeps every line apart, without its end."""

    def write(self, line: str) -> None:
        self.append(line.removesuffix("\r\n"))


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Header and rows as lines without their line end; None is an empty cell."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return list(lines)


def chart_csv(chart: Chart) -> list[str]:
    """One row an abscissa, one column a series, each header with its unit."""
    header = [chart.x_axis.title, *(_series_title(chart, series) for series in chart.series)]
    columns = [(plain_list(series.x), plain_list(series.y)) for series in chart.series]
    if not columns:
        return csv_lines(header, [])
    shared = columns[0][0]
    if all(abscissa == shared for abscissa, _ in columns):
        return csv_lines(header, zip(shared, *(ordinate for _, ordinate in columns), strict=True))
    return csv_lines(header, _merged(columns))


def _series_title(chart: Chart, series: Series) -> str:
    axis = chart.secondary_y_axis if series.secondary and chart.secondary_y_axis else chart.y_axis
    return f"{series.name} [{axis.unit}]" if axis.unit else series.name


def _merged(columns: Sequence[tuple[list[Any], list[Any]]]) -> Iterable[list[Any]]:
    """Rows over the union of the abscissas; one that a series has several times makes several rows."""
    rows: dict[tuple[Any, int], list[Any]] = {}
    for rank, (abscissa, ordinate) in enumerate(columns, start=1):
        seen: dict[Any, int] = {}
        for x, y in zip(abscissa, ordinate, strict=True):
            seen[x] = seen.get(x, 0) + 1
            rows.setdefault((x, seen[x]), [x] + [None] * len(columns))[rank] = y
    return rows.values()


def table_csv(table: Table) -> list[str]:
    """The table as it is."""
    columns = [plain_list(column.values) for column in table.columns]
    return csv_lines([column.title for column in table.columns], zip(*columns, strict=True))


def native_csv(data: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a native figure holds of plain points or slices: one row each, with the name of its trace."""
    rows: list[list[Any]] = []
    for trace in data:
        first = trace.get("x", trace.get("labels"))
        second = trace.get("y", trace.get("values"))
        if isinstance(first, list) and isinstance(second, list):
            pairs = zip(first, second, strict=False)
            rows += [[trace.get("name"), *pair] for pair in pairs if not isinstance(pair[1], (list, dict))]
    return csv_lines(["series", "x", "y"], rows)
