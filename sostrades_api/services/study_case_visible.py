"""Which study cases somebody may see, as a condition of a query."""

from sqlalchemy import or_, select, true
from sqlalchemy.sql.elements import ColumnElement

from sostrades_api.access import Actor
from sostrades_api.models import StudyCase, StudyCaseRight


def is_visible(actor: Actor) -> ColumnElement[bool]:
    """Whether the actor has any role on the study case of the row."""
    if actor.is_admin:
        return true()
    shared = StudyCase.id.in_(select(StudyCaseRight.study_case_id).where(is_holder(actor)))
    return or_(StudyCase.group_id.in_(actor.group_ids), shared)


def is_holder(actor: Actor) -> ColumnElement[bool]:
    """Whether a right is the actor's own or that of one of its groups."""
    return or_(StudyCaseRight.user_id == (actor.user_id or 0), StudyCaseRight.group_id.in_(actor.group_ids))
