"""Revoke an API key."""

from sqlalchemy.orm import Session

from sostrades_api.errors import ConflictError
from sostrades_api.models import ApiKey, utc_now
from sostrades_api.services.unit_of_work import unit_of_work


def api_key_revoke(session: Session, *, key: ApiKey) -> ApiKey:
    """Make the key useless from now on.

    Raises:
        ConflictError: It was revoked before.
    """
    with unit_of_work(session):
        session.refresh(key, with_for_update=True)  # of two at once, one comes too late
        if key.revoked_at is not None:
            detail = f"API key number {key.id} is revoked already"
            raise ConflictError(detail)
        key.revoked_at = utc_now()
    return key
