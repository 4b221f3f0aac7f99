"""The clock that leases are kept by: the database's, so that hosts need not agree on the time."""

import datetime as dt
from typing import Any

from sqlalchemy import DateTime, func, literal, select
from sqlalchemy.orm import Session

from sostrades_api.models.base import UtcDateTime, utc_now


def database_time(session: Session, *, in_seconds: float = 0.0) -> Any:
    """An expression: the time at which its statement runs, or so much later.

    PostgreSQL's own; SQLite is in the same host as whoever asks.
    """
    later = dt.timedelta(seconds=in_seconds)
    if session.get_bind().dialect.name == "postgresql":
        return func.clock_timestamp(type_=DateTime(timezone=True)) + later
    return literal(utc_now() + later, UtcDateTime)


def read_database_time(session: Session) -> dt.datetime:
    """What that clock shows now."""
    moment: dt.datetime = session.scalars(select(database_time(session))).one()
    return moment
