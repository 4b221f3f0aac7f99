"""Fixed-point solvers of coupled disciplines, one a file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property

from sostrades_api.engine.loop import Outcome
from sostrades_api.engine.solvers import gauss_seidel, jacobi
from sostrades_api.engine.solvers.settings import FixedPointSettings


@dataclass(frozen=True)
class Solver:
    """A solver and the class of its settings."""

    settings: type[FixedPointSettings]
    solve: Callable[..., Outcome]

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The numerical parameters that it reads."""
        return tuple(field.name for field in fields(self.settings))


SOLVERS: Mapping[str, Solver] = {
    "MDAGaussSeidel": Solver(gauss_seidel.GaussSeidelSettings, gauss_seidel.solve),
    "MDAJacobi": Solver(jacobi.JacobiSettings, jacobi.solve),
}
