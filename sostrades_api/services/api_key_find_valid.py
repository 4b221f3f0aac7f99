"""Find a key that opens something, and who acts through it, in one query: every request asks this."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.models import MAX_ID, ApiKey, Group, GroupMember, User, utc_now

# One row a group of the key's user, one row for a group's key; built once, so that it is compiled once.
_ROWS = (
    select(
        ApiKey.id,
        ApiKey.digest,
        ApiKey.read_only,
        ApiKey.expires_at,
        ApiKey.revoked_at,
        ApiKey.last_used_at,
        ApiKey.user_id,
        User.username,
        User.is_admin,
        User.is_active,
        ApiKey.group_id,
        Group.name.label("group_name"),
        GroupMember.group_id.label("member_of"),
    )
    .select_from(ApiKey)
    .outerjoin(User, User.id == ApiKey.user_id)
    .outerjoin(Group, Group.id == ApiKey.group_id)
    .outerjoin(GroupMember, GroupMember.user_id == ApiKey.user_id)
)
_BY_DIGEST = _ROWS.where(ApiKey.digest == bindparam("digest"))
_BY_ID = _ROWS.where(ApiKey.id == bindparam("api_key_id"))


@dataclass(frozen=True, kw_only=True)
class ValidKey:
    """A key that is neither revoked nor expired and whose user, if it has one, is active."""

    actor: Actor
    digest: str
    last_used_at: dt.datetime | None


def api_key_find_valid(
    session: Session, *, digest: str | None = None, api_key_id: int | None = None
) -> ValidKey | None:
    """The valid key of this digest or this number; None when there is none."""
    if digest is not None:
        return _valid(session.execute(_BY_DIGEST, {"digest": digest}).all())
    if api_key_id is None or not 0 < api_key_id <= MAX_ID:
        return None
    return _valid(session.execute(_BY_ID, {"api_key_id": api_key_id}).all())


def _valid(rows: Sequence[Any]) -> ValidKey | None:
    if not rows:
        return None
    row = rows[0]
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= utc_now()):
        return None
    if row.user_id is not None and not row.is_active:
        return None
    return ValidKey(actor=_actor(rows), digest=row.digest, last_used_at=row.last_used_at)


def _actor(rows: Sequence[Any]) -> Actor:
    row = rows[0]
    if row.user_id is None:
        return Actor(
            label=f"group:{row.group_name}",
            group_ids=frozenset({row.group_id}),
            read_only=row.read_only,
            api_key_id=row.id,
        )
    return Actor(
        label=row.username,
        user_id=row.user_id,
        group_ids=frozenset(each.member_of for each in rows if each.member_of is not None),
        is_admin=row.is_admin,
        read_only=row.read_only,
        api_key_id=row.id,
    )
