"""Settings that solvers share; frozen, unknown keys rejected."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self

from sostrades_api.engine.derivatives.linear_solver import LinearSolver
from sostrades_api.engine.derivatives.linearize import Method
from sostrades_api.engine.errors import SettingsError

_LARGEST_RELATIVE = 0.01


class Scaling(StrEnum):
    """What the tolerance is compared with: the changes of all couplings in one iteration, R."""

    MAGNITUDE = "magnitude"  # relative: the largest change, each relative to its coupling's own magnitude
    NONE = "none"  # absolute: the largest change itself, in the variable's own unit
    ROOT_MEAN_SQUARE = "root_mean_square"  # absolute: ||R|| / sqrt(n)
    INITIAL = "initial"  # relative to the first iteration: ||R|| / ||R of the first||


class Acceleration(StrEnum):
    """How a fixed-point solver learns from its iterations."""

    NONE = ""  # it does not
    AITKEN = "Aitken"  # one factor for all couplings, from the last two changes
    ANDERSON = "Anderson"  # the best combination of the last few iterations


@dataclass(frozen=True, kw_only=True)
class SolverSettings:
    """When to stop, and how much of each step to take."""

    max_mda_iter: int = 200
    tolerance: float = 1e-10
    residual_scaling: str = Scaling.MAGNITUDE
    relaxation_factor: float = 1.0

    def __post_init__(self) -> None:
        if self.max_mda_iter < 1 or self.tolerance < 0 or not 0 < self.relaxation_factor < 2:
            raise SettingsError(
                detail="max_mda_iter is at least 1, tolerance not negative, relaxation_factor between 0 and 2"
            )
        _require_one_of(Scaling, self.residual_scaling, "residual_scaling")

    def require_tight(self) -> None:
        """Refuse a tolerance that any loop would meet.

        Raises:
            SettingsError: relative changes of more than 1 % would pass as converged.
        """
        relative = self.residual_scaling in {Scaling.MAGNITUDE, Scaling.INITIAL}
        if relative and self.tolerance > _LARGEST_RELATIVE:
            raise SettingsError(
                detail=f"tolerance {self.tolerance:g} is above {_LARGEST_RELATIVE:g}, the largest for "
                f"relative changes; residual_scaling {Scaling.NONE.value!r} takes changes in the variables' "
                "own units"
            )

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The settings there are."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Settings by name.

        Raises:
            SettingsError: a name is not one of this solver's.
        """
        known = cls.names()
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
                raise SettingsError(detail=f"{cls.__name__} has no setting {name!r}; {hint}")
        return cls(**given)


@dataclass(frozen=True, kw_only=True)
class FixedPointSettings(SolverSettings):
    """How to go from one iteration to the next; ``acceleration_depth`` is Anderson's memory."""

    acceleration: str = Acceleration.NONE
    acceleration_depth: int = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_one_of(Acceleration, self.acceleration, "acceleration")
        if self.acceleration_depth < 1:
            raise SettingsError(detail="acceleration_depth is at least 1")


@dataclass(frozen=True, kw_only=True)
class NewtonSettings(SolverSettings):
    """How to linearize, how to solve the linear system, and whether to shorten steps that do not help."""

    line_search: bool = True
    linearization: str = Method.AUTO
    finite_difference_step: float = 1e-7
    linear_solver: str = LinearSolver.AUTO
    linear_solver_tolerance: float = 1e-8
    linear_solver_max_iter: int = 1000

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_one_of(Method, self.linearization, "linearization")
        _require_one_of(LinearSolver, self.linear_solver, "linear_solver")
        if not 0 < self.finite_difference_step < 1:
            raise SettingsError(detail="finite_difference_step is between 0 and 1")
        if not 0 < self.linear_solver_tolerance < 1 or self.linear_solver_max_iter < 1:
            raise SettingsError(
                detail="linear_solver_tolerance is between 0 and 1, linear_solver_max_iter at least 1"
            )


def _require_one_of(choices: type[StrEnum], value: str, name: str) -> None:
    if value not in list(choices):
        raise SettingsError(detail=f"{name} is one of {', '.join(map(repr, map(str, choices)))}")
