"""Find the role somebody has on a study case."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from sostrades_api.access import Actor, Role, highest_role
from sostrades_api.models import StudyCase, StudyCaseRight


def role_find(session: Session, study: StudyCase, *, actor: Actor) -> Role | None:
    """The highest of the owning group's, the groups' and the user's own right; None without any."""
    if actor.is_admin or study.group_id in actor.group_ids:
        return Role.MANAGER
    holders: list[ColumnElement[bool]] = (
        [StudyCaseRight.group_id.in_(actor.group_ids)] if actor.group_ids else []
    )
    if actor.user_id is not None:
        holders.append(StudyCaseRight.user_id == actor.user_id)
    if not holders:
        return None
    query = select(StudyCaseRight.role).where(StudyCaseRight.study_case_id == study.id, or_(*holders))
    return highest_role(Role(role) for role in session.scalars(query))
