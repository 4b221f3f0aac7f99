"""Hosts that share PostgreSQL, Valkey and an S3 store, but no disk; one of them in a network of its own.

Everything a host has is its own data folder. The host in the namespace is cut off by pulling its cable: what
it sends is lost without a word, and none of its calls is refused.
"""

import signal
import subprocess
import sys
import uuid
from contextlib import ExitStack

import psutil
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.app import create_app
from sostrades_api.migration import migrate_database
from sostrades_api.models import Execution, ExecutionState, ExecutionTransition, ExecutionValue
from sostrades_api.models import db as database
from sostrades_api.platform import platform_of
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_resume import execution_resume
from sostrades_api.services.execution_suspend import execution_suspend
from sostrades_api.settings import PROJECT_DIR, Settings
from tests.conftest import dispose
from tests.factories import AccountFactory
from tests.hosts.network import NoNamespacesError, host
from tests.hosts.services import postgres_on, valkey_on
from tests.servers.processes import dies_with_parent
from tests.servers.s3 import s3_server
from tests.support.cases import actor, make_case
from tests.support.live import LivePlatform, wait_until

__all__ = ["actor", "make_case"]

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


@pytest.fixture
def owner(accounts):
    """A group of this test alone: the database is that of all tests of hosts."""
    return accounts.group(f"owners {uuid.uuid4()}")


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
def pools(far_host, settings_of):
    """``pools("far")``, ``pools("near")``: the workers of a host, which end with the test."""
    with ExitStack() as stack:

        def start(name):
            own = settings_of(name)
            platform = (
                FarWorkers(own, far_host=far_host)
                if name == "far"
                else LivePlatform(own, test_processes=True)
            )
            pool = stack.enter_context(platform).start_workers()
            return platform, psutil.Process(pool.pid)

        yield start


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


def has_ended(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_cut_off_worker_ends_its_run_and_another_host_finishes_it(
    far_host, pools, session, make_case, actor, platform, follow, tmp_path
):
    journal = tmp_path / "journal"
    study = make_case("test_slow", seconds=60.0, journal=str(journal), until=f"{journal}.wake")
    far, pool = pools("far")
    run = follow(execution_request(session, study, actor=actor, queue=platform.queue).id)
    wait_until(journal.exists, seconds=40)
    first = run.row.worker_name
    horses = [p for p in pool.children(recursive=True) if p.is_running()]
    near, _ = pools("near")

    far_host.pull()
    try:
        wait_until(lambda: run.row.attempt == 2 and run.row.worker_name != first, seconds=40)
        wait_until(lambda: any(map(has_ended, horses)), seconds=15)
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


def test_a_host_that_was_frozen_changes_nothing_of_what_its_successor_has_done(
    pools, session, make_case, actor, platform, follow, tmp_path
):
    journal = tmp_path / "journal"
    study = make_case("test_slow", seconds=60.0, journal=str(journal), until=f"{journal}.wake")
    _, pool = pools("near")
    run = follow(execution_request(session, study, actor=actor, queue=platform.queue).id)
    wait_until(journal.exists, seconds=40)
    first, frozen = run.row.worker_name, [pool, *pool.children(recursive=True)]
    for process in frozen:
        process.suspend()
    try:
        pools("far")
        wait_until(lambda: journal.read_text().splitlines() == ["start", "start"], seconds=60)
        (tmp_path / "journal.wake").touch()
        run.until(ExecutionState.FINISHED)
        before = [(step.to_state, step.attempt) for step in run.history()]
    finally:
        for process in frozen:
            process.resume()
    wait_until(lambda: any(map(has_ended, frozen)), seconds=30)
    assert before == [("QUEUED", 0), ("RUNNING", 1), ("QUEUED", 1), ("RUNNING", 2), ("FINISHED", 2)]
    assert [(step.to_state, step.attempt) for step in run.history()] == before
    assert run.row.worker_name != first


def test_what_is_suspended_on_one_host_goes_on_on_another_with_what_it_has_drawn(
    pools, session, make_case, actor, platform, follow, tmp_path
):
    journal = tmp_path / "journal"
    study = make_case("test_draws", seconds=0.8, journal=str(journal))
    far, _ = pools("far")
    run = follow(execution_request(session, study, actor=actor, queue=platform.queue).id)
    wait_until(lambda: journal.exists() and journal.read_text().split() == ["Draw", "Weigh"], seconds=60)
    execution_suspend(session, run.id, actor=actor, queue=platform.queue)
    run.until(ExecutionState.SUSPENDED)
    far.stop()
    pools("near")
    execution_resume(session, run.id, actor=actor, queue=platform.queue)
    run.until(ExecutionState.FINISHED)
    assert journal.read_text().split() == ["Draw", "Weigh", "Judge"]
    query = select(ExecutionValue.digest).where(
        ExecutionValue.execution_id == run.id, ExecutionValue.name == "verdict"
    )
    assert platform.values.get(session, session.scalar(query)) == 0.0
