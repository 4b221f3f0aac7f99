"""Get a study case that somebody may act on."""

from sqlalchemy.orm import Session

from sostrades_api.access import Actor, Permission, can
from sostrades_api.errors import ForbiddenError, NotFoundError
from sostrades_api.models import MAX_ID, StudyCase
from sostrades_api.services.role_find import role_find


def study_case_get(
    session: Session,
    study_case_id: int,
    *,
    actor: Actor,
    permission: Permission,
    deleted: bool | None = False,
) -> StudyCase:
    """The study case, if the actor may do that with it.

    Args:
        session: Read from.
        study_case_id: Any integer; one the database cannot hold is unknown.
        actor: Who asks.
        permission: What for.
        deleted: Whether to look among the deleted ones, instead of the others; None: among all.

    Raises:
        NotFoundError: there is none, or the actor has no role on it; both look the same.
        ForbiddenError: the actor sees it, but its role does not allow that.
    """
    study = session.get(StudyCase, study_case_id) if 0 < study_case_id <= MAX_ID else None
    role = None if study is None else role_find(session, study, actor=actor)
    is_hidden = study is not None and deleted is not None and (study.deleted_at is not None) is not deleted
    if study is None or role is None or is_hidden:
        msg = "there is no such study case, or you may not see it"
        raise NotFoundError(msg)
    if not can(actor, permission, role=role):
        why = "this key is read-only" if actor.read_only else f"your role here is {role}"
        msg = f"{why}, it does not allow to {permission} this study case"
        raise ForbiddenError(msg)
    return study


def study_case_lock(session: Session, study_case_id: int) -> StudyCase:
    """The study case as committed last, its row locked until the unit of work ends.

    Raises:
        NotFoundError: it has been deleted meanwhile.
    """
    study = session.get(StudyCase, study_case_id, with_for_update=True, populate_existing=True)
    if study is None or study.deleted_at is not None:
        msg = "the study case has been deleted meanwhile"
        raise NotFoundError(msg)
    return study
