"""Every change of state of an execution."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.models import Execution, ExecutionTransition
from sostrades_api.services.execution_summary import iso


def execution_history(session: Session, execution: Execution) -> list[dict[str, Any]]:
    """The oldest first: when, from and to which state, why, by whom, in which attempt."""
    query = select(ExecutionTransition).where(ExecutionTransition.execution_id == execution.id)
    return [
        {
            "at": iso(row.at),
            "from_state": row.from_state,
            "to_state": row.to_state,
            "reason": row.reason,
            "actor": row.actor,
            "attempt": row.attempt,
        }
        for row in session.scalars(query.order_by(ExecutionTransition.id))
    ]
