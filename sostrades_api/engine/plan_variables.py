"""The variables of a plan: what all who declare a name agree on, and how each of them reads it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from operator import attrgetter
from typing import Any

from sostrades_api.engine.agreeing import agreed_output
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
from sostrades_api.engine.wiring import Ends, Wiring

_path = attrgetter("path")
Handovers = dict[str, dict[str, Conversion]]
"""By path, short name -> the conversion of what is read there."""
Agreed = dict[str, dict[str, Variable]]
"""By path, short name -> what an output must be that its readers declare more narrowly."""


def plan_variables(
    process: Process,
    wiring: Wiring,
    ends: Ends,
    *,
    parameters: Mapping[str, PlanVariable],
    looped: Mapping[str, int],
) -> tuple[dict[str, PlanVariable], Handovers, Agreed]:
    """The variables of a plan by slot, what is converted where it is read, and what outputs must be.

    Args:
        process: that is built.
        wiring: the names.
        ends: who makes and who reads each of them.
        parameters: the numerical ones, which come first.
        looped: of each path in a loop, which one it is.

    Raises:
        BuildError: a subclass names both ends of what does not fit.
    """
    variables, handovers, agreed = dict(parameters), defaultdict(dict), defaultdict(dict)
    for name, slot in islice(wiring.slots.items(), len(parameters), None):
        readers, producer = ends.readers.get(slot, []), ends.producers.get(slot)
        if producer is None and len(readers) > 1:  # the unit must not depend on the order of declaration
            readers = sorted(readers, key=_path)
        everyone = readers
        if slot in ends.given:  # what processes declare comes first
            everyone = [*sorted(ends.given[slot], key=_path), *readers]
        inner: list[Declaration] = []
        if producer is None:
            variable, owner = shared_input(process.name, everyone), everyone[0].node
            if len(everyone) > 1:
                held = everyone[0]._replace(variable=variable)
                _convert_for(everyone[1:], held, process=process, handovers=handovers)
        else:
            output = agreed_output(process.name, producer, readers)
            if output is not producer.variable:
                agreed[producer.path][output.name] = output
                producer = producer._replace(variable=output)
            _convert_for(readers, producer, process=process, handovers=handovers)
            if producer.path in looped:
                loop = looped[producer.path]
                inner = [reader for reader in readers if looped.get(reader.path) == loop]
            variable, owner = _with_initial_value(process, producer, inner), producer.path
        variables[name] = PlanVariable(
            name=name,
            variable=variable,
            io="in" if producer is None else "out",
            owner=owner,
            consumers=tuple([reader.path for reader in readers]),
            coupled=producer is not None and bool(readers),
            in_loop=bool(inner),
            default=variable.default,
        )
    return variables, handovers, agreed


def _convert_for(
    readers: Sequence[Declaration], held: Declaration, *, process: Process, handovers: Handovers
) -> None:
    """Check that each reader can take what is held, and note how its units are converted."""
    for reader in readers:
        convert = check_fit(process.name, held, reader)
        if convert is not None:
            handovers[reader.path][reader.variable.name] = convert


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
