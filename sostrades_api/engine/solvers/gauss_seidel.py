"""Gauss-Seidel: each discipline of a loop uses what the ones before it have just computed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sostrades_api.engine.loop import Compute, Loop, Outcome
from sostrades_api.engine.relaxation import relax
from sostrades_api.engine.residual import residual_of, worst_coupling
from sostrades_api.engine.solvers.settings import FixedPointSettings
from sostrades_api.engine.value_types import MISSING


@dataclass(frozen=True, kw_only=True)
class GaussSeidelSettings(FixedPointSettings):
    """Settings of ``solve``."""


def solve(
    loop: Loop,
    values: list[Any],
    *,
    settings: GaussSeidelSettings,
    compute: Compute,
    iterated: Callable[[int, float], None],
) -> Outcome:
    """Sweep until no coupling changes by more than the tolerance; changes ``values`` in place.

    Args:
        loop: its disciplines in order of sweep.
        values: the slots; feedback couplings hold their initial values.
        settings: when to stop.
        compute: runs one discipline on ``values``.
        iterated: told iteration and residual after every sweep.
    """
    residual = residual_of(couplings=len(loop.couplings), only_floats=loop.only_floats)
    tolerance, factor = settings.tolerance, settings.relaxation_factor
    measured = float("inf")
    old = loop.read(values)
    last = (old, old)
    for iteration in range(1, settings.max_mda_iter + 1):
        if factor == 1.0:
            for node in loop.nodes:
                compute(node, values)
            new = loop.read(values)
        else:
            new = _relaxed_sweep(loop, values, factor, compute)
        measured = residual.measure(old, new)
        iterated(iteration, measured)
        if measured <= tolerance:
            for slot, value in zip(loop.couplings, new, strict=True):
                values[slot] = value
            return Outcome(converged=True, iterations=iteration, residual=measured)
        last, old = (old, new), new if factor == 1.0 else loop.read(values)
    return Outcome(
        converged=False,
        iterations=settings.max_mda_iter,
        residual=measured,
        worst=worst_coupling(loop, *last),
    )


def _relaxed_sweep(loop: Loop, values: list[Any], factor: float, compute: Compute) -> tuple[Any, ...]:
    """Sweep, take over a share of each change, and return the couplings as the disciplines made them."""
    made = {}
    coupled = frozenset(loop.couplings)
    for node in loop.nodes:
        before = {slot: values[slot] for slot in node.out_slots if slot in coupled}
        compute(node, values)
        for slot, old in before.items():
            made[slot] = values[slot]
            if old is not MISSING:
                values[slot] = relax(old, values[slot], factor)
    return tuple(made[slot] for slot in loop.couplings)
