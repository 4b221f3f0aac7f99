"""A run that takes more memory than it may fails and says so, in real worker processes; the worker lives."""

import numpy as np
import pytest
from sqlalchemy import select

from sostrades_api.models import Execution, ExecutionState, ExecutionValue
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_add import ExecutionOptions
from sostrades_api.services.execution_request import execution_request
from sostrades_api.settings import WorkerProfile
from tests.support.live import LivePlatform, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]

MIB = 1024 * 1024


@pytest.fixture
def ended(session):
    """Wait for the end of an execution; it."""

    def wait(execution_id):
        final = (ExecutionState.FINISHED, ExecutionState.FAILED)

        def state():
            session.rollback()
            return session.scalar(select(Execution.state).where(Execution.id == execution_id)) in final

        wait_until(state, seconds=30)
        return session.get(Execution, execution_id)

    return wait


def test_a_run_that_takes_more_memory_than_it_may_fails_at_once_and_says_what_it_needs(
    session, make_case, actor, live_settings, queue, ended
):
    limited = live_settings.model_copy(
        update={"worker_profiles": {"standard": WorkerProfile(memory=128 * MIB)}}
    )
    said = {
        "an array": "it was refused more",
        "many objects": "it was refused more",
        "compiled code": "its process aborted, as compiled code does that is refused more",
        "children together": "its processes hold",
    }
    with LivePlatform(limited, test_processes=True) as platform:
        platform.start_workers()
        workers = platform.workers()
        for how, reason in said.items():
            study = make_case("test_hungry", how=how)
            execution = ended(execution_request(session, study, actor=actor, queue=queue).id)
            assert execution.state is ExecutionState.FAILED, how
            assert execution.error_message.startswith(f"Discipline 'Hungry' ran out of memory ({reason}"), how
            assert "128 MiB, the limit of the worker profile 'standard'" in execution.error_message
            assert "needs a larger worker profile" in execution.error_message
            assert execution.disciplines == {"First": "DONE", "Hungry": "FAILED"}, how
            assert execution.attempt == 1, how
        study = make_case("test_hungry", how="nothing")
        done = ended(execution_request(session, study, actor=actor, queue=queue).id)
        assert done.state is ExecutionState.FINISHED
        assert platform.workers() == workers


def test_a_run_that_is_not_done_by_its_deadline_is_ended_and_told_so(
    session, make_case, actor, worker_pool, queue, ended
):
    options = ExecutionOptions(deadline_seconds=0.5)
    study = make_case("test_stubborn")
    execution = ended(execution_request(session, study, actor=actor, queue=queue, options=options).id)
    assert execution.state is ExecutionState.FAILED
    assert execution.error_message.startswith("The execution ran longer than its deadline of 0.5 s;")
    assert "discipline 'Stubborn' was running" in execution.error_message
    assert execution.attempt == 1


def test_a_run_has_the_threads_of_its_profile_and_waits_for_workers_that_serve_it(
    session, make_case, actor, live_settings, queue, ended, platform
):
    profiles = {"standard": WorkerProfile(), "large": WorkerProfile(cpu=4, memory=4096 * MIB)}
    settings = live_settings.model_copy(update={"worker_profiles": profiles})
    queue = ExecutionQueue.for_web(settings)
    with LivePlatform(settings, test_processes=True) as live:
        live.start_workers(profiles=["standard"])
        found = {}
        requests = {}
        for name, profile, values in (
            ("large", "large", {}),
            ("divided", "large", {"n_processes": 2}),
            ("standard", "standard", {}),
        ):
            study = make_case("test_threaded", x=float(len(requests)), **values)
            options = ExecutionOptions(worker_profile=profile)
            requests[name] = execution_request(session, study, actor=actor, queue=queue, options=options).id
        assert ended(requests["standard"]).state is ExecutionState.FINISHED
        session.rollback()
        assert session.get(Execution, requests["large"]).state is ExecutionState.QUEUED
        live.start_workers(profiles=["large"])
        for name, execution_id in requests.items():
            assert ended(execution_id).state is ExecutionState.FINISHED
            query = select(ExecutionValue.digest).where(
                ExecutionValue.execution_id == execution_id, ExecutionValue.name == "threads"
            )
            digest = session.scalar(query)
            found[name] = set(np.asarray(platform.values.get_many(session, [digest])[digest]))
    assert found == {"standard": {1.0}, "large": {4.0}, "divided": {2.0}}
    queue.redis.close()
