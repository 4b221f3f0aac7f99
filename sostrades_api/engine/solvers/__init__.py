"""Solvers of coupled disciplines, one a file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from sostrades_api.engine.loop import Outcome
from sostrades_api.engine.solvers import gauss_seidel, gs_newton, jacobi, newton, quasi_newton
from sostrades_api.engine.solvers.settings import NewtonSettings, SolverSettings


@dataclass(frozen=True)
class Solver:
    """A solver and the class of its settings."""

    settings: type[SolverSettings]
    solve: Callable[..., Outcome]

    @property
    def takes_inner_loops(self) -> bool:
        """Whether a sweep may solve loops inside; Newton solves all couplings as one."""
        return not issubclass(self.settings, NewtonSettings)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The numerical parameters that it reads."""
        return self.settings.names()


SOLVERS: Mapping[str, Solver] = {
    "MDAGaussSeidel": Solver(gauss_seidel.GaussSeidelSettings, gauss_seidel.solve),
    "MDAJacobi": Solver(jacobi.JacobiSettings, jacobi.solve),
    "MDANewtonRaphson": Solver(newton.NewtonRaphsonSettings, newton.solve),
    "MDAQuasiNewton": Solver(quasi_newton.QuasiNewtonSettings, quasi_newton.solve),
    "MDAGSNewton": Solver(gs_newton.GSNewtonSettings, gs_newton.solve),
}
