"""Follows a run from inside: statuses, progress and log, cheaply enough for disciplines of microseconds."""

import math
from collections.abc import Sequence
from itertools import chain

from sostrades_api.engine import (
    CouplingNotConverged,
    DisciplineEnded,
    DisciplineError,
    DisciplineFailed,
    DisciplineStarted,
    ExecutionEnded,
    ExecutionStarted,
    IterationEnded,
    Observer,
)
from sostrades_api.queueing import LiveProgress
from sostrades_api.queueing.progress import encode_statuses
from sostrades_api.worker.run_log import RunLog

_PENDING, _RUNNING, _DONE, _FAILED = "PENDING", "RUNNING", "DONE", "FAILED"
_ALMOST = 0.99  # progress of a run whose results are not stored yet


class RunMonitor(Observer):
    """Writes down what happens; a thread reads it now and then (each attribute is replaced whole)."""

    def __init__(
        self, disciplines: Sequence[str], *, loops: Sequence[Sequence[str]], tolerance: float, log: RunLog
    ) -> None:
        self.statuses = dict.fromkeys(disciplines, _PENDING)
        self.running: str | None = None
        self.stop_requested = False
        self._loop_of = {path: tuple(loop) for loop in loops for path in loop}
        self._tolerance = tolerance
        self._log = log
        self._total = max(len(disciplines), 1)
        self._settled = 0.0
        self._progress = 0.0
        self._iteration: IterationEnded | None = None
        self._first_residual = math.nan
        self._seen: set[str] = set()

    # --- events of the engine ---------------------------------------------------------------------------

    def on_execution_started(self, event: ExecutionStarted) -> None:
        """Say what will be run."""
        loops = sorted(set(self._loop_of.values()))
        coupled = "; ".join(f"loop of {len(loop)}: {_listed(loop)}" for loop in loops) or "no loop"
        self._log.add(f"executing {event.total} disciplines, {coupled}")

    def on_discipline_started(self, event: DisciplineStarted) -> None:
        """It runs now."""
        path = event.path
        self.running = path
        self.statuses[path] = _RUNNING
        if path not in self._seen:
            self._seen.add(path)
            self._log.add("started", discipline=path)

    def on_discipline_ended(self, event: DisciplineEnded) -> None:
        """It is done, for this time."""
        self.statuses[event.path] = _DONE
        self.running = None
        if event.path not in self._loop_of:
            self._settle(1)

    def on_discipline_failed(self, event: DisciplineFailed) -> None:
        """It failed, and the run with it."""
        self.statuses[event.path] = _FAILED

    def on_iteration_ended(self, event: IterationEnded) -> None:
        """A loop came round."""
        if event.iteration <= 1 or self._iteration is None or self._iteration.loop != event.loop:
            self._first_residual = event.residual
        self._iteration = event
        size = len(event.loop)
        if event.residual <= self._tolerance:
            self._log.add(f"loop {_listed(event.loop)} ended after {_iterations(event)}")
            self._settle(size)
        else:
            share = _share(event.residual, first=self._first_residual, tolerance=self._tolerance)
            self._advance(self._settled + size * share)

    def on_execution_ended(self, event: ExecutionEnded) -> None:
        """All disciplines are done."""
        self.statuses = dict.fromkeys(self.statuses, _DONE)
        self.running = None
        converged = "" if event.converged else ", NOT CONVERGED (accepted by allow_unconverged)"
        self._log.add_last(f"all disciplines are done in {event.seconds:.3f} s{converged}")

    # --- what others read -------------------------------------------------------------------------------

    def should_stop(self) -> bool:
        """Asked by the engine between disciplines."""
        return self.stop_requested

    def live(self, *, token: str, attempt: int) -> LiveProgress:
        """What to publish now."""
        iteration = self._iteration
        return LiveProgress(
            token=token,
            attempt=attempt,
            progress=self.progress,
            statuses=encode_statuses(list(self.statuses.values())),
            loop=", ".join(iteration.loop) if iteration else None,
            iteration=iteration.iteration if iteration else None,
            residual=iteration.residual if iteration and math.isfinite(iteration.residual) else None,
        )

    @property
    def progress(self) -> float:
        """0 to 0.99; it never goes back."""
        return round(min(self._progress, _ALMOST), 4)

    def statuses_at_failure(self, error: BaseException) -> dict[str, str]:
        """The failed FAILED, those before it DONE, those after it PENDING: the end of a failed run."""
        failed = _failed_disciplines(error)
        if not failed:
            return self.statuses_at_stop()
        order = list(self.statuses)
        first = min((order.index(path) for path in failed if path in self.statuses), default=0)
        settled = self.statuses_at_stop()
        return {
            path: _FAILED if path in failed else (settled[path] if index < first else _PENDING)
            for index, path in enumerate(order)
        }

    def statuses_at_stop(self) -> dict[str, str]:
        """Nothing runs any more."""
        return {path: _PENDING if status == _RUNNING else status for path, status in self.statuses.items()}

    def _settle(self, count: int) -> None:
        self._settled += count
        self._advance(self._settled)

    def _advance(self, disciplines: float) -> None:
        self._progress = max(self._progress, disciplines / self._total)


def _failed_disciplines(error: BaseException) -> frozenset[str]:
    if isinstance(error, DisciplineError):
        return frozenset({error.discipline})
    if isinstance(error, CouplingNotConverged):
        return frozenset(error.disciplines)
    return frozenset()


def _share(residual: float, *, first: float, tolerance: float) -> float:
    """How far a loop has come from its first residual to its tolerance, on a logarithmic scale."""
    if not (0 < tolerance < first and 0 < residual < math.inf):
        return 0.0
    return min(max(math.log(first / residual) / math.log(first / tolerance), 0.0), 1.0)


def _listed(loop: Sequence[str]) -> str:
    shown = list(chain(loop[:8], ["..."] if len(loop) > 8 else []))
    return ", ".join(shown)


def _iterations(event: IterationEnded) -> str:
    return f"{event.iteration} iterations, residual {event.residual:.3g}"
