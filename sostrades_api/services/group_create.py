"""Create a group."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.errors import ConflictError
from sostrades_api.models import Group
from sostrades_api.services.names import checked_name
from sostrades_api.services.unit_of_work import unit_of_work


def group_create(session: Session, *, name: str) -> Group:
    """A new group without members.

    Raises:
        InvalidValuesError: The name is not acceptable.
        ConflictError: The name is taken.
    """
    name = checked_name(name, what="The group name")
    taken = f"There is a group named '{name}' already"
    with unit_of_work(session, conflict=taken):
        if session.scalar(select(Group.id).where(Group.name == name)) is not None:
            raise ConflictError(taken)
        group = Group(name=name)
        session.add(group)
    return group
