"""Values as CSV, both ways; ``parse(variable, dump(variable, value))`` is the value again.

=====================  ==============================================================
type                   header and rows
=====================  ==============================================================
scalar                 ``value``, one row
list, 1-D array        ``value``, one row an element
2-D array              ``0,1,2,...``: one column an axis-1 index
dict                   ``variable,value``
list of dicts          one column a key, in the order of first appearance
dict of dataframes     ``variable,<columns>``
dataframe              its columns as they are, no index
=====================  ==============================================================

UTF-8 (a BOM is accepted), comma, RFC 4180 quoting, decimal point, any line end. Cells are data, never
evaluated. A blank line is a missing cell in a file of one column, and nothing in others.

- An empty cell is missing: NaN in a column, no such key in a list of dicts, no value for an optional scalar.
  A *quoted* empty cell (``""``) is the empty string where text is declared, and missing elsewhere.
- Text is kept as it is (``NA``, ``1e5``, ``=1+1``, ``007``). Where no type is declared, what looks like a
  whole number, a number or ``True``/``False`` is one, unless it is quoted; a column without any cell
  holds NaN. Integers come back with 64 bits.
- Lists, dicts and arrays inside a list, a dict or a column are JSON in their cell.
- What has no CSV form is refused: arrays of three dimensions; tables nested deeper than one dict; in a dict
  of tables one without rows, or with columns of its own; None in a list of dicts; NaN in a list or dict
  whose elements are not declared to be floats; more columns or tables than ``errors`` allows, also to parse.
"""

from sostrades_api.storage.csv_format.dump import dump
from sostrades_api.storage.csv_format.errors import CsvError
from sostrades_api.storage.csv_format.parse import parse

__all__ = ["CsvError", "dump", "parse"]
