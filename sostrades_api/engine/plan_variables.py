"""The variables of a plan: what all who declare a name agree on, and how each of them reads it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from sostrades_api.engine.errors import BuildError, InvalidValue
from sostrades_api.engine.handover import Conversion
from sostrades_api.engine.merging import (
    check_fit,
    in_units_of,
    one_default,
    require_default_fits,
    shared_input,
)
from sostrades_api.engine.naming import Declaration
from sostrades_api.engine.numerical import LOOP_INPUTS, NUMERICAL_INPUTS, NUMERICAL_OUTPUTS
from sostrades_api.engine.plan import PlanVariable
from sostrades_api.engine.process import Process
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.value_types import MISSING
from sostrades_api.engine.variable import Variable


@dataclass(frozen=True)
class Couplings:
    """Who makes and who reads each name; ``loop_of`` is the number of a discipline's component.

    ``handovers`` is filled on the way: by path, full name -> the conversion of what is read there.
    """

    producers: Mapping[str, Declaration]
    consumers: Mapping[str, list[Declaration]]
    loop_of: Mapping[str, int]
    handovers: dict[str, dict[str, Conversion]] = field(default_factory=lambda: defaultdict(dict))


def plan_variables(process: Process, settled: Settled, couplings: Couplings) -> dict[str, PlanVariable]:
    """The variables of a plan: numerical parameters, then inputs of processes, then each discipline's.

    Raises:
        BuildError: a subclass names both ends of what does not fit.
    """
    variables = _numerical(process)
    reserved = frozenset(variables)
    for declaration in settled.given:
        name = declaration.full_name
        if name in variables:
            raise ReservedName(process=process.name, discipline=declaration.path, variable=name)
    for name in dict.fromkeys(declaration.full_name for declaration in settled.given):
        variables[name] = _plan_variable(process, name, couplings)
    for place in settled.placed:
        for declaration in (*place.inputs.values(), *place.outputs.values()):
            name = declaration.full_name
            if name not in variables:
                variables[name] = _plan_variable(process, name, couplings)
            elif name in reserved:
                raise ReservedName(process=process.name, discipline=place.path, variable=name)
    return variables


def _plan_variable(process: Process, name: str, couplings: Couplings) -> PlanVariable:
    producer, readers = couplings.producers.get(name), couplings.consumers.get(name, [])
    loop_of = couplings.loop_of
    inner: list[Declaration] = []
    if producer is None:
        if len(readers) > 1:  # the process first, then by path: the unit must not depend on any other order
            readers = sorted(readers, key=lambda reader: (reader.path in loop_of, reader.path))
        variable, owner = shared_input(process.name, readers), readers[0].node
        if len(readers) > 1:
            held = readers[0]._replace(variable=variable)
            _convert_for(readers[1:], held, process=process, couplings=couplings)
    else:
        _convert_for(readers, producer, process=process, couplings=couplings)
        loop = loop_of[producer.path]
        inner = [reader for reader in readers if loop_of[reader.path] == loop]
        variable, owner = _with_initial_value(process, producer, inner), producer.path
    return PlanVariable(
        name=name,
        variable=variable,
        io="in" if producer is None else "out",
        owner=owner,
        consumers=tuple([reader.path for reader in readers if reader.path in loop_of]),
        coupled=producer is not None and bool(readers),
        in_loop=bool(inner),
        default=variable.default,
    )


def _convert_for(
    readers: list[Declaration], held: Declaration, *, process: Process, couplings: Couplings
) -> None:
    """Check that each reader can take what is held, and note how its units are converted."""
    for reader in readers:
        convert = check_fit(process.name, held, reader)
        if convert is not None:
            couplings.handovers[reader.path][reader.full_name] = convert


def _with_initial_value(process: Process, producer: Declaration, inner: list[Declaration]) -> Variable:
    """An output; within a loop, the default of those who read it there is where the loop starts."""
    variable = producer.variable
    if not inner and variable.default is MISSING:
        return variable
    default = one_default(
        process.name, [(reader, in_units_of(reader.variable, variable).default) for reader in inner]
    )
    if default is variable.default:
        return variable
    require_default_fits(process.name, variable, default, producer, inner)
    return replace(variable, default=default)


def numerical_variables(process: Process) -> dict[str, PlanVariable]:
    """The numerical parameters of the study and of its coupling nodes; BuildError where one is unknown."""
    unknown = [name for name in process.numerical if name not in NUMERICAL_INPUTS]
    if unknown:
        known = ", ".join(NUMERICAL_INPUTS)
        raise BuildError(process=process.name, detail=f"no numerical parameters {unknown}; known: {known}")
    variables: dict[str, PlanVariable] = {}
    for name, declared in {**NUMERICAL_INPUTS, **NUMERICAL_OUTPUTS}.items():
        variables[name] = _parameter(process, declared, process.numerical, node="")
    for node, own in process.couplings.items():
        unknown = [name for name in own if name not in LOOP_INPUTS]
        if unknown:
            detail = f"couplings of {node!r}: no parameters {unknown}; known: {', '.join(LOOP_INPUTS)}"
            raise BuildError(process=process.name, detail=detail)
        for name in LOOP_INPUTS:
            given = {**process.numerical, **own}
            variables[f"{node}.{name}"] = _parameter(process, NUMERICAL_INPUTS[name], given, node=node)
    return variables


def _parameter(process: Process, declared: Variable, given: Mapping[str, Any], *, node: str) -> PlanVariable:
    name, variable = declared.name, declared
    if name in given:
        try:
            variable = replace(declared, default=freeze(declared.check(given[name])))
        except InvalidValue as error:
            raise BuildError(process=process.name, detail=f"numerical parameter {name!r}: {error}") from None
    return PlanVariable(
        name=f"{node}.{name}" if node else name,
        variable=variable,
        io="in" if name in NUMERICAL_INPUTS else "out",
        owner=node,
        consumers=(),
        coupled=False,
        in_loop=False,
        default=variable.default,
    )
