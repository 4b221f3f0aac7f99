"""A thread of the work-horse that publishes progress and stores log lines while the run goes on.

The run itself only writes down what happens; a discipline of microseconds never waits for a socket.
"""

import logging
import threading
from dataclasses import replace
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sostrades_api.models import db
from sostrades_api.services.execution_log_append import execution_log_append
from sostrades_api.worker.monitor import RunMonitor
from sostrades_api.worker.run_log import RunLog
from sostrades_api.worker.runtime import ClaimedAttempt, Runtime
from sostrades_api.worker.usage import UsageMeter

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.25  # four times a second
_TICKS_A_LOG = 4


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
    ) -> None:
        self._runtime, self._attempt = runtime, attempt
        self._monitor, self._log, self._usage = monitor, log, usage
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
        ticks = 0
        while not self._ended.wait(TICK_SECONDS):
            try:
                if ticks % _TICKS_A_LOG == 0:
                    self._usage.sample_children()
                self._publish()
                if ticks % _TICKS_A_LOG == 0:
                    self._store_log()
            except Exception:
                logger.exception("progress of execution %d is not published", self._attempt.execution_id)
            ticks += 1

    def _publish(self) -> None:
        live = self._monitor.live(token=self._attempt.token, attempt=self._attempt.attempt)
        live = replace(live, usage=self._usage.read())
        if self._runtime.queue.publish(self._attempt.execution_id, live):
            self._monitor.stop_requested = True

    def _store_log(self) -> None:
        lines = self._log.take()
        if not lines:
            return
        try:
            with self._runtime.app.app_context(), Session(db.engine) as session:
                execution_log_append(
                    session,
                    execution_id=self._attempt.execution_id,
                    attempt=self._attempt.attempt,
                    lines=lines,
                )
        except SQLAlchemyError:
            self._log.give_back(lines)
