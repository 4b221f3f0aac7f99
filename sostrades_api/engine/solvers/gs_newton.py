"""Gauss-Seidel first, to come near, then Newton."""

from dataclasses import dataclass, replace
from typing import Any

from sostrades_api.engine.errors import SettingsError
from sostrades_api.engine.loop import Compute, Loop, Outcome
from sostrades_api.engine.solvers import gauss_seidel, newton
from sostrades_api.engine.solvers.fixed_point import Iterated
from sostrades_api.engine.solvers.gauss_seidel import GaussSeidelSettings
from sostrades_api.engine.solvers.measures import measure_of
from sostrades_api.engine.solvers.newton import NewtonRaphsonSettings
from sostrades_api.engine.solvers.settings import FixedPointSettings


@dataclass(frozen=True, kw_only=True)
class GSNewtonSettings(FixedPointSettings, NewtonRaphsonSettings):
    """Settings of ``solve``; relaxation and acceleration are those of the sweeps.

    Newton begins after ``max_mda_iter_gs`` sweeps, or once the residual is at most ``tolerance_gs``;
    ``max_mda_iter`` counts both.
    """

    max_mda_iter_gs: int = 5
    tolerance_gs: float = 1e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_mda_iter_gs < 1 or self.tolerance_gs < 0:
            raise SettingsError(detail="max_mda_iter_gs is at least 1, tolerance_gs not negative")


def solve(
    loop: Loop,
    values: list[Any],
    *,
    settings: GSNewtonSettings,
    compute: Compute,
    iterated: Iterated,
) -> Outcome:
    """Sweep, then take Newton steps, until no coupling changes by more than the tolerance."""
    sweeps = min(settings.max_mda_iter_gs, settings.max_mda_iter)
    target = max(settings.tolerance_gs, settings.tolerance)
    given = {name: getattr(settings, name) for name in GaussSeidelSettings.names()}
    near = GaussSeidelSettings.of({**given, "max_mda_iter": sweeps, "tolerance": target})
    residual = measure_of(loop, settings)
    first = gauss_seidel.solve(
        loop, values, settings=near, compute=compute, iterated=iterated, residual=residual
    )
    left = settings.max_mda_iter - first.iterations
    if first.residual <= settings.tolerance or left < 1:
        return replace(first, converged=first.residual <= settings.tolerance)

    def count_on(iteration: int, residual: float) -> None:
        iterated(first.iterations + iteration, residual)

    given = {name: getattr(settings, name) for name in NewtonRaphsonSettings.names()}
    rest = NewtonRaphsonSettings.of({**given, "max_mda_iter": left, "relaxation_factor": 1.0})
    outcome = newton.solve(loop, values, settings=rest, compute=compute, iterated=count_on, residual=residual)
    return replace(outcome, iterations=first.iterations + outcome.iterations)
