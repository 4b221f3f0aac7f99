"""Texts to values: one cell by its type, or a whole column at once."""

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from sostrades_api.storage.csv_format.errors import SHOWN_FAULTS, CsvError, raise_faults
from sostrades_api.storage.csv_format.text_table import QUOTED, TextColumn

pc = cast("Any", pyarrow.compute)  # its functions are made at run time, unseen by type checkers
ANY = "any"  # a cell whose type is not declared
JSON = "json"  # a cell that holds a list, a dict or an array

_FLOAT = r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|(?i:inf|infinity|nan))"
_INT = r"[+-]?[0-9]+"
# Stricter where nothing is declared: 007 and +1 are codes rather than numbers.
_PLAIN_INT = r"-?(?:0|[1-9][0-9]*)"
_PLAIN_FLOAT = _PLAIN_INT + r"(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|-?inf"
_IS_FLOAT, _IS_INT = re.compile(_FLOAT), re.compile(_INT)
_IS_PLAIN_INT, _IS_PLAIN_FLOAT = re.compile(_PLAIN_INT), re.compile(_PLAIN_FLOAT)
_FLAGS = {"true": True, "false": False}
_PLAIN_FLAGS = {"True": True, "true": True, "False": False, "false": False}
_JSON_STARTS = ("[", "{", '"')
_SHOWN_LENGTH = 40
# Arrow compiles a pattern at each call; for fewer texts than these Python is quicker (measured).
_FEW = 100


def looks_special(text: str) -> bool:
    """Tell whether an unquoted cell of no declared type would not be read as this text."""
    return text in _PLAIN_FLAGS or _IS_PLAIN_FLOAT.fullmatch(text) is not None


def protect_text(text: str) -> str:
    """Write a text of no declared type such that it is not taken for JSON."""
    return json.dumps(text) if _embedded(text) is not None else text


def cell_values(column: TextColumn, *, kind: str) -> list[Any]:
    """Return the values of a column, None where a cell is missing.

    Raises:
        CsvError: A cell is not of this kind; row and column are named.
    """
    read = _READERS[kind]
    values: list[Any] = []
    faults: list[str] = []
    for row, text in enumerate(column.texts.to_pylist()):
        quoted = column.marked and text is not None and text.startswith(QUOTED)
        bare = text[1:] if text is not None and quoted else text
        if bare is None or (not bare.strip() and kind not in {ANY, "string"}):
            values.append(None)
            continue
        try:
            values.append(bare if quoted and kind == ANY and not bare else read(bare, quoted))
        except ValueError as error:
            faults.append(f"{column.where(row)}: {_shown(bare)} {error}")
    raise_faults(faults)
    return values


def column_values(column: TextColumn, *, kind: str) -> Any:
    """Return a column as a DataFrame holds it: an array or a pandas array, missing cells as NaN.

    Raises:
        CsvError: A cell is not of this kind, or is missing where no number stands for it.
    """
    if kind == "float":
        return numbers(column)
    if kind == "string":
        return _text_array(unquoted(column))
    if kind == ANY:
        return _undeclared(column)
    values = cell_values(column, kind=kind)
    missing = [row for row, value in enumerate(values) if value is None]
    wanted = {"int": "a whole number", "bool": "True or False", JSON: "a list"}[kind]
    faults = [f"{column.where(row)}: is empty, {wanted} is needed" for row in missing[:SHOWN_FAULTS]]
    raise_faults(faults, count=len(missing))
    if kind == "int":
        return _whole_numbers(values, column)
    return np.array(values, dtype=bool) if kind == "bool" else _objects(values)


def numbers(column: TextColumn) -> np.ndarray[Any, Any]:
    """Return a column of numbers, NaN where a cell is empty.

    Raises:
        CsvError: A cell is not a number.
    """
    texts = pc.utf8_trim_whitespace(unquoted(column))
    texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    try:
        return texts.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:  # something Arrow does not read: +1, for one, or letters
        values = cell_values(column, kind="float")
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def numbers_as_written(column: TextColumn) -> np.ndarray[Any, Any]:
    """Return a column of numbers as 64-bit integers when it holds nothing else, as floats otherwise."""
    texts = unquoted(column)
    if not texts.null_count and len(texts) and _all_match(texts, _PLAIN_INT):
        for wide in (pa.int64(), pa.uint64()):
            with contextlib.suppress(pa.ArrowInvalid):
                return texts.cast(wide).to_numpy(zero_copy_only=False)
    return numbers(column)


def unquoted(column: TextColumn) -> pa.Array:
    """Return the texts without marks."""
    if not column.marked:
        return column.texts
    return pc.replace_substring_regex(column.texts, pattern=r"^\x00", replacement="")


def _undeclared(column: TextColumn) -> Any:
    texts = column.texts
    if texts.null_count == len(texts):
        return np.full(len(texts), np.nan)
    present = texts.drop_null()
    if _all_match(present, _PLAIN_FLOAT):
        return numbers_as_written(column)
    values = cell_values(column, kind=ANY)
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return np.array(values)
    if kinds <= {str, type(None)}:
        return _text_array(pa.array(values, pa.string()))
    return _objects([np.nan if value is None else value for value in values])


def _text_array(texts: pa.Array) -> Any:
    return pd.StringDtype(na_value=np.nan).__from_arrow__(texts)


def _whole_numbers(values: list[int], column: TextColumn) -> np.ndarray[Any, Any]:
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError as error:
        msg = f"column {column.name!r}: a number does not fit 64 bits"
        raise CsvError([msg]) from error


def _objects(values: list[Any]) -> np.ndarray[Any, Any]:
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def _all_match(texts: pa.Array, pattern: str) -> bool:
    if len(texts) <= _FEW:
        return all(map(re.compile(pattern).fullmatch, texts.to_pylist()))
    return bool(pc.all(pc.match_substring_regex(texts, f"^(?:{pattern})$"), min_count=0).as_py())


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 3] + "...")


def _float(text: str, _quoted: bool) -> float:  # noqa: FBT001 - one signature for all readers
    if not _IS_FLOAT.fullmatch(text.strip()):
        msg = "is not a number"
        raise ValueError(msg)
    return float(text)


def _int(text: str, _quoted: bool) -> int:  # noqa: FBT001
    if not _IS_INT.fullmatch(text.strip()):
        msg = "is not a whole number"
        raise ValueError(msg)
    try:
        return int(text)
    except ValueError as error:
        msg = "has too many digits"
        raise ValueError(msg) from error


def _string(text: str, _quoted: bool) -> str:  # noqa: FBT001
    return text


def _bool(text: str, _quoted: bool) -> bool:  # noqa: FBT001
    flag = _FLAGS.get(text.strip().lower())
    if flag is None:
        msg = "is not True or False"
        raise ValueError(msg)
    return flag


def _json(text: str, _quoted: bool) -> Any:  # noqa: FBT001
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, list | dict):
        return value
    msg = "is not a list or a dict in JSON"
    raise ValueError(msg)


def _any(text: str, quoted: bool) -> Any:  # noqa: FBT001
    if not quoted and text in _PLAIN_FLAGS:
        return _PLAIN_FLAGS[text]
    if not quoted and _IS_PLAIN_INT.fullmatch(text):
        return _int(text, quoted)
    if not quoted and _IS_PLAIN_FLOAT.fullmatch(text):
        return float(text)
    embedded = _embedded(text)
    return text if embedded is None else embedded


def _embedded(text: str) -> Any:
    """Return the list, dict or protected text that a cell of no declared type holds as JSON, or None."""
    if not text.startswith(_JSON_STARTS):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list | dict) or _embedded(value) is not None else None


_READERS: dict[str, Callable[[str, bool], Any]] = {
    "float": _float,
    "int": _int,
    "string": _string,
    "bool": _bool,
    JSON: _json,
    ANY: _any,
}
