"""Get an execution that somebody may act on."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor, Permission
from sostrades_api.errors import NotFoundError
from sostrades_api.models import MAX_ID, Execution
from sostrades_api.services.study_case_get import study_case_get


def execution_get(session: Session, execution_id: int, *, actor: Actor, permission: Permission) -> Execution:
    """The execution, if the actor may do that with its study case.

    Raises:
        NotFoundError: there is none, or the actor has no role on its study case; both look the same.
        ForbiddenError: the actor sees it, but its role does not allow that.
    """
    execution = execution_find(session, execution_id)
    if execution is None:
        raise NotFoundError(_UNKNOWN)
    try:
        study_case_get(session, execution.study_case_id, actor=actor, permission=permission)
    except NotFoundError:
        raise NotFoundError(_UNKNOWN) from None
    return execution


def execution_find(session: Session, execution_id: int) -> Execution | None:
    """The execution, whoever asks; any integer will do, one the database cannot hold is unknown."""
    return session.get(Execution, execution_id) if 0 < execution_id <= MAX_ID else None


def execution_lock(session: Session, execution_id: int) -> Execution:
    """The execution as committed last, its row locked until the unit of work ends.

    Raises:
        NotFoundError: there is none; or it has been deleted meanwhile.
    """
    query = select(Execution).where(Execution.id == execution_id).with_for_update(of=Execution)
    execution = None
    if 0 < execution_id <= MAX_ID:
        execution = session.scalar(query.execution_options(populate_existing=True))
    if execution is None:
        raise NotFoundError(_UNKNOWN)
    return execution


_UNKNOWN = "there is no such execution, or you may not see it"
