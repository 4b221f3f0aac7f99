"""Write down how a run ended although a part of the platform is away: what took days is worth a wait."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sostrades_api.errors import UnavailableError
from sostrades_api.worker.limits import is_out_of_memory

logger = logging.getLogger(__name__)

# Not the model's fault (its own OSErrors come as an engine error): another try may well succeed.
INFRASTRUCTURE = (SQLAlchemyError, OSError, UnavailableError)
PATIENCE_SECONDS = 300.0  # so long a disk may be full; an attempt that cannot renew its lease is ended before
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0

Written = TypeVar("Written")


def patiently(
    write: Callable[[], Written], *, session: Session, what: str, seconds: float = PATIENCE_SECONDS
) -> Written:
    """What ``write()`` gives, tried again as long as a part of the platform is away.

    Fenced writes alone: the first one may have come through although nobody heard of it.

    Raises:
        SQLAlchemyError, OSError, UnavailableError: It still is.
    """
    deadline, pause = time.monotonic() + seconds, _FIRST_PAUSE
    while True:
        try:
            return write()
        except INFRASTRUCTURE as error:
            if is_out_of_memory(error) or time.monotonic() + pause > deadline:
                raise
            logger.warning("%s cannot be written, and is tried again: %s", what, error)
        with suppress(SQLAlchemyError):  # of a connection that is dead
            session.close()
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
