"""Total derivatives of a plan: executes it, and carries derivatives along a route compiled once."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from sostrades_api.engine.derivatives.linearize import Method
from sostrades_api.engine.derivatives.route import Route
from sostrades_api.engine.derivatives.total import Mode, TotalDerivatives, total_derivatives
from sostrades_api.engine.errors import NotDifferentiable, SettingsError
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.node import Node
from sostrades_api.engine.result import ExecutionResult


class Differentiable(Protocol):
    """What is needed of a plan."""

    steps: tuple[Node | Loop, ...]

    @property
    def variables(self) -> Mapping[str, Any]:
        """By full name."""
        ...

    def execute(self, values: Mapping[str, Any] | None = None) -> ExecutionResult:
        """Run it."""
        ...


_ROUTES: WeakKeyDictionary[Differentiable, dict[Any, Route]] = WeakKeyDictionary()


def derivatives_of(
    plan: Differentiable,
    slots: Mapping[str, int],
    values: Mapping[str, Any] | None,
    *,
    of: tuple[str, ...],
    wrt: tuple[str, ...],
    mode: str,
    method: str,
) -> TotalDerivatives:
    """See ``Plan.derivatives``; ``slots`` are those of the plan's variables."""
    way, how = _choice(Mode, mode), _choice(Method, method)
    routes = _ROUTES.setdefault(plan, {})
    route = routes.get((of, wrt, how))
    if route is None:
        _require_names(plan.variables, of, wrt)
        route = Route.between(
            plan.steps, wrt=[slots[name] for name in wrt], of=[slots[name] for name in of], method=how
        )
        routes[of, wrt, how] = route
    result = plan.execute(values)
    if not result.converged:
        lost = next((name for name in of if name in result.unconverged), None)
        if lost is not None:
            raise NotDifferentiable(of=lost, wrt=wrt[0], detail="a loop that it depends on has not converged")
    made: Any = result.values
    found, taken = total_derivatives(
        route,
        list(made.slots),
        of={name: slots[name] for name in of},
        wrt={name: slots[name] for name in wrt},
        mode=way,
    )
    return TotalDerivatives(found, result=result, mode=taken)


def _require_names(variables: Mapping[str, Any], of: Sequence[str], wrt: Sequence[str]) -> None:
    if not of or not wrt:
        raise SettingsError(detail="derivatives need at least one name in 'of' and one in 'wrt'")
    for name in of:
        if name not in variables or variables[name].io != "out":
            raise NotDifferentiable(of=name, wrt=wrt[0], detail=_no_variable(name, "output"))
    for name in wrt:
        if name not in variables or variables[name].io != "in":
            raise NotDifferentiable(of=of[0], wrt=name, detail=_no_variable(name, "input"))


def _no_variable(name: Any, side: str) -> str:
    hint = (
        "" if isinstance(name, str) else "; name whole variables by full name, a table too, not its columns"
    )
    return f"{name!r} is no {side} of this process{hint}"


@lru_cache(maxsize=16)
def _choice(kind: Any, given: str) -> Any:
    if given not in list(kind):
        raise SettingsError(detail=f"{given!r} is none of {', '.join(kind)}")
    return kind(given)
