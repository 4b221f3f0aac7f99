"""Building: from a process to a plan. Everything that can be checked without values is checked here."""

import gc
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import numpy as np

from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.dynamic import Memory, Settled, settle
from sostrades_api.engine.errors import (
    BuildError,
    InvalidInputs,
    InvalidReference,
    StructuringComputed,
    TwoProducers,
)
from sostrades_api.engine.graph import Edges, ordered_components
from sostrades_api.engine.handover import Conversion, Handover
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.naming import Declaration, Placed
from sostrades_api.engine.nesting import Nest, nest
from sostrades_api.engine.node import Node
from sostrades_api.engine.numerical import LOOP_INPUTS
from sostrades_api.engine.observer import Observer
from sostrades_api.engine.plan import Plan, PlanVariable
from sostrades_api.engine.plan_variables import Couplings, plan_variables
from sostrades_api.engine.process import Process, Reference
from sostrades_api.engine.result import ExecutionResult
from sostrades_api.engine.value_types import MISSING, VariableType
from sostrades_api.engine.variable import Variable

MOST_PLANS = 64
"""How many structures of one process are kept."""


def build(process: Process, values: Mapping[str, Any] | None = None) -> Plan:
    """Compile a process, for these values of its structuring inputs; other values are not looked at.

    Raises:
        InvalidInputs: a structuring value does not fit its variable.
        BuildError: a subclass names both ends of what does not fit.
    """
    family = _Family(process)
    with _collection_paused():
        plan = family.plan_for(values or {})
        for reference in process.references:
            _check_reference(process, reference, family)
    return plan


@contextmanager
def _collection_paused() -> Iterator[None]:
    """No search for garbage: the many objects that a build makes stay, and would be walked over and over."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
    placed = settled.placed
    producers = _producers(process, placed)
    _require_given(process, settled, producers)
    consumers = _consumers(placed, settled.given)
    ranked = {path: rank for rank, path in enumerate(sorted(place.path for place in placed))}
    edges = _edges(producers, consumers, ranked)
    components = ordered_components(len(placed), edges.pairs) if placed else []
    component_of = np.empty(len(placed), dtype=np.int64)
    for number, members in enumerate(components):
        component_of[members] = number
    loop_of = dict(zip(ranked, component_of.tolist(), strict=True))
    couplings = Couplings(producers, consumers, loop_of)
    variables = plan_variables(process, settled, couplings)
    _check_couplings(process, placed, is_static=not settled.consulted)
    steps = _steps(
        placed,
        components=components,
        inside=_inside(edges, component_of),
        variables=variables,
        handovers=couplings.handovers,
        couplings=tuple(process.couplings),
    )
    return Plan(
        name=process.name,
        variables=variables,
        steps=steps,
        structuring=settled.structuring,
        plan_for=plan_for if settled.consulted else None,
    )


def _check_couplings(process: Process, placed: list[Placed], *, is_static: bool) -> None:
    """A node with couplings of its own needs a discipline below it; a dynamic process may make it later."""
    for node in process.couplings if is_static else ():
        if not any(place.path == node or place.path.startswith(f"{node}.") for place in placed):
            raise BuildError(process=process.name, detail=f"couplings of {node!r}: no discipline is below it")


def _require_given(process: Process, settled: Settled, producers: Mapping[str, Declaration]) -> None:
    for name, deciders in settled.deciders.items():
        if name in producers:
            raise StructuringComputed(
                process=process.name,
                variable=name,
                discipline=deciders[0].path,
                producer=producers[name].path,
            )


def run(
    process: Process, values: Mapping[str, Any] | None = None, *, observer: Observer | None = None
) -> ExecutionResult:
    """Build and execute at once, for notebooks."""
    return build(process, values).execute(values, observer=observer)


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


def _consumers(placed: list[Placed], given: list[Declaration]) -> dict[str, list[Declaration]]:
    consumers: dict[str, list[Declaration]] = defaultdict(list)
    for declaration in given:
        consumers[declaration.full_name].append(declaration)
    for place in placed:
        for declaration in place.inputs.values():
            consumers[declaration.full_name].append(declaration)
    return consumers


@dataclass(frozen=True)
class _Edges:
    """Every coupling between two disciplines, by their ranks.

    Attributes:
        pairs: producer and consumer, one coupling a row.
        unset: whether the consumer declares no default.
    """

    pairs: np.ndarray
    unset: np.ndarray


def _edges(
    producers: Mapping[str, Declaration],
    consumers: Mapping[str, list[Declaration]],
    ranked: Mapping[str, int],
) -> _Edges:
    before: list[int] = []
    after: list[int] = []
    unset: list[bool] = []
    for name, producer in producers.items():
        rank = ranked[producer.path]
        for reader in consumers.get(name, ()):
            before.append(rank)
            after.append(ranked[reader.path])
            unset.append(reader.variable.default is MISSING)
    return _Edges(np.array((before, after), dtype=np.int64).T, np.array(unset, dtype=bool))


def _inside(edges: _Edges, component_of: np.ndarray) -> dict[int, dict[tuple[int, int], tuple[int, int]]]:
    """Of each component that has any, the edges within: how many couplings, how many without a default."""
    ends = component_of[edges.pairs]
    within = ends[:, 0] == ends[:, 1]
    inside: dict[int, dict[tuple[int, int], tuple[int, int]]] = defaultdict(dict)
    found = zip(
        ends[within, 0].tolist(), edges.pairs[within].tolist(), edges.unset[within].tolist(), strict=True
    )
    for number, (one, other), unset in found:
        count, without = inside[number].get((one, other), (0, 0))
        inside[number][one, other] = count + 1, without + unset
    return inside


def _steps(
    placed: list[Placed],
    *,
    components: list[list[int]],
    inside: Mapping[int, Edges],
    variables: Mapping[str, PlanVariable],
    handovers: Mapping[str, Mapping[str, Conversion]],
    couplings: tuple[str, ...],
) -> list[Node | Loop]:
    slots = {name: slot for slot, name in enumerate(variables)}
    floats = [_is_plain_float(variable.variable) for variable in variables.values()]
    by_rank = sorted(placed, key=lambda place: place.path)
    paths = [place.path for place in by_rank]
    steps: list[Node | Loop] = []
    index = 0
    for number, members in enumerate(components):
        found = None
        if number in inside:
            found = nest(members, inside[number], paths=paths, couplings=couplings)
        nodes = []
        for rank in found.members if found else members:
            place = by_rank[rank]
            nodes.append(_node(place, index=index, slots=slots, conversions=handovers.get(place.path)))
            index += 1
        if found is None:
            nodes[0].check_limits_at_once()
            steps.append(nodes[0])
        else:
            steps.append(_nested_loop(found, nodes, floats, slots))
    return steps


def _node(
    place: Placed, *, index: int, slots: Mapping[str, int], conversions: Mapping[str, Conversion] | None
) -> Node:
    reads = [slots[declaration.full_name] for declaration in place.inputs.values()]
    makes = [slots[declaration.full_name] for declaration in place.outputs.values()]
    handover = None
    if conversions:
        by_short = {
            n: conversions[d.full_name] for n, d in place.inputs.items() if d.full_name in conversions
        }
        handover = Handover(by_short)
    declared = None
    if not place.is_static:
        declared = _variables_of(place.inputs), _variables_of(place.outputs)
    return Node(
        place.path,
        index=index,
        discipline=place.discipline,
        in_slots=reads,
        out_slots=makes,
        declared=declared,
        handover=handover,
    )


def _variables_of(declarations: Mapping[str, Declaration]) -> dict[str, Variable]:
    return {name: each.variable for name, each in declarations.items()}


def _nested_loop(found: Nest, nodes: list[Node], floats: list[bool], slots: Mapping[str, int]) -> Loop:
    """The loop of these nodes, in order of sweep, and the loops inside it."""
    inner, at = [], 0
    for block in found.blocks:
        if isinstance(block, Nest):
            size = len(block.members)
            inner.append(_nested_loop(block, nodes[at : at + size], floats, slots))
            at += size
        else:
            at += 1
    parameters = {name: slots[f"{found.at}.{name}"] for name in LOOP_INPUTS} if found.at else {}
    return replace(_loop(nodes, floats), inner=tuple(inner), parameters=parameters)


def _loop(nodes: list[Node], floats: list[bool]) -> Loop:
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
        only_floats=all(floats[slot] for slot in couplings),
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
