"""What is new in a run since the last look, as events for those who follow it."""

import math
from collections.abc import Sequence
from typing import Any

from sostrades_api.queueing import LiveProgress
from sostrades_api.queueing.events import Event, EventType
from sostrades_api.queueing.progress import CODES
from sostrades_api.services.execution_announce import lines_event
from sostrades_api.services.execution_log_append import LogLine
from sostrades_api.worker.monitor import RunMonitor

_LINES_AN_EVENT = 100
_EARLIER_ITERATIONS = 50  # of a loop and event; of more, evenly chosen ones
_PROGRESS_DIGITS = 3


class EventFeed:
    """Remembers what has been told; used by one thread at a time."""

    def __init__(self, *, attempt: int, monitor: RunMonitor) -> None:
        self._attempt, self._monitor = attempt, monitor
        self._seen: object = None
        self._statuses = ""
        self._stored: list[LogLine] = []  # not told yet
        self._lines = 0  # told
        self._rows = 0
        self._progress = 0.0

    def follow(self, monitor: RunMonitor) -> None:
        """The run begins: this is what follows it."""
        self._monitor = monitor

    def add_lines(self, lines: Sequence[LogLine]) -> None:
        """The next lines of the log, in order, which are in the database now, or will be with the end.

        Not before: who arrives in between is not told of them any more, and would not find them either.
        """
        self._stored += lines

    def has_news(self) -> bool:
        """Whether the run has moved; takes microseconds, however large the plan."""
        mark = self._monitor.mark
        moved, self._seen = mark != self._seen, mark
        return moved

    def news(self, live: LiveProgress) -> list[Event]:
        """What is new; ``live`` is what has just been published."""
        return [
            *self._of_disciplines(live.statuses),
            *self._of_iterations(),
            *self._of_progress(live.progress),
            *self._of_log(),
        ]

    def last(self) -> list[Event]:
        """What is left to be told when the run has ended; statuses come with its final state."""
        return [*self._of_iterations(), *self._of_log()]

    def _of_disciplines(self, statuses: str) -> list[Event]:
        told, self._statuses = self._statuses or "P" * len(statuses), statuses
        if told == statuses:
            return []
        paths = self._monitor.paths
        changed = {
            path: CODES[now] for path, before, now in zip(paths, told, statuses, strict=True) if before != now
        }
        return [self._event(EventType.DISCIPLINES, disciplines=changed)]

    def _of_iterations(self) -> list[Event]:
        rows = self._monitor.followed.residuals
        until = len(rows)
        loops: dict[str, list[tuple[int, float | None]]] = {}
        for number in range(self._rows, until):
            label, iteration, residual = rows[number]
            told = residual if math.isfinite(residual) else None
            loops.setdefault(label, []).append((iteration, told))
        self._rows = until
        return [self._iteration(label, found) for label, found in loops.items()]

    def _iteration(self, label: str, found: list[tuple[int, float | None]]) -> Event:
        *earlier, (iteration, residual) = found
        step = max(1, math.ceil(len(earlier) / _EARLIER_ITERATIONS))
        return self._event(
            EventType.ITERATION,
            loop=label,
            iteration=iteration,
            residual=residual,
            earlier=earlier[::step],
        )

    def _of_progress(self, progress: float) -> list[Event]:
        rounded = round(progress, _PROGRESS_DIGITS)
        if rounded == self._progress:
            return []
        self._progress = rounded
        return [self._event(EventType.PROGRESS, progress=rounded)]

    def _of_log(self) -> list[Event]:
        first_number, lines = self._lines, self._stored
        self._lines, self._stored = first_number + len(lines), []
        numbered = list(enumerate(lines, first_number))
        return [
            lines_event(self._attempt, numbered[first : first + _LINES_AN_EVENT])
            for first in range(0, len(lines), _LINES_AN_EVENT)
        ]

    def _event(self, kind: EventType, **data: Any) -> Event:
        return Event.make(kind, {"attempt": self._attempt, **data})
