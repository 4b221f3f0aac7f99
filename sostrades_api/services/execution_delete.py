"""Delete executions that have ended: when somebody asks, and when they expire."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.errors import ConflictError
from sostrades_api.models import FINAL_STATES, Execution, utc_now
from sostrades_api.services.execution_get import execution_lock
from sostrades_api.services.unit_of_work import unit_of_work

_AT_A_TIME = 500  # are looked for


def execution_delete(session: Session, execution_id: int) -> None:
    """Delete it for good, with its snapshot, results, history and log.

    The results of the study case are then those of the latest finished execution that is left, and its
    status that of the latest one. What its disciplines made stays known for re-use.

    Raises:
        ConflictError: It has not ended.
        NotFoundError: There is none.
    """
    with unit_of_work(session):
        execution = execution_lock(session, execution_id)
        if execution.state not in FINAL_STATES:
            msg = f"execution {execution_id} cannot be deleted: it is {execution.state}; stop it first"
            raise ConflictError(msg)
        session.delete(execution)  # the database deletes what belongs to it


def execution_find_expired(session: Session, *, now: dt.datetime | None = None) -> list[int]:
    """Those that have ended and are kept no longer, the oldest first; the first of them if there are many."""
    query = (
        select(Execution.id)
        .where(Execution.state.in_(FINAL_STATES), Execution.expires_at < (now or utc_now()))
        .order_by(Execution.id)
        .limit(_AT_A_TIME)
    )
    return list(session.scalars(query))


def execution_delete_expired(session: Session) -> tuple[int, ...]:
    """Delete all that has expired, each in a transaction of its own; the ids of those that were."""
    deleted: list[int] = []
    while True:
        found = execution_find_expired(session)
        session.rollback()
        gone = [execution_id for execution_id in found if _delete_if_expired(session, execution_id)]
        deleted += gone
        if not gone or len(found) < _AT_A_TIME:
            return tuple(deleted)


def _delete_if_expired(session: Session, execution_id: int) -> bool:
    """Unless somebody has deleted it, or given it more time, meanwhile."""
    with unit_of_work(session):
        query = select(Execution).where(Execution.id == execution_id).with_for_update(of=Execution)
        execution = session.scalar(query.execution_options(populate_existing=True))
        if execution is None or execution.expires_at is None or execution.expires_at >= utc_now():
            return False
        session.delete(execution)
    return True
