"""Restore a deleted study case."""

from sqlalchemy.orm import Session

from sostrades_api.models import StudyCase
from sostrades_api.services.unit_of_work import unit_of_work


def study_case_restore(session: Session, study: StudyCase) -> StudyCase:
    """Undo its deletion; one that is not deleted stays as it is."""
    study_case_id = study.id
    with unit_of_work(session):
        locked = session.get_one(StudyCase, study_case_id, with_for_update=True, populate_existing=True)
        locked.deleted_at = None
    return locked
