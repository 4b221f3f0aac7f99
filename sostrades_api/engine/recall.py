"""An execution that takes outputs out of a cache where it has them, and puts there what took long to make.

A step is a discipline or a whole loop. The address of what it makes is the digest of its version and its
inputs; an input that another step makes has that step's address, so no output is read to know an address.
Addresses are made only for steps that are worth a look-up.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sostrades_api.engine.dependencies import nodes_of
from sostrades_api.engine.digests import text_digest, value_digest
from sostrades_api.engine.execution import Execution
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.node import Node
from sostrades_api.engine.numerical import RESIDUALS, THREADS
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.result_cache import ResultCache
from sostrades_api.engine.value_types import MISSING
from sostrades_api.engine.versions import discipline_version

if TYPE_CHECKING:
    from sostrades_api.engine.plan import Plan


class Recall:
    """Runs one execution with a cache.

    Args:
        plan: what is executed.
        execution: on slots filled with inputs.
        cache: where outputs are found and stored.
        digests: of inputs by full name, where they are known already; equal digests must mean equal values.
        costs: seconds by path that disciplines took before; what is not known is looked up once.
    """

    def __init__(
        self,
        plan: "Plan",
        execution: Execution,
        *,
        cache: ResultCache,
        digests: Mapping[str, str],
        costs: Mapping[str, float],
    ) -> None:
        self._steps = plan.dependencies
        self._execution = execution
        self._values = execution.values
        self._cache = cache
        self._costs = costs
        self._addresses: dict[int, str | None] = {}
        self._digests = {plan.slot(name): f"given:{digest}" for name, digest in digests.items()}
        self._settings = [
            plan.slot(name)
            for name, known in plan.variables.items()
            if known.variable.numerical and known.io == "in" and name != THREADS
        ]
        # a solver overwrites what a loop starts from, which is part of its address
        self._starts = {
            number: self._start_of(step)
            for number, step in enumerate(self._steps.steps)
            if isinstance(step, Loop)
        }

    def run(self) -> None:
        """Find or run every step."""
        for number, step in enumerate(self._steps.steps):
            worth = self._is_worth(step)
            if worth and self._find(number, step):
                continue
            known, start = len(self._execution.residuals), perf_counter()
            converged = self._execution.run_part(step if isinstance(step, Loop) else (step,))
            seconds = perf_counter() - start
            self._execution.progress.settled = nodes_of(step)[-1].index + 1
            if worth and converged and seconds >= self._cache.least_seconds:
                self._store(number, step, seconds=seconds, rows=self._execution.residuals[known:])

    def _is_worth(self, step: Node | Loop) -> bool:
        known = [self._costs.get(node.path) for node in nodes_of(step)]
        spent = sum(seconds for seconds in known if seconds is not None)
        return None in known or spent >= self._cache.least_seconds

    def _find(self, number: int, step: Node | Loop) -> bool:
        address = self._address(number)
        found = None if address is None else self._cache.find(address)
        keys = _keys(step)
        if found is None or not all(key in found for key in keys):
            return False
        for key, slot in zip(keys, self._steps.makes[number], strict=True):
            self._values[slot] = freeze(found[key])
        if isinstance(step, Loop):
            rows = [(step.label, int(i), float(r)) for i, r in found.get(RESIDUALS, ())]
            self._execution.residuals.extend(rows)
        self._execution.progress.settled = nodes_of(step)[-1].index + 1
        return True

    def _store(
        self, number: int, step: Node | Loop, *, seconds: float, rows: list[tuple[str, int, float]]
    ) -> None:
        address = self._address(number)
        if address is None:
            return
        made = self._steps.makes[number]
        outputs: dict[str, Any] = {
            key: self._values[slot] for key, slot in zip(_keys(step), made, strict=True)
        }
        if isinstance(step, Loop):
            outputs[RESIDUALS] = [[iteration, residual] for _, iteration, residual in rows]
        self._cache.store(address, outputs, seconds=seconds)

    def _address(self, number: int) -> str | None:
        """The address of what a step makes; None when that cannot be re-used. All before it are done."""
        waiting = [number]  # a stack, as a chain may be longer than Python's own
        while waiting:
            last = waiting[-1]
            makers = [self._steps.maker[slot] for slot in self._steps.reads[last]]
            unknown = [maker for maker in makers if maker is not None and maker not in self._addresses]
            if unknown and last not in self._addresses:
                waiting += unknown
                continue
            if last not in self._addresses:
                self._addresses[last] = self._made_address(last)
            waiting.pop()
        return self._addresses[number]

    def _made_address(self, number: int) -> str | None:
        step = self._steps.steps[number]
        parts: list[str] = []
        for node in nodes_of(step):
            version, handover = (
                discipline_version(type(node.discipline)),
                repr(getattr(node, "handover", None)),
            )
            if version is None or " at 0x" in handover:
                return None
            parts += [version, handover]
        parts += [self._slot_digest(slot) for slot in self._steps.reads[number]]
        if isinstance(step, Loop):
            places = {slot: str(place) for place, slot in enumerate(self._steps.makes[number])}
            wiring = [places.get(slot, "-") for node in step.nodes for slot in node.in_slots]
            parts += [*wiring, *self._starts[number], *map(self._slot_digest, self._settings)]
        return text_digest(type(step).__name__, *parts)

    def _slot_digest(self, slot: int) -> str:
        maker = self._steps.maker[slot]
        address = None if maker is None else self._addresses[maker]
        if maker is not None and address is not None:
            return f"{address}:{self._steps.makes[maker].index(slot)}"
        if slot not in self._digests:
            self._digests[slot] = value_digest(self._values[slot])
        return self._digests[slot]

    def _start_of(self, loop: Loop) -> list[str]:
        values = [self._values[slot] for slot in loop.couplings]
        return ["missing" if value is MISSING else value_digest(value) for value in values]


def _keys(step: Node | Loop) -> list[str]:
    """A name for each output, the same wherever the step stands: number of the discipline, of the output."""
    return [f"{k}.{j}" for k, node in enumerate(nodes_of(step)) for j in range(len(node.out_slots))]
