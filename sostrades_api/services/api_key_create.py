"""Create an API key for a user or a group."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from sostrades_api.access.api_keys import digest_of, generate_key, start_of
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.models import ApiKey, Group, User, utc_now
from sostrades_api.services.names import checked_name
from sostrades_api.services.unit_of_work import unit_of_work


@dataclass(frozen=True)
class NewApiKey:
    """A row and the secret that is shown once and kept nowhere."""

    row: ApiKey
    secret: str

    def __repr__(self) -> str:
        """Without the secret: a repr ends up in logs."""
        return f"NewApiKey(row={self.row!r})"


def api_key_create(
    session: Session,
    *,
    owner: User | Group,
    name: str,
    expires_at: dt.datetime | None = None,
    read_only: bool = False,
) -> NewApiKey:
    """A new key that acts as ``owner``.

    Raises:
        InvalidValuesError: The name is not acceptable or the expiry is past.
    """
    name = checked_name(name, what="The key's name")
    if expires_at is not None and expires_at <= utc_now():
        detail = f"The key would have expired already, at {expires_at.isoformat()}"
        raise InvalidValuesError([FaultyItem(detail)])
    secret = generate_key()
    with unit_of_work(session):
        row = ApiKey(
            name=name,
            start=start_of(secret),
            digest=digest_of(secret),
            user_id=owner.id if isinstance(owner, User) else None,
            group_id=owner.id if isinstance(owner, Group) else None,
            expires_at=expires_at,
            read_only=read_only,
        )
        session.add(row)
    return NewApiKey(row, secret)
