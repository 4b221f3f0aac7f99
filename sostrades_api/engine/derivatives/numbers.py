"""The floats inside a value as a vector, and a value with other floats in their place.

Floats, float arrays, float columns of tables, and those inside lists and dicts count; whole numbers, texts
and flags do not. Dicts are walked in the order of their sorted keys.
"""

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from sostrades_api.engine.protection import freeze_array


def numbers_of(value: Any) -> np.ndarray:
    """All floats of a value, 1-D, in double precision; complex when one of them is."""
    if type(value) is float:
        return np.array((value,))
    pieces: list[np.ndarray] = []
    _collect(value, pieces)
    numbers = np.concatenate(pieces) if pieces else np.empty(0)
    return numbers if numbers.dtype.char in "dD" else numbers.astype(np.result_type(numbers, np.float64))


def _collect(value: Any, into: list[np.ndarray]) -> None:
    if isinstance(value, (float, complex)):
        into.append(np.array((value,)))
    elif isinstance(value, np.ndarray):
        if value.dtype.kind in "fc":
            into.append(value.reshape(-1))
    elif isinstance(value, pd.DataFrame):
        into.extend(value[name].to_numpy() for name in float_columns(value))
    elif isinstance(value, dict):
        for key in sorted(value):
            _collect(value[key], into)
    elif isinstance(value, (list, tuple)):
        for item in value:
            _collect(item, into)


def float_columns(frame: pd.DataFrame) -> list[Hashable]:
    """Columns that hold floats (or complex numbers)."""
    pairs = zip(frame.columns, frame.dtypes, strict=True)
    return [name for name, dtype in pairs if isinstance(dtype, np.dtype) and dtype.kind in "fc"]


def count(value: Any) -> int:
    """How many floats a value holds."""
    if type(value) is float:
        return 1
    if isinstance(value, np.ndarray):
        return value.size if value.dtype.kind in "fc" else 0
    if isinstance(value, pd.DataFrame):
        return len(value) * len(float_columns(value))
    if isinstance(value, dict):
        return sum(map(count, value.values()))
    if isinstance(value, (list, tuple)):
        return sum(map(count, value))
    return int(isinstance(value, (float, complex)))


def with_numbers(value: Any, numbers: np.ndarray) -> Any:
    """The value with these floats (or complex numbers) in place of its own; arrays come read-only."""
    if type(value) is float:
        return numbers[0].item()
    return _Rebuilder(numbers).rebuild(value)


class _Rebuilder:
    def __init__(self, numbers: np.ndarray) -> None:
        self._numbers = numbers
        self._at = 0

    def _take(self, size: int) -> np.ndarray:
        start, self._at = self._at, self._at + size
        return self._numbers[start : self._at]

    def rebuild(self, value: Any) -> Any:
        if isinstance(value, (float, complex)):
            return self._take(1)[0].item()
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, pd.DataFrame):
            return self._frame(value)
        if isinstance(value, dict):
            made = {key: self.rebuild(value[key]) for key in sorted(value)}
            return type(value)({key: made[key] for key in value})
        if isinstance(value, (list, tuple)):
            return type(value)([self.rebuild(item) for item in value])
        return value

    def _array(self, value: np.ndarray) -> np.ndarray:
        if value.dtype.kind not in "fc":
            return value
        return freeze_array(self._take(value.size).reshape(value.shape).copy())

    def _frame(self, frame: pd.DataFrame) -> pd.DataFrame:
        chosen = set(float_columns(frame))
        columns = {
            name: self._take(len(frame)).copy() if name in chosen else frame[name] for name in frame.columns
        }
        return pd.DataFrame(columns, index=frame.index)


def parts_of(value: Any) -> dict[Hashable, slice]:
    """Where the floats of each column of a table, or of each key of a dict, lie in the vector."""
    parts: dict[Hashable, slice] = {}
    start = 0
    for key, size in _sizes(value):
        parts[key] = slice(start, start + size)
        start += size
    return parts


def _sizes(value: Any) -> Iterator[tuple[Hashable, int]]:
    if isinstance(value, pd.DataFrame):
        yield from ((name, len(value)) for name in float_columns(value))
    elif isinstance(value, dict):
        yield from ((key, count(value[key])) for key in sorted(value))


def place_of(value: Any, index: int) -> str:
    """Words for one float of a value: ``column 'a', row 3``; empty for a single float."""
    for key, part in parts_of(value).items():
        if part.start <= index < part.stop:
            if isinstance(value, pd.DataFrame):
                return f"column {key!r}, row {index - part.start}"
            inner = place_of(value[key], index - part.start)
            return f"key {key!r}, {inner}" if inner else f"key {key!r}"
    if isinstance(value, np.ndarray):
        return f"element {[int(i) for i in np.unravel_index(index, value.shape)]}"
    return f"number {index}" if isinstance(value, (list, tuple)) else ""
