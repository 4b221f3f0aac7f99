"""Requesting, reading and stopping executions, on the database alone and with the queue."""

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from sostrades_api.errors import (
    AlreadyRunningError,
    ConflictError,
    InvalidValuesError,
    NotFoundError,
    StudyNotLoadableError,
)
from sostrades_api.models import Execution, ExecutionState, ExecutionValue, StudyCase, StudyParameter, utc_now
from sostrades_api.queueing import ExecutionQueue, LiveProgress
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey, Failure
from sostrades_api.services.execution_fail import execution_fail
from sostrades_api.services.execution_finish import execution_finish
from sostrades_api.services.execution_heartbeat import Pulse, execution_heartbeat
from sostrades_api.services.execution_log_append import LogLine, execution_log_append
from sostrades_api.services.execution_log_read import execution_log_read
from sostrades_api.services.execution_lose import Loss, execution_lose
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_status import execution_status
from sostrades_api.services.execution_stop import study_case_stop
from sostrades_api.services.execution_sweep import execution_sweep
from sostrades_api.services.unit_of_work import unit_of_work

FIELDS = {
    "study_case_id",
    "study_case_execution_status",
    "study_case_execution_error_message",
    "study_case_execution_cpu",
    "study_case_execution_memory",
    "disciplines_status",
    "execution_id",
    "progress",
    "started_at",
    "ended_at",
    "queue_position",
    "converged",
    "unconverged",
}


@pytest.fixture
def queue(platform):
    return platform.queue


@pytest.fixture
def dead_queue(platform):
    return ExecutionQueue.for_web(platform.settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))


@pytest.fixture
def request_it(session, actor, queue):
    def request(study, queue=queue):
        return execution_request(session, study, actor=actor, queue=queue)

    return request


@pytest.fixture
def claim(session):
    def claim(execution_id, token="token", lease_seconds=60):
        execution_claim(
            session, execution_id=execution_id, token=token, worker="w", lease_seconds=lease_seconds
        )
        session.rollback()
        return AttemptKey(execution_id, token)

    return claim


def test_a_study_that_was_never_executed_says_so(session, actor, make_case, queue):
    status = execution_status(session, make_case("test_chain"), actor=actor, queue=queue)
    assert set(status) == FIELDS
    assert status["study_case_execution_status"] == "NOT EXECUTED"
    assert status["disciplines_status"] == {"case-1.First": "CONFIGURE", "case-1.Second": "CONFIGURE"}
    assert status["progress"] == 0.0
    assert status["execution_id"] is None


def test_a_request_is_queued_and_its_place_is_shown(session, actor, make_case, request_it, queue):
    first, second = make_case("test_chain"), make_case("test_chain")
    request_it(first)
    execution = request_it(second)
    status = execution_status(session, second, actor=actor, queue=queue)
    assert set(status) == FIELDS
    assert status["study_case_execution_status"] == "PENDING"
    assert set(status["disciplines_status"].values()) == {"PENDING"}
    assert status["queue_position"] == 2
    assert status["execution_id"] == execution.id
    assert execution.study_revision == second.revision


def test_without_redis_a_request_is_accepted_and_a_sweep_announces_it(
    session, actor, make_case, request_it, queue, dead_queue, platform
):
    study = make_case("test_chain")
    start = time.monotonic()
    execution = request_it(study, dead_queue)
    status = execution_status(session, study, actor=actor, queue=dead_queue)
    assert time.monotonic() - start < 10
    assert status["study_case_execution_status"] == "PENDING"
    assert status["queue_position"] == 1
    soon = platform.settings.model_copy(update={"sweep_seconds": 1e-6})
    assert execution_sweep(session, settings=soon, queue=dead_queue).announced == ()
    assert execution_sweep(session, settings=soon, queue=queue).announced == (execution.id,)
    assert queue.is_waiting(execution.id)
    assert execution_sweep(session, settings=soon, queue=queue).announced == ()


def test_a_second_request_is_refused_and_leaves_the_first_alone(session, make_case, request_it, claim):
    study = make_case("test_chain")
    execution = request_it(study)
    with pytest.raises(AlreadyRunningError):
        request_it(study)
    claim(execution.id)
    with pytest.raises(AlreadyRunningError):
        request_it(study)
    session.refresh(execution)
    assert execution.state is ExecutionState.RUNNING


def test_of_many_requests_at_once_one_is_accepted(session, make_case, actor, queue):
    study_id = make_case("test_chain").id
    engine = session.get_bind()

    def request(_number):
        with Session(engine) as own:
            try:
                execution_request(own, own.get(StudyCase, study_id), actor=actor, queue=queue)
            except AlreadyRunningError:
                return False
            return True

    with ThreadPoolExecutor(6) as threads:
        accepted = list(threads.map(request, range(6)))
    assert sorted(accepted) == [False] * 5 + [True]


def test_required_inputs_without_a_value_are_all_named(session, make_case, request_it):
    study = make_case("test_needy")
    with pytest.raises(InvalidValuesError, match=r"case-1\.Needy\.needed") as caught:
        request_it(study)
    assert [item.variable_id for item in caught.value.items] == ["case-1.Needy.needed"]
    assert session.scalar(select(Execution.id)) is None
    assert request_it(make_case("test_needy", **{"Needy.needed": 2.0})).state is ExecutionState.QUEUED


def test_a_study_whose_process_is_gone_is_refused_but_has_a_status(
    session, actor, make_case, request_it, queue
):
    study = make_case("test_gone")
    with pytest.raises(StudyNotLoadableError):
        request_it(study)
    assert (
        execution_status(session, study, actor=actor, queue=queue)["study_case_execution_status"]
        == "NOT EXECUTED"
    )


def test_a_deleted_study_is_not_executed(session, make_case, request_it):
    study = make_case("test_chain")
    with unit_of_work(session):
        study.deleted_at = utc_now()
    with pytest.raises(NotFoundError):
        request_it(study)


def test_an_update_during_a_run_does_not_touch_its_snapshot(session, make_case, request_it, platform):
    study = make_case("test_chain", x=5.0)
    execution = request_it(study)
    with unit_of_work(session):
        digest = platform.values.put(session, 6.0)
        session.execute(update(StudyParameter).values(digest=digest))
    query = select(ExecutionValue.digest).where(ExecutionValue.execution_id == execution.id)
    assert platform.values.get(session, session.scalar(query)) == 5.0


def test_live_progress_is_shown_of_the_current_attempt_only(
    session, actor, make_case, request_it, claim, queue
):
    study = make_case("test_chain")
    execution = request_it(study)
    key = claim(execution.id)
    usage = {"cores": 1.13, "host_cores": 8, "memory_bytes": 450_971_566, "host_memory_bytes": 8_385_923_809}
    queue.publish(execution.id, LiveProgress("token", 1, 0.5, "DR", usage=usage))
    status = execution_status(session, study, actor=actor, queue=queue)
    assert status["study_case_execution_status"] == "RUNNING"
    assert status["disciplines_status"] == {"case-1.First": "DONE", "case-1.Second": "RUNNING"}
    assert status["progress"] == 0.5
    assert status["study_case_execution_cpu"] == "1.1/8"
    assert status["study_case_execution_memory"] == "0.42/7.81 [GB]"

    queue.publish(execution.id, LiveProgress("an older token", 0, 0.9, "DD"))
    status = execution_status(session, study, actor=actor, queue=queue)
    assert set(status["disciplines_status"].values()) == {"PENDING"}
    assert status["progress"] == 0.0

    queue.publish(execution.id, LiveProgress("token", 1, 0.5, "DR"))
    execution_fail(session, key, failure=Failure("broken"), end=AttemptEnd(disciplines={"First": "FAILED"}))
    status = execution_status(session, study, actor=actor, queue=queue)
    assert status["disciplines_status"] == {"case-1.First": "FAILED"}
    assert status["study_case_execution_error_message"] == "broken"


def test_finished_means_that_every_discipline_is_done(
    session, actor, make_case, request_it, claim, queue, platform
):
    study = make_case("test_chain")
    key = claim(request_it(study).id)
    assert execution_finish(
        session, key, outputs={"result": 3.0}, values=platform.values, end=AttemptEnd(progress=0.4)
    )
    status = execution_status(session, study, actor=actor, queue=queue)
    assert status["study_case_execution_status"] == "FINISHED"
    assert set(status["disciplines_status"].values()) == {"DONE"}
    assert status["progress"] == 1.0
    assert status["started_at"] <= status["ended_at"]


def test_a_lost_attempt_can_write_nothing(session, make_case, request_it, claim, queue, platform):
    execution_id = request_it(make_case("test_chain")).id
    old = claim(execution_id)
    loss = Loss(reason="killed", actor="test", max_attempts=3)
    assert execution_lose(session, old, loss=loss, queue=queue) is ExecutionState.QUEUED
    new = claim(execution_id, "another token")
    end = AttemptEnd()
    assert not execution_finish(session, old, outputs={"result": 1.0}, values=platform.values, end=end)
    assert not execution_fail(session, old, failure=Failure("x"), end=end)
    pulse = execution_heartbeat(session, execution_id=execution_id, token=old.token, lease_seconds=9)
    assert pulse.pulse is Pulse.LOST
    assert execution_finish(session, new, outputs={"result": 2.0}, values=platform.values, end=end)
    query = select(ExecutionValue.digest).where(ExecutionValue.io == "out")
    assert [platform.values.get(session, digest) for digest in session.scalars(query)] == [2.0]


def test_after_the_allowed_attempts_it_fails_with_the_reason(session, make_case, request_it, claim, platform):
    study = make_case("test_chain")
    execution = request_it(study)
    limits = platform.settings.model_copy(update={"max_attempts": 2, "sweep_seconds": 1e-6})
    for token in ("first", "second"):
        assert session.get(Execution, execution.id, populate_existing=True).state is ExecutionState.QUEUED
        claim(execution.id, token, lease_seconds=-1)
        assert execution_sweep(session, settings=limits, queue=platform.queue).lost == (execution.id,)
    session.refresh(execution)
    assert execution.state is ExecutionState.FAILED
    assert "2 lost attempts" in execution.error_message
    assert "silent" in execution.error_message
    assert "silent" in execution_log_read(session, study)


def test_a_shut_down_worker_never_makes_it_fail(session, make_case, request_it, claim, queue):
    execution_id = request_it(make_case("test_chain")).id
    for number in range(5):
        key = claim(execution_id, f"token {number}")
        loss = Loss(reason="shut down", actor="test", max_attempts=None)
        assert execution_lose(session, key, loss=loss, queue=queue) is ExecutionState.QUEUED
        assert queue.is_waiting(execution_id, attempt=number + 2)


def test_stopping_what_waits_is_immediate_and_what_runs_is_asked(
    session, make_case, request_it, claim, actor, queue
):
    study = make_case("test_chain")
    with pytest.raises(ConflictError):
        study_case_stop(session, study, actor=actor, queue=queue)
    waiting = request_it(study)
    assert study_case_stop(session, study, actor=actor, queue=queue).state is ExecutionState.STOPPED
    assert waiting.ended_at is not None
    running = request_it(study)
    claim(running.id)
    assert study_case_stop(session, study, actor=actor, queue=queue).state is ExecutionState.STOPPING
    assert study_case_stop(session, study, actor=actor, queue=queue).state is ExecutionState.STOPPING
    assert (
        execution_status(session, study, actor=actor, queue=queue)["study_case_execution_status"] == "RUNNING"
    )
    pulse = execution_heartbeat(session, execution_id=running.id, token="token", lease_seconds=9)
    assert pulse.pulse is Pulse.STOP
    session.refresh(running)
    assert running.lease_until > utc_now() + dt.timedelta(seconds=5)


def test_the_log_is_text_of_the_latest_execution(session, make_case, request_it):
    study = make_case("test_chain")
    assert execution_log_read(session, study) == ""
    execution = request_it(study)
    at = dt.datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=dt.UTC)
    lines = [LogLine(at, "INFO", "started", "First"), LogLine(at, "WARNING", "<b> & é")]
    execution_log_append(session, execution_id=execution.id, attempt=1, lines=lines)
    assert execution_log_read(session, study).splitlines() == [
        "2026-01-02T03:04:05.678Z INFO    [1] First: started",
        "2026-01-02T03:04:05.678Z WARNING [1] <b> & é",
    ]


def test_a_status_takes_one_query_and_one_look_at_redis(session, actor, make_case, request_it, claim, queue):
    study = make_case("test_chain")
    claim(request_it(study).id)
    _ = study.name
    statements = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *call: statements.append(call[2]))
    commands = queue.redis.info("stats")["total_commands_processed"]
    execution_status(session, study, actor=actor, queue=queue)
    assert queue.redis.info("stats")["total_commands_processed"] - commands <= 2  # GET, and this INFO
    assert len(statements) == 1
