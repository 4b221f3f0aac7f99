"""Get a user by name."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.errors import NotFoundError
from sostrades_api.models import User
from sostrades_api.services.names import normalised_name


def user_get(session: Session, *, username: str) -> User:
    """The user of this name.

    Raises:
        NotFoundError: There is none.
    """
    user = session.scalar(select(User).where(User.username == normalised_name(username)))
    if user is None:
        detail = f"There is no user named '{username}'"
        raise NotFoundError(detail)
    return user
