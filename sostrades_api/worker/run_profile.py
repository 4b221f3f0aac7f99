"""The profile of a run as it is kept with its execution: in columns, one row a discipline."""

from time import perf_counter
from typing import Any

from sostrades_api.engine import Profile
from sostrades_api.worker.monitor import RunMonitor

_DIGITS = 9  # a nanosecond


class RunClock:
    """Clocks the disciplines of a run; what it gives is of as far as the run got."""

    def __init__(self) -> None:
        self._start: float | None = None
        self._seconds = 0.0

    def __enter__(self) -> None:
        self._start = perf_counter()

    def __exit__(self, *_error: object) -> None:
        if self._start is not None:
            self._seconds = perf_counter() - self._start

    def profile(self, monitor: RunMonitor) -> dict[str, Any] | None:
        """Where the time went; None when no discipline was reached."""
        if self._start is None:
            return None
        followed = monitor.followed
        runs = dict(zip(followed.paths, followed.tally.runs, strict=True))
        profile = Profile.of(
            dict(zip(followed.paths, followed.tally.seconds, strict=True)),
            runs,
            total_seconds=self._seconds,
            residuals=followed.residuals,
            reused=monitor.reused,
        )
        rows = profile.disciplines
        return {
            "total_seconds": round(profile.total_seconds, _DIGITS),
            "discipline_seconds": round(profile.discipline_seconds, _DIGITS),
            "engine_share": round(profile.engine_share, 6),
            "saved_seconds": round(monitor.saved_seconds, _DIGITS),
            "disciplines": [row.path for row in rows],
            "seconds": [round(row.seconds, _DIGITS) for row in rows],
            "calls": [row.runs for row in rows],
            "iterations": [row.iterations for row in rows],
            "reused": [row.reused for row in rows],
        }
