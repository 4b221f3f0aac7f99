"""Claim a queued execution for one attempt: whoever's claim the database accepts may run it, nobody else."""

import datetime as dt

from sqlalchemy.orm import Session

from sostrades_api.models import Execution, ExecutionState, utc_now
from sostrades_api.services.execution_transition import execution_transition
from sostrades_api.services.unit_of_work import unit_of_work


def execution_claim(
    session: Session, *, execution_id: int, token: str, worker: str, lease_seconds: float
) -> Execution | None:
    """Start a new attempt; None when there is nothing to claim (claimed by another, stopped, gone).

    Args:
        session: Free of changes.
        execution_id: What the job said.
        token: Unknown to anybody else; every later write of this attempt is fenced by it.
        worker: Name of the worker, for people.
        lease_seconds: Silence after which the attempt is taken away.
    """
    with unit_of_work(session):
        execution = session.get(Execution, execution_id, populate_existing=True)
        if execution is None or execution.state is not ExecutionState.QUEUED:
            return None
        now = utc_now()
        claimed = execution_transition(
            session,
            execution,
            to_state=ExecutionState.RUNNING,
            reason="claimed",
            actor=worker,
            attempt=execution.attempt + 1,
            token=token,
            lease_until=now + dt.timedelta(seconds=lease_seconds),
            worker_name=worker,
            started_at=now,
            progress=0.0,
            disciplines=dict.fromkeys(execution.disciplines, "PENDING"),
        )
    return execution if claimed else None
