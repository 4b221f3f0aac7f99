"""Steps that do not depend on each other, run at the same time in threads, to the bit as one after the other.

Each step reads and writes slots of its own, so only the order of events, residuals and errors needs care.
It pays for disciplines that release Python's lock (large arrays, files, other programs), not for small ones.
"""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from heapq import heapify, heappop, heappush
from threading import Lock
from typing import Any

from sostrades_api.engine import observer as events
from sostrades_api.engine.dependencies import Dependencies, nodes_of
from sostrades_api.engine.execution import Execution
from sostrades_api.engine.loop import Loop


def run_parallel(execution: Execution, steps: Dependencies, *, threads: int) -> None:
    """Run every step as soon as what it reads is made.

    Raises:
        ExecutionError: that of the first step, in the order of execution, that fails.
    """
    _Schedule(execution, steps).run(threads)
    place = {step.label: number for number, step in enumerate(steps.steps) if isinstance(step, Loop)}
    execution.residuals.sort(key=lambda row: place[row[0]])  # stable: iterations stay in order
    execution.unconverged.sort(key=lambda loop: loop.nodes[0].index)


class _Schedule:
    def __init__(self, execution: Execution, steps: Dependencies) -> None:
        self._execution, self._steps = execution, steps
        makers = [
            {maker for slot in reads if (maker := steps.maker[slot]) is not None} for reads in steps.reads
        ]
        self._missing = [len(made) for made in makers]
        self._followers: list[list[int]] = [[] for _ in makers]
        for number, made in enumerate(makers):
            for maker in made:
                self._followers[maker].append(number)
        self._ready = [number for number, count in enumerate(self._missing) if not count]
        heapify(self._ready)
        self._running: dict[Future[Any], int] = {}
        self._errors: dict[int, BaseException] = {}
        self._done = [False] * len(makers)

    def run(self, threads: int) -> None:
        with ThreadPoolExecutor(threads, thread_name_prefix="discipline") as pool:
            while self._running or self._startable():
                while len(self._running) < threads and self._startable():
                    number = heappop(self._ready)
                    self._running[pool.submit(self._run_step, number)] = number
                for future in wait(self._running, return_when=FIRST_COMPLETED).done:
                    self._end(future)
        if self._errors:
            raise self._errors[min(self._errors)]

    def _startable(self) -> bool:
        """After a failure only steps before it are started: one of them may be the first to fail."""
        return bool(self._ready) and self._ready[0] < min(self._errors, default=len(self._done))

    def _run_step(self, number: int) -> None:
        step = self._steps.steps[number]
        self._execution.run_part(step if isinstance(step, Loop) else (step,))

    def _end(self, future: Future[Any]) -> None:
        number = self._running.pop(future)
        error = future.exception()
        if error is not None:
            self._errors[number] = error
            return
        self._done[number] = True
        for follower in self._followers[number]:
            self._missing[follower] -= 1
            if not self._missing[follower]:
                heappush(self._ready, follower)
        progress = self._execution.progress
        before = next((n for n, done in enumerate(self._done) if not done), None)
        first = None if before is None else nodes_of(self._steps.steps[before])[0]
        progress.settled = len(progress.paths) if first is None else first.index


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

    def on_discipline_failed(self, event: events.DisciplineFailed) -> None:
        """After a discipline failed."""
        self._tell(self._observer.on_discipline_failed, event)

    def on_iteration_ended(self, event: events.IterationEnded) -> None:
        """After each sweep of a loop."""
        self._tell(self._observer.on_iteration_ended, event)

    def on_execution_ended(self, event: events.ExecutionEnded) -> None:
        """After the last discipline."""
        self._tell(self._observer.on_execution_ended, event)
