"""Every line that a worker and its work-horse write says which execution it is about."""

import json

import pytest
from sqlalchemy import select

from sostrades_api.models import Execution, ExecutionState
from sostrades_api.services.execution_request import execution_request
from tests.support.live import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]


def test_a_failed_run_is_found_in_the_log_by_its_execution(session, make_case, actor, queue, worker_pool):
    study = make_case("test_ending", how="RecursionError")
    execution_id = execution_request(session, study, actor=actor, queue=queue).id
    query = select(Execution.state).where(Execution.id == execution_id)
    session.rollback()
    wait_until(lambda: session.scalar(query) is ExecutionState.FAILED or session.rollback())
    lines = [json.loads(line) for line in worker_pool.log("workers").splitlines() if line.startswith("{")]
    (told,) = [line for line in lines if "failed" in line["message"] and line.get("role") == "work-horse"]
    assert (told["execution_id"], told["study_case_id"], told["attempt"]) == (execution_id, study.id, 1)
    assert told["worker"]
