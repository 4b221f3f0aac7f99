"""A thread of the sweeper that collects garbage about once an hour; it never holds sweeping up."""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from sostrades_api.errors import UnavailableError
from sostrades_api.services.garbage_collect import garbage_collect
from sostrades_api.worker.runtime import Runtime

logger = logging.getLogger(__name__)

FIRST_SECONDS = 5 * 60.0
PAUSE_SECONDS = 60 * 60.0


def start_collecting(
    runtime: Runtime, *, first: float = FIRST_SECONDS, pause: float = PAUSE_SECONDS
) -> threading.Event:
    """Collect after ``first`` seconds and then with ``pause`` seconds between, until the event is set."""
    ended = threading.Event()

    def work() -> None:
        wait = first
        while not ended.wait(wait):
            collect_once(runtime)
            wait = pause

    threading.Thread(target=work, name="collector", daemon=True).start()
    return ended


def collect_once(runtime: Runtime) -> None:
    """One collection, with a line for the operator when it did something; it never raises."""
    platform = runtime.platform
    try:
        with runtime.session() as session:
            collected = garbage_collect(session, values=platform.values, settings=platform.settings)
    except SQLAlchemyError as error:
        logger.warning("garbage is not collected, the database is busy or away: %s", error)
    except UnavailableError as error:
        logger.warning("garbage is not collected: %s", error)
    except Exception:
        logger.exception("collecting garbage failed")
    else:
        if collected.study_cases:
            logger.info("deleted study cases purged: %s", collected.study_cases)
        if collected.executions:
            logger.info("expired executions deleted: %s", collected.executions)
        if collected.results:
            logger.info("computed results forgotten: %d", collected.results)
        if collected.values or collected.blobs:
            logger.info("unused values removed: %d, blobs: %d", collected.values, collected.blobs)
