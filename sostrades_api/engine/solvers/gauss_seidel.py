"""Gauss-Seidel: each discipline of a loop uses what the ones before it have just computed."""

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
class GaussSeidelSettings(FixedPointSettings):
    """Settings of ``solve``."""


def solve(
    loop: Loop,
    values: list[Any],
    *,
    settings: GaussSeidelSettings,
    compute: Callable[[Node], list[Any]],
    iterated: Callable[[int, float], None],
) -> Outcome:
    """Sweep until no coupling changes by more than the tolerance; changes ``values`` in place.

    Args:
        loop: its disciplines in order of sweep.
        values: the slots; feedback couplings hold their initial values.
        settings: when to stop.
        compute: runs one discipline on ``values`` and returns its outputs.
        iterated: told iteration and residual after every sweep.
    """
    residual, measured, factor = Residual(len(loop.couplings)), float("inf"), settings.relaxation_factor
    for iteration in range(1, settings.max_mda_iter + 1):
        old = [values[slot] for slot in loop.couplings]
        fresh = dict.fromkeys(loop.couplings)
        for node in loop.nodes:
            for slot, output in zip(node.out_slots, compute(node), strict=True):
                before = values[slot]
                if slot in fresh:
                    fresh[slot] = output
                    relaxed = factor != 1.0 and before is not MISSING
                    values[slot] = relax(before, output, factor) if relaxed else output
                else:
                    values[slot] = output
        new = [fresh[slot] for slot in loop.couplings]
        measured = residual.measure(old, new, [value is not MISSING for value in old])
        iterated(iteration, measured)
        if measured <= settings.tolerance:
            for slot, value in fresh.items():
                values[slot] = value
            return Outcome(converged=True, iterations=iteration, residual=measured)
    return Outcome(converged=False, iterations=settings.max_mda_iter, residual=measured)
