"""All that is known of one execution, for the operator alone: its traceback and its workers too."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.errors import NotFoundError
from sostrades_api.models import ExecutionTransition
from sostrades_api.services.execution_get import execution_find
from sostrades_api.services.execution_profile_read import profile_of

_SHOWN = (
    "id",
    "study_case_id",
    "study_revision",
    "process_name",
    "state",
    "attempt",
    "losses",
    "worker_name",
    "requested_by",
    "requested_at",
    "started_at",
    "ended_at",
    "progress",
    "disciplines",
    "usage",
    "converged",
    "unconverged",
    "error_message",
    "traceback",
)


def execution_describe(session: Session, execution_id: int) -> dict[str, Any]:
    """Its columns, but for the token of its attempt, its ``profile``, and ``transitions``, oldest first.

    Raises:
        NotFoundError: There is no such execution (any more).
    """
    execution = execution_find(session, execution_id)
    if execution is None:
        detail = f"There is no execution {execution_id}"
        raise NotFoundError(detail)
    query = select(ExecutionTransition).where(ExecutionTransition.execution_id == execution_id)
    transitions = [_described(row) for row in session.scalars(query.order_by(ExecutionTransition.id))]
    shown = {name: getattr(execution, name) for name in _SHOWN}
    return {**shown, "profile": profile_of(execution), "transitions": transitions}


def _described(row: ExecutionTransition) -> dict[str, Any]:
    return {
        "at": row.at,
        "from": row.from_state,
        "to": row.to_state,
        "attempt": row.attempt,
        "actor": row.actor,
        "reason": row.reason,
    }
