"""A thread of the work-horse that publishes progress and stores log lines while the run goes on.

The run itself only writes down what happens; a discipline of microseconds never waits for a socket.
"""

import logging
import os
import threading
import time
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sostrades_api.models import db
from sostrades_api.queueing.events import ExecutionEvents
from sostrades_api.services.execution_log_append import execution_log_append
from sostrades_api.worker.event_feed import EventFeed
from sostrades_api.worker.monitor import RunMonitor
from sostrades_api.worker.process_ties import kill_group
from sostrades_api.worker.run_log import RunLog
from sostrades_api.worker.runtime import ClaimedAttempt, Runtime, current_whereabouts
from sostrades_api.worker.usage import UsageMeter

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.05  # something new is told after so long
_LIVE_SECONDS = 0.25  # what is not new is said again
_CHILDREN_SECONDS = 1.0  # what child processes use is looked at
_LOG_PAUSE = 1.0  # after lines could not be stored
_MOST_SHARE = 0.02  # of the processor; a large plan is looked at less often
_LOG_SHARE = 0.05  # of the processor, to store lines that come without end: only then they are told


class Ticker:
    """Publishes while the block runs."""

    def __init__(
        self,
        runtime: Runtime,
        attempt: ClaimedAttempt,
        *,
        monitor: RunMonitor,
        log: RunLog,
        usage: UsageMeter,
        feed: EventFeed,
    ) -> None:
        self._runtime, self._attempt = runtime, attempt
        self._monitor, self._log, self._usage, self._feed = monitor, log, usage, feed
        self._events = ExecutionEvents(runtime.queue.redis, queue_name=runtime.platform.settings.queue_name)
        self._used: dict[str, Any] | None = None
        self._log_at = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="ticker", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        pause, live_at = LOOK_SECONDS, time.monotonic() + _LIVE_SECONDS
        children_at = live_at
        while not self._ended.wait(pause):
            now = time.monotonic()
            self._end_without_lease()
            try:
                if now >= live_at:
                    live_at = now + _LIVE_SECONDS
                    self._used = self._usage.read()
                    pause = self._publish()
                elif self._feed.has_news() or (self._log.is_waiting and now >= self._log_at):
                    pause = self._publish()
                if now >= children_at:
                    children_at = now + _CHILDREN_SECONDS
                    self._usage.sample_children()
            except Exception:
                logger.exception("progress of execution %d is not published", self._attempt.execution_id)

    def _end_without_lease(self) -> None:
        """A worker that is frozen cannot end this run, which is somebody else's by now."""
        whereabouts = current_whereabouts()
        if whereabouts is not None and whereabouts.is_lease_over:
            logger.warning("execution %d ends itself: its lease is over", self._attempt.execution_id)
            kill_group(os.getpid())

    def _publish(self) -> float:
        """Tell how far it is; gives the seconds until the next look."""
        began = time.thread_time()
        live = self._monitor.live(token=self._attempt.token, attempt=self._attempt.attempt)
        self._used = self._used or self._usage.read()
        live = replace(live, usage=self._used)
        # First what a snapshot is made of: it may be ahead of the events that follow it, never behind.
        if self._runtime.queue.publish(self._attempt.execution_id, live):
            self._monitor.stop_requested = True
        began += self._store_log()  # which has a share of its own
        self._events.publish(self._attempt.execution_id, self._feed.news(live))
        return max(LOOK_SECONDS, (time.thread_time() - began) / _MOST_SHARE)

    def _store_log(self) -> float:
        """Store the lines that wait, unless that was done just now; only then may they be told.

        Gives the seconds of processor that it took.
        """
        lines = self._log.take() if time.monotonic() >= self._log_at else []
        if not lines:
            return 0.0
        began = time.thread_time()
        try:
            with self._runtime.app.app_context(), Session(db.engine) as session:
                execution_log_append(
                    session,
                    execution_id=self._attempt.execution_id,
                    attempt=self._attempt.attempt,
                    lines=lines,
                )
        except Exception as error:
            self._log.give_back(lines)
            self._log_at = time.monotonic() + _LOG_PAUSE
            if not isinstance(error, SQLAlchemyError):  # for want of memory, say
                raise
            return time.thread_time() - began
        self._feed.add_lines(lines)
        spent = time.thread_time() - began
        self._log_at = time.monotonic() + spent / _LOG_SHARE
        return spent
