"""List users and groups."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from sostrades_api.models import Group, User


def user_list(session: Session) -> Sequence[User]:
    """Every user with their groups, by name."""
    return session.scalars(select(User).options(selectinload(User.groups)).order_by(User.username)).all()


def group_list(session: Session) -> Sequence[Group]:
    """Every group with its members, by name."""
    return session.scalars(select(Group).options(selectinload(Group.members)).order_by(Group.name)).all()
