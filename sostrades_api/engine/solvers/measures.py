"""How far the couplings are from standing still, in the scaling that was asked for."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from sostrades_api.engine.flattening import flatten
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.residual import Residual, residual_of
from sostrades_api.engine.solvers.settings import Scaling, SolverSettings
from sostrades_api.engine.value_types import MISSING


def measure_of(loop: Loop, settings: SolverSettings) -> Residual:
    """The measure that a solve compares with its tolerance."""
    if settings.residual_scaling == Scaling.MAGNITUDE:
        return residual_of(couplings=len(loop.couplings), only_floats=loop.only_floats)
    return _Norm(Scaling(settings.residual_scaling))


class _Norm:
    """Norms over all numbers; what is no number must be equal, as everywhere."""

    def __init__(self, scaling: Scaling) -> None:
        self._scaling = scaling
        self._first = 0.0

    def measure(self, old: Sequence[Any], new: Sequence[Any]) -> float:
        known = [i for i, value in enumerate(old) if value is not MISSING]
        before, after = flatten([old[i] for i in known]), flatten([new[i] for i in known])
        if before.key != after.key:
            return math.inf
        with np.errstate(over="ignore", invalid="ignore"):
            change = np.abs(after.numbers - before.numbers)
        if not np.isfinite(change).all():
            missing = np.isnan(before.numbers) & np.isnan(after.numbers)
            change = np.where(missing | (before.numbers == after.numbers), 0.0, change)
            if not np.isfinite(change).all():
                return math.inf
        return self._norm(change) if change.size else 0.0

    def _norm(self, change: np.ndarray) -> float:
        if self._scaling is Scaling.NONE:
            return float(change.max())
        # squares of changes may be too large, or too small, for a float
        largest = float(change.max())
        norm = largest * float(np.linalg.norm(change / largest)) if largest else 0.0
        if self._scaling is Scaling.ROOT_MEAN_SQUARE:
            return norm / math.sqrt(change.size)
        if not norm < math.inf:
            return math.inf
        self._first = self._first or norm
        return norm / self._first if norm else 0.0
