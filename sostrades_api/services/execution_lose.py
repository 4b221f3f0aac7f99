"""An attempt is lost (its worker was killed, hung or shut down): queue the execution again, or give it up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from sostrades_api.models import Execution, ExecutionState, utc_now
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_announce import add_lines_and_tell
from sostrades_api.services.execution_end import NOT_STOPPING, AttemptKey, lock_attempt
from sostrades_api.services.execution_log_append import LogLine
from sostrades_api.services.execution_transition import execution_transition
from sostrades_api.services.unit_of_work import unit_of_work


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Why an attempt is taken away."""

    reason: str  # a sentence for the history, the log, and the error message when it is given up
    actor: str  # who noticed
    max_attempts: (
        int | None
    )  # losses at which it is given up; None for a loss that counts for nothing (a worker shut down)
    disciplines: Mapping[str, str] | None = (
        None  # their statuses, if the execution is given up; what ran FAILED
    )


def execution_lose(
    session: Session, key: AttemptKey, *, loss: Loss, queue: ExecutionQueue
) -> ExecutionState | None:
    """Take this attempt away; the state it led to, None when the attempt had ended meanwhile."""
    with unit_of_work(session) as unit:
        execution = lock_attempt(session, key)
        if execution is None:
            return None
        attempt = execution.attempt
        losses = execution.losses + (loss.max_attempts is not None)
        to_state = _next_state(execution, losses=losses, max_attempts=loss.max_attempts)
        columns = _columns(to_state, reason=loss.reason, losses=losses)
        if to_state is ExecutionState.FAILED and loss.disciplines is not None:
            columns["disciplines"] = dict(loss.disciplines)
        if not execution_transition(
            session, execution, to_state=to_state, reason=loss.reason, actor=loss.actor, **columns
        ):
            return None
        line = LogLine(utc_now(), "WARNING", f"attempt {attempt} was lost: {loss.reason}; now {to_state}")
        add_lines_and_tell(session, key.execution_id, attempt=attempt, lines=[line])
        if to_state is ExecutionState.QUEUED:
            profile = execution.worker_profile
            unit.after_commit(
                lambda: queue.enqueue_again(key.execution_id, attempt=attempt + 1, profile=profile)
            )
    return to_state


def _next_state(execution: Execution, *, losses: int, max_attempts: int | None) -> ExecutionState:
    if execution.state is ExecutionState.STOPPING:
        return ExecutionState(execution.stopping_to or ExecutionState.STOPPED)
    if max_attempts is not None and losses >= max_attempts:
        return ExecutionState.FAILED
    return ExecutionState.QUEUED


def _columns(to_state: ExecutionState, *, reason: str, losses: int) -> dict[str, Any]:
    columns: dict[str, Any] = {"token": None, "lease_until": None, "losses": losses, **NOT_STOPPING}
    if to_state is ExecutionState.QUEUED:
        return {**columns, "enqueued_at": utc_now(), "started_at": None, "worker_name": None}
    if to_state is ExecutionState.SUSPENDED:
        return columns
    if to_state is ExecutionState.FAILED:
        columns["error_message"] = f"Given up after {losses} lost attempts: {reason}"
    return {**columns, "ended_at": utc_now()}
