"""Find the execution of a study case that is under way."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.models import ACTIVE_STATES, Execution


def execution_find_active(session: Session, *, study_case_id: int) -> int | None:
    """The number of the queued or running one; there is never more than one."""
    query = select(Execution.id).where(
        Execution.study_case_id == study_case_id, Execution.state.in_(ACTIVE_STATES)
    )
    return session.scalar(query)
