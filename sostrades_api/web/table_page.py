"""A table of a value, page by page, read from its CSV so that the page shows what a download holds."""

import csv
import io
import itertools
from dataclasses import dataclass

ROWS = 100


@dataclass(frozen=True)
class TablePage:
    """Rows ``first`` to ``last`` (counted from 1) of ``total``."""

    header: list[str]
    rows: list[list[str]]
    number: int
    last_number: int
    first: int
    total: int


def table_pages(content: bytes, *, number: int) -> TablePage:
    """One page of a CSV file; a number beyond the last page gives the last."""
    lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    header = next(lines, [])
    everything = list(lines)
    last = max(1, -(-len(everything) // ROWS))
    number = min(number, last)
    start = (number - 1) * ROWS
    rows = list(itertools.islice(everything, start, start + ROWS))
    return TablePage(header, rows, number, last, start + 1, len(everything))
