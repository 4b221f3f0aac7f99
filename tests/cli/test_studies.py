"""Processes and study cases from the command line."""

import re
import threading

import pytest
from sqlalchemy import select

from sostrades_api.models import Execution, ExecutionState

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def study_id(flask, make_group):
    make_group("team")
    return int(flask.ok("create_study", "sellar", "My study", "--group", "team").splitlines()[-1])


def test_the_installed_processes_are_listed_with_their_references(flask):
    processes = {process["name"]: process for process in flask.json("list_processes")}
    assert {"sellar", "ssbj", "dice2016r"} <= set(processes)
    assert all(process["label"] and process["references"] for process in processes.values())


@pytest.mark.database("sqlite", "postgresql")
def test_a_study_case_is_created_listed_deleted_and_restored(flask, study_id):
    (listed,) = flask.json("list_studies")
    assert listed == {
        "id": study_id,
        "name": "My study",
        "process": "sellar",
        "group": "team",
        "revision": listed["revision"],
        "status": "NOT EXECUTED",
    }
    flask.ok("delete_study", study_id)
    assert flask.json("list_studies") == []
    assert [study["id"] for study in flask.json("list_studies", "--deleted")] == [study_id]
    assert "no such study case" in flask.error("delete_study", study_id)
    flask.ok("restore_study", study_id)
    assert [study["id"] for study in flask.json("list_studies")] == [study_id]
    assert "no such study case" in flask.error("restore_study", study_id)


def test_a_study_case_that_cannot_be_created_is_not_and_the_reason_is_said(flask, make_group):
    make_group("team")
    assert "'sellar2'" in flask.error("create_study", "sellar2", "x", "--group", "team")
    assert "'crew'" in flask.error("create_study", "sellar", "x", "--group", "crew")
    assert "no reference" in flask.error("create_study", "sellar", "x", "--group", "team", "--reference", "y")
    assert "characters" in flask.error("create_study", "sellar", " ", "--group", "team")
    assert flask.json("list_studies") == []


def test_a_run_that_is_not_waited_for_is_queued(flask, study_id):
    status = flask.json("run_study", study_id, "--no-wait")
    assert status["study_case_execution_status"] == "PENDING"
    assert "already" in flask.error("run_study", study_id)


def end(session, state, *, error_message=None):
    """End the execution as a worker would have, once it is there."""
    while (execution := session.scalar(select(Execution))) is None:
        session.rollback()
    execution.state = state
    execution.error_message = error_message
    execution.disciplines = dict.fromkeys(execution.disciplines, "DONE")
    session.commit()


def test_a_run_is_waited_for_until_it_finishes(flask, session, study_id):
    thread = threading.Thread(target=end, args=(session, ExecutionState.FINISHED))
    thread.start()
    assert flask.ok("run_study", study_id).splitlines()[-1] == "FINISHED"
    thread.join()


def test_a_run_that_fails_makes_the_command_fail_with_the_reason(flask, session, study_id):
    message = "The loop Sellar1, Sellar2\ndid not converge"
    thread = threading.Thread(
        target=end, args=(session, ExecutionState.FAILED), kwargs={"error_message": message}
    )
    thread.start()
    result = flask("run_study", study_id)
    thread.join()
    assert result.exit_code == 1
    assert result.stdout == "FAILED\n"
    assert result.stderr.splitlines()[-1] == (
        f"Error: Study case {study_id} FAILED: The loop Sellar1, Sellar2 did not converge"
    )


def test_a_queued_run_is_stopped(flask, study_id):
    assert flask.error("stop_study", study_id)
    flask.ok("run_study", study_id, "--no-wait")
    flask.ok("stop_study", study_id)
    assert flask.json("list_studies")[0]["status"] == "STOPPED"


def test_commands_that_change_something_print_the_result_as_json(flask, study_id):
    flask.ok("create_user", "alice", "--no-password")
    right = {"study_case_id": study_id, "holder": "user alice", "owner": False}
    given = flask.json("grant_right", study_id, "commenter", "--user", "alice")
    assert given == {**right, "role": "Commenter"}
    assert flask.json("revoke_right", study_id, "--user", "alice") == {**right, "role": None}
    flask.ok("run_study", study_id, "--no-wait")
    assert flask.json("stop_study", study_id)["study_case_execution_status"] == "STOPPED"
    assert flask.json("delete_study", study_id)["deleted"] is True
    restored = flask.json("restore_study", study_id)
    assert (restored["id"], restored["deleted"]) == (study_id, False)


def test_the_traceback_of_a_failure_is_shown_with_its_history(flask, session, study_id):
    execution_id = flask.json("run_study", study_id, "--no-wait")["execution_id"]
    execution = session.get(Execution, execution_id)
    execution.state, execution.error_message = ExecutionState.FAILED, "broken"
    execution.traceback = "Traceback (most recent call last):\n  line 1\nValueError: /srv/x\n"
    execution.profile = {
        "total_seconds": 2.0,
        "discipline_seconds": 1.5,
        "engine_share": 0.25,
        "saved_seconds": 0.0,
        "disciplines": ["Quick", "Slow"],
        "seconds": [0.5, 1.0],
        "calls": [1, 3],
        "iterations": [None, 3],
        "reused": [False, False],
    }
    session.commit()
    shown = flask.json("show_execution", execution_id)
    assert (shown["state"], shown["error_message"]) == ("FAILED", "broken")
    assert shown["traceback"] == execution.traceback
    assert [(row["to"], row["actor"]) for row in shown["transitions"]] == [("QUEUED", "command line")]
    assert "token" not in shown
    assert shown["profile"]["engine_share"] == 0.25
    assert [(row["discipline"], row["calls"]) for row in shown["profile"]["disciplines"]] == [
        ("Slow", 3),
        ("Quick", 1),
    ]
    text = flask.ok("show_execution", execution_id)
    assert re.search(r"Slow +1\.000000 +50\.0% +3 +3 +no\n", text)
    assert text.endswith(execution.traceback)
    assert "QUEUED" in text
    assert f"no execution {execution_id + 1}" in flask.error("show_execution", execution_id + 1)
