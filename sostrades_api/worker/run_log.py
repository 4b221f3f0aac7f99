"""The log of a run: what the platform and the disciplines say, bounded, collected for the database."""

import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sostrades_api.models import utc_now
from sostrades_api.services.execution_log_append import LogLine
from sostrades_api.services.public_text import public_text, storable_text

MAX_LINES = 5000
MAX_LENGTH = 2000  # characters of a line
_RESERVE = 200  # lines kept for the end of the run
# The platform's own machinery; what it says belongs to the operator's log.
_INFRASTRUCTURE = (
    "sostrades_api.",
    "sqlalchemy",
    "redis",
    "rq.",
    "alembic",
    "fsspec",
    "s3fs",
    "aiobotocore",
    "botocore",
    "aiohttp",
    "asyncio",
    "werkzeug",
)


class RunLog:
    """Lines of one attempt; safe to write to from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[LogLine] = []
        self._count = 0
        self._dropped = 0

    def add(self, message: str, *, level: str = "INFO", discipline: str | None = None) -> None:
        """Add a line, unless the run has said too much already."""
        with self._lock:
            if self._count >= MAX_LINES - _RESERVE:
                self._dropped += 1
                return
            self._append(message, level=level, discipline=discipline)

    def add_last(self, message: str, *, level: str = "INFO", discipline: str | None = None) -> None:
        """Add a line of the end of the run, for which room was kept."""
        with self._lock:
            if self._dropped:
                self._append(f"{self._dropped} more lines were dropped", level="WARNING", discipline=None)
                self._dropped = 0
            if self._count < MAX_LINES:
                self._append(message, level=level, discipline=discipline)

    def take(self) -> list[LogLine]:
        """Take the lines collected since the last time."""
        with self._lock:
            lines, self._lines = self._lines, []
            return lines

    @property
    def is_waiting(self) -> bool:
        """Whether there are lines to take."""
        return bool(self._lines)

    def give_back(self, lines: list[LogLine]) -> None:
        """Put lines back that could not be stored."""
        with self._lock:
            self._lines = lines + self._lines

    def _append(self, message: str, *, level: str, discipline: str | None) -> None:
        # set in, so that no line of a message looks like another message
        lines = "\n    ".join(message.splitlines())
        text = public_text(lines, length=MAX_LENGTH)
        self._lines.append(LogLine(utc_now(), level, text, discipline))
        self._count += 1


class _Handler(logging.Handler):
    def __init__(self, log: RunLog, discipline: Callable[[], str | None]) -> None:
        super().__init__(logging.INFO)
        self._log, self._discipline = log, discipline

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(_INFRASTRUCTURE) and not record.name.startswith(
            "sostrades_api.disciplines"
        ):
            return
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a wrong format string must not end the run
            message = str(record.msg)
        self._log.add(message, level=storable_text(record.levelname)[:8], discipline=self._discipline())


@contextmanager
def captured_logging(log: RunLog, *, discipline: Callable[[], str | None]) -> Iterator[None]:
    """Collect ``logging`` from INFO on, and ``warnings``, of the code inside."""
    root, handler = logging.getLogger(), _Handler(log, discipline)
    level, show = root.level, warnings.showwarning

    def show_in_log(message: Warning | str, category: type[Warning], *_args: Any, **_kwargs: Any) -> None:
        log.add(f"{category.__name__}: {message}", level="WARNING", discipline=discipline())

    root.addHandler(handler)
    root.setLevel(min(level or logging.INFO, logging.INFO))
    warnings.showwarning = show_in_log
    try:
        yield
    finally:
        warnings.showwarning = show
        root.setLevel(level)
        root.removeHandler(handler)
