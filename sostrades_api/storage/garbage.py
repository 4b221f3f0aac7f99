"""Removes what nothing refers to: rows first, blobs once no row names them."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from sqlalchemy import Column, ColumnElement, Table, delete, exists, func, select, text
from sqlalchemy.orm import Session

from sostrades_api.models import Base, StoredValue
from sostrades_api.storage.value_store import GARBAGE_LOCK, ValueStore

_TABLE = cast("Table", StoredValue.__table__)
_LONGEST_WAIT = "2s"  # writers that come meanwhile wait behind the collector


def find_unused_values(session: Session, *, before: dt.datetime) -> list[str]:
    """Digests of the values that nobody refers to and that are older than ``before``."""
    return list(session.scalars(select(_TABLE.c.digest).where(_TABLE.c.created_at < before, *_unused())))


def delete_unused_values(session: Session, *, digests: Sequence[str]) -> set[str]:
    """Delete those of these values that nobody refers to now, in the caller's writing transaction.

    Their blobs stay: `delete_orphans` takes them at a later collection, so that a roll-back loses nothing.
    """
    _keep_writers_out(session)
    statement = delete(_TABLE).where(_TABLE.c.digest.in_(digests), *_unused())
    return set(session.scalars(statement.returning(_TABLE.c.digest)))


def find_orphans(session: Session, *, digests: Iterable[str]) -> list[str]:
    """Those of these blobs that no row names."""
    named = set(session.scalars(select(_TABLE.c.digest)))
    return [digest for digest in digests if digest not in named]


def delete_orphans(session: Session, store: ValueStore, *, digests: Iterable[str]) -> int:
    """Delete those of these blobs that no row names, in the caller's writing transaction; say how many."""
    orphans = set(digests)
    _keep_writers_out(session)
    orphans -= set(session.scalars(select(_TABLE.c.digest).where(_TABLE.c.digest.in_(orphans))))
    store.blobs.delete(sorted(orphans))
    return len(orphans)


def _keep_writers_out(session: Session) -> None:
    """Until the transaction ends; on SQLite its write lock does that."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SET LOCAL lock_timeout = '{_LONGEST_WAIT}'"))
        session.execute(select(func.pg_advisory_xact_lock(GARBAGE_LOCK)))


def _unused() -> Iterator[ColumnElement[bool]]:
    return (~exists().where(column == _TABLE.c.digest) for column in _references())


def _references() -> list[Column[str]]:
    return [
        key.parent
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column is _TABLE.c.digest
    ]
