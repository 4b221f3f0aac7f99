"""Hosts that share PostgreSQL, Valkey and an S3 store, but no disk; one of them in a network of its own.

Everything a host has is its own data folder. The host in the namespace is cut off by pulling its cable: what
it sends is lost without a word, and none of its calls is refused.
"""

import signal
import subprocess
import sys

import psutil
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.app import create_app
from sostrades_api.migration import migrate_database
from sostrades_api.models import Execution, ExecutionState, ExecutionTransition
from sostrades_api.models import db as database
from sostrades_api.platform import platform_of
from sostrades_api.services.execution_request import execution_request
from sostrades_api.settings import PROJECT_DIR, Settings
from tests.conftest import dispose
from tests.factories import AccountFactory
from tests.hosts.network import NoNamespacesError, host
from tests.hosts.services import postgres_on, valkey_on
from tests.servers.processes import dies_with_parent
from tests.servers.s3 import s3_server
from tests.support.cases import actor, make_case, owner
from tests.support.live import LivePlatform, wait_until

__all__ = ["actor", "make_case", "owner"]

pytestmark = [pytest.mark.slow]

LEASE = 5.0


@pytest.fixture(scope="module")
def far_host():
    try:
        with host() as made:
            yield made
    except NoNamespacesError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def shared(far_host, tmp_path_factory):
    """Variables of every host, and a bucket."""
    patch = pytest.MonkeyPatch()
    near = far_host.near
    with (
        postgres_on(near) as database_url,
        valkey_on(near, tmp_path_factory.mktemp("valkey")) as redis_url,
        s3_server(near) as s3,
    ):
        for name, value in s3.variables.items():
            patch.setenv(name, value)
        yield {
            "database_url": database_url,
            "redis_url": redis_url,
            "value_store_url": f"s3://{s3.new_bucket()}/values",
            "secret_key": "the same on every host",
            "rate_limit": "",
            "lease_seconds": LEASE,
            "heartbeat_seconds": 0.5,
            "sweep_seconds": 0.3,
            "shutdown_grace_seconds": 1.0,
        }
        patch.undo()


@pytest.fixture
def settings_of(shared, tmp_path):
    return lambda name: Settings(data_dir=tmp_path / name, **shared)


@pytest.fixture
def app(settings_of):
    app = create_app(settings_of("this"))
    migrate_database(app)
    yield app
    dispose(app)


@pytest.fixture
def session(app):
    with app.app_context():
        engine = database.engine
    with Session(engine) as session:
        yield session


@pytest.fixture
def platform(app):
    return platform_of(app)


@pytest.fixture
def accounts(session):
    return AccountFactory(session)


class FarWorkers(LivePlatform):
    """A worker pool in the other network."""

    def __init__(self, settings, *, far_host):
        super().__init__(settings, test_processes=True)
        self._far_host = far_host

    def _start(self, name, module, arguments):
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        with self._log(name).open("ab") as output:
            process = subprocess.Popen(
                self._far_host.command(sys.executable, "-m", module, *arguments),
                env=self.environment(),
                cwd=PROJECT_DIR,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509
            )
        self._processes.append(process)
        return process


@pytest.fixture
def follow(session):
    """``follow(execution)``: its state, the worker and the history, read afresh."""

    class Followed:
        def __init__(self, execution_id):
            self.id = execution_id

        @property
        def row(self):
            session.rollback()
            return session.get(Execution, self.id, populate_existing=True)

        def until(self, state, *, seconds=30):
            wait_until(lambda: self.row.state is state, seconds=seconds)

        def history(self):
            session.rollback()
            query = select(ExecutionTransition).where(ExecutionTransition.execution_id == self.id)
            return session.scalars(query.order_by(ExecutionTransition.id)).all()

    return Followed


def test_a_cut_off_worker_ends_its_run_and_another_host_finishes_it(
    far_host, settings_of, session, make_case, actor, platform, follow, tmp_path
):
    journal = tmp_path / "journal"
    study = make_case("test_slow", seconds=60.0, journal=str(journal), until=f"{journal}.wake")
    with (
        FarWorkers(settings_of("far"), far_host=far_host) as far,
        LivePlatform(settings_of("near"), test_processes=True) as near,
    ):
        pool = far.start_workers()
        run = follow(execution_request(session, study, actor=actor, queue=platform.queue).id)
        wait_until(journal.exists, seconds=40)
        first = run.row.worker_name
        horses = [p for p in psutil.Process(pool.pid).children(recursive=True) if p.is_running()]
        near.start_workers()

        far_host.pull()
        try:
            wait_until(lambda: run.row.attempt == 2 and run.row.worker_name != first, seconds=40)
            wait_until(lambda: any(not p.is_running() or p.status() == "zombie" for p in horses), seconds=15)
            wait_until(lambda: "is let go: its lease is over" in far.log("workers"), seconds=40)
            assert journal.read_text().splitlines() == ["start", "start"]
            (tmp_path / "journal.wake").touch()
            run.until(ExecutionState.FINISHED)
        finally:
            far_host.plug()

        second = run.row.worker_name
        states = [(step.to_state, step.attempt) for step in run.history()]
        assert states == [("QUEUED", 0), ("RUNNING", 1), ("QUEUED", 1), ("RUNNING", 2), ("FINISHED", 2)]
        assert "silent" in run.history()[2].reason
        assert journal.read_text().splitlines() == ["start", "start", "end"]

        near.stop()
        again = follow(execution_request(session, study, actor=actor, queue=platform.queue).id)
        again.until(ExecutionState.FINISHED, seconds=90)  # the host that was cut off works on
        assert again.row.worker_name != second
        assert run.row.attempt == 2
