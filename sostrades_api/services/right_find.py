"""Find a right on a study case."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.models import Group, StudyCase, StudyCaseRight, User


def right_find(session: Session, study: StudyCase, *, holder: User | Group) -> StudyCaseRight | None:
    """The right given to exactly this user or this group."""
    is_holder = (
        StudyCaseRight.user_id == holder.id
        if isinstance(holder, User)
        else StudyCaseRight.group_id == holder.id
    )
    return session.scalar(select(StudyCaseRight).where(StudyCaseRight.study_case_id == study.id, is_holder))


def right_list(session: Session, study: StudyCase) -> Sequence[StudyCaseRight]:
    """Every right given on this study case, beside the owning group's."""
    query = select(StudyCaseRight).where(StudyCaseRight.study_case_id == study.id)
    return session.scalars(query.order_by(StudyCaseRight.id)).all()
