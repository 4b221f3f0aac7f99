"""An execution that takes outputs out of a cache where it has them, and puts there what took long to make.

A step is a discipline or a whole loop. Everything is looked up at once, before the first discipline runs;
what is always run (a discipline that is not deterministic, and all that depends on it) has no address.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from sostrades_api.engine.addresses import Addresses
from sostrades_api.engine.dependencies import nodes_of
from sostrades_api.engine.execution import Execution
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.node import Node
from sostrades_api.engine.numerical import ADDRESSED, REUSE
from sostrades_api.engine.observer import DisciplinesReused, Observer
from sostrades_api.engine.parallel import Crew, loops_of, run_parallel, run_step
from sostrades_api.engine.protection import freeze
from sostrades_api.engine.result_cache import ComputedResult, ResultCache

if TYPE_CHECKING:
    from sostrades_api.engine.plan import Plan


class Recall:
    """Runs one execution with a cache.

    Args:
        plan: what is executed.
        execution: on slots filled with inputs.
        cache: where outputs are found and stored.
        digests: of inputs by full name, where they are known already; equal digests must mean equal values.
        costs: seconds by path that disciplines took before; what is not known is looked up.
        observer: told what is re-used.

    Attributes:
        references: what the cache calls the outputs that it gave, by slot.
        saved_seconds: that it took to make them.
    """

    def __init__(
        self,
        plan: "Plan",
        execution: Execution,
        *,
        cache: ResultCache,
        digests: Mapping[str, str],
        costs: Mapping[str, float],
        observer: Observer | None,
    ) -> None:
        self._plan = plan
        self._steps = plan.dependencies
        self._execution = execution
        self._values = execution.values
        self._cache = cache
        self._costs = costs
        self._observer = observer
        self._trusts = execution.numerical(REUSE)
        # made now, as solvers overwrite what loops start from
        self._addresses = Addresses(
            self._steps,
            list(execution.values),
            digests={plan.slot(name): f"given:{digest}" for name, digest in digests.items()},
            settings={name: plan.slot(name) for name in ADDRESSED},
            variable_at=lambda slot: plan.variables[execution.names[slot]].variable,
        )
        self._found: dict[int, ComputedResult] = {}
        self.references: dict[int, str] = {}
        self.saved_seconds = 0.0

    def run(self, *, crew: AbstractContextManager[Crew] | None = None) -> None:
        """Find or run every step; what the crew runs at the same time is kept as it ends."""
        if self._trusts:
            self._find(self._worth_a_look())
        if crew is not None:
            for number in sorted(self._found):
                self._take_history(number)
            run_parallel(
                self._execution, self._steps, crew=crew, done=frozenset(self._found), ended=self._keep
            )
            return
        for number, step in enumerate(self._steps.steps):
            if number in self._found:
                self._take_history(number)
            else:
                start = perf_counter()
                run_step(self._execution, step)
                self._keep(number, perf_counter() - start)
            self._execution.progress.settled = nodes_of(step)[-1].index + 1

    def _worth_a_look(self) -> dict[int, str]:
        """The addresses, by number, of the steps that are worth it and may be re-used."""
        worth = (number for number, step in enumerate(self._steps.steps) if self._is_worth(step))
        known = ((number, self._addresses.of(number)) for number in worth)
        return {number: address for number, address in known if address is not None}

    def _is_worth(self, step: Node | Loop) -> bool:
        spent = 0.0
        for node in nodes_of(step):
            seconds = self._costs.get(node.path)
            if seconds is None:
                return True
            spent += seconds
        return spent >= self._cache.least_seconds

    def _find(self, addresses: Mapping[int, str]) -> None:
        known = self._cache.find(list(dict.fromkeys(addresses.values()))) if addresses else {}
        paths: list[str] = []
        for number, address in addresses.items():
            result, slots = known.get(address), self._steps.makes[number]
            step = self._steps.steps[number]
            if result is None or len(result.outputs) != len(slots) + isinstance(step, Loop):
                continue
            for slot, value in zip(slots, result.outputs, strict=False):
                self._values[slot] = freeze(value)
            self.references.update(zip(slots, result.references, strict=False))
            self._found[number] = result
            self.saved_seconds += result.seconds
            paths += [node.path for node in nodes_of(step)]
        if paths and self._observer is not None:
            self._observer.on_disciplines_reused(DisciplinesReused(tuple(paths), self.saved_seconds))

    def _keep(self, number: int, seconds: float) -> None:
        step, execution = self._steps.steps[number], self._execution
        if seconds < self._cache.least_seconds or (address := self._addresses.of(number)) is None:
            return
        outputs = [self._values[slot] for slot in self._steps.makes[number]]
        names = [execution.names[slot] for slot in self._steps.makes[number]]
        if isinstance(step, Loop):
            loops = {loop.label: place for place, loop in enumerate(loops_of(step))}
            if any(loop in execution.unconverged for loop in loops_of(step)):
                return  # accepted, which a result is not
            rows = [(loops[label], i, r) for label, i, r in execution.residuals if label in loops]
            outputs.append(np.array(rows, dtype=float).reshape(-1, 3))
        self._cache.store(
            address,
            ComputedResult(outputs=outputs, seconds=seconds, names=names),
            label=", ".join(type(node.discipline).__name__ for node in nodes_of(step)),
            replace=not self._trusts,
        )

    def _take_history(self, number: int) -> None:
        step = self._steps.steps[number]
        if isinstance(step, Loop):
            labels = [loop.label for loop in loops_of(step)]
            rows = self._found[number].outputs[-1].tolist()
            self._execution.residuals += [(labels[int(loop)], int(i), r) for loop, i, r in rows]
