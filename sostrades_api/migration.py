"""Bring the database to the current schema; two first starts at once do not collide."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from flask import Flask
from sqlalchemy import Engine, text

from sostrades_api.models import db

MIGRATIONS_DIR = Path(__file__).resolve().parents[1] / "migrations"
_ADVISORY_LOCK = 0x505_7ADE5  # any number, the same in every process
_LOCK_SECONDS = 120


def migrate_database(app: Flask) -> None:
    """Create or upgrade the tables to the newest revision; nothing to do is quick."""
    with app.app_context():
        if not is_current():
            config = app.extensions["migrate"].migrate.get_config(str(MIGRATIONS_DIR))
            command.upgrade(config, "head")


def is_current() -> bool:
    """Whether the database has the newest revision."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head_revision()


@functools.cache
def head_revision() -> str | None:
    """The newest revision that this program knows."""
    return ScriptDirectory(str(MIGRATIONS_DIR)).get_current_head()


@contextmanager
def migrating(engine: Engine) -> Iterator[None]:
    """Keep other processes from migrating this database meanwhile."""
    if engine.dialect.name == "sqlite":
        with FileLock(f"{engine.url.database}.migrating", timeout=_LOCK_SECONDS):
            yield
        return
    with engine.connect() as connection:
        connection.execute(text(f"SET lock_timeout = '{_LOCK_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_LOCK})
        try:
            yield
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_LOCK})
