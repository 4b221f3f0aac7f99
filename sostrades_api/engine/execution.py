"""One execution of a plan: runs its steps over the slots, and tells an observer."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from time import perf_counter
from typing import Any

from sostrades_api.engine import observer as events
from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.errors import (
    CouplingNotConverged,
    DisciplineError,
    ExecutionStopped,
    MissingInitialValue,
)
from sostrades_api.engine.loop import Compute, Loop, Outcome
from sostrades_api.engine.node import Node
from sostrades_api.engine.solvers import SOLVERS
from sostrades_api.engine.solvers.settings import FixedPointSettings
from sostrades_api.engine.value_types import MISSING

ShouldStop = Callable[[], bool]


class Execution:
    """The state of one execution; ``values`` are the slots, already filled with inputs."""

    def __init__(
        self,
        values: list[Any],
        *,
        names: Sequence[str],
        total: int,
        numerical: Mapping[str, Any],
        observer: events.Observer | None,
        should_stop: ShouldStop | None,
    ) -> None:
        self.values = values
        self.names = names
        self.total = total
        self.numerical = numerical
        self.observer = observer
        self.should_stop = should_stop
        self.seconds = [0.0] * total
        self.runs = [0] * total
        self.residuals: list[tuple[str, int, float]] = []
        self.converged = True
        self._cache: dict[int, tuple[list[Any], list[Any]]] = {}
        self._ended = _overridden(observer, "on_discipline_ended")
        self._compute = self._chosen_compute()

    def _chosen_compute(self) -> Compute:
        """The shortest way to run a discipline that does all that was asked for."""
        followed = self.observer is not None or self.should_stop is not None
        run = self._run_followed if followed else self._run_timed
        if self.numerical["cache_type"] != "SimpleCache":
            return run

        def run_cached(node: Node, target: list[Any]) -> None:
            self._run_cached(node, target, run)

        return run_cached

    def run(self, steps: Sequence[Node | Loop]) -> None:
        """Run all steps in order."""
        start = perf_counter()
        if self.observer is not None:
            self.observer.on_execution_started(events.ExecutionStarted(self.total))
        try:
            self._run_steps(steps)
        except DisciplineError as error:
            self._tell_failure(steps, error)
            raise
        if self.observer is not None:
            self.observer.on_execution_ended(events.ExecutionEnded(self.converged, perf_counter() - start))

    def _run_steps(self, steps: Sequence[Node | Loop]) -> None:
        compute, values = self._compute, self.values
        for step in steps:
            if isinstance(step, Loop):
                self._solve(step)
                continue
            compute(step, values)
            if step.limited:
                step.check_limits(values)

    def _run_timed(self, node: Node, target: list[Any]) -> None:
        start = perf_counter()
        node.compute(self.values, target)
        index = node.index
        self.seconds[index] += perf_counter() - start
        self.runs[index] += 1

    def _run_followed(self, node: Node, target: list[Any]) -> None:
        if self.should_stop is not None and self.should_stop():
            raise ExecutionStopped(before=node.path)
        if self.observer is not None:
            self.observer.on_discipline_started(node.started)
        start = perf_counter()
        node.compute(self.values, target)
        spent = perf_counter() - start
        self.seconds[node.index] += spent
        self.runs[node.index] += 1
        if self._ended is not None:
            self._ended(events.DisciplineEnded(node.path, node.index, self.total, spent))

    def _run_cached(self, node: Node, target: list[Any], run: Compute) -> None:
        inputs = [self.values[slot] for slot in node.in_slots]
        known = self._cache.get(node.index)
        if known is not None and all(map(same_bits, known[0], inputs)):
            for slot, value in zip(node.out_slots, known[1], strict=True):
                target[slot] = value
            return
        run(node, target)
        self._cache[node.index] = (inputs, [target[slot] for slot in node.out_slots])

    def _solve(self, loop: Loop) -> None:
        for slot, consumer in loop.feedback:
            if self.values[slot] is MISSING:
                raise MissingInitialValue(
                    variable=self.names[slot], consumer=consumer, disciplines=loop.paths
                )
        solver = SOLVERS[self.numerical["sub_mda_class"]]
        settings = _settings(
            solver.settings, tuple((name, self.numerical[name]) for name in solver.parameters)
        )
        outcome = solver.solve(
            loop, self.values, settings=settings, compute=self._compute, iterated=self._follower(loop)
        )
        if not outcome.converged:
            self._not_converged(loop, outcome, settings)
        for node in loop.nodes:
            if node.limited:
                node.check_limits(self.values)

    def _follower(self, loop: Loop) -> Callable[[int, float], None]:
        residuals, observer, label = self.residuals, self.observer, loop.label

        def iterated(iteration: int, residual: float) -> None:
            residuals.append((label, iteration, residual))
            if observer is not None:
                observer.on_iteration_ended(events.IterationEnded(loop.paths, iteration, residual))

        return iterated

    def _not_converged(self, loop: Loop, outcome: Outcome, settings: FixedPointSettings) -> None:
        self.converged = False
        if not self.numerical["allow_unconverged"]:
            raise CouplingNotConverged(
                residual=outcome.residual,
                iterations=outcome.iterations,
                tolerance=settings.tolerance,
                disciplines=loop.paths,
                variable=self.names[outcome.worst] if outcome.worst is not None else "",
                history=tuple(self.residuals),
            )

    def _tell_failure(self, steps: Sequence[Node | Loop], error: DisciplineError) -> None:
        if self.observer is None:
            return
        for step in steps:
            for node in (step,) if isinstance(step, Node) else step.nodes:
                if node.path == error.discipline:
                    event = events.DisciplineFailed(node.path, node.index, self.total, error)
                    self.observer.on_discipline_failed(event)


@lru_cache(maxsize=64)
def _settings(cls: type[FixedPointSettings], given: tuple[tuple[str, Any], ...]) -> FixedPointSettings:
    return cls.of(dict(given))


def _overridden(observer: events.Observer | None, hook: str) -> Callable[[Any], None] | None:
    """The hook when it does something; an event that nobody reads is not worth making."""
    if observer is None or getattr(type(observer), hook) is getattr(events.Observer, hook):
        return None
    return getattr(observer, hook)
