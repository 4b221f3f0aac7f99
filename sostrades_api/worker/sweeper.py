"""A process of the pool that sweeps every few seconds and collects garbage; any number may do so at once."""

import logging
import signal
import threading

from sqlalchemy.exc import SQLAlchemyError

from sostrades_api.services.execution_sweep import execution_sweep
from sostrades_api.services.worker_forget import worker_forget
from sostrades_api.worker.collector import start_collecting
from sostrades_api.worker.runtime import Runtime

logger = logging.getLogger(__name__)


def sweep_for_ever(runtime: Runtime) -> None:
    """Sweep until SIGTERM."""
    settings = runtime.platform.settings
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    start_collecting(runtime)
    pause = threading.Event()
    while True:
        try:
            sweep_once(runtime)
        except SQLAlchemyError as error:
            logger.warning("the database does not answer: %s", error)
        except Exception:
            logger.exception("a sweep failed")
        pause.wait(settings.sweep_seconds)


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
