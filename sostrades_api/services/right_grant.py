"""Grant somebody a role on a study case."""

from sqlalchemy.orm import Session

from sostrades_api.access import Role
from sostrades_api.models import Group, StudyCase, StudyCaseRight, User
from sostrades_api.services.right_find import right_find
from sostrades_api.services.unit_of_work import unit_of_work


def right_grant(session: Session, study: StudyCase, *, holder: User | Group, role: Role) -> StudyCaseRight:
    """Give a user or a group this role, in place of the one they had; the highest they have counts."""
    with unit_of_work(session, conflict="Somebody else changes the same right at this moment"):
        right = right_find(session, study, holder=holder)
        if right is None:
            right = StudyCaseRight(
                study_case_id=study.id,
                user_id=holder.id if isinstance(holder, User) else None,
                group_id=holder.id if isinstance(holder, Group) else None,
            )
            session.add(right)
        right.role = role
    return right
