"""A worker's row in the database, renewed while it waits and while it runs; without a database it goes on."""

import logging
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from sostrades_api.models import utc_now
from sostrades_api.services.worker_beat import WorkerFacts, worker_beat, worker_leave
from sostrades_api.worker.runtime import Runtime

logger = logging.getLogger(__name__)


class Registration:
    """Says that the worker is there, and hears whether it is held."""

    def __init__(self, runtime: Runtime, *, name: str, profiles: Sequence[str]) -> None:
        self._runtime = runtime
        self._seconds = runtime.platform.settings.heartbeat_seconds
        self._facts = WorkerFacts(
            name=name, host=socket.gethostname(), pid=os.getpid(), profiles=profiles, started_at=utc_now()
        )
        self._beaten: float | None = None
        self._is_away = False
        self.held = False  # as heard last

    def running(self, execution_id: int) -> None:
        """It runs this execution now."""
        self._facts = replace(self._facts, execution_id=execution_id)

    def idle(self) -> None:
        """What it ran is over."""
        self._facts = replace(self._facts, execution_id=None, executed=self._facts.executed + 1)

    def beat_if_due(self) -> None:
        """Beat unless that was done within a heartbeat."""
        if self._beaten is None or time.monotonic() - self._beaten >= self._seconds:
            self.beat()

    def beat(self) -> None:
        """Write the row. While the database is away, what was heard last holds."""
        self._beaten = time.monotonic()
        try:
            with self._runtime.session() as session:
                self.held = worker_beat(session, self._facts)
        except SQLAlchemyError as error:
            if not self._is_away:
                logger.warning("the database does not answer to the worker's heartbeat: %s", error)
            self._is_away = True
        else:
            self._is_away = False

    def leave(self) -> None:
        """The worker ends; if the database is away, its row is forgotten some time after."""
        with suppress(SQLAlchemyError), self._runtime.session() as session:
            worker_leave(session, name=self._facts.name)
