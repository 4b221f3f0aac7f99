"""Newton: solves the linear model of the loop for the feedback couplings on which a sweep stands still."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from sostrades_api.engine.derivatives.linear_solver import (
    LinearSolver,
    LinearSystemError,
    factorised,
    solve_by_gmres,
)
from sostrades_api.engine.derivatives.linearize import Method
from sostrades_api.engine.derivatives.loop_jacobian import LoopJacobian
from sostrades_api.engine.derivatives.scalar_loop import Linear
from sostrades_api.engine.errors import NotDifferentiable
from sostrades_api.engine.loop import Compute, Loop, Outcome
from sostrades_api.engine.residual import Residual
from sostrades_api.engine.solvers.acceleration import magnitudes
from sostrades_api.engine.solvers.fixed_point import Iterated, Stepper, iterate
from sostrades_api.engine.solvers.settings import NewtonSettings
from sostrades_api.engine.solvers.vectors import vector_of

_FEW_UNKNOWNS = 32  # below, derivatives are propagated through the sweep; above, all couplings are one system
_MANY_RUNS = 500  # above, GMRES needs fewer runs than a Jacobian by stepping
_MOST_HALVINGS = 8
_ROUNDING = 1e-13


@dataclass(frozen=True, kw_only=True)
class NewtonRaphsonSettings(NewtonSettings):
    """Settings of ``solve``; ``relaxation_factor`` is the share of a Newton step that is tried first."""


def solve(
    loop: Loop,
    values: list[Any],
    *,
    settings: NewtonSettings,
    compute: Compute,
    iterated: Iterated,
    residual: Residual | None = None,
) -> Outcome:
    """Iterate until no coupling changes by more than the tolerance; arguments as for Gauss-Seidel.

    Each iteration is one sweep, so that couplings that go forward are always consistent, and one linear
    system for those that go back. A step that makes the changes larger is halved; each try is an iteration.
    """
    sweep = partial(compute.sweep, loop.nodes, values)
    step = Newton(loop, values, settings=settings, compute=compute, sweep=sweep)
    unknowns = step.jacobian.unknowns
    return iterate(
        loop,
        values,
        settings=settings,
        sweep=sweep,
        unknowns=unknowns,
        stepper=Stepper(unknowns, values, step),
        iterated=iterated,
        residual=residual,
    )


class Newton:
    """Newton steps of the feedback couplings."""

    def __init__(
        self,
        loop: Loop,
        values: list[Any],
        *,
        settings: NewtonSettings,
        compute: Compute,
        sweep: Callable[[], None],
    ) -> None:
        self.jacobian = _jacobian(loop, Method(settings.linearization), settings.finite_difference_step)
        self._values, self._settings = values, settings
        self._compute, self._sweep = compute, sweep
        self.forget()

    def forget(self) -> None:
        """Start again from where the unknowns are."""
        self._scale: np.ndarray | None = None
        self._from: tuple[np.ndarray, np.ndarray, float] | None = None  # point, step, size of change there
        self._share = self._settings.relaxation_factor
        self._halvings = 0
        self._stood = False
        self._linear: Linear | None = None

    def next(self, x: np.ndarray, made: np.ndarray) -> np.ndarray:
        """The next point: a shorter step from the last one if this is no better, else a new step."""
        change = made - x
        if not self._stood and bool(
            (np.abs(change) <= self._settings.tolerance * np.maximum(np.abs(x), np.abs(made))).all()
        ):
            self._stood = True  # solved; one more sweep shows that all other couplings stand still as well
            return x
        self._stood = False
        if self._scale is None:
            self._scale = magnitudes(x, made)
        size = float(np.linalg.norm(change / self._scale))
        if self._settings.line_search and self._from is not None and self._is_worse(size):
            nearer = self.retreat()
            if nearer is not None:
                return nearer
        step = self._linear(change) if self._linear and self._is_near(size) else self._newton_step(x, change)
        self._from, self._halvings = (x, step, size), 0
        self._share = self._settings.relaxation_factor
        return x + self._share * step

    def retreat(self) -> np.ndarray | None:
        """Half the last step."""
        if self._from is None or self._halvings >= _MOST_HALVINGS:
            return None
        self._halvings += 1
        self._share /= 2.0
        point, step, _ = self._from
        return point + self._share * step

    def _is_worse(self, size: float) -> bool:
        before = self._from[2] if self._from else np.inf
        return size > max((1.0 - 1e-4 * self._share) * before, _ROUNDING)

    def _is_near(self, size: float) -> bool:
        """Whether the last linear model is good enough for the last step: near the end it saves a fifth.

        Its next change is about twice this one times how much this one shrank.
        """
        before = self._from[2] if self._from else 0.0
        return 2.0 * size * size <= 0.1 * self._settings.tolerance * before

    def _newton_step(self, x: np.ndarray, change: np.ndarray) -> np.ndarray:
        """The step to where the linear model stands still; a fixed-point step where it is singular."""
        values, unknowns = self._values, self.jacobian.unknowns
        made = [values[slot] for slot in unknowns]
        vector_of(unknowns, values).scatter(x, values)
        try:
            return self._solved(x, change)
        except (LinearSystemError, NotDifferentiable):
            return change
        finally:
            for slot, value in zip(unknowns, made, strict=True):
                values[slot] = value

    def _solved(self, x: np.ndarray, change: np.ndarray) -> np.ndarray:
        kind, jacobian = LinearSolver(self._settings.linear_solver), self.jacobian
        automatic = kind is LinearSolver.AUTO
        if not jacobian.declared and (
            kind is LinearSolver.GMRES or (automatic and jacobian.runs(self._values) > _MANY_RUNS)
        ):
            return self._without_matrix(x, change)
        if automatic and jacobian.scalar is not None and change.size > 1:
            self._linear = jacobian.scalar.linear(self._values)
            return self._linear(change)
        values, blocks = self._values, jacobian.linearize(self._values, self._compute)
        if kind is LinearSolver.GMRES:
            return self._gmres(lambda v: v - jacobian.along(blocks, values, v), change)
        if automatic and change.size <= _FEW_UNKNOWNS:
            swept = jacobian.of_sweep(blocks, values)
            if change.size == 1 and swept[0, 0] != 1.0:
                return change / (1.0 - swept[0])
            return factorised(np.eye(change.size) - swept, LinearSolver.DENSE)(change)
        matrix, right, step = jacobian.system(blocks, values, change)
        return step(factorised(matrix, kind)(right))

    def _without_matrix(self, x: np.ndarray, change: np.ndarray) -> np.ndarray:
        """Solve with directional derivatives only, one sweep each."""
        values, unknowns = self._values, self.jacobian.unknowns
        scale = self._scale if self._scale is not None else np.ones_like(x)
        vector = vector_of(unknowns, values)
        kept = list(values)
        base = x + change

        def apply(direction: np.ndarray) -> np.ndarray:
            length = float(np.abs(direction).max(initial=0.0))
            if length == 0.0:
                return direction
            step = self._settings.finite_difference_step / length
            vector.scatter(x + step * scale * direction, values)
            self._sweep()
            return direction - (vector.gather(values) - base) / (step * scale)

        try:
            return scale * self._gmres(apply, change / scale)
        finally:
            values[:] = kept

    def _gmres(self, apply: Callable[[np.ndarray], np.ndarray], right: np.ndarray) -> np.ndarray:
        settings = self._settings
        return solve_by_gmres(
            apply,
            right,
            tolerance=settings.linear_solver_tolerance,
            max_iter=settings.linear_solver_max_iter,
        )


_JACOBIANS: WeakKeyDictionary[Loop, dict[tuple[Method, float], LoopJacobian]] = WeakKeyDictionary()


def _jacobian(loop: Loop, method: Method, step: float) -> LoopJacobian:
    """Compiled once for a loop and a way of linearizing."""
    known = _JACOBIANS.setdefault(loop, {})
    if (method, step) not in known:
        known[method, step] = LoopJacobian(loop, method=method, step=step)
    return known[method, step]
