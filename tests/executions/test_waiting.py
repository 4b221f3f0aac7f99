"""Whoever waits for an execution is told why, and what helps."""

import pytest

from sostrades_api.access import COMMAND_LINE
from sostrades_api.models import ExecutionState, QueuePause, WorkerProcess
from sostrades_api.models.clock import read_database_time
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_waiting import execution_waiting

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def why(session, platform, make_case, actor):
    """What is said of an execution that waits, once these rows are there."""
    execution = execution_request(session, make_case("test_chain"), actor=actor, queue=platform.queue)

    def why(*rows, **columns):
        session.rollback()
        session.add_all(rows)
        for name, value in columns.items():
            setattr(execution, name, value)
        session.commit()
        return execution_waiting(session, execution, actor=COMMAND_LINE, settings=platform.settings)

    return why


@pytest.fixture
def worker(session):
    def worker(name, **columns):
        now = read_database_time(session)
        return WorkerProcess(
            name=name, host="node3", pid=17, profiles=["standard"], heartbeat_at=now, **columns
        )

    return worker


def test_nobody_is_there(why):
    assert why() == "No worker of the worker profile 'standard' is there; start one with: flask worker"


def test_workers_are_held_or_busy(why, worker):
    assert (
        why(worker("one", held=True))
        == "All workers of the worker profile 'standard' are held; see: flask workers"
    )
    assert why(worker("two", execution_id=1)) == "It waits for its turn; see: flask queue"


def test_its_profile_is_paused(why, worker):
    pause = QueuePause(worker_profile="standard", paused_by="alice", reason="new disks")
    assert why(worker("one"), pause) == (
        "The worker profile 'standard' is paused (new disks); "
        "go on with: flask resume_queue --profile standard"
    )


def test_its_profile_is_gone(why):
    assert "do not name the worker profile 'huge'" in why(worker_profile="huge")


def test_it_was_suspended(why):
    assert why(state=ExecutionState.SUSPENDED).startswith("It is suspended; go on with: flask resume_exec")


def test_what_runs_does_not_wait(why):
    assert why(state=ExecutionState.RUNNING, attempt=1) is None
