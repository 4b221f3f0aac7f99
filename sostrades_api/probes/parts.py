"""The parts of the platform, and how one sees in a moment whether each is there."""

from collections.abc import Sequence

from redis.exceptions import RedisError
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from sostrades_api.errors import UnavailableError
from sostrades_api.migration import head_revision
from sostrades_api.models.outage import NO_TABLES, outage_of
from sostrades_api.platform import Platform
from sostrades_api.probes.readiness import Part
from sostrades_api.services.worker_figures import worker_figures


def parts_of(platform: Platform, *, engine: Engine) -> Sequence[Part]:
    """Everything that ``/readyz`` looks at.

    Without a queue, requests are accepted and stay in the database until it is back; without workers they
    wait. Neither is a reason to send readers away from this process.
    """
    return (
        Part("database", lambda: _database(engine)),
        Part("value_store", lambda: _value_store(platform)),
        Part("queue", lambda: _queue(platform), essential=False),
        Part("workers", lambda: _workers(platform, engine=engine), essential=False),
    )


def _database(engine: Engine) -> str:
    try:
        with engine.connect() as connection:
            found = set(connection.scalars(text("SELECT version_num FROM alembic_version")))
    except DatabaseError as error:
        raise UnavailableError(outage_of(error) or NO_TABLES) from error
    if found != {head_revision()}:
        msg = "The tables are not those of this version; the administrator runs: flask db upgrade"
        raise UnavailableError(msg)
    return "It answers, and its tables are those of this version"


def _value_store(platform: Platform) -> str:
    try:
        platform.values.blobs.look()
    except OSError as error:
        raise UnavailableError(f"Values can be neither read nor written ({type(error).__name__})") from error
    return "It answers"


def _queue(platform: Platform) -> str:
    try:
        platform.queue.redis.ping()
    except RedisError as error:
        msg = "The queue does not answer"
        raise UnavailableError(msg) from error
    return "It answers"


def _workers(platform: Platform, *, engine: Engine) -> str:
    with Session(engine) as session:
        counted = worker_figures(session, silent_seconds=platform.settings.worker_silence_seconds)
    if not counted.alive:
        msg = "No worker is alive: executions wait"
        raise UnavailableError(msg)
    return f"{counted.alive} alive"
