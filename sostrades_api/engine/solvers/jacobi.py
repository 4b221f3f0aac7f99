"""Jacobi: each discipline of a loop uses the values of the last iteration only."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sostrades_api.engine.loop import Loop, Outcome
from sostrades_api.engine.node import Node
from sostrades_api.engine.relaxation import relax
from sostrades_api.engine.residual import Residual
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
    compute: Callable[[Node], list[Any]],
    iterated: Callable[[int, float], None],
) -> Outcome:
    """Iterate until no coupling changes by more than the tolerance; changes ``values`` in place.

    Couplings without an initial value are taken from the first sweep, in which they are forward; arguments
    are those of the Gauss-Seidel solver.
    """
    residual, measured, factor = Residual(len(loop.couplings)), float("inf"), settings.relaxation_factor
    coupled = frozenset(loop.couplings)
    for iteration in range(1, settings.max_mda_iter + 1):
        old = [values[slot] for slot in loop.couplings]
        fresh: dict[int, Any] = {}
        for node in loop.nodes:
            for slot, output in zip(node.out_slots, compute(node), strict=True):
                fresh[slot] = output
                if values[slot] is MISSING:
                    values[slot] = output
        measured = residual.measure(
            old, [fresh[slot] for slot in loop.couplings], [value is not MISSING for value in old]
        )
        done = measured <= settings.tolerance
        for slot, output in fresh.items():
            relaxed = factor != 1.0 and slot in coupled and not done
            values[slot] = relax(values[slot], output, factor) if relaxed else output
        iterated(iteration, measured)
        if done:
            return Outcome(converged=True, iterations=iteration, residual=measured)
    return Outcome(converged=False, iterations=settings.max_mda_iter, residual=measured)
