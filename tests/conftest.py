"""Fixtures of every test.

A test that asks for ``database_url`` (or ``app``, ``session``, ``client``) runs twice: on SQLite and on
PostgreSQL; ``--database sqlite`` is the quick way. ``pytest.mark.database("sqlite")`` is for tests that have
a database only because the application needs one.
"""

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

# First of all: it decides whether compiled modules are kept.
import tests.support.bytecode  # noqa: F401

# isort: split
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from xdist.remote import Producer

from sostrades_api.app import create_app
from sostrades_api.migration import migrate_database
from sostrades_api.models import Group, StudyCase, StudyCaseRight, User, db
from sostrades_api.platform import Platform, platform_of
from sostrades_api.settings import Settings
from sostrades_api.streaming.responses import hub_of
from tests.factories import AccountFactory, StudyFactory
from tests.servers.postgres import PostgresServer, postgres_server
from tests.servers.valkey import ValkeyServer, valkey_server
from tests.support.fixtures import installed_test_processes, live_platform, live_settings, worker_pool
from tests.support.quick import compile_routes_once, hash_passwords_quickly, look_for_plugins_once
from tests.support.sharing import FoldersInOneProcess

__all__ = ["installed_test_processes", "live_platform", "live_settings", "worker_pool"]

DATABASES = ("sqlite", "postgresql")
_TEMPLATE = "sostrades_template"
_PATCHES = pytest.MonkeyPatch()


def pytest_configure() -> None:
    compile_routes_once(_PATCHES)
    look_for_plugins_once(_PATCHES)
    hash_passwords_quickly(_PATCHES)


def pytest_collection_finish() -> None:
    """What has been imported stays: no search for garbage looks at it in each of thousands of tests."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    _PATCHES.undo()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what starts servers and mostly waits; what ends a run is then short, and shared evenly."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests that start servers mostly wait for them."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FoldersInOneProcess | None:
    return FoldersInOneProcess(config, log) if config.getoption("dist") == "loadgroup" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=[*DATABASES, "both"], default="both", help="Databases to test on")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_url" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--database")
        databases = DATABASES if chosen == "both" else (chosen,)
        marker = metafunc.definition.get_closest_marker("database")
        if marker:
            databases = tuple(database for database in databases if database in marker.args)
        metafunc.parametrize("database_url", databases, indirect=True)


def dispose(app: Flask) -> None:
    """Close the connections and threads of an application."""
    hub_of(app).close()
    platform = platform_of(app)
    platform.loader.close()
    platform.queue.redis.close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    folder = tmp_path_factory.mktemp("template")
    settings = Settings(data_dir=folder, secret_key="x", database_url="", redis_url="redis://unused")
    app = create_app(settings)
    migrate_database(app)
    with app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    dispose(app)
    return folder / "sostrades.sqlite3"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated, empty database to copy."""
    name = postgres.create(name=_TEMPLATE)
    folder = tmp_path_factory.mktemp("template")
    settings = Settings(data_dir=folder, secret_key="x", database_url=postgres.url(name))
    app = create_app(settings)
    migrate_database(app)
    dispose(app)
    return name


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    """A Valkey server of this test process."""
    with valkey_server(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database of this test alone."""
    if request.param == "sqlite":
        path = tmp_path / "sostrades.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.borrow(template=request.getfixturevalue("postgres_template"))
    yield server.url(name)
    server.give_back(name, tables=[table.name for table in reversed(db.metadata.sorted_tables)])


@pytest.fixture
def redis_url(valkey: ValkeyServer) -> str:
    """An empty Valkey database of this test alone."""
    return valkey.new_url()


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str) -> Settings:
    """Settings of a platform of this test alone; ``settings.model_copy(update=...)`` varies them."""
    return Settings(
        data_dir=tmp_path / "instance",
        database_url=database_url,
        redis_url=redis_url,
        value_store_url=f"file://{tmp_path / 'values'}",
        secret_key="a secret for tests",
        rate_limit="",
    )


@pytest.fixture
def make_app() -> Iterator[Callable[[Settings], Flask]]:
    """Applications with given settings, closed after the test."""
    apps: list[Flask] = []

    def make(settings: Settings) -> Flask:
        apps.append(create_app(settings))
        return apps[-1]

    yield make
    for app in apps:
        dispose(app)


@pytest.fixture
def app(make_app: Callable[[Settings], Flask], settings: Settings) -> Flask:
    """The whole application on a database, a queue and a value store of this test alone."""
    return make_app(settings)


@pytest.fixture
def platform(app: Flask) -> Platform:
    """The platform of ``app``: settings, values, queue, loader."""
    return platform_of(app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Sends requests to ``app`` without a server."""
    return app.test_client()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A session of the test's own, never shared with a request's."""
    with app.app_context():
        engine = db.engine
    with Session(engine) as session:
        yield session


@pytest.fixture
def accounts(session: Session) -> AccountFactory:
    """Makes users, groups and keys."""
    return AccountFactory(session)


@pytest.fixture
def studies(session: Session) -> StudyFactory:
    """Makes study cases and rights."""
    return StudyFactory(session)


@pytest.fixture
def make_user(accounts: AccountFactory) -> Callable[..., User]:
    """``make_user(username=None, groups=(), is_admin=False)``."""
    return accounts.user


@pytest.fixture
def make_group(accounts: AccountFactory) -> Callable[..., Group]:
    """``make_group(name=None, members=())``."""
    return accounts.group


@pytest.fixture
def make_key(accounts: AccountFactory) -> Callable[..., str]:
    """``make_key(owner, read_only=False, expires_at=None)`` gives the secret."""
    return accounts.key


@pytest.fixture
def make_study(studies: StudyFactory) -> Callable[..., StudyCase]:
    """``make_study(group, process_name="sellar", name=None)``: a study case with every default."""
    return studies.study


@pytest.fixture
def make_right(studies: StudyFactory) -> Callable[..., StudyCaseRight]:
    """``make_right(study, holder, role)``."""
    return studies.right


@pytest.fixture
def bearer() -> Callable[[str], dict[str, str]]:
    """``bearer(key)``: the headers of a request with this key."""
    return lambda key: {"Authorization": f"Bearer {key}"}
