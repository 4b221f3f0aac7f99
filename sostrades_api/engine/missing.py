"""What to say of inputs that nobody gives: who reads them, and what is made under nearly the same name."""

from collections.abc import Mapping, Sequence
from typing import Any

from sostrades_api.engine.errors import MissingInputs

_MOST_HINTS = 3


def missing_inputs(names: Sequence[str], variables: Mapping[str, Any]) -> MissingInputs:
    """The error of inputs without a value; ``variables`` are those of the plan."""
    readers = dict.fromkeys(path for name in names for path in variables[name].consumers)
    return MissingInputs(
        variables=tuple(names),
        readers=f" (read by {', '.join(readers)})" if readers else "",
        hint=_hint(names, variables),
    )


def _hint(names: Sequence[str], variables: Mapping[str, Any]) -> str:
    """Outputs of the same short name at other nodes: most often a namespace was forgotten."""
    made: dict[str, str] = {}
    for name, variable in variables.items():
        if variable.io == "out":
            made.setdefault(variable.variable.name, name)
    short = {name: variables[name].variable.name for name in names}
    near = [f"{made[short[name]]} for {name}" for name in names if short[name] in made]
    if not near:
        return ""
    pairs = ", ".join(near[:_MOST_HINTS])
    return f", or put both ends in one namespace where it is an output at another node: {pairs}"
