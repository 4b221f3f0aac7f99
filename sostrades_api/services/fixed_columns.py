"""Columns that are declared not editable: an update gives them as they are."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine import InvalidValue, Variable

_SHOWN_FAULTS = 5


def fixed_columns(variable: Variable) -> tuple[str, ...]:
    """Names of the columns that an update may not change."""
    columns = variable.columns or {}
    return tuple(name for name, column in columns.items() if not column.editable)


def require_fixed_columns(variable: Variable, given: Any, *, present: Any) -> None:
    """Compare a checked value with the present one; tables without rows, or new in a dict, fix nothing yet.

    Raises:
        InvalidValue: each changed cell by column and row (the first is row 1), or another number of rows.
    """
    faults: list[str] = []
    for where, new, old in _pairs(given, present, ""):
        faults += _faults(new, old, fixed_columns(variable), where)
    if faults:
        raise InvalidValue(faults)


def _pairs(new: Any, old: Any, where: str) -> list[tuple[str, pd.DataFrame, pd.DataFrame]]:
    if isinstance(new, pd.DataFrame) and isinstance(old, pd.DataFrame):
        return [(where, new, old)] if len(old) else []
    if isinstance(new, Mapping) and isinstance(old, Mapping):
        below = [(f"{where}{key!r}: ", new[key], old[key]) for key in new if key in old]
    elif isinstance(new, list | tuple) and isinstance(old, list | tuple):
        both = zip(new, old, strict=False)
        below = [(f"{where}element {number}: ", *pair) for number, pair in enumerate(both, start=1)]
    else:
        return []
    return [pair for place, one, other in below for pair in _pairs(one, other, place)]


def _faults(new: pd.DataFrame, old: pd.DataFrame, names: tuple[str, ...], where: str) -> list[str]:
    if len(new) != len(old):
        fixed = ", ".join(map(repr, names))
        return [f"{where}it has {len(new)} rows, not {len(old)}: the rows of column {fixed} are not editable"]
    faults = []
    for name in names:
        changed = np.flatnonzero([not _same(*cells) for cells in zip(new[name], old[name], strict=True)])
        faults += [
            f"{where}column {name!r}, row {row + 1}: {_shown(new[name].iloc[row])} is not "
            f"{_shown(old[name].iloc[row])}, and this column is not editable"
            for row in changed[:_SHOWN_FAULTS]
        ]
        if len(changed) > _SHOWN_FAULTS:
            faults.append(f"{where}column {name!r}: {len(changed) - _SHOWN_FAULTS} more rows are changed")
    return faults


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, list | np.ndarray) or isinstance(other, list | np.ndarray):
        return np.array_equal(np.asarray(one, dtype=object), np.asarray(other, dtype=object))
    return bool(one == other) or bool(pd.isna(one) and pd.isna(other))


def _shown(cell: Any) -> str:
    return repr(cell.item() if isinstance(cell, np.generic) else cell)
