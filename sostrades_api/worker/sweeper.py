"""A process of the pool that sweeps every few seconds, collects garbage and sends webhooks; on every host."""

import logging
import os
import select
import signal

from sqlalchemy.exc import SQLAlchemyError

from sostrades_api.services.execution_sweep import execution_sweep
from sostrades_api.services.worker_forget import worker_forget
from sostrades_api.services.worker_lost import worker_lost
from sostrades_api.worker.collector import start_collecting
from sostrades_api.worker.courier import Courier
from sostrades_api.worker.runtime import Runtime

logger = logging.getLogger(__name__)

_MOST_NAMES = 64 * 1024  # bytes: what a pipe holds


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
    while True:
        try:
            if dead:
                bury(runtime, dead)
                dead.clear()
            sweep_once(runtime)
        except SQLAlchemyError as error:
            logger.warning("the database does not answer: %s", error)
        except Exception:
            logger.exception("a sweep failed")
        if select.select([deaths], [], [], settings.sweep_seconds)[0]:
            dead.update(os.read(deaths, _MOST_NAMES).decode().split())


def bury(runtime: Runtime, names: set[str]) -> None:
    """Give what workers ran that have died to others."""
    attempts = runtime.platform.settings.max_attempts
    with runtime.session() as session:
        lost = worker_lost(session, names, max_attempts=attempts, queue=runtime.queue)
    if lost:
        logger.warning("executions taken away from workers that ended: %s", lost)


def sweep_once(runtime: Runtime) -> None:
    """One sweep, with a line for the operator when it did something."""
    with runtime.session() as session:
        report = execution_sweep(session, settings=runtime.platform.settings, queue=runtime.queue)
        forgotten = worker_forget(session)
    if report.lost:
        logger.warning("executions taken away from silent workers: %s", report.lost)
    if report.announced:
        logger.info("executions announced again: %s", report.announced)
    if forgotten:
        logger.info("workers that were lost are forgotten: %s", forgotten)
