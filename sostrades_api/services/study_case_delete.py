"""Delete a study case softly: it vanishes for everybody, and a manager can restore it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.errors import AlreadyRunningError
from sostrades_api.models import ACTIVE_STATES, Execution, StudyCase, utc_now
from sostrades_api.services.study_case_get import study_case_lock
from sostrades_api.services.unit_of_work import unit_of_work


def study_case_delete(session: Session, study: StudyCase) -> None:
    """Mark it deleted; its values, history and executions stay.

    Raises:
        AlreadyRunningError: it is queued or running; stop that first.
    """
    study_case_id = study.id
    active = select(Execution.id).where(
        Execution.study_case_id == study_case_id, Execution.state.in_(ACTIVE_STATES)
    )
    with unit_of_work(session):
        locked = study_case_lock(session, study_case_id)
        if session.scalar(active) is not None:
            msg = "an execution of this study case is queued or running; stop it first"
            raise AlreadyRunningError(msg)
        locked.deleted_at = utc_now()
