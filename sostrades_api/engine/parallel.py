"""Steps that do not depend on each other, run at the same time, to the bit as one after the other.

Each step reads and writes slots of its own, so only the order of events, residuals and errors needs care.
Threads pay for disciplines that release Python's lock (large arrays, files, other programs), processes for
those that compute in Python itself; neither for small ones.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from heapq import heapify, heappop, heappush
from threading import Lock
from time import perf_counter
from typing import Any, Protocol

from sostrades_api.engine import observer as events
from sostrades_api.engine.dependencies import Dependencies, Step, nodes_of
from sostrades_api.engine.errors import CouplingNotConverged
from sostrades_api.engine.execution import Execution
from sostrades_api.engine.loop import Loop

Ended = Iterable[tuple[int, BaseException | None]]
"""Steps by number, each with what it raised."""


class Crew(Protocol):
    """Runs steps, so many at the same time."""

    size: int

    def start(self, number: int) -> None:
        """Begin with a step; never called for more than ``size`` at a time."""
        ...

    def ended(self) -> Ended:
        """Wait until some steps have ended."""
        ...


def run_parallel(
    execution: Execution,
    steps: Dependencies,
    *,
    crew: AbstractContextManager[Crew],
    done: frozenset[int] = frozenset(),
    ended: Callable[[int, float], None] | None = None,
) -> None:
    """Run every step as soon as what it reads is made; one that is alone for the moment runs here.

    Args:
        execution: on slots filled with inputs.
        steps: of its plan.
        crew: what runs steps at the same time.
        done: numbers of steps whose outputs lie in the slots already.
        ended: called here, with number and seconds, after each step.

    Raises:
        ExecutionError: that of the first step, in the order of execution, that fails.
    """
    place = {loop: number for number, step in enumerate(steps.steps) for loop in loops_of(step)}
    labelled = {loop.label: number for loop, number in place.items()}
    try:
        with crew as workers:
            _Schedule(execution, steps, done, ended).run(workers)
    except CouplingNotConverged as error:
        _keep_history_before(error, execution.residuals, labelled)
        raise
    execution.residuals.sort(key=lambda row: labelled[row[0]])  # stable: iterations stay in order
    execution.unconverged.sort(key=lambda loop: place[loop])


def _keep_history_before(
    error: CouplingNotConverged, residuals: Sequence[tuple[str, int, float]], labelled: Mapping[str, int]
) -> None:
    """Let an error know the iterations of its own step and those before, as if nothing else had been run."""
    last = labelled[", ".join(error.disciplines)]
    rows = [row for row in residuals if labelled[row[0]] <= last]
    error.history = error.data["history"] = tuple(sorted(rows, key=lambda row: labelled[row[0]]))


def loops_of(step: Step) -> Iterator[Loop]:
    """A step that is a loop, and the loops inside it; nothing of a discipline."""
    if isinstance(step, Loop):
        yield step
        for inner in step.inner:
            yield from loops_of(inner)


def run_step(execution: Execution, step: Step) -> None:
    """Run a discipline, or solve a loop."""
    execution.run_part(step if isinstance(step, Loop) else (step,))


class _Schedule:
    def __init__(
        self,
        execution: Execution,
        steps: Dependencies,
        done: frozenset[int],
        ended: Callable[[int, float], None] | None,
    ) -> None:
        self._execution, self._steps, self._ended = execution, steps, ended
        makers = [
            {maker for slot in reads if (maker := steps.maker[slot]) is not None} - done
            for reads in steps.reads
        ]
        self._missing = [len(before) for before in makers]
        self._followers: list[list[int]] = [[] for _ in makers]
        for number, before in enumerate(makers):
            for maker in before:
                self._followers[maker].append(number)
        self._ready = [n for n, count in enumerate(self._missing) if not count and n not in done]
        heapify(self._ready)
        self._running: dict[int, float] = {}
        self._errors: dict[int, BaseException] = {}
        self._done = [number in done for number in range(len(makers))]
        self._settled = 0
        self._settle()

    def run(self, crew: Crew) -> None:
        while self._running or self._startable():
            if not self._running and len(self._ready) == 1:
                number = heappop(self._ready)
                self._running[number] = perf_counter()
                run_step(self._execution, self._steps.steps[number])
                self._end(number, None)
                continue
            while len(self._running) < crew.size and self._startable():
                number = heappop(self._ready)
                self._running[number] = perf_counter()
                crew.start(number)
            for number, error in crew.ended():
                self._end(number, error)
        if self._errors:
            raise self._errors[min(self._errors)]

    def _startable(self) -> bool:
        """After a failure only steps before it are started: one of them may be the first to fail."""
        return bool(self._ready) and self._ready[0] < min(self._errors, default=len(self._done))

    def _end(self, number: int, error: BaseException | None) -> None:
        seconds = perf_counter() - self._running.pop(number)
        if error is not None:
            self._errors[number] = error
            return
        self._done[number] = True
        for follower in self._followers[number]:
            self._missing[follower] -= 1
            if not self._missing[follower] and not self._done[follower]:
                heappush(self._ready, follower)
        self._settle()
        if self._ended is not None:
            self._ended(number, seconds)

    def _settle(self) -> None:
        before = self._settled
        while self._settled < len(self._done) and self._done[self._settled]:
            self._settled += 1
        if self._settled > before:
            self._execution.progress.settled = nodes_of(self._steps.steps[self._settled - 1])[-1].index + 1


class _Threads:
    def __init__(
        self, execution: Execution, steps: Dependencies, *, pool: ThreadPoolExecutor, size: int
    ) -> None:
        self.size = size
        self._execution, self._steps, self._pool = execution, steps, pool
        self._running: dict[Future[Any], int] = {}

    def start(self, number: int) -> None:
        self._running[self._pool.submit(run_step, self._execution, self._steps.steps[number])] = number

    def ended(self) -> Ended:
        done = wait(self._running, return_when=FIRST_COMPLETED).done
        return [(self._running.pop(future), future.exception()) for future in done]


@contextmanager
def threads(execution: Execution, steps: Dependencies, *, size: int) -> Iterator[Crew]:
    """A crew of threads."""
    with ThreadPoolExecutor(size, thread_name_prefix="discipline") as pool:
        yield _Threads(execution, steps, pool=pool, size=size)


class OneAtATime(events.Observer):
    """Hands events on to another observer, never two at once; what it leaves alone is left alone."""

    def __init__(self, observer: events.Observer) -> None:
        self._observer = observer
        self._lock = Lock()

    def _tell(self, hook: Callable[[Any], None], event: Any) -> None:
        with self._lock:
            hook(event)

    def on_execution_started(self, event: events.ExecutionStarted) -> None:
        """Before the first discipline."""
        self._tell(self._observer.on_execution_started, event)

    def on_discipline_started(self, event: events.DisciplineStarted) -> None:
        """Before each run of a discipline."""
        self._tell(self._observer.on_discipline_started, event)

    def on_discipline_ended(self, event: events.DisciplineEnded) -> None:
        """After each run of a discipline."""
        self._tell(self._observer.on_discipline_ended, event)

    def on_discipline_left(self, event: events.DisciplineLeft) -> None:
        """After each run of a discipline that raised."""
        self._tell(self._observer.on_discipline_left, event)

    def on_discipline_failed(self, event: events.DisciplineFailed) -> None:
        """After a discipline failed."""
        self._tell(self._observer.on_discipline_failed, event)

    def on_iteration_ended(self, event: events.IterationEnded) -> None:
        """After each sweep of a loop."""
        self._tell(self._observer.on_iteration_ended, event)

    def on_disciplines_reused(self, event: events.DisciplinesReused) -> None:
        """Before the first run."""
        self._tell(self._observer.on_disciplines_reused, event)

    def on_execution_ended(self, event: events.ExecutionEnded) -> None:
        """After the last discipline."""
        self._tell(self._observer.on_execution_ended, event)
