"""Rename a study case; every full name of its variables follows."""

from sqlalchemy.orm import Session

from sostrades_api.models import StudyCase, utc_now
from sostrades_api.services.study_case_get import study_case_lock
from sostrades_api.services.study_case_names import checked_study_name
from sostrades_api.services.unit_of_work import unit_of_work


def study_case_rename(session: Session, study: StudyCase, *, new_name: str) -> StudyCase:
    """The renamed study case; its revision grows unless the name stays the same.

    Raises:
        InvalidValuesError: the new name is wrong.
    """
    name = checked_study_name(new_name, pointer="/name")
    study_case_id = study.id
    with unit_of_work(session):
        locked = study_case_lock(session, study_case_id)
        if locked.name != name:
            locked.name = name
            locked.revision += 1
            locked.updated_at = utc_now()
    return locked
