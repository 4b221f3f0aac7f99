"""Get a group by name."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.errors import NotFoundError
from sostrades_api.models import Group
from sostrades_api.services.names import normalised_name


def group_get(session: Session, *, name: str) -> Group:
    """The group of this name.

    Raises:
        NotFoundError: There is none.
    """
    group = session.scalar(select(Group).where(Group.name == normalised_name(name)))
    if group is None:
        detail = f"There is no group named '{name}'"
        raise NotFoundError(detail)
    return group
