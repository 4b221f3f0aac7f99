"""Building: from a process to a plan. Everything that can be checked without values is checked here."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from threading import Lock
from typing import Any

import numpy as np

from sostrades_api.engine.collecting import collection_paused
from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.dynamic import Memory, Settled, settle
from sostrades_api.engine.errors import (
    BuildError,
    InvalidInputs,
    InvalidReference,
    StructuringComputed,
)
from sostrades_api.engine.graph import Edges, ordered_components
from sostrades_api.engine.handover import Handover
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.nesting import Nest, nest
from sostrades_api.engine.node import Node
from sostrades_api.engine.numerical import LOOP_INPUTS
from sostrades_api.engine.observer import Observer
from sostrades_api.engine.plan import Plan
from sostrades_api.engine.plan_variables import Agreed, Handovers, agreement, numerical_variables
from sostrades_api.engine.planned import PlanVariables
from sostrades_api.engine.process import Process, Reference
from sostrades_api.engine.result import ExecutionResult
from sostrades_api.engine.value_types import MISSING, VariableType
from sostrades_api.engine.variable import Variable
from sostrades_api.engine.wiring import Wiring, edges_inside, wire

MOST_PLANS = 64
"""How many structures of one process are kept."""


def build(process: Process, values: Mapping[str, Any] | None = None) -> Plan:
    """Compile a process, for these values of its structuring inputs; other values are not looked at.

    Raises:
        InvalidInputs: a structuring value does not fit its variable.
        BuildError: a subclass names both ends of what does not fit.
    """
    family = _Family(process)
    with collection_paused():
        plan = family.plan_for(values or {})
        for reference in process.references:
            _check_reference(process, reference, family)
    return plan


class _Family:
    """The plans of one process, built as values ask for them; safe to share between threads."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._memory = Memory()
        self._lock = Lock()
        self._plans: list[tuple[Mapping[str, Any], Plan]] = []

    def plan_for(self, values: Mapping[str, Any]) -> Plan:
        """The plan for the structuring values among these; one there is, when all of them are the same."""
        known = self._find(values)
        if known is not None:
            return known
        settled = settle(self._process, values, memory=self._memory)
        plan = _compiled(self._process, settled, plan_for=self.plan_for)
        with self._lock:  # never held while values are read, which may wait for others
            known = self._find(settled.consulted)
            if known is None:
                self._plans = [*self._plans, (settled.consulted, plan)][-MOST_PLANS:]
        return known or plan

    def _find(self, values: Mapping[str, Any]) -> Plan | None:
        for consulted, plan in self._plans:
            if all(same_bits(values.get(name, MISSING), value) for name, value in consulted.items()):
                return plan
        return None


def _compiled(process: Process, settled: Settled, *, plan_for: Callable[[Mapping[str, Any]], Plan]) -> Plan:
    checked = _checked(process, settled)
    return Plan(
        name=process.name,
        variables=checked.variables,
        steps=_steps(checked, couplings=tuple(process.couplings)),
        structuring=settled.structuring,
        plan_for=plan_for if settled.consulted else None,
    )


@dataclass(frozen=True)
class _Checked:
    """All that nodes and loops are made of; disciplines go by rank.

    Attributes:
        wiring: what goes where.
        components: disciplines that need each other, in order of execution.
        inside: the edges within each component that has any, by its number.
        variables: of the plan, by slot.
        handovers: conversions of what a path reads, by short name.
        agreed: what outputs of a path must be for their readers, by short name.
    """

    wiring: Wiring
    components: list[list[int]]
    inside: Mapping[int, Edges]
    variables: PlanVariables
    handovers: Handovers
    agreed: Agreed


def _checked(process: Process, settled: Settled) -> _Checked:
    parameters = numerical_variables(process)
    ends = wire(process.name, settled, reserved=parameters)
    wiring = ends.wiring
    # each discipline's names are given up as soon as they are read: they are many
    settled.placed.clear()
    _require_given(process, settled, wiring)
    couplings, size = ends.couplings(), len(wiring.paths)
    components = ordered_components(size, couplings.pairs) if size else []
    component_of = np.empty(size, dtype=np.int64)
    component_of[list(chain.from_iterable(components))] = np.repeat(
        np.arange(len(components)), np.fromiter(map(len, components), np.int64, len(components))
    )
    inside = edges_inside(ends, couplings, component_of)
    is_loop = np.zeros(len(components) + 1, dtype=bool)
    is_loop[list(inside)] = True
    loop_of = np.where(is_loop[component_of], component_of, -1)
    readers = ends.by_slot()
    agreed = agreement(process, ends, readers, parameters=parameters, loop_of=loop_of)
    _check_couplings(process, wiring, is_static=not settled.consulted)
    variables = PlanVariables(
        parameters=parameters,
        slots=wiring.slots,
        declared=agreed.declared,
        paths=wiring.paths,
        makers=wiring.makers,
        starts=readers.starts,
        readers=ends.read.ranks[readers.order],
        in_loop=agreed.in_loop,
    )
    return _Checked(wiring, components, inside, variables, agreed.handovers, agreed.agreed)


def _check_couplings(process: Process, wiring: Wiring, *, is_static: bool) -> None:
    """A node with couplings of its own needs a discipline below it; a dynamic process may make it later."""
    for node in process.couplings if is_static else ():
        if not any(path == node or path.startswith(f"{node}.") for path in wiring.paths):
            raise BuildError(process=process.name, detail=f"couplings of {node!r}: no discipline is below it")


def _require_given(process: Process, settled: Settled, wiring: Wiring) -> None:
    for name, deciders in settled.deciders.items():
        producer = wiring.makers[wiring.slots[name]]
        if producer >= 0:
            raise StructuringComputed(
                process=process.name,
                variable=name,
                discipline=deciders[0].path,
                producer=wiring.paths[producer],
            )


def run(
    process: Process, values: Mapping[str, Any] | None = None, *, observer: Observer | None = None
) -> ExecutionResult:
    """Build and execute at once, for notebooks."""
    return build(process, values).execute(values, observer=observer)


def _steps(checked: _Checked, *, couplings: tuple[str, ...]) -> list[Node | Loop]:
    wiring, variables, paths = checked.wiring, checked.variables.declared, checked.wiring.paths
    steps: list[Node | Loop] = []
    index = 0
    for number, members in enumerate(checked.components):
        found = None
        if number in checked.inside:
            found = nest(members, checked.inside[number], paths=paths, couplings=couplings)
        nodes = []
        for rank in found.members if found else members:
            nodes.append(_node(checked, rank, index=index))
            index += 1
        if found is None:
            nodes[0].check_limits_at_once()
            steps.append(nodes[0])
        else:
            steps.append(_nested_loop(found, nodes, variables, wiring.slots))
    return steps


def _node(checked: _Checked, rank: int, *, index: int) -> Node:
    wiring = checked.wiring
    path, discipline, declared = wiring.paths[rank], wiring.disciplines[rank], wiring.declared[rank]
    conversions, agreed = checked.handovers.get(path), checked.agreed.get(path)
    if agreed:
        inputs, outputs = declared or (type(discipline).inputs, type(discipline).outputs)
        declared = inputs, {**outputs, **agreed}
    return Node(
        path,
        index=index,
        discipline=discipline,
        in_slots=wiring.reads[rank],
        out_slots=wiring.makes[rank],
        declared=declared,
        handover=Handover(conversions) if conversions else None,
    )


def _nested_loop(
    found: Nest, nodes: list[Node], variables: Sequence[Variable], slots: Mapping[str, int]
) -> Loop:
    """The loop of these nodes, in order of sweep, and the loops inside it."""
    inner, at = [], 0
    for block in found.blocks:
        if isinstance(block, Nest):
            size = len(block.members)
            inner.append(_nested_loop(block, nodes[at : at + size], variables, slots))
            at += size
        else:
            at += 1
    parameters = {name: slots[f"{found.at}.{name}"] for name in LOOP_INPUTS} if found.at else {}
    return replace(_loop(nodes, variables), inner=tuple(inner), parameters=parameters)


def _loop(nodes: list[Node], variables: Sequence[Variable]) -> Loop:
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
    return Loop(
        nodes=tuple(nodes),
        couplings=tuple(couplings),
        feedback=tuple(feedback.items()),
        only_floats=all(_is_plain_float(variables[slot]) for slot in couplings),
    )


def _is_plain_float(variable: Variable) -> bool:
    return variable.type is VariableType.FLOAT and not variable.optional


def _check_reference(process: Process, reference: Reference, family: _Family) -> None:
    try:
        family.plan_for(reference.values).check(reference.values)
    except InvalidInputs as error:
        name, faults = next(iter(error.faults.items()))
        raise InvalidReference(
            process=process.name, reference=reference.name, variable=name, detail="; ".join(faults)
        ) from None
