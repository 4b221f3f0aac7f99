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

# A coupling that tends to zero, or is rounding noise around zero, is judged against this share of its first
# magnitude, or of one if that is less; relative to itself it would never converge.
_REMEMBERED_SHARE = 1e-6
# What changes by less than this share of itself is near a value of its own, not on its way to zero.
_LARGE_CHANGE = 0.1
# Iterations with such changes before a coupling is taken to tend to zero.
_PATIENCE = 8
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
    """Measures the iterations of one solve; remembers the first magnitudes seen."""

    def measure(self, old: Sequence[Any], new: Sequence[Any]) -> float:
        """The largest scaled change over the couplings; ``inf`` when one cannot be compared.

        Couplings that were ``MISSING`` before this iteration are not feedback and are passed over.
        """
        ...


def residual_of(*, couplings: int, only_floats: bool) -> Residual:
    """The quickest measure for these couplings; all give the same number."""
    if only_floats:
        return FewFloats(couplings) if couplings <= _FEW else _ManyFloats()
    return _Values()


class _Vanishing:
    """The couplings that have shrunk a millionfold: whether they go to zero, or to a small value.

    A first guess that is much too large shrinks as much as what goes to zero, but then
    stands still relative to what it is.
    """

    def __init__(self) -> None:
        self._large: dict[int, int] = {}  # iterations with large changes

    def scale(self, i: int, first: float, change: float, magnitude: float) -> float:
        """What to compare the change with; called in each iteration in which the coupling is that small."""
        if change < _LARGE_CHANGE * magnitude:
            return magnitude
        large = self._large[i] = self._large.get(i, 0) + 1
        if large < _PATIENCE:
            return magnitude
        # a first guess may be as wrong as it likes: no share of more than one is nothing
        return max(magnitude, _REMEMBERED_SHARE * min(first, 1.0))

    def scales(
        self, shrunk: np.ndarray, limits: np.ndarray, change: np.ndarray, magnitude: np.ndarray
    ) -> np.ndarray:
        """The same for all of those marked; ``limits`` are the shares of first magnitudes."""
        scales = magnitude.copy()
        for i in np.flatnonzero(shrunk).tolist():
            first = float(limits[i]) / _REMEMBERED_SHARE
            scales[i] = self.scale(i, first, float(change[i]), float(magnitude[i]))
        return scales


class FewFloats:
    """A few floats in a loop; ``limits`` are the magnitudes below which a coupling has shrunk.

    A limit is infinite until its coupling's first magnitude is known. What changes by a finite number
    and is not below its limit is its change relative to its magnitude, and nothing is remembered of it.
    """

    def __init__(self, couplings: int) -> None:
        self.limits = [_INFINITY] * couplings
        self._first = [0.0] * couplings
        self._vanishing: _Vanishing | None = None  # most solves need none

    def measure(self, old: Sequence[Any], new: Sequence[Any]) -> float:
        """As ``Residual.measure`` says."""
        worst, limits = 0.0, self.limits
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
            if magnitude < limits[i]:
                magnitude = self._shrunk(i, change, magnitude)
            if change > worst * magnitude:
                worst = change / magnitude
        return worst

    def _shrunk(self, i: int, change: float, magnitude: float) -> float:
        """What to compare a change with below the limit; the first magnitude sets it."""
        known = self._first[i]
        if known:
            self._vanishing = self._vanishing or _Vanishing()
            return self._vanishing.scale(i, known, change, magnitude)
        if magnitude:
            self._first[i], self.limits[i] = magnitude, _REMEMBERED_SHARE * magnitude
        return magnitude


class _ManyFloats:
    """Keeps the arrays of the last iteration, as a sweep mostly starts from what the last one made."""

    def __init__(self) -> None:
        self._last: Sequence[Any] = ()
        self._before = self._size = np.empty(0)
        self._scales = _Scales()

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
        return float(np.maximum.reduce(change / self._scales.of(change, magnitude)))


class _Scales:
    """What changes are compared with; remembers the first magnitudes that are not zero."""

    def __init__(self) -> None:
        self._limits: np.ndarray | None = None  # the shares of them
        self._unknown = True
        self._vanishing = _Vanishing()

    def of(self, change: np.ndarray, magnitude: np.ndarray) -> np.ndarray:
        """Above zero for each of these changes."""
        limits, scales = self._limits, magnitude
        if limits is not None:
            shrunk = magnitude < limits
            if np.count_nonzero(shrunk):
                scales = np.maximum(self._vanishing.scales(shrunk, limits, change, magnitude), _TINY)
        if self._unknown:
            known = _REMEMBERED_SHARE * magnitude
            limits = self._limits = known if limits is None else np.where(limits == 0.0, known, limits)
            self._unknown = np.count_nonzero(limits) < limits.size
            scales = np.maximum(scales, _TINY)
        return scales


class _Values:
    """Any values: their numbers lie in one flat vector, cut into blocks with one scale each."""

    def __init__(self) -> None:
        self._key: Any = None
        self._scales = _Scales()
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
            self._key, self._scales = after.key, _Scales()
        if not after.starts:
            return 0.0
        return self._compare(before, after)

    def _compare(self, before: Flat, after: Flat) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
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
        return float((change / self._scales.of(change, magnitude)).max())
