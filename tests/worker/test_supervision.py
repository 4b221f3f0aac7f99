"""Runs that do not end by themselves, and jobs that this platform did not make, in real worker processes."""

import psutil
import pytest
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import select

from sostrades_api.models import Execution, ExecutionState
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_stop import study_case_stop
from tests.support.live import LivePlatform, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]


@pytest.fixture
def state_of(session):
    def state(execution_id):
        session.rollback()
        return session.scalar(select(Execution.state).where(Execution.id == execution_id))

    return state


def test_a_run_that_ignores_a_stop_or_its_deadline_is_ended(
    session, make_case, actor, live_settings, queue, state_of
):
    limits = live_settings.model_copy(update={"stop_grace_seconds": 0.5, "max_run_seconds": 4.0})
    with LivePlatform(limits, test_processes=True) as platform:
        platform.start_workers()

        study = make_case("test_stubborn")
        execution_id = execution_request(session, study, actor=actor, queue=queue).id
        wait_until(lambda: state_of(execution_id) is ExecutionState.RUNNING)
        study_case_stop(session, study, actor=actor, queue=queue)
        wait_until(lambda: state_of(execution_id) is ExecutionState.STOPPED, seconds=10)

        execution_id = execution_request(session, study, actor=actor, queue=queue).id
        wait_until(lambda: state_of(execution_id) is ExecutionState.FAILED, seconds=20)
        execution = session.get(Execution, execution_id)
        assert "longer than the 4 s" in execution.error_message
        assert "discipline 'Stubborn' was running" in execution.error_message
        assert execution.disciplines == {"Stubborn": "FAILED"}
        assert execution.attempt == 1


def test_a_run_that_exits_silently_is_tried_again_and_then_given_up(
    session, make_case, actor, live_settings, queue, state_of
):
    with LivePlatform(live_settings, test_processes=True) as platform:
        platform.start_workers()
        study = make_case("test_exiting")
        execution_id = execution_request(session, study, actor=actor, queue=queue).id
        wait_until(lambda: state_of(execution_id) is ExecutionState.FAILED, seconds=20)
        execution = session.get(Execution, execution_id)
        assert execution.attempt == live_settings.max_attempts
        assert "ended with code 0" in execution.error_message
        assert "while discipline 'Exit' ran" in execution.error_message
        assert execution.disciplines == {"Exit": "FAILED"}


def test_however_a_discipline_does_not_return_the_run_fails_and_says_who_and_why(
    session, make_case, actor, live_settings, queue, state_of
):
    said = {
        "KeyboardInterrupt": "raised KeyboardInterrupt",
        "RecursionError": "called itself too often (RecursionError: maximum recursion depth exceeded",
        "keeps the lock": "longer than the 0.5 s that it allows itself for one run (MAX_SECONDS)",
    }
    with LivePlatform(live_settings, test_processes=True) as platform:
        platform.start_workers()
        workers = platform.workers()
        for how, message in said.items():
            study = make_case("test_ending", how=how, reuse_results=False)  # however slow the machine
            execution_id = execution_request(session, study, actor=actor, queue=queue).id
            wait_until(lambda known=execution_id: state_of(known) is ExecutionState.FAILED, seconds=20)
            execution = session.get(Execution, execution_id)
            assert message in execution.error_message, how
            assert execution.error_message.startswith("Discipline 'End'")
            assert execution.disciplines == {"First": "DONE", "End": "FAILED"}, how
            assert execution.attempt == 1
            if execution.profile:  # there is none of a process that was killed
                assert execution.profile["calls"] == [1, 0]
            else:
                assert "sostrades_test_processes.py" in execution.traceback  # where it hung
        assert platform.workers() == workers


def test_of_disciplines_at_the_same_time_those_that_ran_are_named_and_each_keeps_its_limit(
    session, make_case, actor, live_settings, queue, state_of
):
    said = {
        "signal": ("(signal 11), while disciplines 'Crash', 'Sleep' ran", "FAILED"),
        "hang": ("Discipline 'Crash' ran longer than the 0.5 s", "PENDING"),
    }
    settings = live_settings.model_copy(update={"max_attempts": 1})
    with LivePlatform(settings, test_processes=True) as platform:
        platform.start_workers()
        for how, (message, sleep) in said.items():
            study = make_case("test_crashing", how=how, seconds=60.0, n_processes=2, parallel_by="threads")
            execution_id = execution_request(session, study, actor=actor, queue=queue).id
            wait_until(lambda known=execution_id: state_of(known) is ExecutionState.FAILED, seconds=20)
            execution = session.get(Execution, execution_id)
            assert message in execution.error_message
            assert "may end its process" not in execution.error_message  # a signal may come from anywhere
            assert execution.disciplines == {"Crash": "FAILED", "Sleep": sleep, "After": "PENDING"}
        assert "sostrades_test_processes.py" in execution.traceback  # where it hung


def test_foreign_jobs_and_a_dead_standby_do_not_disturb_a_worker(
    session, make_case, actor, live_settings, queue, state_of, tmp_path
):
    with LivePlatform(live_settings, test_processes=True) as platform:
        platform.start_workers()
        workers = platform.workers()
        (standby,) = wait_until(psutil.Process(workers[0]).children)
        standby.kill()
        mark = tmp_path / "called"
        evil = Job.create(
            "os.system", args=(f"touch {mark}",), connection=queue.redis, serializer=JSONSerializer, id="evil"
        )
        pickled = Job.create("os.system", args=(f"touch {mark}",), connection=queue.redis, id="pickled")
        for job in (evil, pickled):
            job.save()
            queue.redis.rpush(queue.rq.key, job.id)
        queue.enqueue(10**6)  # no such execution
        execution_id = execution_request(session, make_case("test_chain"), actor=actor, queue=queue).id
        wait_until(lambda: state_of(execution_id) is ExecutionState.FINISHED)
        assert session.get(Execution, execution_id).attempt == 1  # a dead standby costs no attempt
        assert not mark.exists()
        assert platform.workers() == workers
        wait_until(lambda: queue.redis.llen(queue.rq.intermediate_queue_key) == 0)
