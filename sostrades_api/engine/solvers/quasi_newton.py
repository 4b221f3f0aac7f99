"""Quasi-Newton: Broyden's method on what a Gauss-Seidel sweep makes of the feedback couplings."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from sostrades_api.engine.loop import Compute, Loop, Outcome
from sostrades_api.engine.solvers.acceleration import magnitudes
from sostrades_api.engine.solvers.fixed_point import Iterated, Stepper, iterate
from sostrades_api.engine.solvers.settings import SolverSettings


@dataclass(frozen=True, kw_only=True)
class QuasiNewtonSettings(SolverSettings):
    """Settings of ``solve``; ``relaxation_factor`` is the share of the first step, a blind one."""


_MEMORY = 50  # iterations it learns from before it starts again; more cost as much as they save


def solve(
    loop: Loop,
    values: list[Any],
    *,
    settings: QuasiNewtonSettings,
    compute: Compute,
    iterated: Iterated,
) -> Outcome:
    """Sweep until no coupling changes by more than the tolerance; arguments as for Gauss-Seidel."""
    unknowns = loop.unknowns
    step = Broyden(settings.relaxation_factor)
    return iterate(
        loop,
        values,
        settings=settings,
        sweep=partial(compute.sweep, loop.nodes, values),
        unknowns=unknowns,
        stepper=Stepper(unknowns, values, step),
        iterated=iterated,
    )


class Broyden:
    """Broyden's first ("good") method, the inverse kept as a multiple of identity plus low rank.

    Source: C. G. Broyden, "A class of methods for solving nonlinear simultaneous equations", Mathematics of
    Computation 19 (1965) 577-593; the inverse by Sherman and Morrison. With one unknown: the secant method.
    """

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self.forget()

    def forget(self) -> None:
        """Start again from a fixed-point step."""
        self._scale: np.ndarray | None = None
        self._last: tuple[np.ndarray, np.ndarray] | None = None
        self._columns: list[np.ndarray] = []
        self._rows: list[np.ndarray] = []
        self._best = np.inf

    def retreat(self) -> None:
        """There is nothing to go back to."""

    def next(self, x: np.ndarray, made: np.ndarray) -> np.ndarray:
        """The unknowns at which the learned linear model stands still."""
        if self._scale is None:
            self._scale = magnitudes(x, made)
        point, change = x / self._scale, (made - x) / self._scale
        self._learn(point, change)
        self._last = (point, change)
        return (point + self._apply(change)) * self._scale

    def _learn(self, point: np.ndarray, change: np.ndarray) -> None:
        if self._last is None:
            return
        size = float(np.linalg.norm(change))
        if len(self._rows) >= _MEMORY or size > 100.0 * self._best:
            self._columns, self._rows = [], []
        self._best = min(self._best, size)
        # M maps a change to a step; it shall map what the change lost to the step that was taken
        step, lost = point - self._last[0], self._last[1] - change
        reached = self._apply(lost)
        weight = float(step @ reached)
        if abs(weight) > 1e-14 * float(step @ step):
            row = self._apply_transposed(step)
            self._columns.append((step - reached) / weight)
            self._rows.append(row)

    def _apply(self, vector: np.ndarray) -> np.ndarray:
        result = self._factor * vector
        for column, row in zip(self._columns, self._rows, strict=True):
            result = result + column * float(row @ vector)
        return result

    def _apply_transposed(self, vector: np.ndarray) -> np.ndarray:
        result = self._factor * vector
        for column, row in zip(self._columns, self._rows, strict=True):
            result = result + row * float(column @ vector)
        return result
