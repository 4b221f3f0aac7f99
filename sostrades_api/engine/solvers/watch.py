"""Recognising early that a loop will never converge: it diverges, or goes round in a cycle."""

import math
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from sostrades_api.engine.flattening import Flat, flatten
from sostrades_api.engine.loop import Failure, Loop

EVERY = 8
"""Iterations between two looks: most loops have converged before the first, and long ones hardly notice."""

_GROWTH = 1e4
# A loop whose values come back this much closer than they change would need 1e9 iterations to converge.
_RETURNED = 1e-9


class Watch:
    """Follows the values of a loop's unknowns from look to look."""

    def __init__(self, loop: Loop, slots: Sequence[int]) -> None:
        place = {slot: i for i, slot in enumerate(loop.couplings)}
        at = [place[slot] for slot in slots]
        self._unknowns = itemgetter(*at) if len(at) > 1 else lambda values: (values[at[0]],)
        # in Jacobi iterations a change takes as many iterations as there are disciplines to come round
        self._patience = 2 + len(loop.nodes) // EVERY
        self._looks = self._growing = 0
        self._last: Flat | None = None
        self._saved: Flat | None = None
        self._change = self._smallest = math.inf

    def look(self, made: Sequence[Any], residual: float) -> Failure | None:
        """Why the loop will not converge, if that can be seen now.

        Args:
            made: all couplings as the disciplines made them in this iteration.
            residual: of this iteration.
        """
        now = flatten(self._unknowns(made))
        if not now.numbers.size:
            return None
        found = self._cycling(now, residual) or self._diverging(now)
        self._looks += 1
        self._last = now
        if self._looks & (self._looks - 1) == 0:  # Brent: a power of two is far enough for any period
            self._saved = now
        return found

    def _cycling(self, now: Flat, residual: float) -> Failure | None:
        saved = self._saved
        if saved is None or saved.key != now.key or not math.isfinite(residual):
            return None
        distance = np.abs(now.numbers - saved.numbers)
        near = _RETURNED * residual * np.maximum(np.abs(now.numbers), np.abs(saved.numbers))
        return Failure.CYCLES if bool((distance <= near).all()) else None

    def _diverging(self, now: Flat) -> Failure | None:
        if self._last is None or self._last.key != now.key:
            self._growing = 0
            return None
        with np.errstate(invalid="ignore", over="ignore"):
            change = float(np.abs(now.numbers - self._last.numbers).max())
        self._growing = self._growing + 1 if change > self._change else 0
        self._change = change
        self._smallest = min(self._smallest, change)
        grown = self._growing >= self._patience - 1 and change > _GROWTH * self._smallest
        return Failure.DIVERGES if grown else None


def has_grown(first: Sequence[Any], last: Sequence[Any]) -> bool:
    """Whether the largest number has grown so much since the first iteration that the loop diverges."""
    before, now = (float(np.abs(flatten(values).numbers).max(initial=0.0)) for values in (first, last))
    return 0.0 < before * _GROWTH < now
