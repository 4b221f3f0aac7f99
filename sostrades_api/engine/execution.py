"""One execution of a plan: runs its parts over the slots, and tells an observer."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from time import perf_counter
from typing import Any

from sostrades_api.engine import observer as events
from sostrades_api.engine.derivatives.linearize import Method
from sostrades_api.engine.derivatives.suspicion import suspicion
from sostrades_api.engine.errors import (
    CouplingCycles,
    CouplingDiverged,
    CouplingNotConverged,
    CouplingUnsteady,
    DisciplineError,
    MissingInitialValue,
    SettingsError,
)
from sostrades_api.engine.loop import Compute, Failure, Loop, Outcome
from sostrades_api.engine.nested_compute import NestedCompute
from sostrades_api.engine.node import Node
from sostrades_api.engine.progress import Progress
from sostrades_api.engine.runner import (
    CachedRunner,
    FollowedRunner,
    Runner,
    ShouldStop,
    UntoldRunner,
    hooks_of,
)
from sostrades_api.engine.solvers import SOLVERS, Solver
from sostrades_api.engine.solvers.settings import NewtonSettings, SolverSettings
from sostrades_api.engine.stretches import NodeRow
from sostrades_api.engine.value_types import MISSING

Part = tuple[Node, ...] | Loop
"""What is run at one go: disciplines one after the other, or a loop."""

_OF_DISCIPLINES = frozenset(("on_discipline_started", "on_discipline_ended"))

_FAILURES: Mapping[Failure | None, type[CouplingNotConverged]] = {
    Failure.DIVERGES: CouplingDiverged,
    Failure.CYCLES: CouplingCycles,
}


class Execution:
    """The state of one execution; ``values`` are the slots, already filled with inputs.

    Args:
        few: whether most disciplines will not run, so that none is counted before it does.
        told: whether residuals, times and counts are kept; errors of what is not told have no history.
    """

    def __init__(
        self,
        values: list[Any],
        *,
        names: Sequence[str],
        paths: Sequence[str],
        numerical: Mapping[str, int],
        observer: events.Observer | None,
        should_stop: ShouldStop | None,
        few: bool = False,
        told: bool = True,
    ) -> None:
        self.values = values
        self.names = names
        self.progress = Progress(paths, few=few)
        self.residuals: list[tuple[str, int, float]] = []
        self.progress.residuals = self.residuals
        self.unconverged: list[Loop] = []
        self.total_seconds = 0.0
        self._slots = numerical
        self._observer = observer
        self._hooks = hooks_of(None if observer is None else type(observer))
        self._should_stop = should_stop
        self._told = told
        self.runner = self._chosen_runner(should_stop)

    def forget(self) -> None:
        """Be as before the first part; for samples, whose slots are filled anew (a tenth of a small one)."""
        self.residuals.clear()
        self.unconverged.clear()
        if isinstance(self.runner, CachedRunner):
            self.runner = self._chosen_runner(self._should_stop)

    def _chosen_runner(self, should_stop: ShouldStop | None) -> Runner:
        """The shortest way to run a discipline that does all that was asked for."""
        observer, progress = self._observer, self.progress
        if observer is not None and not self._hooks.isdisjoint(_OF_DISCIPLINES):
            runner = FollowedRunner(
                self.values, progress=progress, should_stop=should_stop, observer=observer
            )
        else:
            kind = Runner if self._told else UntoldRunner
            runner = kind(self.values, progress=progress, should_stop=should_stop)
        return CachedRunner(runner) if self.numerical("cache_type") == "SimpleCache" else runner

    def numerical(self, name: str) -> Any:
        """A numerical parameter of the study."""
        return self.values[self._slots[name]]

    def run(self, work: Callable[[], None]) -> None:
        """Do the work, which runs parts, between the events of an execution."""
        start, observer = perf_counter(), self._observer
        if observer is not None:
            observer.on_execution_started(events.ExecutionStarted(len(self.progress.paths), self.progress))
        try:
            work()
        except DisciplineError as error:
            self._tell_failure(error)
            raise
        self.total_seconds = perf_counter() - start
        if observer is not None and "on_execution_ended" in self._hooks:
            observer.on_execution_ended(events.ExecutionEnded(not self.unconverged, self.total_seconds))

    def run_parts(self, parts: Sequence[NodeRow | Loop]) -> None:
        """Run parts in order."""
        values, progress = self.values, self.progress
        for part in parts:
            if isinstance(part, Loop):
                self.run_loop(part)
            else:
                self.runner.sweep(part, values)
            progress.settled = part.settled

    def run_part(self, part: Part) -> bool:
        """Run some disciplines, or solve a loop; whether it has converged."""
        if isinstance(part, Loop):
            return self.run_loop(part)
        self.runner.sweep(part, self.values)
        return True

    def run_loop(self, loop: Loop) -> bool:
        """Solve a loop, and check what its disciplines may make; whether it has converged."""
        converged = self._solve(loop)
        for node in loop.limited:
            node.check_limits(self.values)
        return converged

    def _solve(self, loop: Loop) -> bool:
        values = self.values
        for slot, consumer in loop.feedback:
            if values[slot] is MISSING:
                raise MissingInitialValue(
                    variable=self.names[slot], consumer=consumer, disciplines=loop.paths
                )
        slots = loop.parameters or self._slots
        kind = values[slots["sub_mda_class"]]
        solver = SOLVERS[kind]
        asked = loop.asked.get(kind) or loop.ask(kind, [slots[name] for name in solver.parameters])
        settings = _settings(solver.settings, asked(values))
        self.progress.loop = loop.paths
        outcome = solver.solve(
            loop,
            values,
            settings=settings,
            compute=self._nested(loop, solver) if loop.inner else self.runner,
            iterated=self._follower(loop),
        )
        if not outcome.converged:
            self._not_converged(loop, outcome, settings)
        elif self.unconverged and loop in self.unconverged:  # an inner one, in an earlier sweep
            self.unconverged.remove(loop)
        return outcome.converged

    def _nested(self, loop: Loop, solver: Solver) -> Compute:
        if not solver.takes_inner_loops:
            inside = ", ".join(inner.label for inner in loop.inner)
            detail = f"the loop of {loop.label} has inner couplings ({inside}), which no Newton solver takes"
            raise SettingsError(detail=f"{detail}; take another outside, Newton inside")
        return NestedCompute(self.runner, self.values, loop, self._solve)

    def _follower(self, loop: Loop) -> Callable[[int, float], None]:
        if not self._told:
            return _unheard
        add, label, paths, progress = self.residuals.append, loop.label, loop.paths, self.progress
        observer = self._observer
        tell = observer.on_iteration_ended if observer and "on_iteration_ended" in self._hooks else None

        def iterated(iteration: int, residual: float) -> None:
            add((label, iteration, residual))
            progress.iteration, progress.residual = iteration, residual
            if tell is not None:
                tell(events.IterationEnded(paths, iteration, residual))

        return iterated

    def _not_converged(self, loop: Loop, outcome: Outcome, settings: SolverSettings) -> None:
        if loop not in self.unconverged:
            self.unconverged.append(loop)
        # values that a discipline refused are no result, accepted or not
        if self.numerical("allow_unconverged") and outcome.cause is None:
            return
        kind = _FAILURES.get(outcome.failure, CouplingNotConverged)
        if outcome.residual == math.inf and kind is not CouplingDiverged:
            kind = CouplingUnsteady  # nothing that can be subtracted from what it was
        detail = f" At last: {outcome.cause}" if outcome.cause else self._suspicion(loop, outcome, settings)
        raise kind(
            residual=outcome.residual,
            iterations=outcome.iterations,
            tolerance=settings.tolerance,
            disciplines=loop.paths,
            variable=self.names[outcome.worst] if outcome.worst is not None else "",
            history=tuple(self.residuals),
            detail=detail,
        ) from outcome.cause

    def _suspicion(self, loop: Loop, outcome: Outcome, settings: SolverSettings) -> str:
        """Whom to suspect of a wrong derivative, found in no more runs than the solver took."""
        if not isinstance(settings, NewtonSettings) or settings.linearization != Method.AUTO:
            return ""
        names, runs = self.names, outcome.iterations
        return suspicion(loop, self.values, names=names, runs=runs, compute=self.runner)

    def _tell_failure(self, error: DisciplineError) -> None:
        if self._observer is not None:
            paths = self.progress.paths
            index = paths.index(error.discipline)
            event = events.DisciplineFailed(error.discipline, index, len(paths), error)
            try:
                self._observer.on_discipline_failed(event)
            except Exception as of_observer:  # noqa: BLE001 - what failed first is what is told
                error.add_note(f"Whoever was told of it failed, too: {of_observer!r}")


def _unheard(iteration: int, residual: float) -> None:
    """Nobody is told of an iteration."""


def parts_of(steps: Sequence[Node | Loop]) -> tuple[NodeRow | Loop, ...]:
    """Steps with the disciplines between two loops taken together."""
    parts: list[NodeRow | Loop] = []
    for is_loop, group in groupby(steps, key=lambda step: isinstance(step, Loop)):
        members: Any = tuple(group)
        parts.extend(members if is_loop else (NodeRow(members),))
    return tuple(parts)


@lru_cache(maxsize=64)
def _settings(cls: type[SolverSettings], given: tuple[Any, ...]) -> SolverSettings:
    settings = cls.of(dict(zip(cls.names(), given, strict=True)))
    settings.require_tight()
    return settings
