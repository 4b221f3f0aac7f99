"""Find a right on a study case."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.models import Group, StudyCase, StudyCaseRight, User


def right_find(
    session: Session, study: StudyCase, *, holder: User | Group, for_update: bool = False
) -> StudyCaseRight | None:
    """The right given to exactly this user or this group; held for whoever will change it."""
    is_holder = (
        StudyCaseRight.user_id == holder.id
        if isinstance(holder, User)
        else StudyCaseRight.group_id == holder.id
    )
    query = select(StudyCaseRight).where(StudyCaseRight.study_case_id == study.id, is_holder)
    return session.scalar(query.with_for_update() if for_update else query)


def right_list(session: Session, study: StudyCase) -> Sequence[StudyCaseRight]:
    """Every right given on this study case, beside the owning group's."""
    query = select(StudyCaseRight).where(StudyCaseRight.study_case_id == study.id)
    return session.scalars(query.order_by(StudyCaseRight.id)).all()
