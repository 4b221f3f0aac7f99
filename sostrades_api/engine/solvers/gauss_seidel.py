"""Gauss-Seidel: each discipline of a loop uses what the ones before it have just computed."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from sostrades_api.engine.loop import Compute, Loop, Outcome
from sostrades_api.engine.residual import FewFloats, Residual
from sostrades_api.engine.solvers.acceleration import step_of
from sostrades_api.engine.solvers.fixed_point import Iterated, Stepper, iterate
from sostrades_api.engine.solvers.measures import measure_of
from sostrades_api.engine.solvers.settings import FixedPointSettings
from sostrades_api.engine.solvers.straight import iterate_straight


@dataclass(frozen=True, kw_only=True)
class GaussSeidelSettings(FixedPointSettings):
    """Settings of ``solve``."""


def solve(
    loop: Loop,
    values: list[Any],
    *,
    settings: GaussSeidelSettings,
    compute: Compute,
    iterated: Iterated,
    residual: Residual | None = None,
) -> Outcome:
    """Sweep until no coupling changes by more than the tolerance; changes ``values`` in place.

    What a sweep makes depends on the feedback couplings alone: relaxation and acceleration work on them.

    Args:
        loop: its disciplines in order of sweep.
        values: the slots; feedback couplings hold their initial values.
        settings: when to stop.
        compute: runs one discipline on ``values``.
        iterated: told iteration and residual after every sweep.
        residual: the measure of iterations before these, if there were any.
    """
    unknowns = loop.unknowns
    step = step_of(settings)
    stepper = None if step is None else Stepper(unknowns, values, step)
    measure = residual or measure_of(loop, settings)
    if isinstance(measure, FewFloats) and (solve_straight := compute.straight(loop)) is not None:
        return iterate_straight(
            loop,
            values,
            solve=solve_straight,
            compute=compute,
            settings=settings,
            stepper=stepper,
            iterated=iterated,
            measure=measure,
        )
    return iterate(
        loop,
        values,
        settings=settings,
        sweep=partial(compute.sweep, loop.nodes, values),
        unknowns=unknowns,
        stepper=stepper,
        iterated=iterated,
        residual=measure,
    )
