"""A page of a table, read from its rows as CSV so that the page shows what a download holds."""

import csv
import io
from dataclasses import dataclass

from sostrades_api.services.parameter_rows import ParameterRows

ROWS = 100


@dataclass(frozen=True)
class TablePage:
    """Rows from ``first`` (counted from 1) of ``total``."""

    header: list[str]
    rows: list[list[str]]
    number: int
    last_number: int
    first: int
    total: int


def table_page(found: ParameterRows) -> TablePage:
    """The cells of a page of `ROWS` rows."""
    lines = csv.reader(io.StringIO(found.content.decode("utf-8-sig"), newline=""))
    header, rows = next(lines, []), list(lines)
    return TablePage(
        header, rows, found.number, found.last_number, (found.number - 1) * ROWS + 1, found.total
    )
