"""Values of any type as one flat vector of floats, and a key of all that is none."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.tables import number_parts


@dataclass(frozen=True)
class Flat:
    """The floats of some values.

    Attributes:
        numbers: 1-D float array.
        starts: where each block begins; a block (an array, a column, a single number) has one magnitude.
        key: what must be equal for two of them to be compared: shapes, names, texts, flags, whole numbers.
    """

    numbers: np.ndarray
    starts: list[int]
    key: list[Any]


def flatten(values: Sequence[Any]) -> Flat:
    """All floats of the values, in order."""
    if set(map(type, values)) == {float}:
        return Flat(np.array(values), list(range(len(values))), [1] * len(values))
    collected = _Collector()
    for value in values:
        collected.add(value)
    numbers = np.concatenate(collected.pieces) if collected.pieces else np.empty(0)
    return Flat(numbers, collected.starts, collected.key)


class _Collector:
    def __init__(self) -> None:
        self.pieces: list[np.ndarray] = []
        self.starts: list[int] = []
        self.key: list[Any] = []
        self.size = 0

    def add(self, value: Any) -> None:
        if isinstance(value, float):
            self._block(np.array((value,)))
        elif isinstance(value, pd.DataFrame):
            self._frame(value)
        elif isinstance(value, np.ndarray):
            self.key.append(value.shape)
            if value.dtype.kind == "f":
                self._block(value.reshape(-1))
            else:
                self.key.append(_Exactly(value))
        elif isinstance(value, dict):
            self.key.append(sorted(value))
            for name in sorted(value):
                self.add(value[name])
        elif isinstance(value, (list, tuple)):
            self._list(value)
        else:
            self.key.append((type(value).__name__, value))

    def _block(self, numbers: np.ndarray) -> None:
        self.key.append(len(numbers))
        if len(numbers):
            self.starts.append(self.size)
            self.pieces.append(numbers.astype(np.float64, copy=False))
            self.size += len(numbers)

    def _list(self, value: Sequence[Any]) -> None:
        if value and all(type(item) is float for item in value):
            self._block(np.array(value, dtype=np.float64))
            return
        self.key.append(("list", len(value)))
        for item in value:
            self.add(item)

    def _frame(self, frame: pd.DataFrame) -> None:
        self.key.append((len(frame), _Columns(frame.columns)))
        parts = number_parts(frame)
        if parts is not None:
            floats, others = parts
            if floats is not None:
                self._rows(floats)
            self.key.extend([(place, _Exactly(column)) for place, column in others])
            return
        for place, (_, column) in enumerate(frame.items()):
            if column.dtype.kind == "f":
                self._rows(column.to_numpy(dtype=np.float64, na_value=np.nan)[None])
            elif isinstance(column.dtype, np.dtype) and column.dtype.kind in "iub":
                self.key.append((place, _Exactly(column.to_numpy())))
            else:
                self.key.append((place, [_comparable(cell) for cell in column]))

    def _rows(self, numbers: np.ndarray) -> None:
        """Each row is a block: a column of a table, seen from the side."""
        columns, rows = numbers.shape
        if rows:
            self.starts.extend(range(self.size, self.size + numbers.size, rows))
            self.pieces.append(numbers.reshape(-1))
            self.size += rows * columns


class _Columns:
    """Column names as a key; those of two tables are often one object, and then quickly compared."""

    __slots__ = ("_names",)

    def __init__(self, names: pd.Index) -> None:
        self._names = names

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Columns) and (
            self._names.is_(other._names) or bool(self._names.equals(other._names))
        )

    __hash__ = None  # type: ignore[assignment]


class _Exactly:
    """Whole numbers and flags as a key."""

    __slots__ = ("_values",)

    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Exactly):
            return False
        one, two = self._values, other._values
        if one.dtype is two.dtype and one.shape == two.shape:
            return one.tobytes() == two.tobytes()  # a fifth of the time
        return np.array_equal(one, two)

    __hash__ = None  # type: ignore[assignment]


def _comparable(cell: Any) -> Any:
    """A cell for which ``==`` is true or false, whatever lies in it; missing equals missing."""
    if isinstance(cell, np.ndarray):
        cell = cell.tolist()
    if isinstance(cell, (list, tuple)):
        return [_comparable(item) for item in cell]
    if isinstance(cell, dict):
        return {key: _comparable(item) for key, item in cell.items()}
    if cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and math.isnan(cell)):
        return None
    return cell
