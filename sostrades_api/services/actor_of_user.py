"""The actor a signed-in user is."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.models import GroupMember, User


def actor_of_user(session: Session, user: User) -> Actor:
    """The user with the groups they are in now."""
    groups = session.scalars(select(GroupMember.group_id).where(GroupMember.user_id == user.id))
    return Actor(
        label=user.username,
        user_id=user.id,
        group_ids=frozenset(groups),
        is_admin=user.is_admin,
    )
