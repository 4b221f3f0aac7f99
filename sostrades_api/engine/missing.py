"""What to say of names that do not meet: inputs that nobody gives, values of what there is not."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from sostrades_api.engine.errors import MissingInputs
from sostrades_api.engine.numerical import OTHER_NAMES

_MOST_HINTS = 3
_MOST_NAMES = 2000
"""More are not searched for a similar one: it takes some microseconds a name."""


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


def no_such_variable(name: str, variables: Mapping[str, Any]) -> str:
    """What to say of a value for a name that a process does not have, with the name that may be meant."""
    said = "there is no such variable in this process"
    meant = OTHER_NAMES.get(name)
    if meant is None and len(variables) <= _MOST_NAMES:
        meant = next(iter(difflib.get_close_matches(name, variables, n=1, cutoff=0.8)), None)
    return said if meant is None else f"{said}; did you mean {meant!r}?"
