"""A process of the pool that sweeps every few seconds, collects garbage and sends webhooks; on every host."""

import datetime as dt
import logging
import os
import select
import signal
import time

from sqlalchemy.exc import SQLAlchemyError

from sostrades_api.models.clock import read_database_time
from sostrades_api.services.execution_sweep import execution_sweep
from sostrades_api.services.worker_forget import worker_forget
from sostrades_api.services.worker_lost import worker_lost
from sostrades_api.worker.collector import start_collecting
from sostrades_api.worker.courier import Courier
from sostrades_api.worker.runtime import Runtime

logger = logging.getLogger(__name__)

_MOST_NAMES = 64 * 1024  # bytes: what a pipe holds


class LeaseClock:
    """Notices when the clock of the leases is set forward, or slept: workers then get a lease's time.

    Without that, every run of a laptop that was closed for a minute would be taken away.
    """

    def __init__(self, lease_seconds: float) -> None:
        self._lease_seconds = lease_seconds
        self._seen: tuple[dt.datetime, float] | None = None
        self._spare_until = 0.0

    def has_jumped(self, shown: dt.datetime, *, now: float) -> bool:
        """Whether it was set forward a short while ago; ``now`` is monotonic."""
        if self._seen is not None:
            passed = (shown - self._seen[0]).total_seconds()
            if passed - (now - self._seen[1]) > self._lease_seconds / 2:
                logger.warning("the clock was set forward; silent workers get another lease's time")
                self._spare_until = now + self._lease_seconds
        self._seen = shown, now
        return now < self._spare_until


def sweep_for_ever(runtime: Runtime, *, deaths: int) -> None:
    """Sweep until SIGTERM.

    Args:
        runtime: Of this process.
        deaths: Where the pool writes the names of workers that have died, a line each.
    """
    settings = runtime.platform.settings
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    start_collecting(runtime)
    Courier(runtime).start()
    dead: set[str] = set()
    clock = LeaseClock(settings.lease_seconds)
    abandoned: frozenset[str] = frozenset()
    while True:
        try:
            if dead:
                bury(runtime, dead)
                dead.clear()
            sweep_once(runtime, clock=clock)
            abandoned = runtime.queue.drop_abandoned(abandoned)
        except SQLAlchemyError as error:
            logger.warning("the database does not answer: %s", error)
        except Exception:
            logger.exception("a sweep failed")
        runtime.close_files()
        if select.select([deaths], [], [], settings.sweep_seconds)[0]:
            dead.update(os.read(deaths, _MOST_NAMES).decode().split())


def bury(runtime: Runtime, names: set[str]) -> None:
    """Give what workers ran that have died to others."""
    attempts = runtime.platform.settings.max_attempts
    with runtime.session() as session:
        lost = worker_lost(session, names, max_attempts=attempts, queue=runtime.queue)
    if lost:
        logger.warning("executions taken away from workers that ended: %s", lost)


def sweep_once(runtime: Runtime, *, clock: LeaseClock) -> None:
    """One sweep, with a line for the operator when it did something."""
    with runtime.session() as session:
        jumped = clock.has_jumped(read_database_time(session), now=time.monotonic())
        report = execution_sweep(
            session, settings=runtime.platform.settings, queue=runtime.queue, spare_silent=jumped
        )
        forgotten = worker_forget(session)
    if report.lost:
        logger.warning("executions taken away from silent workers: %s", report.lost)
    if report.announced:
        logger.info("executions announced again: %s", report.announced)
    if forgotten:
        logger.info("workers that were lost are forgotten: %s", forgotten)
