"""Bytes to a table of texts: encoding, quoting and the shape of rows are checked here, cells are not read."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from sostrades_api.storage.csv_format.errors import MOST_COLUMNS, SHOWN_FAULTS, CsvError, listed, raise_faults

# Put in front of each quoted cell; free to use, because input with NUL bytes is refused.
QUOTED = "\0"
_BOM = b"\xef\xbb\xbf"
_UTF_16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_MAX_BLOCK = 1 << 30
_CELL = rb'"[^"]*+(?:""[^"]*+)*+"'
# A quoted cell where one may begin. Possessive: cannot go wrong slowly. The look-behind comes after
# the quote, so that the search jumps from quote to quote.
_QUOTED_CELL = re.compile(rb'"(?<=[,\r\n]")([^"]*+(?:""[^"]*+)*+"(?=[,\r\n]|\Z))')
_HEADER_CELL = re.compile(rb"(" + _CELL + rb'|[^",\r\n]*)(,|\r\n|\n|\r|\Z)')


@dataclass(frozen=True)
class TextColumn:
    """A column of texts; null is an empty cell, a leading ``QUOTED`` marks a quoted one if ``marked``."""

    name: str
    texts: pa.Array
    marked: bool
    rows: np.ndarray[Any, Any] | None = None  # numbers of its rows in the file, if it is a part

    def where(self, row: int) -> str:
        """Name a cell; the first row under the header is row 1."""
        number = row if self.rows is None else int(self.rows[row])
        return f"column {self.name!r}, row {number + 1}"

    def part(self, rows: np.ndarray[Any, Any]) -> "TextColumn":
        """Return these rows only."""
        return TextColumn(self.name, self.texts.take(pa.array(rows)), self.marked, rows)

    def slice(self, start: int, end: int) -> "TextColumn":
        """Return the rows of a part from ``start`` to before ``end``, without copying them."""
        rows = None if self.rows is None else self.rows[start:end]
        return TextColumn(self.name, self.texts.slice(start, end - start), self.marked, rows)


@dataclass(frozen=True)
class TextTable:
    """A header and its columns."""

    columns: tuple[TextColumn, ...]
    rows: int

    @property
    def header(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]


def read_table(data: bytes) -> TextTable:
    """Read a CSV without interpreting its cells.

    Raises:
        CsvError: It is empty, not UTF-8, wrongly quoted, or a row has too many or too few cells.
    """
    data = _checked_text(data)
    header, start = _read_header(data)
    body = data[start:]
    marked = b'"' in body
    if marked:
        body = _mark_quoted(body, first_line=data.count(b"\n", 0, start) + 1)
    columns, rows = _read_columns(body, len(header))
    return TextTable(
        tuple(TextColumn(name, texts, marked) for name, texts in zip(header, columns, strict=True)), rows
    )


def _checked_text(data: bytes) -> bytes:
    if data.startswith(_UTF_16_BOMS):
        raise CsvError(["the file is UTF-16; save it as UTF-8"])
    data = data.removeprefix(_BOM)
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise CsvError([f"line {line} has a NUL byte: this is not a text in UTF-8"])
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CsvError([f"line {line} is not UTF-8 (Latin-1, perhaps); save the file as UTF-8"]) from error
    if not data.strip():
        raise CsvError(["the file is empty; a header line is needed"])
    return data


def _mark_quoted(body: bytes, *, first_line: int) -> bytes:
    lines = b"\n" + body  # the first cell begins after a line end, too
    if b'"' in _QUOTED_CELL.sub(b"", lines):
        rest = _QUOTED_CELL.sub(lambda cell: b"\n" * cell[0].count(b"\n"), lines)
        line = first_line + rest.count(b"\n", 0, rest.index(b'"')) - 1
        raise CsvError(
            [f'line {line} has a quote that is not closed or not doubled (a cell is "like ""this""")']
        )
    return _QUOTED_CELL.sub(rb'"\0\1', lines)[1:]


def _read_header(data: bytes) -> tuple[list[str], int]:
    names: list[str] = []
    position = 0
    while cell := _HEADER_CELL.match(data, position):
        text = cell[1].decode("utf-8")
        if text.startswith('"'):
            names.append(text[1:-1].replace('""', '"'))
        elif text:
            names.append(text)
        else:
            hint = "; leave out the index of the table" if not names else ""
            raise CsvError([f"column {len(names) + 1} has no name in the header{hint}"])
        if len(names) > MOST_COLUMNS + 1:  # one more than a table's: the keys of a dict of tables
            raise CsvError([f"the header has more than {MOST_COLUMNS} columns"])
        position = cell.end()
        if cell[2] != b",":
            break
    else:
        raise CsvError(["a quote in the header is not closed or not doubled"])
    twice = [name for name, count in Counter(names).items() if count > 1]
    # The first column of a dict of tables is theirs by place: a table may have a column of that name too.
    if twice and twice != [names[0]]:
        raise CsvError([f"the header names {listed(map(repr, twice))} twice"])
    return names, position


def _read_columns(body: bytes, width: int) -> tuple[list[pa.Array], int]:
    if not body or (width > 1 and not body.strip()):
        return [pa.array([], pa.string())] * width, 0
    names = [str(position) for position in range(width)]
    faults: list[str] = []
    count = 0

    def on_ragged(row: pyarrow.csv.InvalidRow) -> str:
        nonlocal count
        count += 1
        if len(faults) < SHOWN_FAULTS:
            faults.append(f"row {row.number} has {row.actual_columns} cells, not {row.expected_columns}")
        return "skip"

    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(body),
            # One block: a quoted cell may be of any length; one thread: rows keep their numbers.
            read_options=pyarrow.csv.ReadOptions(
                column_names=names, use_threads=False, block_size=min(max(len(body), 1 << 16), _MAX_BLOCK)
            ),
            parse_options=pyarrow.csv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=width > 1, invalid_row_handler=on_ragged
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
            ),
        )
    except pa.ArrowException as error:
        raise CsvError([f"the file is not a CSV: {error}"]) from error
    raise_faults(faults, count=count)
    return [column.combine_chunks() for column in table.columns], table.num_rows
