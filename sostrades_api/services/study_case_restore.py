"""Restore a deleted study case."""

from sqlalchemy.orm import Session

from sostrades_api.errors import NotFoundError
from sostrades_api.models import StudyCase
from sostrades_api.services.unit_of_work import unit_of_work


def study_case_restore(session: Session, study: StudyCase) -> StudyCase:
    """Undo its deletion; one that is not deleted stays as it is.

    Raises:
        NotFoundError: it was purged meanwhile.
    """
    study_case_id = study.id
    with unit_of_work(session):
        locked = session.get(StudyCase, study_case_id, with_for_update=True, populate_existing=True)
        if locked is None:
            msg = "the study case was deleted too long ago; it is gone"
            raise NotFoundError(msg)
        locked.deleted_at = None
    return locked
