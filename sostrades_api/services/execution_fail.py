"""End an attempt whose run failed."""

from sqlalchemy.orm import Session

from sostrades_api.models import ExecutionState
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey, Failure, end_attempt, lock_attempt
from sostrades_api.services.unit_of_work import unit_of_work


def execution_fail(session: Session, key: AttemptKey, *, failure: Failure, end: AttemptEnd) -> bool:
    """FAILED; False when the attempt is lost. It is final: the same inputs would fail again."""
    with unit_of_work(session):
        execution = lock_attempt(session, key)
        return execution is not None and end_attempt(
            session, execution, to_state=ExecutionState.FAILED, end=end, failure=failure
        )
