"""Removes what nothing refers to: rows first, blobs once no row names them."""

import datetime as dt
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Column, Table, delete, exists, func, select
from sqlalchemy.orm import Session

from sostrades_api.models import Base, StoredValue, utc_now
from sostrades_api.storage.value_store import GARBAGE_LOCK, ValueStore

_TABLE = cast("Table", StoredValue.__table__)
_DIGESTS_PER_QUERY = 10_000


@dataclass(frozen=True)
class Swept:
    """How much one sweep removed."""

    rows: int
    blobs: int


def collect_garbage(session: Session, store: ValueStore, *, older_than: dt.timedelta) -> Swept:
    """Delete values nobody refers to and blobs without a row, if they are older than ``older_than``.

    The caller commits. A blob goes one sweep after its row, so that a rollback loses nothing.
    """
    before = utc_now() - older_than
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(GARBAGE_LOCK)))
    unused = delete(_TABLE).where(_TABLE.c.created_at < before)
    for column in _references():
        unused = unused.where(~exists().where(column == _TABLE.c.digest))
    # On SQLite this statement takes the write lock, which keeps writers out of the blobs below.
    dropped = set(session.scalars(unused.returning(_TABLE.c.digest)))
    candidates = [digest for digest in store.blobs.older_than(before) if digest not in dropped]
    orphans = set(candidates)
    for at in range(0, len(candidates), _DIGESTS_PER_QUERY):
        chunk = candidates[at : at + _DIGESTS_PER_QUERY]
        orphans -= set(session.scalars(select(_TABLE.c.digest).where(_TABLE.c.digest.in_(chunk))))
    for digest in orphans:
        store.blobs.delete(digest)
    return Swept(rows=len(dropped), blobs=len(orphans))


def _references() -> list[Column[str]]:
    return [
        key.parent
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column is _TABLE.c.digest
    ]
