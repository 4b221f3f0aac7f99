"""How database connections behave: SQLite's settings and its two kinds of transaction."""

import sqlite3
from typing import Any

from sqlalchemy import Connection, Engine, event, make_url

WRITING = "sostrades_writing"  # execution option of a connection that will write
BUSY_TIMEOUT_MS = 10_000

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}",
    "PRAGMA foreign_keys=ON",
)

# A host that is cut off must notice within a lease; the kernel's own limits are minutes and hours. Parameters
# of the database's URL go before these.
_QUICK_TO_NOTICE: dict[str, int] = {
    "connect_timeout": 5,  # seconds
    "tcp_user_timeout": 6000,  # milliseconds without an acknowledgement
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
}

# The server, too, must notice a host that is cut off: what that one has locked, a group's turn or values that
# it was storing, stays locked until then. Who only stands still answers to keepalives, so a transaction in
# which nothing comes for so long is ended as well; what is written in one takes a fraction of that.
_IDLE_TRANSACTION_MS = 120_000
_OF_SERVER: dict[str, int | str] = {
    "timezone": "utc",
    "lock_timeout": BUSY_TIMEOUT_MS,
    "idle_in_transaction_session_timeout": _IDLE_TRANSACTION_MS,
    "tcp_keepalives_idle": 3,
    "tcp_keepalives_interval": 1,
    "tcp_keepalives_count": 3,
}

# Bound values are password hashes and the data of studies: no error and no log names them.
_QUIET: dict[str, Any] = {"hide_parameters": True}


def engine_options(url: str) -> dict[str, Any]:
    """Options of ``create_engine`` for this database."""
    if make_url(url).get_backend_name() == "sqlite":
        return {**_QUIET, "connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000}}
    return {
        **_QUIET,
        "pool_pre_ping": True,
        "pool_size": 5,
        "max_overflow": 10,
        "pool_timeout": 10,
        "pool_recycle": 1800,
        "connect_args": {
            **{name: value for name, value in _QUICK_TO_NOTICE.items() if name not in make_url(url).query},
            "options": " ".join(f"-c {name}={value}" for name, value in _OF_SERVER.items()),
        },
    }


def configure_engine(engine: Engine) -> None:
    """Give SQLite its pragmas and explicit BEGINs; readers never wait for writers, nor the reverse."""
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)


def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
    # Python's own implicit BEGIN would come too late and be of the wrong kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _on_begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
