"""Building: from a process to a plan. Everything that can be checked without values is checked here."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sostrades_api.engine.errors import (
    BuildError,
    InvalidInputs,
    InvalidReference,
    InvalidValue,
    ReservedName,
    TwoProducers,
)
from sostrades_api.engine.graph import ordered_components, sweep_order
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.merging import check_fit, one_default, require_default_fits, shared_input
from sostrades_api.engine.naming import Declaration, Placed, place_all
from sostrades_api.engine.node import Node
from sostrades_api.engine.numerical import NUMERICAL_INPUTS, NUMERICAL_OUTPUTS
from sostrades_api.engine.observer import Observer
from sostrades_api.engine.plan import Plan, PlanVariable
from sostrades_api.engine.process import Process
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.result import ExecutionResult
from sostrades_api.engine.value_types import MISSING, VariableType
from sostrades_api.engine.variable import Variable


def build(process: Process) -> Plan:
    """Compile a process.

    Raises:
        BuildError: a subclass names both ends of what does not fit.
    """
    placed = place_all(process)
    producers = _producers(process, placed)
    consumers = _consumers(placed)
    ranked = {path: rank for rank, path in enumerate(sorted(place.path for place in placed))}
    edges = _edges(producers, consumers, ranked)
    components = ordered_components(len(placed), edges)
    component_of = {node: i for i, members in enumerate(components) for node in members}
    loop_of = {path: component_of[rank] for path, rank in ranked.items()}
    variables = _variables(process, placed, Couplings(producers, consumers, loop_of))
    steps = _steps(placed, components=components, edges=edges, variables=variables)
    short = {
        place.path: {n: d.full_name for side in (place.inputs, place.outputs) for n, d in side.items()}
        for place in placed
    }
    plan = Plan(name=process.name, variables=variables, steps=steps, short_names=short)
    _check_references(process, plan)
    return plan


def run(
    process: Process, values: Mapping[str, Any] | None = None, *, observer: Observer | None = None
) -> ExecutionResult:
    """Build and execute at once, for notebooks."""
    return build(process).execute(values, observer=observer)


def _producers(process: Process, placed: list[Placed]) -> dict[str, Declaration]:
    producers: dict[str, Declaration] = {}
    for place in placed:
        for declaration in place.outputs.values():
            other = producers.setdefault(declaration.full_name, declaration)
            if other is not declaration:
                raise TwoProducers(
                    process=process.name, variable=declaration.full_name, first=other.path, second=place.path
                )
    return producers


def _consumers(placed: list[Placed]) -> dict[str, list[Declaration]]:
    consumers: dict[str, list[Declaration]] = defaultdict(list)
    for place in placed:
        for declaration in place.inputs.values():
            consumers[declaration.full_name].append(declaration)
    return consumers


def _edges(
    producers: Mapping[str, Declaration],
    consumers: Mapping[str, list[Declaration]],
    ranked: Mapping[str, int],
) -> dict[tuple[int, int], tuple[int, int]]:
    edges: dict[tuple[int, int], tuple[int, int]] = {}
    for name, producer in producers.items():
        readers = consumers.get(name, ())
        for reader in readers:
            unset = int(reader.variable.default is MISSING)
            key = ranked[producer.path], ranked[reader.path]
            count, without = edges.get(key, (0, 0))
            edges[key] = count + 1, without + unset
    return edges


@dataclass(frozen=True)
class Couplings:
    """Who makes and who reads each name; ``loop_of`` is the number of a discipline's component."""

    producers: Mapping[str, Declaration]
    consumers: Mapping[str, list[Declaration]]
    loop_of: Mapping[str, int]


def _variables(process: Process, placed: list[Placed], couplings: Couplings) -> dict[str, PlanVariable]:
    variables = _numerical(process)
    for place in placed:
        for declaration in (*place.inputs.values(), *place.outputs.values()):
            name = declaration.full_name
            if name in NUMERICAL_INPUTS or name in NUMERICAL_OUTPUTS:
                raise ReservedName(process=process.name, discipline=place.path, variable=name)
            if name not in variables:
                variables[name] = _plan_variable(process, name, couplings)
    return variables


def _plan_variable(process: Process, name: str, couplings: Couplings) -> PlanVariable:
    producer, readers = couplings.producers.get(name), couplings.consumers.get(name, [])
    inner: list[Declaration] = []
    if producer is None:
        variable, owner = shared_input(process.name, readers), readers[0].node
    else:
        for reader in readers:
            check_fit(process.name, producer, reader)
        loop = couplings.loop_of[producer.path]
        inner = [reader for reader in readers if couplings.loop_of[reader.path] == loop]
        variable, owner = _with_initial_value(process, producer, inner), producer.path
    return PlanVariable(
        name=name,
        variable=variable,
        io="in" if producer is None else "out",
        owner=owner,
        consumers=tuple(reader.path for reader in readers),
        coupled=producer is not None and bool(readers),
        in_loop=bool(inner),
        default=variable.default,
    )


def _with_initial_value(process: Process, producer: Declaration, inner: list[Declaration]) -> Variable:
    """An output; within a loop, the default of those who read it there is where the loop starts."""
    default = one_default(process.name, [(reader, reader.variable.default) for reader in inner])
    variable = producer.variable
    if default is variable.default:
        return variable
    require_default_fits(process.name, variable, default, producer, inner)
    return replace(variable, default=default)


def _numerical(process: Process) -> dict[str, PlanVariable]:
    unknown = [name for name in process.numerical if name not in NUMERICAL_INPUTS]
    if unknown:
        known = ", ".join(NUMERICAL_INPUTS)
        raise BuildError(process=process.name, detail=f"no numerical parameters {unknown}; known: {known}")
    variables: dict[str, PlanVariable] = {}
    for name, declared in {**NUMERICAL_INPUTS, **NUMERICAL_OUTPUTS}.items():
        variable = declared
        if name in process.numerical:
            try:
                variable = replace(declared, default=freeze(declared.check(process.numerical[name])))
            except InvalidValue as error:
                raise BuildError(
                    process=process.name, detail=f"numerical parameter {name!r}: {error}"
                ) from None
        variables[name] = PlanVariable(
            name=name,
            variable=variable,
            io="in" if name in NUMERICAL_INPUTS else "out",
            owner="",
            consumers=(),
            coupled=False,
            in_loop=False,
            default=variable.default,
        )
    return variables


def _steps(
    placed: list[Placed],
    *,
    components: list[list[int]],
    edges: Mapping[tuple[int, int], tuple[int, int]],
    variables: Mapping[str, PlanVariable],
) -> list[Node | Loop]:
    slots = {name: slot for slot, name in enumerate(variables)}
    by_rank = sorted(placed, key=lambda place: place.path)
    steps: list[Node | Loop] = []
    index = 0
    for members in components:
        looped = len(members) > 1 or (members[0], members[0]) in edges
        order = sweep_order(members, _within(members, edges)) if looped else members
        nodes = []
        for rank in order:
            nodes.append(_node(by_rank[rank], index=index, slots=slots))
            index += 1
        if not looped:
            nodes[0].check_limits_at_once()
        steps.append(_loop(nodes, tuple(variables.values())) if looped else nodes[0])
    return steps


def _within(members: list[int], edges: Mapping[tuple[int, int], tuple[int, int]]) -> dict:
    inside = set(members)
    return {pair: count for pair, count in edges.items() if pair[0] in inside and pair[1] in inside}


def _node(place: Placed, *, index: int, slots: Mapping[str, int]) -> Node:
    reads = [slots[declaration.full_name] for declaration in place.inputs.values()]
    makes = [slots[declaration.full_name] for declaration in place.outputs.values()]
    return Node(place.path, index=index, discipline=place.discipline, in_slots=reads, out_slots=makes)


def _loop(nodes: list[Node], variables: tuple[PlanVariable, ...]) -> Loop:
    made = {slot for node in nodes for slot in node.out_slots}
    read = {slot for node in nodes for slot in node.in_slots}
    couplings = [slot for node in nodes for slot in node.out_slots if slot in read]
    feedback: dict[int, str] = {}
    done: set[int] = set()
    for node in nodes:
        for slot in node.in_slots:
            if slot in made and slot not in done:
                feedback.setdefault(slot, node.path)
        done.update(node.out_slots)
    floats = all(_is_plain_float(variables[slot].variable) for slot in couplings)
    return Loop(
        nodes=tuple(nodes),
        couplings=tuple(couplings),
        feedback=tuple(feedback.items()),
        only_floats=floats,
    )


def _is_plain_float(variable: Variable) -> bool:
    return variable.type is VariableType.FLOAT and not variable.optional


def _check_references(process: Process, plan: Plan) -> None:
    for reference in process.references:
        try:
            plan.check(reference.values)
        except InvalidInputs as error:
            name, faults = next(iter(error.faults.items()))
            raise InvalidReference(
                process=process.name, reference=reference.name, variable=name, detail="; ".join(faults)
            ) from None
