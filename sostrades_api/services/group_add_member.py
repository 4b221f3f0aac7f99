"""Add a user to a group."""

from sqlalchemy.orm import Session

from sostrades_api.models import Group, GroupMember, User
from sostrades_api.services.unit_of_work import unit_of_work


def group_add_member(session: Session, *, group: Group, user: User) -> bool:
    """Make the user a member; False when they were one already."""
    with unit_of_work(session, conflict=f"'{user.username}' is being added to '{group.name}' already"):
        # Of two who add them at once the second waits here, and then finds the first's row.
        session.get(Group, group.id, with_for_update=True)
        if session.get(GroupMember, (group.id, user.id)) is not None:
            return False
        session.add(GroupMember(group_id=group.id, user_id=user.id))
    return True
