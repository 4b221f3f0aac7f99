"""Purge a study case that was deleted long ago: nothing brings it back."""

import datetime as dt

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sostrades_api.models import ACTIVE_STATES, Execution, StudyCase
from sostrades_api.services.execution_find_active import execution_find_active
from sostrades_api.services.unit_of_work import unit_of_work


def find_purgeable(session: Session, *, deleted_before: dt.datetime) -> list[int]:
    """The study cases that were deleted before this moment and have no execution under way."""
    active = select(Execution.study_case_id).where(Execution.state.in_(ACTIVE_STATES))
    query = select(StudyCase.id).where(StudyCase.deleted_at < deleted_before, StudyCase.id.not_in(active))
    return list(session.scalars(query.order_by(StudyCase.id)))


def study_case_purge(session: Session, study_case_id: int, *, deleted_before: dt.datetime) -> bool:
    """Delete it with all that is its own; False when it was restored or purged meanwhile, or is in use.

    One transaction an execution, the oldest first: one who restores it at this very moment finds its
    parameters, their history and its latest results, or nothing at all.
    """
    while True:
        with unit_of_work(session):
            if not _lock_purgeable(session, study_case_id, deleted_before=deleted_before):
                return False
            executions = select(Execution.id).where(Execution.study_case_id == study_case_id)
            oldest = list(session.scalars(executions.order_by(Execution.id).limit(2)))
            if len(oldest) > 1:
                session.execute(delete(Execution).where(Execution.id == oldest[0]))
                continue
            # The database deletes what refers to it.
            session.execute(delete(StudyCase).where(StudyCase.id == study_case_id))
            return True


def _lock_purgeable(session: Session, study_case_id: int, *, deleted_before: dt.datetime) -> bool:
    study = session.get(StudyCase, study_case_id, with_for_update=True, populate_existing=True)
    if study is None or study.deleted_at is None or study.deleted_at >= deleted_before:
        return False
    return execution_find_active(session, study_case_id=study_case_id) is None
