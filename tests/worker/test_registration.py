"""Real workers say that they are there, let themselves be held, and outlive a queue that does not answer."""

import os
import signal

import pytest
from sqlalchemy import select

from sostrades_api.access import COMMAND_LINE
from sostrades_api.models import Execution, ExecutionState, WorkerProcess
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.worker_hold import worker_hold, worker_release
from tests.servers.valkey import valkey_server
from tests.support.live import LivePlatform, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]


@pytest.fixture
def state_of(session):
    def state(execution_id):
        session.rollback()
        return session.scalar(select(Execution.state).where(Execution.id == execution_id))

    return state


@pytest.fixture
def row(session):
    """The row of the only worker as it is now; None while there is none."""

    def read():
        session.rollback()
        return session.scalar(select(WorkerProcess).execution_options(populate_existing=True))

    return read


@pytest.fixture
def beats(row):
    """Wait for that many further heartbeats."""

    def wait(count):
        for _ in range(count):
            last = row().heartbeat_at
            wait_until(lambda last=last: row().heartbeat_at > last)

    return wait


def test_a_held_worker_finishes_what_it_runs_and_takes_nothing_new_until_it_is_released(
    session, make_case, actor, worker_pool, state_of, row, beats, tmp_path
):
    queue = ExecutionQueue.for_web(worker_pool.settings)
    name = wait_until(row).name
    awake = tmp_path / "awake"
    study = make_case("test_slow", seconds=60.0, until=str(awake))
    first = execution_request(session, study, actor=actor, queue=queue).id
    wait_until(lambda: row().execution_id == first)
    worker_hold(session, name, actor=COMMAND_LINE)
    second = execution_request(session, make_case("test_chain"), actor=actor, queue=queue).id
    awake.touch()
    wait_until(lambda: state_of(first) is ExecutionState.FINISHED)
    wait_until(lambda: row().execution_id is None and row().executed == 1)
    beats(3)
    assert state_of(second) is ExecutionState.QUEUED
    assert queue.is_waiting(second)  # what would wake another worker up is still there
    worker_release(session, name, actor=COMMAND_LINE)
    wait_until(lambda: state_of(second) is ExecutionState.FINISHED)
    wait_until(lambda: row().executed == 2)
    queue.redis.close()


def test_a_worker_that_was_held_while_it_waited_gives_the_wake_up_back(
    session, make_case, actor, live_settings, state_of, row
):
    slow = live_settings.model_copy(
        update={"heartbeat_seconds": 4.0, "lease_seconds": 8.0, "sweep_seconds": 60.0}
    )
    queue = ExecutionQueue.for_web(slow)
    with LivePlatform(slow, test_processes=True) as platform:
        platform.start_workers()
        name = wait_until(row).name
        worker_hold(session, name, actor=COMMAND_LINE)  # it listens for seconds yet
        execution_id = execution_request(session, make_case("test_chain"), actor=actor, queue=queue).id
        wait_until(lambda: queue.is_waiting(execution_id))
        worker_release(session, name, actor=COMMAND_LINE)
        wait_until(lambda: state_of(execution_id) is ExecutionState.FINISHED)
    assert row() is None  # a worker that ends in order leaves no row
    queue.redis.close()


def test_a_worker_lives_and_says_so_while_the_queue_does_not_answer(
    session, make_case, actor, live_settings, state_of, row, beats, tmp_path
):
    with valkey_server(tmp_path) as valkey:
        settings = live_settings.model_copy(update={"redis_url": valkey.new_url()})
        queue = ExecutionQueue.for_web(settings)
        with LivePlatform(settings, test_processes=True) as platform:
            platform.start_workers()
            name = wait_until(row).name
            pid = int(queue.redis.info("server")["process_id"])
            os.kill(pid, signal.SIGSTOP)
            try:
                beats(3)
            finally:
                os.kill(pid, signal.SIGCONT)
            execution_id = execution_request(session, make_case("test_chain"), actor=actor, queue=queue).id
            wait_until(lambda: state_of(execution_id) is ExecutionState.FINISHED)
            assert row().name == name
        queue.redis.close()
