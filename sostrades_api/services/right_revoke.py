"""Take a role on a study case away."""

from sqlalchemy.orm import Session

from sostrades_api.errors import NotFoundError
from sostrades_api.models import Group, StudyCase, User
from sostrades_api.services.right_find import right_find
from sostrades_api.services.unit_of_work import unit_of_work


def right_revoke(session: Session, study: StudyCase, *, holder: User | Group) -> None:
    """Take away what was granted to exactly this user or this group.

    Raises:
        NotFoundError: Nothing was granted to them.
    """
    with unit_of_work(session):
        right = right_find(session, study, holder=holder, for_update=True)
        if right is None:
            name = holder.username if isinstance(holder, User) else holder.name
            detail = f"'{name}' has no right of their own on study case {study.id}"
            raise NotFoundError(detail)
        session.delete(right)
