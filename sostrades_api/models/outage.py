"""What an exception of the database means to somebody who only wants to use it."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

NO_TABLES = "The database has no tables yet; the administrator runs: flask db upgrade"
NO_ANSWER = "The database does not answer; try again shortly"
_MISSING_TABLE = ("no such table", "UndefinedTable")


def outage_of(error: Exception) -> str | None:
    """What is wrong with the database; None when it is not the database's fault."""
    if not isinstance(error, DBAPIError | PoolTimeoutError):
        return None
    if isinstance(error, OperationalError | ProgrammingError) and _names_missing_table(error):
        return NO_TABLES
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError):
        return NO_ANSWER
    return NO_ANSWER if error.connection_invalidated else None


def _names_missing_table(error: DBAPIError) -> bool:
    return any(sign in repr(error.orig) for sign in _MISSING_TABLE)
