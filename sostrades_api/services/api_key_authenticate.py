"""Find out who acts through an API key."""

import datetime as dt
import hmac
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Update, or_, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.access.api_keys import digest_of, is_well_formed
from sostrades_api.errors import AuthenticationError
from sostrades_api.models import ApiKey, utc_now
from sostrades_api.models.engine import BUSY_TIMEOUT_MS, WRITING
from sostrades_api.services.api_key_find_valid import ValidKey, api_key_find_valid

logger = logging.getLogger(__name__)

REFUSAL = "The API key is unknown, expired or revoked"
LAST_USED_PRECISION = dt.timedelta(minutes=1)
_PATIENCE_MS = 20


def api_key_authenticate(session: Session, *, key: str) -> Actor:
    """Who acts through this key; one refusal for unknown, expired, revoked and deactivated.

    Raises:
        AuthenticationError: The key opens nothing.
    """
    found = _find(session, key) if is_well_formed(key) else None
    if found is None:
        raise AuthenticationError(REFUSAL)
    _touch(session, found)
    return found.actor


def _find(session: Session, key: str) -> ValidKey | None:
    digest = digest_of(key)
    found = api_key_find_valid(session, digest=digest)
    return found if found is not None and hmac.compare_digest(found.digest, digest) else None


def _touch(session: Session, key: ValidKey) -> None:
    """Note the use, at most once a minute, on a connection of its own, giving up rather than waiting."""
    now = utc_now()
    due = now - LAST_USED_PRECISION
    if key.last_used_at is not None and key.last_used_at > due:
        return
    statement = (
        update(ApiKey)
        .where(
            ApiKey.id == key.actor.api_key_id, or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < due)
        )
        .values(last_used_at=now)
    )
    try:
        _execute_impatiently(session, statement)
    except DBAPIError:
        logger.info("The last use of an API key was not noted: the database is busy")


def _execute_impatiently(session: Session, statement: Update) -> None:
    engine = session.get_bind().engine
    with engine.connect() as connection:
        impatient = _impatient_sqlite if engine.dialect.name == "sqlite" else _impatient_postgresql
        with impatient(connection):
            connection.execute(statement)


@contextmanager
def _impatient_sqlite(connection: Connection) -> Iterator[None]:
    driver: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
    driver.execute(f"PRAGMA busy_timeout={_PATIENCE_MS}")
    try:
        with connection.execution_options(**{WRITING: True}).begin():
            yield
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


@contextmanager
def _impatient_postgresql(connection: Connection) -> Iterator[None]:
    with connection.begin():
        connection.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE_MS}ms'"))
        yield
