"""Real worker processes run real executions."""

import time

import pytest

from sostrades_api.models import Execution, ExecutionState, ExecutionValue
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_log_read import execution_log_read
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_status import execution_status
from sostrades_api.services.execution_stop import study_case_stop
from tests.support.live import wait_until

pytestmark = pytest.mark.slow

ENDED = {"FINISHED", "FAILED", "STOPPED"}


@pytest.fixture
def queue(worker_pool):
    queue = ExecutionQueue.for_web(worker_pool.settings)
    yield queue
    queue.redis.close()


@pytest.fixture
def status_of(session, actor, queue):
    def status(study):
        session.rollback()
        return execution_status(session, study, actor=actor, queue=queue)

    return status


@pytest.fixture
def run(session, actor, queue, status_of):
    """Request an execution and wait for its end; its status."""

    def run(study):
        execution_request(session, study, actor=actor, queue=queue)

        def ended():
            status = status_of(study)
            return status if status["study_case_execution_status"] in ENDED else None

        return wait_until(ended)

    return run


def outputs_of(session, platform, execution_id):
    rows = session.query(ExecutionValue).filter_by(execution_id=execution_id, io="out")
    return {row.name: platform.values.get(session, row.digest) for row in rows}


def test_the_ways_an_execution_ends(session, platform, make_case, run, status_of, actor, queue):
    chain = make_case("test_chain", x=20.5)
    status = run(chain)
    assert status["study_case_execution_status"] == "FINISHED"
    assert status["progress"] == 1.0
    assert set(status["disciplines_status"].values()) == {"DONE"}
    assert outputs_of(session, platform, status["execution_id"])["result"] == 42.0

    failing = make_case("test_failing")
    status = run(failing)
    assert status["study_case_execution_status"] == "FAILED"
    assert "Broken" in status["study_case_execution_error_message"]
    assert "/srv" not in status["study_case_execution_error_message"]
    assert "Traceback" not in status["study_case_execution_error_message"]
    assert list(status["disciplines_status"].values()) == ["DONE", "FAILED", "PENDING"]
    execution = session.get(Execution, status["execution_id"])
    assert "ValueError" in execution.traceback
    assert "Traceback" not in execution_log_read(session, failing)

    diverging = make_case("test_diverging")
    status = run(diverging)
    assert status["study_case_execution_status"] == "FAILED"
    message = status["study_case_execution_error_message"]
    assert "did not converge" in message
    assert "residual" in message
    assert "diverges" in message
    assert "tolerance" in message

    chatty = make_case("test_chatty")
    status = run(chatty)
    assert status["study_case_execution_status"] == "FINISHED"
    log = execution_log_read(session, chatty)
    assert "Chatty: reading 12 rows" in log
    assert "an old formula is used" in log
    assert "not shown" not in log
    assert "finished" in log
    used, cores = status["study_case_execution_cpu"].split("/")
    assert 0.0 < float(used) <= int(cores)
    assert status["study_case_execution_memory"].endswith(" [GB]")


def test_a_warm_start_begins_where_the_last_result_of_the_study_case_ended(session, platform, make_case, run):
    study = make_case("sellar", warm_start=True)
    cold, warm = (
        len(outputs_of(session, platform, run(study)["execution_id"])["residuals_history"]) for _ in range(2)
    )
    assert (cold > 5, warm) == (True, 1)
    assert "warm start: 2 of 2 couplings from the last result" in execution_log_read(session, study)


def test_a_long_run_shows_progress_and_stops_when_asked(
    make_case, session, actor, queue, status_of, run, platform, tmp_path, worker_pool
):
    awake = tmp_path / "awake"
    study = make_case("test_slow", seconds=60.0, until=str(awake), reuse_results=False)
    execution_request(session, study, actor=actor, queue=queue)

    def sleeping():
        status = status_of(study)
        return "RUNNING" in status["disciplines_status"].values() and status

    status = wait_until(sleeping)
    assert status["study_case_execution_status"] == "RUNNING"
    assert status["study_case_execution_cpu"] != "----"
    study_case_stop(session, study, actor=actor, queue=queue)
    assert status_of(study)["study_case_execution_status"] == "RUNNING"
    time.sleep(1.0)  # the run looks for the wish several times in it
    awake.touch()
    wait_until(lambda: status_of(study)["study_case_execution_status"] == "STOPPED")
    status = status_of(study)
    assert list(status["disciplines_status"].values()) == ["DONE", "PENDING"]

    # Without Redis the supervisor reads the wish in the database and passes it on by a signal.
    dead_queue = ExecutionQueue.for_web(
        platform.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
    )
    awake.unlink()
    execution_request(session, study, actor=actor, queue=queue)
    wait_until(sleeping)
    study_case_stop(session, study, actor=actor, queue=dead_queue)
    time.sleep(4 * worker_pool.settings.heartbeat_seconds)  # the supervisor looks once in each
    awake.touch()
    wait_until(lambda: status_of(study)["study_case_execution_status"] == "STOPPED")

    again = run(study)
    assert again["study_case_execution_status"] == "FINISHED"
    assert session.get(Execution, status["execution_id"]).state is ExecutionState.STOPPED
