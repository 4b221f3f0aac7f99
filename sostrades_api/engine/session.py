"""A session: one plan executed again and again in memory, where only what a change touches is run.

Change is detected at the inputs, and carried on through lists of readers made once a plan: nothing of what
is not touched is looked at. A loop that is touched starts from its initial values again, so the result is
that of a full execution to the bit.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from heapq import heapify, heappop, heappush
from sys import getrefcount
from typing import TYPE_CHECKING, Any

from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.dependencies import nodes_of
from sostrades_api.engine.execution import Execution
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.node import Node
from sostrades_api.engine.observer import Observer
from sostrades_api.engine.parallel import loops_of
from sostrades_api.engine.protection import SOLE, freeze
from sostrades_api.engine.result import ExecutionResult
from sostrades_api.engine.runner import ShouldStop
from sostrades_api.engine.stretches import NodeRow
from sostrades_api.engine.versions import data_state

if TYPE_CHECKING:
    from sostrades_api.engine.plan import Plan

# A made value of these types is compared with what it was: equal, and its readers need not run.
_SCALARS = frozenset({float, int, bool, str, type(None)})


class Session:
    """Keeps the values of the last execution; made by ``Plan.session``; for one thread at a time.

    Args:
        plan: what is executed.
        incremental: false runs everything every time, as a check and for measuring.
    """

    def __init__(self, plan: "Plan", *, incremental: bool = True) -> None:
        self._plan = plan
        self._incremental = incremental
        self._steps = plan.dependencies
        self._values: list[Any] = []
        self._initial: dict[int, Any] = {}
        self._stale: set[int] = set()
        self._rows: dict[int, NodeRow | None] = {}
        self._histories: dict[int, list[tuple[str, int, float]]] = {}
        self._unconverged: dict[int, list[Loop]] = {}
        self._files: dict[int, object] = {}  # what data files were when a step was last run

    def execute(
        self,
        changed: Mapping[str, Any] | None = None,
        *,
        observer: Observer | None = None,
        should_stop: ShouldStop | None = None,
    ) -> ExecutionResult:
        """Run what these inputs change; all others keep their values of the last time.

        After an error, the next call takes up what was not done; results handed out before stay as they are.

        Args:
            changed: by full name relative to the study; one that is equal to the bit changes nothing.
            observer: told what happens.
            should_stop: asked before every run of a discipline.

        Raises:
            ExecutionError: as ``Plan.execute``.
        """
        if not self._values:
            self._begin(changed or {})
        else:
            if getrefcount(self._values) > SOLE:  # a result that somebody keeps has them
                self._values = self._values.copy()
            self._take(changed or {})
        self._plan.input_checks.require(self._values)
        if not self._incremental:
            self._stale.update(range(len(self._steps.steps)))
        self._stale.update(self._steps.never_reused)
        if self._steps.with_data_files:
            self._look_at_files()
        few = 2 * len(self._stale) < len(self._steps.steps)
        execution = self._plan.execution(self._values, observer=observer, should_stop=should_stop, few=few)
        execution.run(partial(self._run_stale, execution))
        execution.progress.settled = len(execution.progress.paths)
        return self._plan.result(
            execution,
            values=self._values,
            history=[row for number in self._steps.loops for row in self._histories[number]],
            unconverged=[loop for number in sorted(self._unconverged) for loop in self._unconverged[number]],
        )

    def _look_at_files(self) -> None:
        """Let run again what reads data files that have changed."""
        for number in self._steps.with_data_files:
            state = [data_state(type(node.discipline)) for node in nodes_of(self._steps.steps[number])]
            if self._files.get(number) != state:
                self._files[number] = state
                self._stale.add(number)

    def _begin(self, given: Mapping[str, Any]) -> None:
        self._values = self._plan.filled(given)
        loops = (self._steps.steps[number] for number in self._steps.loops)
        self._initial = {
            slot: self._values[slot] for loop in loops if isinstance(loop, Loop) for slot in loop.couplings
        }
        self._stale = set(range(len(self._steps.steps)))

    def _take(self, changed: Mapping[str, Any]) -> None:
        checked = {name: freeze(value) for name, value in self._plan.check(changed).items()}
        if self._plan.structuring:
            self._plan.require_structure(checked)
        for name, frozen in checked.items():
            slot = self._plan.slot(name)
            known = self._initial if slot in self._initial else self._values
            if same_bits(known[slot], frozen):  # type: ignore[index]
                continue
            known[slot] = frozen  # type: ignore[index]
            self._stale.update(self._touched(name, slot))

    def _touched(self, name: str, slot: int) -> tuple[int, ...]:
        if self._plan.variables[name].variable.numerical:
            return self._steps.loops
        if slot in self._initial:
            return tuple(number for number in (self._steps.maker[slot],) if number is not None)
        return self._steps.readers[slot]

    def _run_stale(self, execution: Execution) -> None:
        waiting, stale = list(self._stale), self._stale
        makes, readers, values = self._steps.makes, self._steps.readers, self._values
        rows, sweep, progress = self._rows, execution.runner.sweep, execution.progress
        heapify(waiting)
        number = -1
        try:
            while waiting:
                number = heappop(waiting)
                made = makes[number]
                before = (values[made[0]],) if len(made) == 1 else [values[slot] for slot in made]
                row = rows.get(number) or self._row(number)
                if isinstance(row, Loop):
                    self._solve(number, row, execution)
                else:
                    sweep(row, values)
                    progress.settled = row[0].index + 1
                for slot, old in zip(made, before):  # noqa: B905 - as long, and checking takes as long again
                    new = values[slot]
                    # most are other floats (NaN, too: it is never the same for sure)
                    if (type(old) is float is type(new) and old != new) or not _is_unchanged(old, new):
                        for reader in readers[slot]:
                            if reader not in stale:
                                stale.add(reader)
                                heappush(waiting, reader)
                stale.discard(number)
        except BaseException:
            # some of its outputs may be new already, those of a loop may be anything
            for slot in makes[number]:
                stale.update(readers[slot])
            raise

    def _row(self, number: int) -> Sequence[Node] | Loop:
        """The loop of a step, or its discipline; with a function of its own when it runs again."""
        step = self._steps.steps[number]
        if isinstance(step, Loop):
            return step
        if number not in self._rows:
            self._rows[number] = None
            return (step,)
        row = self._rows[number] = NodeRow((step,))
        row.again = True
        return row

    def _solve(self, number: int, loop: Loop, execution: Execution) -> None:
        for slot in loop.couplings:
            self._values[slot] = self._initial[slot]
        known = len(execution.residuals)
        execution.run_part(loop)
        self._histories[number] = execution.residuals[known:]
        execution.progress.settled = loop.settled
        # loops inside may not have converged though this one has
        own = frozenset(loops_of(loop))
        self._unconverged[number] = [each for each in execution.unconverged if each in own]


def _is_unchanged(old: Any, new: Any) -> bool:
    """Whether the readers of a value need not run; large values are not compared."""
    return type(old) in _SCALARS and same_bits(old, new)
