"""The variables of a plan: what all who declare a name agree on, and how each of them reads it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

import numpy as np

from sostrades_api.engine.agreeing import agreed_output
from sostrades_api.engine.errors import BuildError, InvalidValue, UnitError
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
from sostrades_api.engine.planned import PlanVariable
from sostrades_api.engine.process import Process
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.value_types import MISSING
from sostrades_api.engine.variable import Variable
from sostrades_api.engine.wiring import Ends, ReadersBySlot

_path = attrgetter("path")
Handovers = dict[str, dict[str, Conversion]]
"""By path, short name -> the conversion of what is read there."""
Agreed = dict[str, dict[str, Variable]]
"""By path, short name -> what an output must be that its readers declare more narrowly."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """What all ends agree on.

    Attributes:
        declared: the variables by slot.
        in_loop: slots that are made and read within one loop.
        handovers: what is converted where it is read.
        agreed: what outputs must be for their readers.
    """

    declared: list[Variable]
    in_loop: set[int] = field(default_factory=set)
    handovers: Handovers = field(default_factory=lambda: defaultdict(dict))
    agreed: Agreed = field(default_factory=lambda: defaultdict(dict))


def agreement(
    process: Process,
    ends: Ends,
    readers: ReadersBySlot,
    *,
    parameters: Mapping[str, PlanVariable],
    loop_of: np.ndarray,
) -> Agreement:
    """The variables of a plan by slot, what is converted where it is read, and what outputs must be.

    Most names are declared alike by all their ends, or so that nothing follows from it. That is found out
    once for each pair of declarations, of which there are few; the other names are looked at one by one.

    Args:
        process: that is built.
        ends: who makes and who reads each name.
        readers: who reads each slot.
        parameters: the numerical ones, which come first.
        loop_of: by rank, which loop a discipline is in; -1 for none.

    Raises:
        BuildError: a subclass names both ends of what does not fit.
    """
    codes = np.zeros(len(ends.wiring.names), dtype=np.int64)
    codes[ends.read.slots] = ends.read.codes  # one of the readers declares it,
    codes[ends.made.slots] = ends.made.codes  # unless somebody makes it
    variables = ends.variables
    declared = [parameter.variable for parameter in parameters.values()]
    declared += [variables[code] for code in codes[len(parameters) :].tolist()]
    found = Agreement(declared)
    slots = _to_look_at(ends, readers, codes=codes, loop_of=loop_of)
    if slots.size:
        _look_at(process, slots.tolist(), ends, readers, loop_of=loop_of.tolist(), found=found)
    return found


def _to_look_at(ends: Ends, readers: ReadersBySlot, *, codes: np.ndarray, loop_of: np.ndarray) -> np.ndarray:
    """The slots, in order, of which more is to be known than that one variable; ``codes`` are of those."""
    read, made, variables = ends.read, ends.made, ends.variables
    needed = np.zeros(len(codes), dtype=bool)
    needed[list(ends.given)] = True
    has_default = np.fromiter((each.default is not MISSING for each in variables), bool, len(variables))
    needed[made.slots[has_default[made.codes]]] = True
    makers = ends.wiring.makers[read.slots]
    is_made = makers >= 0
    loops = np.where(is_made, loop_of[makers], -1)
    needed[read.slots[(loops >= 0) & (loops == loop_of[read.ranks])]] = True
    several = np.flatnonzero(is_made | (np.diff(readers.starts)[read.slots] > 1))
    pairs = (codes[read.slots] * len(variables) + read.codes) * 2 + is_made
    pairs = pairs[several]
    open_ones = [pair for pair in np.unique(pairs).tolist() if not _is_settled(variables, pair)]
    if open_ones:
        needed[read.slots[several[np.isin(pairs, open_ones)]]] = True
    return np.flatnonzero(needed)


def _is_settled(variables: Sequence[Variable], pair: int) -> bool:
    """Whether nothing follows from it that two ends declare these; wherever they stand."""
    both, is_made = divmod(pair, 2)
    first, second = (Declaration("", "", "", variables[code]) for code in divmod(both, len(variables)))
    try:
        if is_made:
            fits_as_is = agreed_output("", first, (second,)) is first.variable
            return fits_as_is and check_fit("", first, second) is None
        shared_input("", (first, second))
    except (BuildError, UnitError):
        return False
    return first.variable is second.variable


def _look_at(
    process: Process,
    slots: Sequence[int],
    ends: Ends,
    readers: ReadersBySlot,
    *,
    loop_of: Sequence[int],
    found: Agreement,
) -> None:
    """Find out about these slots, in their order, so that errors do not depend on anything else."""
    wiring, variables = ends.wiring, ends.variables
    starts: list[int] = readers.starts.tolist()
    order: list[int] = readers.order.tolist()
    makers: list[int] = wiring.makers.tolist()
    ranks: list[int] = ends.read.ranks.tolist()
    codes: list[int] = ends.read.codes.tolist()
    made_as = dict(zip(ends.made.slots.tolist(), ends.made.codes.tolist(), strict=True))
    for slot in slots:
        name, maker, entries = wiring.names[slot], makers[slot], order[starts[slot] : starts[slot + 1]]
        node = name.rpartition(".")[0]
        said = [Declaration(wiring.paths[ranks[at]], node, name, variables[codes[at]]) for at in entries]
        if maker < 0:
            given = sorted(ends.given.get(slot, ()), key=_path)  # what processes declare comes first
            # the unit must not depend on the order of declaration
            everyone = [*given, *sorted(said, key=_path)]
            found.declared[slot] = _input(process, everyone, found)
            continue
        producer = Declaration(wiring.paths[maker], node, name, variables[made_as[slot]])
        loop = loop_of[maker]
        inner = [
            each for each, at in zip(said, entries, strict=True) if loop >= 0 and loop_of[ranks[at]] == loop
        ]
        if inner:
            found.in_loop.add(slot)
        found.declared[slot] = _output(process, producer, said, inner, found)


def _input(process: Process, everyone: Sequence[Declaration], found: Agreement) -> Variable:
    variable = shared_input(process.name, everyone)
    if len(everyone) > 1:
        held = everyone[0]._replace(variable=variable)
        _convert_for(everyone[1:], held, process=process, handovers=found.handovers)
    return variable


def _output(
    process: Process,
    producer: Declaration,
    readers: Sequence[Declaration],
    inner: list[Declaration],
    found: Agreement,
) -> Variable:
    output = agreed_output(process.name, producer, readers)
    if output is not producer.variable:
        found.agreed[producer.path][output.name] = output
        producer = producer._replace(variable=output)
    _convert_for(readers, producer, process=process, handovers=found.handovers)
    return _with_initial_value(process, producer, inner)


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
