"""Follows a run from outside its hot path: statuses, progress and log, read off the engine's progress.

The run itself only counts; whoever publishes looks at the counts now and then, from a thread of its own.
"""

import math
import threading
from collections.abc import Container, Sequence
from itertools import chain
from typing import Any

from sostrades_api.engine import (
    CouplingNotConverged,
    DisciplineEnded,
    DisciplineError,
    DisciplineLeft,
    DisciplinesReused,
    DisciplineStarted,
    ExecutionEnded,
    ExecutionStarted,
    Observer,
    Progress,
)
from sostrades_api.queueing import LiveProgress
from sostrades_api.queueing.progress import encode_statuses
from sostrades_api.worker.run_log import RunLog
from sostrades_api.worker.whereabouts import Whereabouts

_PENDING, _RUNNING, _DONE, _FAILED = "PENDING", "RUNNING", "DONE", "FAILED"
_ALMOST = 0.99  # progress of a run whose results are not stored yet


class RunMonitor(Observer):
    """Says how far a run is, whenever it is asked.

    Args:
        disciplines: in order of execution.
        loops: of the plan, each in order of sweep.
        tolerance: of the loops.
        log: where it writes what it sees.
        whereabouts: where the run tells its worker which discipline runs.
    """

    _has_place = True  # one discipline runs at a time

    def __init__(
        self,
        disciplines: Sequence[str],
        *,
        loops: Sequence[Sequence[str]],
        tolerance: float,
        log: RunLog,
        whereabouts: Whereabouts | None = None,
    ) -> None:
        self.stop_requested = False
        self.followed = Progress(tuple(disciplines))
        self._paths = tuple(disciplines)
        self._loops = {loop[0]: tuple(loop) for loop in loops}  # by the first of their disciplines
        places = {path: index for index, path in enumerate(disciplines)}
        self._ends = {first: places[loop[-1]] for first, loop in self._loops.items()}
        self._tolerance = tolerance
        self._log = log
        self._whereabouts = whereabouts
        self._ended = False
        self.reused: frozenset[str] = frozenset()
        self.saved_seconds = 0.0
        self._progress = 0.0
        self._rows = 0  # residuals that were looked at
        self._first: dict[str, float] = {}
        self._last: dict[str, tuple[int, float]] = {}
        self._came_round: frozenset[str] = frozenset()  # disciplines of loops that iterated
        self._said: set[object] = set()
        self._lock = threading.Lock()

    # --- events of the engine, once an execution --------------------------------------------------------

    def on_execution_started(self, event: ExecutionStarted) -> None:
        """Say what will be run, and follow it from now on."""
        if self._whereabouts is not None and self._has_place:
            event.progress.place = self._whereabouts.place
        self.followed = event.progress
        loops = sorted(self._loops.values())
        coupled = "; ".join(f"loop of {len(loop)}: {_listed(loop)}" for loop in loops) or "no loop"
        self._log.add(f"executing {event.total} disciplines, {coupled}")

    def on_disciplines_reused(self, event: DisciplinesReused) -> None:
        """What is known of the same inputs is not run again."""
        self.reused, self.saved_seconds = frozenset(event.paths), event.seconds
        if event.resumed:
            done = f"{len(event.resumed)} of {len(self._paths)} disciplines"
            self._log.add(f"going on: an earlier attempt has done {done}: {_listed(event.resumed)}")
        self._log.add(
            f"re-used {len(event.paths)} of {len(self._paths)} disciplines, saved {event.seconds:.3g} s: "
            f"{_listed(event.paths)}"
        )

    def on_execution_ended(self, event: ExecutionEnded) -> None:
        """All disciplines are done."""
        self.look()
        self._ended = True
        self.followed.place[0] = -1
        converged = "" if event.converged else ", NOT CONVERGED (accepted by allow_unconverged)"
        self._log.add_last(f"all disciplines are done in {event.seconds:.3f} s{converged}")

    def rest(self) -> None:
        """Nothing runs any more, however it ended: what the worker sees from now on is no discipline's."""
        self.followed.place = [self.followed.running]
        if self._whereabouts is not None:
            self._whereabouts.leave()

    # --- what others read -------------------------------------------------------------------------------

    def should_stop(self) -> bool:
        """Asked by the engine between disciplines."""
        return self.stop_requested

    def look(self) -> None:
        """See how far it is, and write down what is new; called now and then, from any thread."""
        with self._lock:
            self._read_residuals()
            settled = self.followed.settled
            for loop in self._loops.values():
                label = ", ".join(loop)
                solved = label in self._last and self._ends[loop[0]] < settled
                if solved and loop[0] not in self.reused:
                    iterations, residual = self._last[label]
                    said = f"{iterations} iterations, residual {residual:.3g}"
                    self._say(loop, f"loop {_listed(loop)} ended after {said}", discipline=None)
            for index in sorted(self._running_now()):
                self._say(self._paths[index], "running", discipline=self._paths[index])
            if self._whereabouts is not None and self._whereabouts.is_limited:
                self._whereabouts.count(self.followed.tally.runs[self.followed.running])
            share = (settled + self._of_loop(settled)) / max(len(self._paths), 1)
            self._progress = max(self._progress, share)

    @property
    def paths(self) -> tuple[str, ...]:
        """The disciplines in order of execution."""
        return self._paths

    @property
    def mark(self) -> tuple[object, ...]:
        """Another one whenever something has moved."""
        followed = self.followed
        return followed.running, followed.settled, len(followed.residuals), self._ended, self.reused

    @property
    def running(self) -> str | None:
        """The discipline that runs now, or ran last; None before the first and after the end."""
        index = self.followed.running
        return None if self._ended or index < 0 else self._paths[index]

    @property
    def statuses(self) -> dict[str, str]:
        """Of all disciplines, now."""
        if self._ended:
            return dict.fromkeys(self._paths, _DONE)
        done = self._have_run()
        statuses = {
            path: _DONE if index in done or path in self.reused or path in self._came_round else _PENDING
            for index, path in enumerate(self._paths)
        }
        for index in self._running_now():
            statuses[self._paths[index]] = _RUNNING
        return statuses

    def live(self, *, token: str, attempt: int) -> LiveProgress:
        """What to publish now."""
        self.look()
        rows = self.followed.residuals
        loop, iteration, residual = rows[-1] if rows else (None, None, math.nan)
        return LiveProgress(
            token=token,
            attempt=attempt,
            progress=self.progress,
            statuses=encode_statuses(self.statuses.values()),
            loop=loop,
            iteration=iteration,
            residual=residual if math.isfinite(residual) else None,
        )

    @property
    def progress(self) -> float:
        """0 to 0.99 as of the last look; it never goes back."""
        return round(min(1.0 if self._ended else self._progress, _ALMOST), 4)

    def statuses_at_failure(self, error: BaseException) -> dict[str, str]:
        """The failed FAILED, those before it DONE, those after it PENDING: the end of a failed run."""
        failed = self._failed(error)
        settled = self.statuses_at_stop()
        if not failed:
            return settled
        order = list(settled)
        first = min((order.index(path) for path in failed if path in settled), default=0)
        return {
            path: _FAILED if path in failed else (settled[path] if index < first else _PENDING)
            for index, path in enumerate(order)
        }

    def statuses_at_stop(self) -> dict[str, str]:
        """Nothing runs any more."""
        return {path: _PENDING if status == _RUNNING else status for path, status in self.statuses.items()}

    # --- inside -----------------------------------------------------------------------------------------

    def _failed(self, error: BaseException) -> frozenset[str]:
        if isinstance(error, DisciplineError):
            return frozenset({error.discipline})
        if isinstance(error, CouplingNotConverged):
            return frozenset(error.disciplines)
        if not isinstance(error, Exception) and self.running:  # KeyboardInterrupt and the like
            return frozenset({self.running})
        return frozenset()

    def _running_now(self) -> frozenset[int]:
        index = self.followed.running
        return frozenset() if self._ended or index < self.followed.settled else frozenset({index})

    def _have_run(self) -> Container[int]:
        """Those before the one that runs; of loops that came round all have, too."""
        return range(max(self.followed.settled, self.followed.running))

    def _say(self, what: object, message: str, *, discipline: str | None) -> None:
        if what not in self._said:
            self._said.add(what)
            self._log.add(message, discipline=discipline)

    def _read_residuals(self) -> None:
        rows = self.followed.residuals
        for number in range(self._rows, len(rows)):
            label, iteration, residual = rows[number]
            if label not in self._last:
                self._came_round |= frozenset(label.split(", "))
            if iteration <= 1 or label not in self._first:
                self._first[label] = residual
            self._last[label] = (iteration, residual)
        self._rows = len(rows)

    def _of_loop(self, settled: int) -> float:
        """How many disciplines the loop that is being solved counts for."""
        loop = self._loops.get(self._paths[settled]) if settled < len(self._paths) else None
        label = ", ".join(loop or ())
        if loop is None or label not in self._last:
            return 0.0
        _, residual = self._last[label]
        return len(loop) * _share(residual, first=self._first[label], tolerance=self._tolerance)


class ParallelMonitor(RunMonitor):
    """Follows disciplines that run at the same time; each costs an event at its start and one at its end."""

    _has_place = False

    def __init__(self, disciplines: Sequence[str], **given: Any) -> None:
        super().__init__(disciplines, **given)
        self._at_once: set[int] = set()
        self._ran: set[int] = set()
        self._raised: set[int] = set()

    def on_discipline_started(self, event: DisciplineStarted) -> None:
        """It runs now."""
        self._at_once.add(event.index)
        if self._whereabouts is not None:
            self._whereabouts.begin(event.index)

    def on_discipline_ended(self, event: DisciplineEnded) -> None:
        """It is done, for this time."""
        self._leave(event.index)
        self._ran.add(event.index)

    def on_discipline_left(self, event: DisciplineLeft) -> None:
        """It does not run any more; the execution waits for the others."""
        self._leave(event.index)
        self._raised.add(event.index)

    def rest(self) -> None:
        """Nothing runs any more, also not what was left behind by a stop or a crash."""
        super().rest()
        for index in self._at_once.copy():
            self._leave(index)

    def _leave(self, index: int) -> None:
        self._at_once.discard(index)
        if self._whereabouts is not None:
            self._whereabouts.end(index)

    @property
    def mark(self) -> tuple[object, ...]:
        """Another one whenever something has moved."""
        return *super().mark, *sorted(self._at_once.copy()), len(self._ran)

    @property
    def running(self) -> str | None:
        """The only discipline that runs, or has raised, if there is only one."""
        running = self._at_once | self._raised
        return self._paths[running.pop()] if len(running) == 1 else None

    def _running_now(self) -> frozenset[int]:
        return frozenset() if self._ended else frozenset(self._at_once.copy())

    def _have_run(self) -> Container[int]:
        return frozenset({*range(self.followed.settled), *self._ran.copy()})


def _share(residual: float, *, first: float, tolerance: float) -> float:
    """How far a loop has come from its first residual to its tolerance, on a logarithmic scale."""
    if residual <= tolerance:
        return 1.0
    if not (0 < tolerance < first and 0 < residual < math.inf):
        return 0.0
    return min(max(math.log(first / residual) / math.log(first / tolerance), 0.0), 1.0)


def _listed(loop: Sequence[str]) -> str:
    shown = list(chain(loop[:8], ["..."] if len(loop) > 8 else []))
    return ", ".join(shown)
