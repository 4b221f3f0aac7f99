"""One execution of a plan: runs its steps over the slots, and tells an observer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import pandas as pd

from sostrades_api.engine import observer as events
from sostrades_api.engine.comparison import same_bits
from sostrades_api.engine.errors import (
    CouplingNotConverged,
    ExecutionError,
    ExecutionStopped,
    MissingInitialValue,
)
from sostrades_api.engine.loop import Loop
from sostrades_api.engine.node import Node
from sostrades_api.engine.solvers import SOLVERS
from sostrades_api.engine.value_types import MISSING

ShouldStop = Callable[[], bool]


@dataclass(frozen=True, kw_only=True, eq=False)
class ExecutionResult:
    """What an execution made.

    Attributes:
        values: every output by full name relative to the study.
        converged: false when an unconverged loop was accepted (``allow_unconverged``).
        residuals: columns loop, iteration, residual.
        seconds: time spent in each discipline, all its runs together.
        runs: how often each discipline ran.
    """

    values: Mapping[str, Any]
    converged: bool
    residuals: pd.DataFrame
    seconds: Mapping[str, float]
    runs: Mapping[str, int]


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
        self._caching = numerical["cache_type"] == "SimpleCache"

    def run(self, steps: Sequence[Node | Loop]) -> None:
        """Run all steps in order."""
        start = perf_counter()
        if self.observer:
            self.observer.on_execution_started(events.ExecutionStarted(self.total))
        for step in steps:
            if type(step) is Node:
                for slot, value in zip(step.out_slots, self.compute(step), strict=True):
                    self.values[slot] = value
                step.check_limits(self.values)
            else:
                self._solve(step)
        if self.observer:
            self.observer.on_execution_ended(events.ExecutionEnded(self.converged, perf_counter() - start))

    def compute(self, node: Node) -> list[Any]:
        """The outputs of one discipline on the present values; from the cache when nothing changed."""
        if self.should_stop is not None and self.should_stop():
            raise ExecutionStopped(before=node.path)
        if self._caching:
            return self._compute_cached(node)
        return self._compute(node)

    def _compute_cached(self, node: Node) -> list[Any]:
        inputs = [self.values[slot] for slot in node.in_slots]
        known = self._cache.get(node.index)
        if known is not None and all(map(same_bits, known[0], inputs)):
            return known[1]
        outputs = self._compute(node)
        self._cache[node.index] = (inputs, outputs)
        return outputs

    def _compute(self, node: Node) -> list[Any]:
        observer, start = self.observer, perf_counter()
        if observer is None:
            outputs = node.compute(self.values)
        else:
            outputs = self._compute_observed(node, observer)
        spent = perf_counter() - start
        self.seconds[node.index] += spent
        self.runs[node.index] += 1
        if observer is not None:
            observer.on_discipline_ended(events.DisciplineEnded(node.path, node.index, self.total, spent))
        return outputs

    def _compute_observed(self, node: Node, observer: events.Observer) -> list[Any]:
        observer.on_discipline_started(node.started)
        try:
            return node.compute(self.values)
        except ExecutionError as error:
            observer.on_discipline_failed(events.DisciplineFailed(node.path, node.index, self.total, error))
            raise

    def _solve(self, loop: Loop) -> None:
        for slot, consumer in loop.feedback:
            if self.values[slot] is MISSING:
                name = self.names[slot]
                raise MissingInitialValue(variable=name, consumer=consumer, disciplines=loop.paths)
        solver = SOLVERS[self.numerical["sub_mda_class"]]
        settings = solver.settings.of({name: self.numerical[name] for name in solver.parameters})
        label = ", ".join(loop.paths)

        def iterated(iteration: int, residual: float) -> None:
            self.residuals.append((label, iteration, residual))
            if self.observer:
                self.observer.on_iteration_ended(events.IterationEnded(loop.paths, iteration, residual))

        outcome = solver.solve(loop, self.values, settings=settings, compute=self.compute, iterated=iterated)
        if not outcome.converged:
            self.converged = False
            if not self.numerical["allow_unconverged"]:
                raise CouplingNotConverged(
                    residual=outcome.residual,
                    iterations=outcome.iterations,
                    tolerance=settings.tolerance,
                    disciplines=loop.paths,
                )
        for node in loop.nodes:
            node.check_limits(self.values)

    def residual_history(self) -> pd.DataFrame:
        """Columns loop, iteration, residual; one row an iteration."""
        loops, iterations, residuals = zip(*self.residuals, strict=True) if self.residuals else ((), (), ())
        return pd.DataFrame(
            {
                "loop": pd.Series(loops, dtype="str"),
                "iteration": pd.Series(iterations, dtype="int64"),
                "residual": pd.Series(residuals, dtype="float64"),
            }
        )
