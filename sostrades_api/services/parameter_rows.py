"""Some rows of a parameter or an output as CSV, as a page shows them of a long table."""

import csv
import io
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy.orm import Session

from sostrades_api.models import StudyCase
from sostrades_api.services.parameter_download import as_csv, parameter_value
from sostrades_api.storage import ValueStore


@dataclass(frozen=True, kw_only=True)
class ParameterRows:
    """A header and the rows of page ``number`` of ``last_number``, out of ``total`` rows."""

    content: bytes
    number: int
    last_number: int
    total: int


def parameter_rows(
    session: Session, study: StudyCase, *, parameter_key: str, values: ValueStore, number: int, size: int
) -> ParameterRows:
    """Page ``number`` (the first is 1) of ``size`` rows; a number beyond the last page gives the last.

    Raises:
        The same as `parameter_download`.
    """
    variable, value = parameter_value(session, study, parameter_key=parameter_key, values=values)
    total = _count(value)
    last = max(1, -(-total // size))
    number = min(max(1, number), last)
    rows = slice((number - 1) * size, number * size)
    by_text = _is_of_dicts(value)  # its header depends on all of its rows
    if total > size and not by_text:
        value = _part(value, rows)
    content = as_csv(variable, value, parameter_key=parameter_key)
    if total > size and by_text:
        content = _lines(content, rows)
    return ParameterRows(content=content, number=number, last_number=last, total=total)


def _count(value: Any) -> int:
    """Rows of its CSV form."""
    if _holds_tables(value):
        return sum(len(frame) for frame in value.values())
    if isinstance(value, pd.DataFrame | list | tuple | dict) or (
        isinstance(value, np.ndarray) and value.ndim
    ):
        return len(value)
    return 0 if value is None else 1


def _part(value: Any, rows: slice) -> Any:
    if isinstance(value, pd.DataFrame):
        return value.iloc[rows]
    if _holds_tables(value):
        return _part_of_tables(value, rows)
    if isinstance(value, dict):
        return dict(itertools.islice(value.items(), rows.start, rows.stop))
    return value[rows]


def _part_of_tables(frames: dict[str, pd.DataFrame], rows: slice) -> dict[str, pd.DataFrame]:
    """The tables that have some of these rows."""
    found, start = {}, 0
    for key, frame in frames.items():
        part = frame.iloc[max(0, rows.start - start) : max(0, rows.stop - start)]
        if len(part):
            found[key] = part
        start += len(frame)
    return found


def _is_of_dicts(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value)


def _lines(content: bytes, rows: slice) -> bytes:
    lines = csv.reader(io.StringIO(content.decode(), newline=""))
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(
        [next(lines), *itertools.islice(lines, rows.start, rows.stop)]
    )
    return out.getvalue().encode()


def _holds_tables(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(item, pd.DataFrame) for item in value.values())
