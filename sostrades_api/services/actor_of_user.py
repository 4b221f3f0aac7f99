"""The actor a signed-in user is."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.models import ApiKey, GroupMember, User


def actor_of_user(session: Session, user: User, *, key: ApiKey | None = None) -> Actor:
    """The user with the groups they are in now, through a key or not."""
    groups = session.scalars(select(GroupMember.group_id).where(GroupMember.user_id == user.id))
    return Actor(
        label=user.username,
        user_id=user.id,
        group_ids=frozenset(groups),
        is_admin=user.is_admin,
        read_only=key is not None and key.read_only,
        api_key_id=key.id if key else None,
    )
