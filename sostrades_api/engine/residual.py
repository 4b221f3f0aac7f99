"""The residual of a loop: how much its couplings change in one iteration, each relative to its own magnitude.

Every number counts: floats, ints, arrays, numeric columns of tables, and those inside lists and dicts. What
is no number (text, flags, column names, shapes, keys) must be equal for the loop to have converged.
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from sostrades_api.engine.flattening import Flat, flatten
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.value_types import MISSING

# A coupling that has shrunk is still judged against this share of its largest magnitude so far; otherwise
# one that tends to zero, or is rounding noise around zero, would never converge.
_REMEMBERED_SHARE = 1e-6
# No magnitude means no change: the smallest number there is keeps such a coupling from 0 / 0.
_TINY = 5e-324
_INFINITY = math.inf
# Below this number of floats a loop in Python is quicker than arrays (measured).
_FEW = 12


def worst_coupling(loop: Loop, old: Sequence[Any], new: Sequence[Any]) -> int:
    """The slot of the coupling that changed most in an iteration; for errors, it measures one by one."""
    changes = [_Values().measure((before,), (after,)) for before, after in zip(old, new, strict=True)]
    return loop.couplings[changes.index(max(changes))]


class Residual(Protocol):
    """Measures the iterations of one solve; remembers the largest magnitudes seen."""

    def measure(self, old: Sequence[Any], new: Sequence[Any]) -> float:
        """The largest scaled change over the couplings; ``inf`` when one cannot be compared.

        Couplings that were ``MISSING`` before this iteration are not feedback and are passed over.
        """
        ...


def residual_of(*, couplings: int, only_floats: bool) -> Residual:
    """The quickest measure for these couplings; all give the same number."""
    if only_floats:
        return _FewFloats(couplings) if couplings <= _FEW else _ManyFloats()
    return _Values()


class _FewFloats:
    def __init__(self, couplings: int) -> None:
        self._largest = [0.0] * couplings

    def measure(self, old: Sequence[Any], new: Sequence[Any]) -> float:
        worst, largest = 0.0, self._largest
        for i, after in enumerate(new):
            before = old[i]
            if before is MISSING:
                continue
            if after >= before:
                change, magnitude = after - before, (after if after > -before else -before)
            else:
                change, magnitude = before - after, (before if before > -after else -after)
            if not change < _INFINITY:
                return _INFINITY
            known = largest[i]
            if magnitude > known:
                largest[i] = magnitude
            elif magnitude < _REMEMBERED_SHARE * known:
                magnitude = _REMEMBERED_SHARE * known
            if change > worst * magnitude:
                worst = change / magnitude
        return worst


class _ManyFloats:
    """Keeps the arrays of the last iteration, as a sweep mostly starts from what the last one made."""

    def __init__(self) -> None:
        self._last: Sequence[Any] = ()
        self._before = self._size = np.empty(0)
        self._remembered: Any = _TINY

    def measure(self, old: Sequence[Any], new: Sequence[Any]) -> float:
        if old is not self._last:
            self._before = np.array(old)
            if self._before.dtype != np.float64:
                known = [now if was is MISSING else was for was, now in zip(old, new, strict=True)]
                self._before = np.array(known)
            self._size = np.abs(self._before)
        after = np.array(new)
        change, size = np.abs(after - self._before), np.abs(after)
        magnitude = np.maximum(size, self._size)
        self._last, self._before, self._size = new, after, size
        if not np.maximum.reduce(change) < math.inf:  # NaN is no smaller either
            return math.inf
        self._remembered = np.maximum(self._remembered, _REMEMBERED_SHARE * magnitude)
        return float(np.maximum.reduce(change / np.maximum(magnitude, self._remembered)))


class _Values:
    """Any values: their numbers lie in one flat vector, cut into blocks with one scale each."""

    def __init__(self) -> None:
        self._key: Any = None
        self._largest: Any = 0.0
        self._last: tuple[Sequence[Any], Flat] | None = None

    def measure(self, old: Sequence[Any], new: Sequence[Any]) -> float:
        known = [i for i, value in enumerate(old) if value is not MISSING]
        if len(known) < len(old):
            old, new = [old[i] for i in known], [new[i] for i in known]
        before = self._last[1] if self._last is not None and self._last[0] is old else flatten(old)
        after = flatten(new)
        self._last = (new, after)
        if after.key != before.key:
            return math.inf
        if after.key != self._key:
            self._key, self._largest = after.key, 0.0
        if not after.starts:
            return 0.0
        return self._compare(before, after)

    def _compare(self, before: Flat, after: Flat) -> float:
        with np.errstate(invalid="ignore"):
            change = np.abs(after.numbers - before.numbers)
        magnitude = np.maximum(np.abs(after.numbers), np.abs(before.numbers))
        if not np.isfinite(change).all():
            # missing before and after is no change; missing, or infinite, on one side cannot be compared
            missing = np.isnan(before.numbers) & np.isnan(after.numbers)
            same = (before.numbers == after.numbers) | missing
            change, magnitude = np.where(same, 0.0, change), np.where(np.isfinite(magnitude), magnitude, 0.0)
            if not np.isfinite(change).all():
                return math.inf
        change = np.maximum.reduceat(change, after.starts)
        magnitude = np.maximum.reduceat(magnitude, after.starts)
        self._largest = np.maximum(self._largest, magnitude)
        return _scaled(change, magnitude, self._largest)


def _scaled(change: np.ndarray, magnitude: np.ndarray, largest: np.ndarray) -> float:
    scale = np.maximum(magnitude, _REMEMBERED_SHARE * largest)
    if not scale.all():
        scale = np.where(scale == 0.0, 1.0, scale)  # no magnitude means no change
    return float((change / scale).max())
