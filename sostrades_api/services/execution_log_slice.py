"""Slices of the log of one execution."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sostrades_api.errors import NotFoundError, OutOfRangeError
from sostrades_api.models import Execution, ExecutionLog

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MOST = 10_000  # lines at a time


@dataclass(frozen=True)
class LogSlice:
    """Some lines of a log: those from ``start`` to before ``stop`` of ``size``, or some of them."""

    start: int
    stop: int
    size: int
    lines: list[dict[str, Any]]


def execution_log_size(session: Session, execution: Execution, *, discipline: str | None = None) -> int:
    """How many lines there are so far, of every attempt."""
    query = select(func.count()).select_from(ExecutionLog).where(ExecutionLog.execution_id == execution.id)
    if discipline is not None:
        query = query.where(ExecutionLog.discipline == discipline)
    return session.scalar(query) or 0


def execution_log_slice(
    session: Session,
    execution: Execution,
    *,
    start: int = 0,
    stop: int | None = None,
    level: str | None = None,
    discipline: str | None = None,
) -> LogSlice:
    """The lines from ``start`` to before ``stop``, oldest first; each says at which place it is.

    Args:
        session: To read with.
        execution: Whose log.
        start: Counted from 0.
        stop: None, or beyond the end: up to the end; ``MOST`` lines at the most.
        level: Of these lines, only those of this level or above.
        discipline: Only lines of this discipline, by its path; places count these alone.

    Raises:
        NotFoundError: There is no such discipline.
        OutOfRangeError: ``start`` is beyond the end, or after ``stop``.
    """
    if discipline is not None and discipline not in execution.disciplines:
        msg = f"execution {execution.id} has no discipline {discipline!r}"
        raise NotFoundError(msg)
    size = execution_log_size(session, execution, discipline=discipline)
    end = min(size if stop is None else stop, size, start + MOST)
    if start > size or (stop is not None and stop < start):
        msg = f"the log has {size} lines: there is nothing from {start} to {size if stop is None else stop}"
        raise OutOfRangeError(msg)
    query = select(ExecutionLog).where(ExecutionLog.execution_id == execution.id).order_by(ExecutionLog.id)
    if discipline is not None:
        query = query.where(ExecutionLog.discipline == discipline)
    rows = session.scalars(query.offset(start).limit(max(end - start, 0)))
    least = LEVELS.index(level) if level else 0
    lines = [_described(row, place) for place, row in enumerate(rows, start) if _rank(row.level) >= least]
    return LogSlice(start, end, size, lines)


def log_text(lines: list[dict[str, Any]]) -> str:
    """These lines as text, as the log of a study case shows them."""
    return "".join(f"{_text(line)}\n" for line in lines)


def _described(row: ExecutionLog, place: int) -> dict[str, Any]:
    return {
        "index": place,
        "at": _moment(row.at),
        "level": row.level,
        "attempt": row.attempt,
        "discipline": row.discipline,
        "message": row.message,
    }


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else 1


def _moment(at: dt.datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(line: dict[str, Any]) -> str:
    where = f"{line['discipline']}: " if line["discipline"] else ""
    return f"{line['at']} {line['level']:<7} [{line['attempt']}] {where}{line['message']}"
