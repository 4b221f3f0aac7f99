"""Find API keys."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from sostrades_api.errors import NotFoundError
from sostrades_api.models import MAX_ID, ApiKey


def api_key_list(session: Session) -> Sequence[ApiKey]:
    """Every key with its owner, the oldest first, revoked ones included."""
    query = select(ApiKey).options(joinedload(ApiKey.user), joinedload(ApiKey.group)).order_by(ApiKey.id)
    return session.scalars(query).all()


def api_key_get(session: Session, *, api_key_id: int) -> ApiKey:
    """The key of this number.

    Raises:
        NotFoundError: There is none.
    """
    key = session.get(ApiKey, api_key_id) if 0 < api_key_id <= MAX_ID else None
    if key is None:
        detail = f"There is no API key number {api_key_id}"
        raise NotFoundError(detail)
    return key
