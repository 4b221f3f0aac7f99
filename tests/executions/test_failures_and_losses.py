"""Who is told what about a failed execution, and how many of its workers may die."""

import pytest
from sqlalchemy import select

from sostrades_api.access import Role
from sostrades_api.models import Execution, ExecutionLog, ExecutionState
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey, Failure
from sostrades_api.services.execution_fail import execution_fail
from sostrades_api.services.execution_finish import execution_finish
from sostrades_api.services.execution_lose import Loss, execution_lose
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_status import execution_status
from sostrades_api.worker.failures import failure_of
from sostrades_api.worker.run_log import RunLog


@pytest.fixture
def study(make_case):
    return make_case("test_chain")


@pytest.fixture
def claim(session, study, actor, platform):
    """Claim the study's execution, which is requested the first time."""
    execution_id = execution_request(session, study, actor=actor, queue=platform.queue).id

    def claim(token):
        execution_claim(session, execution_id=execution_id, token=token, worker="w", lease_seconds=60)
        return AttemptKey(execution_id, token)

    return claim


def test_who_may_not_read_values_is_told_which_discipline_failed_but_not_what_it_said(
    session, study, actor, claim, platform, accounts, make_right
):
    end = AttemptEnd(disciplines={"First": "DONE", "Second": "FAILED"})
    execution_fail(session, claim("t"), failure=Failure("Discipline 'Second' raised x = 42"), end=end)

    def message(who):
        status = execution_status(session, study, actor=who, queue=platform.queue)
        return status["study_case_execution_error_message"]

    viewer, commenter = accounts.user(), accounts.user()
    make_right(study, viewer, Role.RESTRICTED_VIEWER)
    make_right(study, commenter, Role.COMMENTER)
    assert message(accounts.actor(viewer)) == "The discipline Second failed."
    assert message(accounts.actor(commenter)) == message(actor) == "Discipline 'Second' raised x = 42"


def test_without_a_failed_discipline_who_may_not_read_values_is_told_that_it_failed(
    session, study, claim, platform, accounts, make_right
):
    execution_fail(session, claim("t"), failure=Failure("x = 42"), end=AttemptEnd())
    viewer = accounts.user()
    make_right(study, viewer, Role.RESTRICTED_VIEWER)
    status = execution_status(session, study, actor=accounts.actor(viewer), queue=platform.queue)
    assert status["study_case_execution_error_message"] == "The execution failed."


def test_workers_that_are_shut_down_use_up_none_of_the_losses_allowed(session, claim, platform):
    """Two restarts and two deaths leave it queued; the third death is one too many."""
    restart = Loss(reason="its worker was shut down", actor="w", max_attempts=None)
    death = Loss(reason="its worker was killed", actor="w", max_attempts=3)
    states = [
        execution_lose(session, claim(f"token {number}"), loss=loss, queue=platform.queue)
        for number, loss in enumerate([restart, restart, death, restart, death, death])
    ]
    assert states == [*[ExecutionState.QUEUED] * 5, ExecutionState.FAILED]
    execution = session.scalars(select(Execution).execution_options(populate_existing=True)).one()
    assert (execution.attempt, execution.losses) == (6, 3)
    assert execution.error_message == "Given up after 3 lost attempts: its worker was killed"


def test_the_log_of_a_killed_attempt_says_that_it_was_lost(session, claim, platform):
    loss = Loss(reason="its worker was killed", actor="w", max_attempts=3)
    execution_lose(session, claim("token"), loss=loss, queue=platform.queue)
    message = session.scalars(select(ExecutionLog.message)).one()
    assert message == "attempt 1 was lost: its worker was killed; now QUEUED"


def test_a_failure_and_a_log_line_with_characters_that_no_database_takes_are_written(session, claim):
    """A model tells the name of a file that is no UTF-8, or what it read in a binary one."""
    log = RunLog()
    log.add("cannot read caf\udce9.csv: \x00\x01")
    failure = failure_of(ValueError("caf\udce9.csv begins with \x00\x01"))
    assert execution_fail(session, claim("token"), failure=failure, end=AttemptEnd(log=log.take()))
    execution = session.scalars(select(Execution).execution_options(populate_existing=True)).one()
    assert execution.state is ExecutionState.FAILED
    assert "caf?.csv begins with \x01" in execution.traceback
    assert session.scalars(select(ExecutionLog.message)).one() == "cannot read caf?.csv: \x01"


@pytest.mark.parametrize("converged", [True, False])
def test_the_status_tells_accepted_results_that_did_not_converge(
    session, study, claim, platform, actor, converged
):
    end = AttemptEnd(converged=converged)
    assert execution_finish(session, claim("token"), outputs={}, values=platform.values, end=end)
    status = execution_status(session, study, actor=actor, queue=platform.queue)
    assert status["converged"] is converged
