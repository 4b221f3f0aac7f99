"""End an attempt, fenced by its token: only the holder of the lease may write, and only once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from sostrades_api.models import FINAL_STATES, Execution, ExecutionState, utc_now
from sostrades_api.services.execution_announce import add_lines_and_tell
from sostrades_api.services.execution_log_append import LogLine, add_log_lines
from sostrades_api.services.execution_transition import execution_transition

_REASONS = {
    ExecutionState.FINISHED: "results stored",
    ExecutionState.STOPPED: "stopped as asked",
    ExecutionState.SUSPENDED: "suspended as asked",
}
_MINE = (
    select(Execution)
    .where(Execution.id == bindparam("execution"), Execution.token == bindparam("token"))
    .execution_options(populate_existing=True)
)
_MINE_LOCKED = _MINE.with_for_update(of=Execution, key_share=True)
NOT_STOPPING: dict[str, Any] = {"stopping_to": None, "stop_forced": False}  # nobody asks (any more)


@dataclass(frozen=True)
class AttemptKey:
    """Which attempt: its execution and the token that nobody else knows."""

    execution_id: int
    token: str


@dataclass(frozen=True)
class Failure:
    """Why a run failed: a message for whoever may read values, a traceback for the operator."""

    message: str
    traceback: str | None = None


@dataclass(frozen=True, kw_only=True)
class AttemptEnd:
    """What an attempt leaves behind, beside its results."""

    disciplines: Mapping[str, str] = field(default_factory=dict)  # status by path; empty: as they were
    usage: Mapping[str, Any] | None = None
    progress: float | None = None
    converged: bool | None = None  # of results; None without any
    unconverged: Mapping[str, Any] | None = None  # what depends on accepted loops: ``Unconverged``
    profile: Mapping[str, Any] | None = None  # where the time went: ``execution_profile``
    log: Sequence[LogLine] = ()
    log_is_told: bool = False  # whoever wrote its lines tells them, too


def find_attempt(session: Session, key: AttemptKey) -> Execution | None:
    """The execution while this attempt still holds it, read afresh."""
    return session.scalar(_MINE, _parameters(key))


def lock_attempt(session: Session, key: AttemptKey) -> Execution | None:
    """The same, its row locked until the unit of work ends.

    What it is to become depends on what somebody asked for: nobody may ask for something else between
    the look and the change of state, be told that it will be, and be forgotten.
    """
    return session.scalar(_MINE_LOCKED, _parameters(key))


def _parameters(key: AttemptKey) -> dict[str, Any]:
    return {"execution": key.execution_id, "token": key.token}


def end_attempt(
    session: Session,
    execution: Execution,
    *,
    to_state: ExecutionState,
    end: AttemptEnd,
    failure: Failure | None = None,
) -> bool:
    """Write state, statuses, usage and log inside the caller's unit of work; False when it came too late."""
    ended = execution_transition(
        session,
        execution,
        to_state=to_state,
        reason=failure.message if failure else _REASONS[to_state],
        actor=execution.worker_name or "worker",
        token=None,
        lease_until=None,
        **NOT_STOPPING,
        ended_at=utc_now() if to_state in FINAL_STATES else None,
        disciplines=dict(end.disciplines) or execution.disciplines,
        usage=dict(end.usage) if end.usage else execution.usage,
        progress=execution.progress if end.progress is None else end.progress,
        converged=end.converged,
        unconverged=dict(end.unconverged) if end.unconverged else None,
        profile=dict(end.profile) if end.profile else None,
        error_message=failure.message if failure else None,
        traceback=failure.traceback if failure else None,
    )
    if ended:
        attempt = execution.attempt
        if end.log_is_told:
            add_log_lines(session, execution_id=execution.id, attempt=attempt, lines=end.log)
        else:
            add_lines_and_tell(session, execution.id, attempt=attempt, lines=end.log)
    return ended
