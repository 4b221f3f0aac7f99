"""Jacobi: each discipline of a loop uses the values of the last iteration only."""

from dataclasses import dataclass
from typing import Any

from sostrades_api.engine.loop import Compute, Loop, Outcome
from sostrades_api.engine.solvers.acceleration import step_of
from sostrades_api.engine.solvers.fixed_point import Iterated, Stepper, iterate
from sostrades_api.engine.solvers.settings import FixedPointSettings
from sostrades_api.engine.value_types import MISSING


@dataclass(frozen=True, kw_only=True)
class JacobiSettings(FixedPointSettings):
    """Settings of ``solve``."""


def solve(
    loop: Loop,
    values: list[Any],
    *,
    settings: JacobiSettings,
    compute: Compute,
    iterated: Iterated,
) -> Outcome:
    """Iterate until no coupling changes by more than the tolerance; changes ``values`` in place.

    Couplings without an initial value are taken from the first sweep, in which they are forward; arguments
    are those of the Gauss-Seidel solver. All couplings are unknowns.
    """
    made = list(values)
    outputs = [slot for node in loop.nodes for slot in node.out_slots]

    def sweep() -> None:
        for node in loop.nodes:
            compute(node, made)
            for slot in node.out_slots:
                if values[slot] is MISSING:
                    values[slot] = made[slot]
        for slot in outputs:
            values[slot] = made[slot]

    step = step_of(settings)
    return iterate(
        loop,
        values,
        settings=settings,
        sweep=sweep,
        unknowns=loop.couplings,
        stepper=None if step is None else Stepper(loop.couplings, values, step),
        iterated=iterated,
    )
