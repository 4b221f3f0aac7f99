"""Values of any type as one flat vector of numbers, and a key of all that is no number."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.tables import numeric_rows


@dataclass(frozen=True)
class Flat:
    """The numbers of some values.

    Attributes:
        numbers: 1-D float array.
        starts: where each block begins; a block (an array, a column, a single number) has one magnitude.
        key: what must be equal for two of them to be compared: shapes, names, texts, flags.
    """

    numbers: np.ndarray
    starts: list[int]
    key: list[Any]


def flatten(values: Sequence[Any]) -> Flat:
    """All numbers of the values, in order."""
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
            self._block(value.reshape(-1))
        elif isinstance(value, dict):
            self.key.append(sorted(value))
            for name in sorted(value):
                self.add(value[name])
        elif isinstance(value, (list, tuple)):
            self._list(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            self._block(np.array((float(value),)))
        else:
            self.key.append((type(value).__name__, value))

    def _block(self, numbers: np.ndarray) -> None:
        self.key.append(len(numbers))
        if len(numbers):
            self.starts.append(self.size)
            self.pieces.append(numbers.astype(np.float64, copy=False))
            self.size += len(numbers)

    def _list(self, value: Sequence[Any]) -> None:
        if value and all(type(item) in {int, float} for item in value):
            self._block(np.array(value, dtype=np.float64))
            return
        self.key.append(("list", len(value)))
        for item in value:
            self.add(item)

    def _frame(self, frame: pd.DataFrame) -> None:
        self.key.append((len(frame), _Columns(frame.columns)))
        numbers = numeric_rows(frame)
        if numbers is not None:
            self._rows(numbers)
            return
        for name, column in frame.items():
            if column.dtype.kind in "fiu":
                self._block(column.to_numpy(dtype=np.float64))
            else:
                self.key.append((name, [_comparable(cell) for cell in column]))

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


def _comparable(cell: Any) -> Any:
    if isinstance(cell, float) and math.isnan(cell):
        return None
    return cell.tolist() if isinstance(cell, np.ndarray) else cell
