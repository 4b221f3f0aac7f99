"""Whatever is killed in mid-run, an execution ends in FINISHED, once."""

import os
import shutil
import signal
import time
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from sostrades_api.models import Execution, ExecutionState, ExecutionTransition, WorkerProcess
from sostrades_api.queueing.embedded_state import queue_dir, read_state
from sostrades_api.services.execution_request import execution_request
from tests.support.live import LivePlatform, wait_until

pytestmark = pytest.mark.slow

LONG = 60.0  # seconds that a run sleeps at most: until its test wakes it


@pytest.fixture
def start(session, make_case, actor, queue, tmp_path):
    """Request an execution that sleeps; its id and its journal."""

    def start(nap=LONG):
        journal = tmp_path / f"journal-{time.monotonic_ns()}"
        study = make_case("test_slow", seconds=nap, journal=str(journal), until=f"{journal}.wake")
        execution = execution_request(session, study, actor=actor, queue=queue)
        return execution.id, journal

    return start


@pytest.fixture
def state_of(session):
    def state(execution_id):
        session.rollback()
        return session.scalar(select(Execution.state).where(Execution.id == execution_id))

    return state


@pytest.fixture
def finished_once(session, state_of):
    """Wait until it is FINISHED; check its history; the number of attempts."""

    def check(execution_id, journal):
        wait_until(lambda: state_of(execution_id) is ExecutionState.FINISHED, seconds=40)
        query = select(ExecutionTransition.to_state).where(ExecutionTransition.execution_id == execution_id)
        states = session.scalars(query.order_by(ExecutionTransition.id)).all()
        assert states.count("FINISHED") == 1
        assert states[-1] == "FINISHED"
        assert journal.read_text().splitlines().count("end") == 1
        return states.count("RUNNING")

    return check


def asleep(journal):
    return lambda: journal.exists() and journal.read_text().splitlines()[-1:] == ["start"]


def wake(journal):
    """End the sleep of this run, also of its next attempt."""
    Path(f"{journal}.wake").touch()


def horses(platform):
    """The work-horses, those that stand by too."""
    return [horse for pid in platform.workers() for horse in psutil.Process(pid).children()]


def worker_of(session, execution_id):
    session.rollback()
    of_execution = select(Execution.worker_name).where(Execution.id == execution_id).scalar_subquery()
    return psutil.Process(session.scalar(select(WorkerProcess.pid).where(WorkerProcess.name == of_execution)))


def test_killing_work_horse_worker_and_queue_server(live_settings, start, finished_once, queue, session):
    with LivePlatform(live_settings, test_processes=True) as platform:
        pool = platform.start_workers(2)

        execution, journal = start()
        wait_until(asleep(journal))
        killed = horses(platform)
        for horse in killed:
            horse.kill()
        wait_until(lambda: not any(alive(horse) for horse in killed), seconds=5)
        wake(journal)
        assert finished_once(execution, journal) == 2

        execution, journal = start()
        wait_until(asleep(journal))
        worker = worker_of(session, execution)
        killed = worker.children()  # one that runs, and maybe one that stands by
        worker.kill()
        wait_until(lambda: not any(alive(horse) for horse in killed), seconds=5)
        wake(journal)
        assert finished_once(execution, journal) == 2

        several = [start(0.3) for _ in range(5)]
        queue.redis.flushall()
        for execution, journal in several:
            finished_once(execution, journal)

        execution, journal = start()
        wait_until(asleep(journal))
        os.kill(read_state(live_settings).pid, signal.SIGKILL)
        meanwhile = start(0.1)
        wake(journal)
        assert finished_once(execution, journal) == 1
        assert finished_once(*meanwhile) == 1

        shutil.rmtree(queue_dir(live_settings))
        assert finished_once(*start(0.1)) == 1
        # For a moment there is none: the old server is ended before another one starts.
        wait_until(lambda: len(queue_servers(pool.pid)) == 1)


def test_killing_the_pool_leaves_nothing_and_the_next_pool_goes_on(
    live_settings, start, finished_once, state_of
):
    with LivePlatform(live_settings, test_processes=True) as platform:
        pool = platform.start_workers(2)
        execution, journal = start()
        wait_until(asleep(journal))
        family = psutil.Process(pool.pid).children(recursive=True)
        assert len(family) == 6  # two workers with a work-horse each, a sweeper, the queue server
        pool.kill()
        pool.wait()
        wait_until(lambda: not any(alive(process) for process in family), seconds=10)

        wake(journal)
        pool = platform.start_workers(1)
        assert finished_once(execution, journal) == 2

        execution, journal = start()
        wait_until(asleep(journal))
        family = psutil.Process(pool.pid).children(recursive=True)
        pool.terminate()
        assert pool.wait(15) == 0
        assert not any(alive(process) for process in family)
        assert state_of(execution) is ExecutionState.QUEUED  # given back at once, no lease to wait for


def alive(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


def queue_servers(pool):
    children = psutil.Process(pool).children()
    return [child for child in children if alive(child) and "server" in child.name()]
