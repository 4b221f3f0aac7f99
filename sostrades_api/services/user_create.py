"""Create a user."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.errors import ConflictError
from sostrades_api.models import User
from sostrades_api.services.names import checked_name
from sostrades_api.services.passwords import hash_password
from sostrades_api.services.unit_of_work import unit_of_work


def user_create(
    session: Session, *, username: str, password: str | None = None, is_admin: bool = False
) -> User:
    """A new user; without a password, one who acts through API keys only.

    Raises:
        InvalidValuesError: The name or the password is not acceptable.
        ConflictError: The name is taken.
    """
    username = checked_name(username, what="The user name")
    password_hash = hash_password(password) if password is not None else None
    taken = f"There is a user named '{username}' already"
    with unit_of_work(session, conflict=taken):
        if session.scalar(select(User.id).where(User.username == username)) is not None:
            raise ConflictError(taken)
        user = User(username=username, password_hash=password_hash, is_admin=is_admin)
        session.add(user)
    return user
