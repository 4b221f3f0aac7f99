"""Figures of executions that cost the same with a thousand and with a million of them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sostrades_api.models import (
    ACTIVE_STATES,
    FINAL_STATES,
    HELD_STATES,
    Execution,
    ExecutionState,
    ExecutionTransition,
    utc_now,
)
from sostrades_api.services.failure_class import failure_class

_TRACEBACK_END = 4000  # characters, in which the name of the exception stands


@dataclass(frozen=True)
class QueueFigures:
    """What waits for the workers of one profile."""

    waiting: int
    oldest_seconds: float


@dataclass(frozen=True, kw_only=True)
class ExecutionEvent:
    """One change of state, with what is to be counted of it."""

    id: int
    at: dt.datetime
    from_state: str | None
    to_state: str
    profile: str
    waited: float | None = None  # seconds from the request to the first start
    ran: float | None = None  # seconds of the attempt that ended the execution
    failure: str | None = None  # kind of failure


def active_figures(session: Session) -> dict[str, int]:
    """Executions by state, of the states that are not final: an index has them side by side."""
    query = (
        select(Execution.state, func.count())
        .where(Execution.state.in_(ACTIVE_STATES))
        .group_by(Execution.state)
    )
    found = {state.value: count for state, count in session.execute(query)}
    return {state.value: found.get(state.value, 0) for state in ExecutionState if state in ACTIVE_STATES}


def queue_figures(session: Session) -> dict[str, QueueFigures]:
    """What waits, by worker profile; only profiles for which something waits."""
    counted = (
        select(
            Execution.worker_profile.label("profile"),
            func.count().label("waiting"),
            func.min(Execution.id).label("oldest"),
        )
        .where(Execution.state == ExecutionState.QUEUED)
        .group_by(Execution.worker_profile)
        .subquery()
    )
    query = select(counted.c.profile, counted.c.waiting, Execution.requested_at).join(
        Execution, Execution.id == counted.c.oldest
    )
    now = utc_now()
    return {
        profile: QueueFigures(waiting, max(0.0, (now - requested_at).total_seconds()))
        for profile, waiting, requested_at in session.execute(query)
    }


def last_event(session: Session) -> int:
    """Number of the newest change of state."""
    return session.scalar(select(func.max(ExecutionTransition.id))) or 0


def events_since(session: Session, cursor: int, *, limit: int) -> list[ExecutionEvent]:
    """The changes of state with a higher number, in order."""
    query = (
        select(
            ExecutionTransition,
            Execution.worker_profile,
            Execution.requested_at,
            Execution.started_at,
            Execution.error_message,
        )
        .join(Execution, Execution.id == ExecutionTransition.execution_id)
        .where(ExecutionTransition.id > cursor)
        .order_by(ExecutionTransition.id)
        .limit(limit)
    )
    rows = session.execute(query).all()
    failed = [row[0].execution_id for row in rows if row[0].to_state == ExecutionState.FAILED]
    tracebacks = _tracebacks(session, failed)
    return [_event(*row, traceback=tracebacks.get(row[0].execution_id)) for row in rows]


def _event(
    change: ExecutionTransition,
    profile: str,
    requested_at: dt.datetime,
    started_at: dt.datetime | None,
    message: str | None,
    *,
    traceback: str | None,
) -> ExecutionEvent:
    failed = change.to_state == ExecutionState.FAILED
    starts = change.to_state == ExecutionState.RUNNING and change.attempt == 1
    ends = change.to_state in FINAL_STATES and change.from_state in HELD_STATES
    return ExecutionEvent(
        id=change.id,
        at=change.at,
        from_state=change.from_state,
        to_state=change.to_state,
        profile=profile,
        waited=max(0.0, (change.at - requested_at).total_seconds()) if starts else None,
        ran=max(0.0, (change.at - started_at).total_seconds()) if ends and started_at else None,
        failure=failure_class(message or change.reason, traceback=traceback) if failed else None,
    )


def _tracebacks(session: Session, execution_ids: Sequence[int]) -> dict[int, str]:
    """The end of each, which is all that is looked at."""
    if not execution_ids:
        return {}
    begin = func.length(Execution.traceback) - _TRACEBACK_END
    end = func.substr(Execution.traceback, func.coalesce(begin, 1))
    query = select(Execution.id, end).where(Execution.id.in_(execution_ids), Execution.traceback.is_not(None))
    return {int(execution_id): str(text) for execution_id, text in session.execute(query)}
