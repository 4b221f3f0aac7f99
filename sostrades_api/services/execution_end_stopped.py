"""End an attempt that stopped because somebody asked for it."""

from sqlalchemy.orm import Session

from sostrades_api.models import ExecutionState
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey, end_attempt, lock_attempt
from sostrades_api.services.unit_of_work import unit_of_work


def execution_end_stopped(session: Session, key: AttemptKey, *, end: AttemptEnd) -> ExecutionState | None:
    """STOPPED or SUSPENDED, as was asked; None when nobody asked for it or the attempt is lost."""
    with unit_of_work(session):
        execution = lock_attempt(session, key)
        if execution is None or execution.state is not ExecutionState.STOPPING:
            return None
        to_state = ExecutionState(execution.stopping_to or ExecutionState.STOPPED)
        return to_state if end_attempt(session, execution, to_state=to_state, end=end) else None
