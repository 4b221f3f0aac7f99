"""Counters of what became of executions, made of the history of states as it grows.

Each look reads the changes since the last one, so it costs what happened between two scrapes, never the
table. The counts begin with the first look after the start of the web server and are kept in a file that its
processes share.
"""

import datetime as dt
import json
from bisect import bisect_left
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from sqlalchemy.orm import Session

from sostrades_api.models import FINAL_STATES, ExecutionState, utc_now
from sostrades_api.services.execution_figures import ExecutionEvent, events_since, last_event

BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, float("inf"))
_BATCH, _BATCHES = 2000, 25  # what is more is counted by the next look
# Numbers are given before the commit: one may appear after a higher one, for as long as transactions take.
_SETTLED = dt.timedelta(seconds=60)
_LOCK_SECONDS = 10


class ExecutionCounts:
    """What is counted, and up to which change of state."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "executions.json"
        self._lock = FileLock(f"{self._file}.lock", timeout=_LOCK_SECONDS)

    def collect(self, session: Session) -> Iterator[Any]:
        """Count what is new, and give all of it as metrics."""
        with self._lock:
            known = self._read() or {"cursor": last_event(session), "seen": [], "counts": {}, "times": {}}
            _count_new(known, lambda cursor: events_since(session, cursor, limit=_BATCH))
            self._write(known)
        yield from _families(known)

    def _read(self) -> dict[str, Any] | None:
        return json.loads(self._file.read_text("utf-8")) if self._file.exists() else None

    def _write(self, known: dict[str, Any]) -> None:
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(known), "utf-8")
        new.replace(self._file)


def _count_new(known: dict[str, Any], read: Callable[[int], list[ExecutionEvent]]) -> None:
    seen, position, settled = set(known["seen"]), known["cursor"], utc_now() - _SETTLED
    cursor, waiting = known["cursor"], False
    for _ in range(_BATCHES):
        events = read(position)
        for event in events:
            if event.id not in seen:
                seen.add(event.id)
                _count(known, event)
            waiting = waiting or event.at > settled
            cursor = cursor if waiting else event.id
        if len(events) < _BATCH:
            break
        position = events[-1].id
    known["cursor"], known["seen"] = cursor, sorted(number for number in seen if number > cursor)


def _count(known: dict[str, Any], event: ExecutionEvent) -> None:
    profile = event.profile
    if event.from_state is None:
        _add(known, "requested", profile)
    if event.to_state in FINAL_STATES:
        _add(known, "ended", profile, event.to_state)
    if event.failure is not None:
        _add(known, "failed", profile, event.failure)
    if event.failure == "lost" or (event.from_state, event.to_state) == (
        ExecutionState.RUNNING,
        ExecutionState.QUEUED,
    ):
        _add(known, "lost", profile)
    for name, seconds in (("waited", event.waited), ("ran", event.ran)):
        if seconds is not None:
            times = known["times"].setdefault(f"{name} {profile}", [0.0, [0] * len(BUCKETS)])
            times[0] += seconds
            times[1][bisect_left(BUCKETS, seconds)] += 1


def _add(known: dict[str, Any], *labels: str) -> None:
    name = " ".join(labels)
    known["counts"][name] = known["counts"].get(name, 0) + 1


def _families(known: dict[str, Any]) -> Iterator[Any]:
    counters = {
        "requested": ("sostrades_executions_requested", "Executions that were queued", ["profile"]),
        "ended": ("sostrades_executions_ended", "Executions that ended, by state", ["profile", "state"]),
        "failed": ("sostrades_executions_failed", "Failed executions, by kind", ["profile", "kind"]),
        "lost": ("sostrades_attempts_lost", "Attempts whose worker died or was shut down", ["profile"]),
    }
    families = {name: CounterMetricFamily(*given[:2], labels=given[2]) for name, given in counters.items()}
    for key, count in known["counts"].items():
        name, *labels = key.split(" ")
        families[name].add_metric(labels, count)
    histograms = {
        "waited": ("sostrades_execution_waiting_seconds", "Seconds from request to first start"),
        "ran": ("sostrades_execution_duration_seconds", "Seconds of attempts that ended their execution"),
    }
    timed = {name: HistogramMetricFamily(*given, labels=["profile"]) for name, given in histograms.items()}
    for key, (total, numbers) in known["times"].items():
        name, profile = key.split(" ")
        timed[name].add_metric([profile], list(_cumulated(numbers)), sum_value=total)
    yield from families.values()
    yield from timed.values()


def _cumulated(numbers: list[int]) -> Iterator[tuple[str, float]]:
    total = 0
    for limit, number in zip(BUCKETS, numbers, strict=True):
        total += number
        yield "+Inf" if limit == float("inf") else str(limit), total
