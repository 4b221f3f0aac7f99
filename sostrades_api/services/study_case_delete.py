"""Delete a study case softly: it vanishes for everybody, and a manager can restore it."""

from sqlalchemy.orm import Session

from sostrades_api.errors import AlreadyRunningError
from sostrades_api.models import StudyCase, utc_now
from sostrades_api.services.execution_find_active import execution_find_active
from sostrades_api.services.study_case_get import study_case_lock
from sostrades_api.services.unit_of_work import unit_of_work


def study_case_delete(session: Session, study: StudyCase) -> None:
    """Mark it deleted; its values, history and executions stay.

    Raises:
        AlreadyRunningError: it is queued or running; stop that first.
    """
    study_case_id = study.id
    with unit_of_work(session):
        locked = study_case_lock(session, study_case_id)
        if execution_find_active(session, study_case_id=study_case_id) is not None:
            msg = "an execution of this study case is queued or running; stop it first"
            raise AlreadyRunningError(msg)
        locked.deleted_at = utc_now()
