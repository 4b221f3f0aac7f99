"""Jacobi: each discipline of a loop uses the values of the last iteration only."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sostrades_api.engine.loop import Compute, Loop, Outcome
from sostrades_api.engine.relaxation import relax
from sostrades_api.engine.residual import residual_of, worst_coupling
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
    iterated: Callable[[int, float], None],
) -> Outcome:
    """Iterate until no coupling changes by more than the tolerance; changes ``values`` in place.

    Couplings without an initial value are taken from the first sweep, in which they are forward; arguments
    are those of the Gauss-Seidel solver.
    """
    residual = residual_of(couplings=len(loop.couplings), only_floats=loop.only_floats)
    made, measured = list(values), float("inf")
    old = loop.read(values)
    last = (old, old)
    for iteration in range(1, settings.max_mda_iter + 1):
        for node in loop.nodes:
            compute(node, made)
            if iteration == 1:
                _fill_missing(node.out_slots, made, values)
        new = loop.read(made)
        measured = residual.measure(old, new)
        iterated(iteration, measured)
        converged = measured <= settings.tolerance
        _take_over(loop, made, values, factor=1.0 if converged else settings.relaxation_factor)
        if converged:
            return Outcome(converged=True, iterations=iteration, residual=measured)
        last, old = (old, new), new if settings.relaxation_factor == 1.0 else loop.read(values)
    return Outcome(
        converged=False,
        iterations=settings.max_mda_iter,
        residual=measured,
        worst=worst_coupling(loop, *last),
    )


def _fill_missing(slots: tuple[int, ...], made: list[Any], values: list[Any]) -> None:
    for slot in slots:
        if values[slot] is MISSING:
            values[slot] = made[slot]


def _take_over(loop: Loop, made: list[Any], values: list[Any], *, factor: float) -> None:
    coupled = frozenset(loop.couplings) if factor != 1.0 else frozenset()
    for node in loop.nodes:
        for slot in node.out_slots:
            values[slot] = relax(values[slot], made[slot], factor) if slot in coupled else made[slot]
