"""An execution that takes outputs out of a cache where it has them, and puts there what took long to make.

A step is a discipline or a whole loop. Everything is looked up at once, before the first discipline runs;
what is always run (a discipline that is not deterministic, and all that depends on it) has no address. What
may not be taken from others, an execution that was interrupted still takes from its own checkpoints.
"""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
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
from sostrades_api.engine.result_cache import Checkpoints, ComputedResult, ResultCache

if TYPE_CHECKING:
    from sostrades_api.engine.plan import Plan


@dataclass(frozen=True)
class Kept:
    """Where results are kept: for everybody, for this execution alone, or both."""

    cache: ResultCache | None
    checkpoints: Checkpoints | None

    @property
    def least_seconds(self) -> float:
        """What takes less time is not kept."""
        return min(each.least_seconds for each in (self.cache, self.checkpoints) if each is not None)


class Recall:
    """Runs one execution with a cache.

    Args:
        plan: what is executed.
        execution: on slots filled with inputs.
        kept: where outputs are found and stored.
        digests: of inputs by full name, where they are known already; equal digests must mean equal values.
        costs: seconds by path that disciplines took before; what is not known is looked up.
        observer: told what is re-used.
        recompute: paths of disciplines that are run, with all that depends on them, whatever is known.

    Attributes:
        references: what the cache calls the outputs that it gave, by slot.
        saved_seconds: that it took to make them.
    """

    def __init__(
        self,
        plan: "Plan",
        execution: Execution,
        *,
        kept: Kept,
        digests: Mapping[str, str],
        costs: Mapping[str, float],
        observer: Observer | None,
        recompute: Collection[str] = (),
    ) -> None:
        self._plan = plan
        self._steps = plan.dependencies
        self._execution = execution
        self._values = execution.values
        self._cache, self._checkpoints = kept.cache, kept.checkpoints
        self._least_seconds = kept.least_seconds
        self._costs = costs
        self._observer = observer
        self._trusts = self._cache is not None and execution.numerical(REUSE)
        self._recomputed = self._steps.from_on(recompute) if recompute else frozenset[int]()
        # made now, as solvers overwrite what loops start from
        self._addresses = Addresses(
            self._steps,
            list(execution.values),
            digests={plan.slot(name): f"given:{digest}" for name, digest in digests.items()},
            settings={name: plan.slot(name) for name in ADDRESSED},
            variable_at=lambda slot: plan.variables[execution.names[slot]].variable,
        )
        self._found: dict[int, ComputedResult] = {}
        self._quick: dict[int, float] = {}  # seconds of what was not worth keeping, by number
        self._checked: set[int] = set()  # numbers of what stands among the checkpoints
        self.references: dict[int, str] = {}
        self.saved_seconds = 0.0

    def run(self, *, crew: AbstractContextManager[Crew] | None = None) -> None:
        """Find or run every step; what the crew runs at the same time is kept as it ends."""
        self._find()
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

    # --- finding ----------------------------------------------------------------------------------------

    def _find(self) -> None:
        shared = self._find_shared() if self._trusts else {}
        resumes = self._checkpoints is not None and self._checkpoints.resumes
        own = self._checkpoints.take_up() if self._checkpoints is not None and resumes else {}
        for number in range(len(self._steps.steps)) if own else sorted(shared):
            result = shared.get(number) or self._find_own(number, own)
            if result is None or not self._fits(number, result):
                continue
            for slot, value in zip(self._steps.makes[number], result.outputs, strict=False):
                self._values[slot] = freeze(value)
            self.references.update(zip(self._steps.makes[number], result.references, strict=False))
            self._found[number] = result
            self.saved_seconds += result.seconds
            if number not in shared:
                self._checked.add(number)
        if self._found and self._observer is not None:
            reused = DisciplinesReused(
                self._paths(self._found), self.saved_seconds, resumed=self._paths(self._checked)
            )
            self._observer.on_disciplines_reused(reused)

    def _find_shared(self) -> dict[int, ComputedResult]:
        """By number, of the steps that are worth a look and may be taken from others."""
        worth = (number for number, step in enumerate(self._steps.steps) if self._is_worth(step))
        addresses = {
            number: address
            for number in worth
            if number not in self._recomputed and (address := self._addresses.of(number)) is not None
        }
        if not addresses or self._cache is None:
            return {}
        known = self._cache.find(list(dict.fromkeys(addresses.values())))
        return {number: known[address] for number, address in addresses.items() if address in known}

    def _find_own(self, number: int, own: Mapping[str, ComputedResult]) -> ComputedResult | None:
        """What an earlier attempt has left of a step, of the values that it reads now."""
        if self._is_shared(number):
            return None
        if any(maker not in self._found for maker in self._unsteady_makers(number)):
            return None  # what it reads will be made anew, and may be something else
        return own.get(self._addresses.key_of(number, self._values))

    def _fits(self, number: int, result: ComputedResult) -> bool:
        is_loop = isinstance(self._steps.steps[number], Loop)
        return len(result.outputs) == len(self._steps.makes[number]) + is_loop

    def _unsteady_makers(self, number: int) -> list[int]:
        """What it reads of steps that may make something else when they run again."""
        makers = {self._steps.maker[slot] for slot in self._steps.reads[number]}
        return [maker for maker in makers if maker is not None and self._addresses.of(maker) is None]

    def _is_shared(self, number: int) -> bool:
        return self._trusts and number not in self._recomputed and self._addresses.of(number) is not None

    def _is_worth(self, step: Node | Loop) -> bool:
        spent = 0.0
        for node in nodes_of(step):
            seconds = self._costs.get(node.path)
            if seconds is None:
                return True
            spent += seconds
        return spent >= self._least_seconds

    def _paths(self, numbers: Collection[int]) -> tuple[str, ...]:
        return tuple(node.path for n in sorted(numbers) for node in nodes_of(self._steps.steps[n]))

    # --- keeping ----------------------------------------------------------------------------------------

    def _keep(self, number: int, seconds: float) -> None:
        if seconds < self._least_seconds:
            self._quick[number] = seconds
            return
        is_shared, address = self._is_shared(number), self._addresses.of(number)
        if (result := self._result(number, seconds)) is None:
            return
        if self._cache is not None and address is not None:
            self._cache.store(address, result, label=self._label(number), replace=not is_shared)
        if not is_shared and self._checkpoints is not None:
            self._check(number, result)

    def _check(self, number: int, result: ComputedResult) -> None:
        """Make a checkpoint; what it was made from, and would be made otherwise again, comes before it."""
        waiting, results = [number], {number: result}
        while waiting:
            for maker in self._unsteady_makers(waiting.pop()):
                if maker in results or maker in self._checked:
                    continue
                made = self._result(maker, self._quick.get(maker, 0.0))
                if made is None:
                    return
                results[maker] = made
                waiting.append(maker)
        for each in sorted(results):
            self._checked.add(each)
            if self._checkpoints is not None:
                key = self._addresses.key_of(each, self._values)
                self._checkpoints.keep(key, results[each], label=self._label(each))

    def _result(self, number: int, seconds: float) -> ComputedResult | None:
        """What a step has made; None of a loop that was accepted unconverged, which a result is not."""
        step, execution = self._steps.steps[number], self._execution
        outputs = [self._values[slot] for slot in self._steps.makes[number]]
        names = [execution.names[slot] for slot in self._steps.makes[number]]
        if isinstance(step, Loop):
            loops = {loop.label: place for place, loop in enumerate(loops_of(step))}
            if any(loop in execution.unconverged for loop in loops_of(step)):
                return None
            rows = [(loops[label], i, r) for label, i, r in execution.residuals if label in loops]
            outputs.append(np.array(rows, dtype=float).reshape(-1, 3))
        return ComputedResult(outputs=outputs, seconds=seconds, names=names)

    def _label(self, number: int) -> str:
        return ", ".join(type(node.discipline).__name__ for node in nodes_of(self._steps.steps[number]))

    def _take_history(self, number: int) -> None:
        step = self._steps.steps[number]
        if isinstance(step, Loop):
            labels = [loop.label for loop in loops_of(step)]
            rows = self._found[number].outputs[-1].tolist()
            self._execution.residuals += [(labels[int(loop)], int(i), r) for loop, i, r in rows]
