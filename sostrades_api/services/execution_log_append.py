"""Append lines to the log of an execution."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import insert
from sqlalchemy.orm import Session

from sostrades_api.models import ExecutionLog
from sostrades_api.services.unit_of_work import unit_of_work

_LINES = insert(ExecutionLog)


@dataclass(frozen=True)
class LogLine:
    """One line, bounded by whoever writes it."""

    at: dt.datetime
    level: str
    message: str
    discipline: str | None = None


def execution_log_append(
    session: Session, *, execution_id: int, attempt: int, lines: Sequence[LogLine]
) -> None:
    """Store the lines in one transaction."""
    with unit_of_work(session):
        add_log_lines(session, execution_id=execution_id, attempt=attempt, lines=lines)


def add_log_lines(session: Session, *, execution_id: int, attempt: int, lines: Sequence[LogLine]) -> None:
    """Add them to the caller's unit of work."""
    if not lines:
        return
    rows = [
        {
            "execution_id": execution_id,
            "attempt": attempt,
            "at": line.at,
            "level": line.level,
            "discipline": line.discipline,
            "message": line.message,
        }
        for line in lines
    ]
    session.execute(_LINES, rows)
