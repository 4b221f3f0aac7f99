"""Quick check of a table that a discipline returns."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.output_faults import (
    NotFiniteError,
    OutputFaultError,
    all_finite,
    not_finite_inside,
    unstorable_inside,
    wrong_type,
)
from sostrades_api.engine.protection import OBJECTS, freeze_frame
from sostrades_api.engine.table_validation import plain_index
from sostrades_api.engine.tables import (
    glance,
    is_held,
    kept_table,
    names_of,
    numeric_rows,
    own_table,
    plainly_ordered,
)
from sostrades_api.engine.value_types import INT_LIMITS, Column

_SCALARS = frozenset({str, bool, int, float, type(None)})
_STORED = {"float": np.dtype(np.float64), "int": np.dtype(np.int64)}
_DTYPE_KINDS = {"float": "fiu", "int": "iu", "bool": "b", "string": "OU", "list": "O", "multiple": "OUfiub"}


class FrameChecker:
    """Checks columns, dtypes and finite numbers; remembers the last columns and dtypes that were right.

    With ``more``, a table may have further columns, of which as little is known as of a table's without any.
    """

    def __init__(self, columns: Mapping[str, Column] | None, *, missing: bool, more: bool = False) -> None:
        self._columns = columns or {}
        self._more = more or columns is None
        self._missing_allowed = missing
        self._names = names_of(None if columns is None else tuple(columns))
        # layout, whether cells may hold objects, whether all are numbers or flags, and what becomes doubles
        self._seen: tuple[Hashable, bool, bool, dict[str, Any]] | None = None

    def __call__(self, value: Any) -> pd.DataFrame:
        """The table, columns in declared order, frozen; raises ``OutputFaultError``."""
        if not isinstance(value, pd.DataFrame):
            raise wrong_type(value, "a DataFrame")
        frame = value.copy() if is_held(value) else value
        if not frame.columns.is_(self._names.seen):
            frame = self._with_columns(frame)
        frame = _with_plain_index(frame)
        (found, floats, plain), seen = glance(frame), self._seen
        if seen is None or seen[0] != found:
            dtypes = frame.dtypes.tolist()
            self._check_dtypes(frame, dtypes)
            only_numbers = all(dtype.kind in "fiub" for dtype in dtypes)
            casts = self._casts(frame, dtypes)
            seen = self._seen = found, OBJECTS in dtypes, only_numbers, casts  # in one: for several threads
        if seen[3]:
            with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as that
                frame = _cast(frame, seen[3])
            _, floats, plain = glance(frame)
        if seen[1]:
            self._check_texts(frame, frame.dtypes.tolist())
            _check_cells(frame)
        if not self._missing_allowed and not (seen[2] and all(map(all_finite, floats))):
            self._not_finite(frame)
        if not plain:  # as one that was stored comes back: sums of it are the same to the last bit
            frame = plainly_ordered(frame)
        if seen[1]:
            return freeze_frame(frame)
        return kept_table(frame, columns=None if self._more else self._names.declared)

    def _with_columns(self, frame: pd.DataFrame) -> pd.DataFrame:
        declared = self._names.declared
        if declared is None:
            if not frame.columns.is_unique or not all(isinstance(name, str) for name in frame.columns):
                raise OutputFaultError(f"column names must be different texts, got {list(frame.columns)}")
            if type(frame.columns) is not pd.Index or frame.columns.dtype == OBJECTS:  # categories, say
                names = pd.Index(list(map(str, frame.columns)), name=frame.columns.name)
                frame = own_table(frame, columns=names)
        elif not self._names.are_those_of(frame):
            return self._in_order(frame, declared.tolist())
        self._names.seen = frame.columns
        return frame

    def _in_order(self, frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        missing = [name for name in names if name not in frame.columns]
        extra = [str(name) for name in frame.columns if name not in names]
        if self._more and not missing and frame.columns.is_unique and all(map(_is_text, frame.columns)):
            return frame.reindex(columns=[*names, *extra]) if extra else frame.reindex(columns=list(names))
        if missing or extra or not frame.columns.is_unique:
            raise OutputFaultError(
                f"columns must be {', '.join(names)}; missing: {', '.join(missing) or 'none'}, "
                f"not declared: {', '.join(extra) or 'none'}"
            )
        return frame.reindex(columns=list(names))

    def _check_dtypes(self, frame: pd.DataFrame, dtypes: Sequence[Any]) -> None:
        for name, dtype in zip(frame.columns, dtypes, strict=True):
            declared = self._columns[name].type if name in self._columns else "multiple"
            # numbers of pandas' own dtypes may be <NA>, which no check of numbers sees
            plain = isinstance(dtype, (np.dtype, pd.StringDtype))
            if not plain or dtype.kind not in _DTYPE_KINDS[declared]:
                raise OutputFaultError(f"column {name!r} must hold {declared} values, not {dtype}")

    def _casts(self, frame: pd.DataFrame, dtypes: Sequence[Any]) -> dict[str, Any]:
        """Columns whose numbers are not doubles, or whole numbers of 64 bits, though declared to be."""
        if not self._columns:
            return {}
        wanted = [
            _STORED.get(self._columns[name].type) if name in self._columns else None for name in frame.columns
        ]
        found = zip(frame.columns, wanted, dtypes, strict=True)
        return {name: to for name, to, dtype in found if to is not None and dtype != to}

    def _check_texts(self, frame: pd.DataFrame, dtypes: Sequence[Any]) -> None:
        for name, dtype in zip(frame.columns, dtypes, strict=True):
            if dtype == OBJECTS and name in self._columns and self._columns[name].type == "string":
                found = pd.api.types.infer_dtype(frame[name], skipna=True)
                if found not in {"string", "empty"}:
                    raise OutputFaultError(f"column {name!r} must hold string values, not {found}")

    @staticmethod
    def _not_finite(frame: pd.DataFrame) -> None:
        for name, column in frame.items():
            if column.dtype.kind == "f":
                numbers = column.to_numpy()
                if not np.isfinite(numbers).all():
                    row = int(np.flatnonzero(~np.isfinite(numbers))[0])
                    raise NotFiniteError(f"column {name!r}, row {row + 1} is {numbers[row]}")
            elif column.dtype == OBJECTS or isinstance(column.dtype, pd.StringDtype):
                _all_there(name, column)


def _check_cells(frame: pd.DataFrame) -> None:
    """Raise when a cell holds what cannot be stored: a set, a date, a function."""
    for name, dtype in zip(frame.columns, frame.dtypes.tolist(), strict=True):
        if dtype != OBJECTS or _SCALARS.issuperset(map(type, frame[name])):
            continue
        for row, cell in enumerate(frame[name]):
            kind = unstorable_inside(cell)
            if kind is not None:
                raise OutputFaultError(
                    f"column {name!r}, row {row + 1} holds a {kind}, which cannot be stored"
                )


def _is_text(name: Any) -> bool:
    return isinstance(name, str)


def _all_there(name: Any, column: pd.Series) -> None:
    """Raise when a text is missing, or a cell holds anything missing or not finite."""
    if column.dtype != OBJECTS:
        missing = column.isna().to_numpy()
        if missing.any():
            raise NotFiniteError(f"column {name!r}, row {int(missing.argmax()) + 1} is missing")
        return
    for row, cell in enumerate(column):
        fault = not_finite_inside(cell)
        if fault is not None:
            raise NotFiniteError(f"column {name!r}, row {row + 1} {fault}")


def _cast(frame: pd.DataFrame, casts: Mapping[str, Any]) -> pd.DataFrame:
    """A table with the dtypes that are declared: whoever squares a float has no whole number that wraps."""
    numbers = numeric_rows(frame) if set(casts.values()) == {_STORED["float"]} else None
    if numbers is not None and all(
        dtype == _STORED["float"] or name in casts
        for name, dtype in zip(frame.columns, frame.dtypes.tolist(), strict=True)
    ):
        return pd.DataFrame(numbers.T, columns=frame.columns, index=frame.index, copy=False)
    for name, to in casts.items():
        if (
            to == _STORED["int"]
            and frame[name].dtype.kind == "u"
            and bool(np.any(frame[name].to_numpy() > INT_LIMITS[1]))
        ):
            raise OutputFaultError(f"column {name!r} holds a number that does not fit 64 bits")
    return frame.astype(dict(casts))


def _with_plain_index(frame: pd.DataFrame) -> pd.DataFrame:
    index = frame.index
    if type(index) is pd.RangeIndex and index.start == 0 and index.step == 1 and index.name is None:
        return frame
    if not plain_index(frame):
        raise OutputFaultError(
            "the table has an index of its own; put it in a column, or reset_index(drop=True)"
        )
    return frame.reset_index(drop=True)
