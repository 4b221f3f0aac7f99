"""Renew an API key: a new secret for the same purpose, the old one useless."""

import datetime as dt

from sqlalchemy.orm import Session

from sostrades_api.errors import ConflictError
from sostrades_api.models import ApiKey, utc_now
from sostrades_api.services.api_key_create import NewApiKey, api_key_create
from sostrades_api.services.unit_of_work import unit_of_work


def api_key_renew(session: Session, *, key: ApiKey, expires_at: dt.datetime | None = None) -> NewApiKey:
    """Replace the key by a new one of the same owner, name and scope.

    Args:
        session: Written to.
        key: The one to replace.
        expires_at: None gives it the same lifetime as the old one had, from now on.

    Raises:
        ConflictError: It was revoked: what was taken away is not given back this way.
    """
    with unit_of_work(session):
        session.refresh(key, with_for_update=True)  # of two at once, one comes too late
        if key.revoked_at is not None:
            detail = f"API key number {key.id} is revoked; create a new one"
            raise ConflictError(detail)
        now = utc_now()
        if expires_at is None and key.expires_at is not None:
            expires_at = now + (key.expires_at - key.created_at)
        key.revoked_at = now
        owner = key.user or key.group
        if owner is None:
            raise AssertionError(key.id)
        return api_key_create(
            session, owner=owner, name=key.name, expires_at=expires_at, read_only=key.read_only
        )
