"""The plural resource of executions: request, list, look, history, log, traceback."""

import base64
import datetime as dt
import io
import json

import pytest
from sqlalchemy import func, select

from sostrades_api.access import Role
from sostrades_api.models import Execution, ExecutionState, utc_now
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey, Failure
from sostrades_api.services.execution_fail import execution_fail
from sostrades_api.services.execution_log_append import LogLine
from tests.support.cases import make_case

__all__ = ["make_case"]


@pytest.fixture
def owner(group):
    return group


@pytest.fixture
def study(make_case):
    return make_case("test_chain", x=2.0)


@pytest.fixture
def study_id(study):
    return study.id


@pytest.fixture
def ask(api, study_id):
    def ask(body=None, *, study_id=study_id, key=None):
        headers = {"Idempotency-Key": key} if key else {}
        options = {} if body is None else {"json": body}
        return api.post(f"/study-cases/{study_id}/executions", headers=headers, **options)

    return ask


@pytest.fixture
def failed(ask, session):
    """An execution that failed, with a log of four lines."""
    execution_id = ask().json["execution_id"]
    execution_claim(session, execution_id=execution_id, token="token", worker="w", lease_seconds=60)
    lines = [
        LogLine(utc_now(), "INFO", "begun"),
        LogLine(utc_now(), "DEBUG", "looking", "First"),
        LogLine(utc_now(), "WARNING", "odd", "First"),
        LogLine(utc_now(), "ERROR", "broken"),
    ]
    end = AttemptEnd(disciplines={"First": "FAILED", "Second": "PENDING"}, log=lines)
    failure = Failure("First broke", "Traceback (most recent call last):\n  in First")
    assert execution_fail(session, AttemptKey(execution_id, "token"), failure=failure, end=end)
    session.rollback()
    return execution_id


def number_of_executions(session):
    session.rollback()
    return session.scalar(select(func.count()).select_from(Execution))


def test_a_request_is_accepted_and_found_where_location_says(api, ask, study_id):
    answer = ask({"priority": 70, "deadline_seconds": 60, "expires_at": "2030-01-01T00:00:00Z"})
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/v0/executions/{answer.json['execution_id']}"
    detail = api.get(answer.headers["Location"].removeprefix("/api/v0")).json
    assert (detail["state"], detail["status"], detail["study_case_id"]) == ("QUEUED", "PENDING", study_id)
    assert (detail["priority"], detail["deadline_seconds"], detail["queue_position"]) == (70, 60.0, 1)
    assert detail["expires_at"].startswith("2030-01-01")
    assert [row["status"] for row in detail["disciplines"]] == ["PENDING", "PENDING"]
    assert detail["eta_seconds"] is None


def test_what_is_wrong_is_said_without_the_words_of_the_library(ask):
    (fault,) = ask({"expires_at": "9999-12-31T23:59:59-14:00"}).json["errors"]
    assert fault["detail"] == "must be within the years 1 to 9999, in UTC too"


@pytest.mark.parametrize("headers", [{"Content-Length": "16"}, {"Transfer-Encoding": "chunked"}])
def test_a_body_that_does_not_say_what_it_is_is_not_overlooked(api, study_id, session, headers):
    stream = io.BytesIO(b'{"priority": 70}')
    environ = {"wsgi.input_terminated": True}
    path = f"/study-cases/{study_id}/executions"
    answer = api.post(path, headers=headers, input_stream=stream, environ_overrides=environ)
    assert answer.status_code == 415
    assert number_of_executions(session) == 0


def test_a_repeated_request_with_a_key_makes_one_execution(ask, session):
    first, second = ask({"priority": 1}, key="once"), ask({"priority": 1}, key="once")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json["execution_id"] == second.json["execution_id"]
    assert number_of_executions(session) == 1


def test_a_key_is_not_taken_for_another_request(ask, make_case):
    ask({"priority": 1}, key="once")
    assert ask({"priority": 2}, key="once").status_code == 422
    assert ask({"priority": 1}, study_id=make_case("test_chain").id, key="once").status_code == 422


def test_a_request_that_was_refused_leaves_its_key_free(ask, api, study_id):
    running = ask().json["execution_id"]
    assert ask(key="later").status_code == 409
    api.post(f"/calculation/stop/{study_id}")
    again = ask(key="later")
    assert again.status_code == 202
    assert again.json["execution_id"] != running


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"priority": -1}, "/priority"),
        ({"priority": 101}, "/priority"),
        ({"priority": "high"}, "/priority"),
        ({"deadline_seconds": 0}, "/deadline_seconds"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"expires_at": 30}, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "/expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+14:00"}, "/expires_at"),
        ({"worker_profile": "moon"}, "/worker_profile"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_wrong_wishes_are_refused_and_nothing_is_queued(ask, session, body, pointer):
    answer = ask(body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer
    assert number_of_executions(session) == 0


def test_lists_are_filtered_sorted_and_paged_without_gaps_or_repeats(api, ask, make_case):
    ids = [
        ask({"priority": n % 3}, study_id=make_case("test_chain").id).json["execution_id"] for n in range(7)
    ]
    for sort, expected in (
        ("-requested_at", ids[::-1]),
        ("execution_id", ids),
        ("ended_at", ids),
        ("-priority", sorted(ids, key=lambda number: (-(ids.index(number) % 3), -number))),
    ):
        found, address = [], f"/executions?sort={sort}&limit=3"
        while address:
            page = api.get(address)
            found += [row["execution_id"] for row in page.json["executions"]]
            address = page.headers.get("Link", "").partition(">")[0].removeprefix("</api/v0")
        assert found == expected, sort
    only = api.get(f"/executions?study_case_id={make_case('test_chain').id}").json
    assert only == {"executions": [], "next_cursor": None}
    assert len(api.get("/executions?state=QUEUED,RUNNING&owner=group:owners").json["executions"]) == 7
    assert api.get("/executions?state=FINISHED").json["executions"] == []
    assert api.get("/executions?until=2020-01-01T00:00:00Z").json["executions"] == []


@pytest.mark.parametrize(
    "query",
    [
        "state=LOST",
        "sort=colour",
        "cursor=x",
        "cursor=WzFd",
        "limit=0",
        "since=now",
        "since=30",
        "since=-30",
        "since=0001-01-01T00:00:00%2B14:00",
        "until=9999-12-31T23:59:59-14:00",
        "owner=a&owner=b",
        "colour=red",
    ],
)
def test_a_query_that_means_nothing_is_refused(api, query):
    assert api.get(f"/executions?{query}").status_code == 422


@pytest.mark.parametrize(
    ("sort", "key", "number"),
    [
        ("execution_id", 2**64 - 1, 1),
        ("execution_id", 1, 2**64 - 1),
        ("priority", 2**63, 1),
        ("priority", True, 1),
        ("priority", 1, -1),
        ("-requested_at", "2026-01-01T00:00:00", 1),
        ("-requested_at", "9999-12-31T23:59:59-14:00", 1),
        ("-requested_at", "2026-01-01T00:00:00+00:00", 2**63),
        ("-requested_at", 5, 1),
    ],
)
def test_a_cursor_that_somebody_made_up_is_refused(api, sort, key, number):
    made_up = base64.urlsafe_b64encode(json.dumps([sort, key, number]).encode()).decode().rstrip("=")
    answer = api.get(f"/executions?sort={sort}&cursor={made_up}")
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/cursor"


def test_history_says_when_why_and_by_whom(api, failed):
    rows = api.get(f"/executions/{failed}/history").json["transitions"]
    assert [(row["from_state"], row["to_state"]) for row in rows] == [
        (None, "QUEUED"),
        ("QUEUED", "RUNNING"),
        ("RUNNING", "FAILED"),
    ]
    assert [row["attempt"] for row in rows] == [0, 1, 1]
    assert (rows[0]["actor"], rows[2]["reason"]) == ("group:owners", "First broke")


def test_logs_come_in_slices_by_level_and_by_discipline(api, failed):
    base = f"/executions/{failed}"
    size = api.get(f"{base}/log/size").json["size"]
    whole = api.get(f"{base}/log").json
    assert (whole["start"], whole["stop"], whole["size"], len(whole["lines"])) == (0, size, size, size)
    assert [line["index"] for line in whole["lines"]] == list(range(size))
    part = api.get(f"{base}/log?start=1&stop=3").json
    assert part["lines"] == whole["lines"][1:3]
    loud = api.get(f"{base}/log?level=WARNING").json["lines"]
    assert [line["message"] for line in loud] == ["odd", "broken"]
    assert api.get(f"{base}/log/tail?lines=1").json["lines"] == whole["lines"][-1:]
    for name in ("First", "case-1.First"):
        lines = api.get(f"{base}/disciplines/{name}/log").json["lines"]
        assert [line["message"] for line in lines] == ["looking", "odd"]
    text = api.get(f"{base}/log", headers={"Accept": "text/plain"})
    assert text.mimetype == "text/plain"
    assert text.text.splitlines()[-1].endswith("broken")
    assert api.get(f"{base}/log?start={size}").json["lines"] == []


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        ("log?start=1000", 416),
        ("log?start=3&stop=2", 416),
        ("log?start=-1", 422),
        ("log?level=LOUD", 422),
        ("log/tail?lines=0", 422),
        ("disciplines/Third/log", 404),
    ],
)
def test_a_range_outside_of_the_log_is_refused(api, failed, rest, status):
    answer = api.get(f"/executions/{failed}/{rest}")
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_tracebacks_are_for_contributors(api, failed, api_as):
    lines = api.get(f"/executions/{failed}/traceback").json["traceback"]
    assert lines == ["Traceback (most recent call last):", "  in First"]
    reader = api_as(Role.COMMENTER)
    assert reader.get(f"/executions/{failed}").json["error_message"] == "First broke"
    assert reader.get(f"/executions/{failed}/traceback").status_code == 403
    assert reader.get(f"/executions/{failed}/log").status_code == 200
    viewer = api_as(Role.RESTRICTED_VIEWER)
    assert viewer.get(f"/executions/{failed}").json["error_message"] == "The discipline First failed."
    assert viewer.get(f"/executions/{failed}/history").status_code == 403
    assert viewer.get(f"/executions/{failed}/log").status_code == 403


@pytest.mark.parametrize("number", [0, 999, 2**40, 10**30])
def test_unknown_and_foreign_executions_look_the_same(api, failed, api_as, number):
    unknown = api.get(f"/executions/{number}")
    foreign = api_as(None).get(f"/executions/{failed}")
    assert (unknown.status_code, foreign.status_code) == (404, 404)
    assert unknown.json["detail"] == foreign.json["detail"]
    assert api_as(None).get("/executions").json["executions"] == []


def test_what_runs_says_how_long_it_will_take(api, ask, session):
    execution_id = ask().json["execution_id"]
    execution_claim(session, execution_id=execution_id, token="token", worker="w", lease_seconds=60)
    execution = session.get(Execution, execution_id, populate_existing=True)
    execution.started_at, execution.progress = utc_now() - dt.timedelta(seconds=30), 0.75
    session.commit()
    detail = api.get(f"/executions/{execution_id}").json
    assert detail["state"] == ExecutionState.RUNNING
    assert detail["worker"] == "w"
    assert detail["eta_seconds"] == pytest.approx(10.0, abs=2.0)
