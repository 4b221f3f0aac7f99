"""An attempt ends at the very moment at which somebody asks for something else: neither is forgotten."""

import threading

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from sostrades_api.errors import ConflictError
from sostrades_api.models import Execution, ExecutionState
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey, Failure
from sostrades_api.services.execution_end_stopped import execution_end_stopped
from sostrades_api.services.execution_fail import execution_fail
from sostrades_api.services.execution_finish import execution_finish
from sostrades_api.services.execution_lose import Loss, execution_lose
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_stop import execution_stop
from sostrades_api.services.execution_suspend import execution_suspend

pytestmark = pytest.mark.database("postgresql")  # SQLite has one writer at a time
S = ExecutionState
END = AttemptEnd(disciplines={"First": "DONE", "Second": "PENDING"})
LOSS = Loss(reason="its worker was killed", actor="w", max_attempts=3)


@pytest.fixture
def key(session, make_case, actor, platform):
    """Of an attempt that runs."""
    number = execution_request(session, make_case("test_chain"), actor=actor, queue=platform.queue).id
    execution_claim(session, execution_id=number, token="t", worker="w", lease_seconds=60)
    session.rollback()
    return AttemptKey(number, "t")


@pytest.fixture
def meanwhile(session):
    """``meanwhile(ask)``: ``ask(session)`` begins between the next look at an execution and its next change.

    Gives a function that waits for its end, and says what it raised.
    """

    def begin(ask):
        raised = []

        def work():
            with Session(session.get_bind()) as other:
                try:
                    ask(other)
                except ConflictError as error:
                    raised.append(error)

        thread = threading.Thread(target=work)

        def look(_connection, _cursor, statement, *_rest):
            is_look = statement.startswith("SELECT executions.") and "executions.token =" in statement
            if is_look and not thread.ident:
                thread.start()
                thread.join(0.5)  # one that has to wait goes on after the change

        event.listen(session.get_bind(), "after_cursor_execute", look)

        def end():
            event.remove(session.get_bind(), "after_cursor_execute", look)
            thread.join(10)
            return raised

        return end

    return begin


def state_of(session, key):
    session.rollback()
    return session.get(Execution, key.execution_id, populate_existing=True).state


@pytest.mark.parametrize("ending", ["its work-horse", "its worker's death"])
def test_a_stop_is_not_forgotten_that_comes_while_a_run_lets_go_to_be_suspended(
    session, actor, platform, key, meanwhile, ending
):
    execution_suspend(session, key.execution_id, actor=actor, queue=platform.queue)
    end = meanwhile(lambda other: execution_stop(other, key.execution_id, actor=actor, queue=platform.queue))
    if ending == "its work-horse":
        execution_end_stopped(session, key, end=END)
    else:
        execution_lose(session, key, loss=LOSS, queue=platform.queue)
    assert end() == []
    assert state_of(session, key) is S.STOPPED


def test_results_are_not_thrown_away_because_somebody_suspends_it_while_they_are_stored(
    session, actor, platform, key, meanwhile
):
    end = meanwhile(
        lambda other: execution_suspend(other, key.execution_id, actor=actor, queue=platform.queue)
    )
    assert execution_finish(session, key, outputs={"result": 1.0}, values=platform.values, end=END)
    assert end() == []
    assert state_of(session, key) is S.FINISHED


def test_a_run_that_fails_while_it_is_asked_to_stop_has_failed_and_says_why(
    session, actor, platform, key, meanwhile
):
    end = meanwhile(lambda other: execution_stop(other, key.execution_id, actor=actor, queue=platform.queue))
    assert execution_fail(session, key, failure=Failure("broken"), end=END)
    (refused,) = end()
    assert "FAILED already" in str(refused)
    assert state_of(session, key) is S.FAILED
    assert session.get(Execution, key.execution_id).error_message == "broken"


def test_a_lost_attempt_is_given_up_at_once_though_it_is_being_stopped(
    session, actor, platform, key, meanwhile
):
    end = meanwhile(lambda other: execution_stop(other, key.execution_id, actor=actor, queue=platform.queue))
    assert execution_lose(session, key, loss=LOSS, queue=platform.queue) is S.QUEUED
    assert end() == []
    assert state_of(session, key) is S.STOPPED  # what was queued again is stopped at once
