"""Read what a run needs and write how it ended although a part of the platform is away for a while."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.orm import Session

from sostrades_api.errors import UnavailableError
from sostrades_api.models.outage import outage_of
from sostrades_api.worker.limits import is_out_of_memory

logger = logging.getLogger(__name__)

# Not the model's fault (its own OSErrors come as an engine error): another try may well succeed.
INFRASTRUCTURE = (SQLAlchemyError, OSError, UnavailableError)
# The database is there, and takes not this; but a row may have come in between, so it is asked again.
_REFUSALS = (DataError, IntegrityError, NotSupportedError, ProgrammingError)
_TRIES = 3
PATIENCE_SECONDS = 300.0  # so long a disk may be full; an attempt that cannot renew its lease is ended before
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0

Answer = TypeVar("Answer")


def patiently(
    ask: Callable[[], Answer], *, session: Session, what: str, seconds: float = PATIENCE_SECONDS
) -> Answer:
    """What ``ask()`` gives, tried again as long as a part of the platform is away.

    Reads and fenced writes alone: the first try may have come through although nobody heard of it.

    Raises:
        SQLAlchemyError, OSError, UnavailableError: It still is, or the database refuses what it is given.
    """
    deadline, pause, refused = time.monotonic() + seconds, _FIRST_PAUSE, 0
    while True:
        try:
            return ask()
        except INFRASTRUCTURE as error:
            if is_out_of_memory(error) or time.monotonic() + pause > deadline:
                raise
            refused += is_refusal(error)
            if refused >= _TRIES:
                raise
            logger.warning("%s must wait, and is tried again: %s", what, error)
        with suppress(SQLAlchemyError):  # of a connection that is dead
            session.close()
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def is_refusal(error: BaseException) -> bool:
    """Whether a database that answers has said no to it: waiting mends nothing, another attempt neither.

    A table that is not there, as while a backup is read in, is none: on SQLite that is no programming error.
    """
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        return True  # a value that cannot even be sent
    return isinstance(error, _REFUSALS) and outage_of(error) is None
