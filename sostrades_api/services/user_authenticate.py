"""Find out who signs in with a user name and a password."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.errors import AuthenticationError
from sostrades_api.models import User
from sostrades_api.services.names import normalised_name
from sostrades_api.services.passwords import hash_password, needs_renewal, verify_password
from sostrades_api.services.unit_of_work import unit_of_work

REFUSAL = "The user name or the password is wrong"


def user_authenticate(session: Session, *, username: str, password: str) -> User:
    """The user who signs in; one refusal for every reason.

    Raises:
        AuthenticationError: Unknown, deactivated, without a password, or another password.
    """
    user = session.scalar(select(User).where(User.username == normalised_name(username)))
    verified = verify_password(user.password_hash if user else None, password)
    if user is None or not verified or not user.is_active:
        raise AuthenticationError(REFUSAL)
    if user.password_hash and needs_renewal(user.password_hash):
        renewed = hash_password(password)
        with unit_of_work(session):
            user.password_hash = renewed
    return user
