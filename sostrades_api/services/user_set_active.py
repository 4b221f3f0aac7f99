"""Shut a user out, or let them in again."""

from sqlalchemy.orm import Session

from sostrades_api.models import User
from sostrades_api.services.unit_of_work import unit_of_work


def user_set_active(session: Session, user: User, *, is_active: bool) -> bool:
    """An inactive user's password, sessions and keys open nothing; False when it was so already."""
    with unit_of_work(session):
        changed = user.is_active is not is_active
        user.is_active = is_active
    return changed
