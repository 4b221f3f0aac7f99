"""The residual of a loop: how much its couplings change in one iteration, each relative to its own magnitude.

Every number counts: floats, ints, arrays, numeric columns of tables, and those inside lists and dicts. What
is no number (text, flags, column names, shapes, keys) must be equal for the loop to have converged.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

# A coupling that has shrunk is still judged against this share of its largest magnitude so far; otherwise
# one that tends to zero, or is rounding noise around zero, would never converge.
_REMEMBERED_SHARE = 1e-6


class Residual:
    """Measures one solve of one loop; remembers the largest magnitudes seen."""

    def __init__(self, couplings: int) -> None:
        self._largest: list[Any] = [None] * couplings

    def measure(self, old: Sequence[Any], new: Sequence[Any], known: Sequence[bool] | None = None) -> float:
        """The largest scaled change over the couplings; ``inf`` when one cannot be compared."""
        worst = 0.0
        for i, (before, after) in enumerate(zip(old, new, strict=True)):
            if known is not None and not known[i]:
                continue
            change = (
                self._scalar(i, before, after)
                if type(after) is type(before) is float
                else self._general(i, before, after)
            )
            if change > worst:
                worst = change
        return worst

    def _scalar(self, i: int, before: float, after: float) -> float:
        change = abs(after - before)
        magnitude = max(abs(after), abs(before))
        largest = self._largest[i] = max(self._largest[i] or 0.0, magnitude)
        if change == 0.0:
            return 0.0
        return change / max(magnitude, _REMEMBERED_SHARE * largest)

    def _general(self, i: int, before: Any, after: Any) -> float:
        old_key, old_blocks = blocks(before)
        new_key, new_blocks = blocks(after)
        if old_key != new_key:
            return math.inf
        largest = self._largest[i]
        if largest is None or len(largest) != len(new_blocks):
            largest = self._largest[i] = [0.0] * len(new_blocks)
        worst = 0.0
        for j, (was, now) in enumerate(zip(old_blocks, new_blocks, strict=True)):
            worst = max(worst, _block_change(largest, j, was, now))
        return worst


def _block_change(largest: list[Any], j: int, was: np.ndarray, now: np.ndarray) -> float:
    if was.size == 0:
        return 0.0
    both_missing = np.isnan(was) & np.isnan(now)
    change = np.where(both_missing, 0.0, np.abs(now - was))
    magnitude = np.fmax(np.abs(now), np.abs(was))
    # a table's block is two-dimensional: each column has a magnitude of its own
    change, magnitude = change.max(axis=0), np.nan_to_num(magnitude, nan=0.0, posinf=np.inf).max(axis=0)
    largest[j] = np.maximum(largest[j], magnitude)
    scale = np.maximum(magnitude, _REMEMBERED_SHARE * largest[j])
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(change == 0.0, 0.0, change / scale)
    worst = float(np.max(scaled))
    return math.inf if math.isnan(worst) else worst


def blocks(value: Any) -> tuple[Any, list[np.ndarray]]:
    """What must be equal, and the numbers, of a value; each block is judged by its own magnitude.

    Returns:
        a comparable key and float arrays: 1-D, or 2-D (rows, columns) where columns stand for themselves.
    """
    key: list[Any] = []
    numbers: list[np.ndarray] = []
    _collect(value, key, numbers)
    return key, numbers


def _collect(value: Any, key: list[Any], numbers: list[np.ndarray]) -> None:
    if isinstance(value, pd.DataFrame):
        _collect_frame(value, key, numbers)
    elif isinstance(value, np.ndarray):
        key.append(value.shape)
        numbers.append(np.asarray(value, dtype=np.float64).reshape(-1))
    elif isinstance(value, dict):
        names = sorted(value)
        key.append(tuple(names))
        for name in names:
            _collect(value[name], key, numbers)
    elif isinstance(value, (list, tuple)):
        _collect_list(value, key, numbers)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        key.append("number")
        numbers.append(np.array([value], dtype=np.float64))
    else:
        key.append((type(value).__name__, value))


def _collect_list(value: Sequence[Any], key: list[Any], numbers: list[np.ndarray]) -> None:
    key.append(len(value))
    if value and all(type(item) in {int, float} for item in value):
        numbers.append(np.array(value, dtype=np.float64))
        return
    for item in value:
        _collect(item, key, numbers)


def _collect_frame(frame: pd.DataFrame, key: list[Any], numbers: list[np.ndarray]) -> None:
    key.append((len(frame), tuple(frame.columns)))
    matrix = frame.to_numpy()
    if matrix.dtype.kind in "fiu":
        numbers.append(matrix.astype(np.float64, copy=False))
        return
    for name, column in frame.items():
        if column.dtype.kind in "fiu":
            numbers.append(column.to_numpy(dtype=np.float64).reshape(-1, 1))
        else:
            key.append((name, [_comparable(cell) for cell in column]))


def _comparable(cell: Any) -> Any:
    if isinstance(cell, float) and math.isnan(cell):
        return None
    return cell.tolist() if isinstance(cell, np.ndarray) else cell
