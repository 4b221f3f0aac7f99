"""The address of what a step makes: a digest of everything that decides it.

That is what the step is (its disciplines with their versions, names, declarations, conversions; a loop's
order, nesting, settings and start) and what it reads. An input that another step makes has that step's
address, so no output is read to know an address, and all are known before the first discipline runs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sostrades_api.engine.dependencies import Dependencies, nodes_of
from sostrades_api.engine.digests import text_digest, value_digest
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.node import Node
from sostrades_api.engine.parallel import loops_of
from sostrades_api.engine.value_types import MISSING
from sostrades_api.engine.variable import Variable
from sostrades_api.engine.versions import discipline_version, likely_version

_KEY_LENGTH = 40  # hexadecimal digits of 256 bits: enough for one execution, and short beside its number


class Addresses:
    """The addresses of one execution's steps.

    Args:
        steps: of the plan.
        values: the slots at the start; a loop's address holds what it starts from.
        digests: by slot, where they are known; equal digests must mean equal values.
        settings: slots of the study's numerical parameters that decide how loops are solved, by name.
        variable_at: what the plan declares of a slot; a given value is checked, and normalised, by that.
    """

    def __init__(
        self,
        steps: Dependencies,
        values: Sequence[Any],
        *,
        digests: Mapping[int, str],
        settings: Mapping[str, int],
        variable_at: Callable[[int], Variable],
    ) -> None:
        self._steps = steps
        self._values = values
        self._digests = dict(digests)
        self._settings = settings
        self._variable_at = variable_at
        self._known: dict[int, str | None] = {}

    def of(self, number: int) -> str | None:
        """The address of what a step makes; None when it, or one that it depends on, is always run."""
        waiting = [number]  # a stack, as a chain may be longer than Python's own
        while waiting:
            last = waiting[-1]
            if last not in self._known:
                makers = [self._steps.maker[slot] for slot in self._steps.reads[last]]
                unknown = [maker for maker in makers if maker is not None and maker not in self._known]
                if unknown:
                    waiting += unknown
                    continue
                self._known[last] = self._made(last)
            waiting.pop()
        return self._known[number]

    def key_of(self, number: int, values: Sequence[Any]) -> str:
        """What tells a result of a step from all others of one execution; every step has one.

        Of a step without an address it holds its place, and the values that it reads of others without one:
        what was made of one draw is never taken for what was made of another. ``values`` are the slots now.
        """
        address = self.of(number)
        if address is not None:
            return address[:_KEY_LENGTH]
        nodes = nodes_of(self._steps.steps[number])
        versions = [f"{node.path} {likely_version(type(node.discipline))}" for node in nodes]
        reads = [
            self._read(slot) or f"value {value_digest(values[slot])}" for slot in self._steps.reads[number]
        ]
        parts = identity_of(self._steps, number), *versions, *reads, *self._start(number)
        return text_digest(*parts)[:_KEY_LENGTH]

    def _made(self, number: int) -> str | None:
        step = self._steps.steps[number]
        versions = [discipline_version(type(node.discipline)) for node in nodes_of(step)]
        reads = [self._read(slot) for slot in self._steps.reads[number]]
        if None in versions or None in reads:
            return None
        parts = [identity_of(self._steps, number), *versions, *reads, *self._start(number)]
        return text_digest(*(part for part in parts if part is not None))

    def _start(self, number: int) -> Iterator[str]:
        """What a loop starts from, and how it is solved."""
        step = self._steps.steps[number]
        if isinstance(step, Loop):
            yield from map(self._given, step.couplings)
            for each in loops_of(step):
                yield from (self._given(slot) for slot in {**self._settings, **each.parameters}.values())

    def _read(self, slot: int) -> str | None:
        maker = self._steps.maker[slot]
        if maker is None:
            return self._given(slot)
        address = self._known[maker]
        return None if address is None else f"{address}:{self._steps.makes[maker].index(slot)}"

    def _given(self, slot: int) -> str:
        if slot not in self._digests:
            value = self._values[slot]
            self._digests[slot] = "missing" if value is MISSING else value_digest(value)
        declared = self._steps.declared.get(slot) or _declare(self._steps, slot, self._variable_at(slot))
        return f"{declared} {self._digests[slot]}"


def prepare_addresses(steps: Dependencies, variables: Sequence[Variable]) -> None:
    """Find out, before the first execution, what does not depend on values; variables are given by slot."""
    for number, step in enumerate(steps.steps):
        identity_of(steps, number)
        for node in nodes_of(step):
            discipline_version(type(node.discipline))
    for slot, variable in enumerate(variables):
        if steps.maker[slot] is None:
            _declare(steps, slot, variable)


def _declare(steps: Dependencies, slot: int, variable: Variable) -> str:
    steps.declared[slot] = text_digest(_declared("", variable))
    return steps.declared[slot]


def identity_of(steps: Dependencies, number: int) -> str:
    """A digest of what a step is, wherever it stands; its disciplines' versions are not in it."""
    known = steps.identities
    if number not in known:
        step, makes = steps.steps[number], steps.makes[number]
        parts = [text for node in nodes_of(step) for text in _described(node)]
        loop = _described_loop(step, makes, steps.reads[number]) if isinstance(step, Loop) else ()
        known[number] = text_digest(type(step).__name__, *parts, *loop)
    return known[number]


def _described_loop(loop: Loop, makes: Sequence[int], reads: Sequence[int]) -> Iterator[str]:
    """Its wiring, order of sweep and nesting, by places among what it makes and what it reads."""
    places = {slot: place for place, slot in enumerate(makes)}
    # below nought what comes from outside: several disciplines may read one such value, or each its own
    wired = places | {slot: -1 - place for place, slot in enumerate(reads) if slot not in places}
    yield repr([[wired.get(slot) for slot in node.in_slots] for node in loop.nodes])
    order = {node: place for place, node in enumerate(loop.nodes)}
    for each in loops_of(loop):
        fed = [places.get(slot) for slot, _ in each.feedback]
        couplings = [places.get(slot) for slot in each.couplings]
        yield repr(([order[node] for node in each.nodes], couplings, fed, list(each.parameters)))


def _described(node: Node) -> Iterator[str]:
    cls = type(node.discipline)
    yield f"{cls.__module__}:{cls.__qualname__}"
    yield from (f"in {_declared(name, variable)}" for name, variable in node.inputs.items())
    yield from (f"out {_declared(name, variable)}" for name, variable in node.outputs.items())
    if node.handover is not None:
        for name, conversion in node.handover.conversions.items():
            yield repr((name, conversion.factor, conversion.columns))


def _declared(name: str, variable: Variable) -> str:
    """What a declaration says of values: not their labels, nor their defaults."""
    limits = variable.range, variable.possible_values, variable.optional, variable.unit, variable.more_columns
    columns = [(key, repr(column)) for key, column in (variable.columns or {}).items()]
    return repr((name, variable.value_type, *limits, columns))
