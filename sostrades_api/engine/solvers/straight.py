"""Sweeps of a few disciplines of floats: ``iterate`` by the function of their loop."""

from functools import partial
from typing import Any

from sostrades_api.engine.errors import DisciplineRaised, NotFinite
from sostrades_api.engine.loop import Compute, Failure, Loop, Outcome
from sostrades_api.engine.residual import FewFloats
from sostrades_api.engine.solvers.fixed_point import Iterated, Stepper, diverged, outcome_of
from sostrades_api.engine.solvers.settings import SolverSettings
from sostrades_api.engine.solvers.watch import EVERY, Watch, has_grown
from sostrades_api.engine.straight_loop import Straight

_UNSOLVABLE = (NotFinite, DisciplineRaised)


def iterate_straight(
    loop: Loop,
    values: list[Any],
    *,
    solve: Straight,
    compute: Compute,
    settings: SolverSettings,
    stepper: Stepper | None,
    iterated: Iterated,
    measure: FewFloats,
) -> Outcome:
    """As ``iterate``, to the bit, for the sweeps of Gauss-Seidel, whose steppers cannot retreat."""
    failure, cause, iterations, residual, old, new = solve(
        compute,
        loop.read(values),
        settings.max_mda_iter,
        settings.tolerance,
        None if stepper is None else stepper.advance,
        loop.read,
        iterated,
        measure.measure,
        measure.limits,
        partial(Watch, loop, loop.unknowns),
        EVERY,
        has_grown,
        _UNSOLVABLE,
    )
    if residual <= settings.tolerance and cause is None:
        return Outcome(converged=True, iterations=iterations, residual=residual)
    if cause is not None:
        return diverged(loop, (old, new), iterations, residual, cause)
    return outcome_of(loop, (old, new), failure or Failure.TOO_MANY, iterations, residual)
