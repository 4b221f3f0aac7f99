"""Give a user another password."""

from sqlalchemy.orm import Session

from sostrades_api.models import User
from sostrades_api.services.passwords import hash_password
from sostrades_api.services.unit_of_work import unit_of_work


def user_reset_password(session: Session, user: User, *, password: str) -> None:
    """Replace the password; browser sessions that began with the old one end, API keys stay as they are.

    Raises:
        InvalidValuesError: The password is not acceptable.
    """
    password_hash = hash_password(password)  # slow on purpose, so before the transaction
    with unit_of_work(session):
        user.password_hash = password_hash
