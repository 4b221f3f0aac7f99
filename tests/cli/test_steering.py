"""Executions are steered from the command line."""

import pytest
from sqlalchemy import select, update

from sostrades_api.models import Execution, ExecutionState, utc_now
from sostrades_api.services.unit_of_work import unit_of_work

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def queued(flask, make_group):
    """The number of an execution that waits."""
    make_group("team")
    study_id = flask.ok("create_study", "sellar", "My study", "--group", "team").splitlines()[-1]
    return flask.json("run_study", study_id, "--no-wait")["execution_id"]


def end(session, execution_id):
    with unit_of_work(session):
        ended = {"state": ExecutionState.FINISHED, "ended_at": utc_now()}
        session.execute(update(Execution).where(Execution.id == execution_id).values(**ended))


def test_an_execution_is_suspended_resumed_stopped_and_repeated(flask, session, queued):
    assert flask.ok("suspend_execution", queued) == f"{queued} SUSPENDED\n"
    assert flask.ok("resume_execution", queued) == f"{queued} QUEUED\n"
    assert flask.ok("stop_execution", "--force", queued) == f"{queued} STOPPED\n"
    assert "it is STOPPED" in flask.error("resume_execution", queued)
    (again,) = flask.json("resubmit_execution", queued)
    assert again["execution"]["origin_id"] == queued
    number = again["execution"]["execution_id"]
    end(session, number)
    assert "'Nobody' is no discipline" in flask.error("recompute_execution", number, "--from", "Nobody")
    assert flask.ok("recompute_execution", number, "--from", "Sellar1").endswith(" QUEUED\n")
    session.rollback()
    newest = session.scalars(select(Execution).order_by(Execution.id.desc())).first()
    assert (newest.origin_id, newest.recompute) == (number, ["Sellar1"])


def test_an_execution_gets_a_priority_a_deadline_and_a_time_to_expire(flask, queued):
    (told,) = flask.json("set_priority", 90, queued)
    assert told["execution"]["priority"] == 90
    (told,) = flask.json("set_deadline", 60, queued)
    assert told["execution"]["deadline_seconds"] == 60.0
    (told,) = flask.json("set_deadline", 0, queued)
    assert told["execution"]["deadline_seconds"] is None
    (told,) = flask.json("set_expiry", "2030-01-31", queued)
    assert told["execution"]["expires_at"] == "2030-01-31T00:00:00+00:00"
    (told,) = flask.json("set_expiry", "never", queued)
    assert told["execution"]["expires_at"] is None
    for wrong in ("soon", "9999-12-31T23:59:59-14:00"):  # which is in the year 10000, in UTC
        assert f"'{wrong}' is no time to expire" in flask.error("set_expiry", wrong, queued)
    assert flask("set_priority", 101, queued).exit_code == 2


def test_of_several_each_is_told_and_one_refused_fails_the_command(flask, session, queued):
    assert "stop it first" in flask.error("delete_execution", queued)
    result = flask("stop_execution", queued, 10**6)
    assert result.exit_code == 1
    assert result.stdout == f"{queued} STOPPED\n"
    assert "no such execution" in result.stderr
    assert flask.ok("delete_execution", queued) == f"{queued} DELETED\n"
    assert session.get(Execution, queued) is None


@pytest.mark.parametrize("number", [10**6, 2**31, 10**20])
def test_a_number_that_no_execution_has_is_unknown_however_long(flask, make_group, number):
    make_group("team")
    for arguments in (
        ["show_execution", number],
        ["stop_execution", number],
        ["suspend_execution", number],
        ["resume_execution", number],
        ["resubmit_execution", number],
        ["recompute_execution", number, "--from", "Sellar1"],
        ["set_priority", 90, number],
        ["set_deadline", 60, number],
        ["set_expiry", "30d", number],
        ["delete_execution", number],
    ):
        assert "here is no" in flask.error(*arguments)


def test_what_lists_executions_is_told_which_word_is_wrong(flask):
    assert "'colour' is none of" in flask.error("list_executions", "--sort", "colour")
    assert "'LOST' is none of" in flask.error("list_executions", "--state", "QUEUED,LOST")
    assert flask("list_executions", "--study", 10**20).exit_code == 2
