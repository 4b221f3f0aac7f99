"""Executions are stopped, suspended, repeated, prioritised, limited and deleted, one or many at a time."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from sostrades_api.access import Role
from sostrades_api.models import Execution, ExecutionLog, ExecutionState, ExecutionValue, utc_now
from sostrades_api.services.execution_claim import execution_claim
from sostrades_api.services.execution_end import AttemptEnd, AttemptKey
from sostrades_api.services.execution_finish import execution_finish
from sostrades_api.services.execution_heartbeat import execution_heartbeat
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.garbage_collect import garbage_collect

S = ExecutionState
VERBS = [
    ("POST", "stop", None),
    ("POST", "suspend", None),
    ("POST", "resume", None),
    ("POST", "recompute?from=Study.Everything", None),
    ("POST", "resubmit", None),
    ("PUT", "priority", {"priority": 60}),
    ("PUT", "deadline", {"seconds": 60.0}),
    ("PUT", "expires", {"in_days": 1}),
    ("DELETE", "", None),
]


@pytest.fixture
def request_one(session, platform, accounts, group):
    """``request_one(study)``: a queued execution of a study case; its number."""

    def request(study):
        session.rollback()
        execution = execution_request(
            session, study, actor=accounts.actor(group), queue=platform.queue, values=platform.values
        )
        execution_id = execution.id
        session.rollback()
        return execution_id

    return request


@pytest.fixture
def claim(session):
    def claim(execution_id):
        session.rollback()
        execution_claim(
            session, execution_id=execution_id, token=f"t{execution_id}", worker="w", lease_seconds=60
        )
        session.rollback()

    return claim


@pytest.fixture
def end(session, platform):
    """``end(execution_id, given=3.0)``: as its worker would, with these outputs."""

    def end(execution_id, **outputs):
        session.rollback()
        key = AttemptKey(execution_id, f"t{execution_id}")
        assert execution_finish(session, key, outputs=outputs, values=platform.values, end=AttemptEnd())
        session.rollback()

    return end


@pytest.fixture
def finish(claim, end):
    """``finish(execution_id, given=3.0)``: claim it, and end it with these outputs."""

    def finish(execution_id, **outputs):
        claim(execution_id)
        end(execution_id, **outputs)

    return finish


@pytest.fixture
def ready(api, new_study):
    """``ready(name)``: a study case that can be executed."""

    def make(name="Study"):
        study = new_study(name)
        body = {"variableId": f"{name}.needed", "newValue": 1.0}
        assert api.post(f"/study-case/{study.id}/parameters", json=body).status_code == 200
        return study

    return make


def act(client, verb, execution_id, **options):
    return client.post(f"/executions/{execution_id}/{verb}", **options)


def send(client, verb, execution_id):
    method, path, body = verb
    options = {} if body is None else {"json": body}
    return client.send(method, f"/executions/{execution_id}/{path}".rstrip("/"), **options)


def states_of(session, *ids):
    session.rollback()
    return [session.get(Execution, number, populate_existing=True).state for number in ids]


def test_one_that_waits_is_suspended_resumed_and_stopped_and_asking_twice_changes_nothing(
    api, session, ready, request_one
):
    number = request_one(ready())
    for verb, state in [("suspend", "SUSPENDED"), ("resume", "QUEUED"), ("stop", "STOPPED")]:
        first, second = act(api, verb, number), act(api, verb, number)
        assert first.status_code == second.status_code == 200, first.text
        assert first.json == second.json
        assert (first.json["execution_id"], first.json["state"]) == (number, state)
    for verb in ("suspend", "resume"):
        refused = act(api, verb, number)
        assert refused.status_code == 409
        assert refused.json["title"] == "Its state does not allow this now"
        assert "STOPPED" in refused.json["detail"]
    assert states_of(session, number) == [S.STOPPED]


def test_one_that_runs_is_asked_to_stop_and_then_by_force(api, session, ready, request_one, claim):
    number = request_one(ready())
    claim(number)
    assert act(api, "resume", number).status_code == 409
    asked = act(api, "suspend", number).json
    assert (asked["state"], asked["stopping_to"], asked["status"]) == ("STOPPING", "SUSPENDED", "RUNNING")
    assert act(api, "stop", number).json["stopping_to"] == "STOPPED"
    assert act(api, "suspend", number).status_code == 409
    session.rollback()
    assert not session.get(Execution, number).stop_forced
    assert act(api, "stop?force=1", number).status_code == 200
    assert act(api, "stop?force=maybe", number).status_code == 422
    assert act(api, "stop?now=1", number).status_code == 422
    session.rollback()
    assert session.get(Execution, number, populate_existing=True).stop_forced


def test_the_log_says_once_who_wanted_more_of_one_that_stops_already(api, session, ready, request_one, claim):
    number = request_one(ready())
    claim(number)
    act(api, "suspend", number)
    for verb in ("stop", "stop", "stop?force=1", "stop?force=1", "stop"):
        act(api, verb, number)
    session.rollback()
    said = session.scalars(select(ExecutionLog.message).where(ExecutionLog.execution_id == number)).all()
    assert said == ["asked to stop, by group:owners", "asked to stop by force, by group:owners"]


def test_a_finished_one_cannot_be_stopped_but_repeated_on_the_values_it_ran_on(
    api, session, ready, request_one, finish
):
    study = ready()
    number = request_one(study)
    assert act(api, "resubmit", number).status_code == 409  # itself is active
    finish(number)
    for verb in ("stop", "stop?force=1", "suspend", "resume"):
        assert act(api, verb, number).status_code == 409
    change = {"variableId": "Study.needed", "newValue": 5.0}
    assert api.post(f"/study-case/{study.id}/parameters", json=change).status_code == 200
    answer = act(api, "resubmit", number)
    assert answer.status_code == 202, answer.text
    again = answer.json["execution_id"]
    assert answer.headers["Location"] == f"/api/v0/executions/{again}"
    assert (answer.json["state"], answer.json["origin_id"]) == ("QUEUED", number)
    query = select(ExecutionValue.name, ExecutionValue.digest).where(ExecutionValue.io == "in")
    snapshots = [
        sorted(session.execute(query.where(ExecutionValue.execution_id == each)).all())
        for each in (number, again)
    ]
    assert snapshots[0] == snapshots[1] != []
    assert session.get(Execution, again).study_revision == session.get(Execution, number).study_revision
    assert act(api, "resubmit", number).status_code == 409  # the new one is active


def test_a_repetition_asked_for_twice_with_one_key_is_made_once(api, ready, request_one, finish):
    number = request_one(ready())
    finish(number)
    key = {"Idempotency-Key": "once"}
    first, second = (act(api, "resubmit", number, headers=key) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json["execution_id"] == second.json["execution_id"]
    assert act(api, "recompute?from=Study.Any", number, headers=key).status_code == 422
    act(api, "stop", first.json["execution_id"])
    assert act(api, "resubmit", number, headers=key).json["state"] == "STOPPED"


def test_a_discipline_is_recomputed_by_its_full_name_and_an_unknown_one_is_refused(
    api, session, ready, request_one, finish
):
    study = ready()
    number = request_one(study)
    finish(number)
    session.rollback()
    path = next(iter(session.get(Execution, number).disciplines))
    for query in ("", "?from=", "?from=Study.Nobody", "?from=Nobody", "?from=A&from=B", "?discipline=A"):
        refused = act(api, f"recompute{query}", number)
        assert refused.status_code == 422, query
    assert session.scalar(select(func.count(Execution.id))) == 1
    answer = act(api, f"recompute?from=Study.{path}", number)
    assert answer.status_code == 202, answer.text
    session.rollback()
    again = session.get(Execution, answer.json["execution_id"])
    assert (again.origin_id, again.recompute) == (number, [path])


def test_a_repetition_has_the_priority_and_deadline_of_the_first(api, ready, request_one, finish):
    number = request_one(ready())
    api.send("PUT", f"/executions/{number}/priority", json={"priority": 90})
    api.send("PUT", f"/executions/{number}/deadline", json={"seconds": 30})
    finish(number)
    again = act(api, "resubmit", number).json
    assert (again["priority"], again["deadline_seconds"], again["expires_at"]) == (90, 30.0, None)


def test_priority_and_deadline_are_set_while_it_is_active_and_the_log_says_by_whom(
    api, session, ready, request_one, claim, end
):
    number = request_one(ready())
    assert api.send("PUT", f"/executions/{number}/priority", json={"priority": 90}).json["priority"] == 90
    for wrong in (-1, 101, 1.5, "9", None, True):
        answer = api.send("PUT", f"/executions/{number}/priority", json={"priority": wrong})
        assert answer.status_code == 422, wrong
    claim(number)
    for seconds in (5.5, 5.5, 1):
        answer = api.send("PUT", f"/executions/{number}/deadline", json={"seconds": seconds})
        assert answer.json["deadline_seconds"] == seconds
    beat = execution_heartbeat(session, execution_id=number, token=f"t{number}", lease_seconds=60)
    assert beat.deadline_seconds == 1.0
    for wrong in (0, -1, 1e300, "9", True):
        answer = api.send("PUT", f"/executions/{number}/deadline", json={"seconds": wrong})
        assert answer.status_code == 422, wrong
    answer = api.send("PUT", f"/executions/{number}/deadline", json={"seconds": None})
    assert answer.json["deadline_seconds"] is None
    session.rollback()
    said = session.scalars(select(ExecutionLog.message).where(ExecutionLog.execution_id == number)).all()
    assert [line.split(", by")[0] for line in said] == [
        "priority 50 -> 90",
        "deadline none -> 5.5 s",
        "deadline 5.5 s -> 1 s",
        "deadline 1 s -> none",
    ]
    end(number)
    for path, body in (("priority", {"priority": 1}), ("deadline", {"seconds": 1})):
        assert api.send("PUT", f"/executions/{number}/{path}", json=body).status_code == 409


def test_an_execution_that_has_expired_is_collected_once_it_has_ended(
    api, session, platform, ready, request_one, finish
):
    study = ready()
    number = request_one(study)
    path = f"/executions/{number}/expires"
    assert api.send("PUT", path, json={"at": "2030-01-31"}).json["expires_at"].startswith("2030-01-31T00:00")
    assert api.send("PUT", path, json={"at": "2030-01-31T01:00:00+01:00"}).json["expires_at"] == (
        "2030-01-31T00:00:00+00:00"
    )
    in_days = dt.datetime.fromisoformat(api.send("PUT", path, json={"in_days": 2.5}).json["expires_at"])
    assert abs(in_days - utc_now() - dt.timedelta(days=2.5)) < dt.timedelta(minutes=5)
    for wrong in (
        {},
        {"in_days": None},
        {"at": "soon"},
        {"at": 5},
        {"in_days": 0},
        {"in_days": 1e9},
        {"at": None, "in_days": 1},
        {"at": "0001-01-01T00:00:00+09:00"},
    ):
        assert api.send("PUT", path, json=wrong).status_code == 422, wrong
    assert api.send("PUT", path, json={"at": "2020-01-01"}).status_code == 200

    def collect():
        session.rollback()
        return garbage_collect(session, values=platform.values, settings=platform.settings).executions

    assert collect() == ()  # it has not ended
    finish(number)
    assert api.send("PUT", path, json={"at": None}).json["expires_at"] is None
    assert collect() == ()
    assert api.send("PUT", path, json={"at": "2020-01-01"}).status_code == 200
    assert collect() == (number,)
    assert act(api, "stop", number).status_code == 404


def test_the_results_of_a_study_case_are_those_of_the_finished_execution_before_a_deleted_one(
    api, session, ready, request_one, finish
):
    study = ready()
    first, second = request_one(study), None
    assert api.send("DELETE", f"/executions/{first}").status_code == 409
    name = next(
        name
        for name, entry in api.get(f"/study-case/{study.id}?io=out").json.items()
        if entry["type"] == "float"
    )
    finish(first, **{name.removeprefix("Study."): 1.0})
    second = request_one(study)
    finish(second, **{name.removeprefix("Study."): 2.0})
    loaded = api.get(f"/study-case/{study.id}?io=out")
    assert loaded.json[name]["value"] == 2.0
    assert api.send("DELETE", f"/executions/{second}").status_code == 204
    before = api.get(f"/study-case/{study.id}?io=out", headers={"If-None-Match": loaded.headers["ETag"]})
    assert before.json[name]["value"] == 1.0
    assert api.get(f"/calculation/status/{study.id}").json["execution_id"] == first
    assert api.send("DELETE", f"/executions/{first}").status_code == 204
    assert api.send("DELETE", f"/executions/{first}").status_code == 404
    status = api.get(f"/calculation/status/{study.id}").json
    assert status["study_case_execution_status"] == "NOT EXECUTED"
    session.rollback()
    for table in (ExecutionValue, ExecutionLog):
        assert session.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.parametrize("verb", VERBS, ids=[path for _, path, _ in VERBS])
def test_a_stranger_cannot_tell_an_execution_from_none_and_a_reader_may_do_nothing(
    api, api_as, request_one, study, session, verb, accounts, group
):
    body = {"variableId": "Study.needed", "newValue": 1.0}
    assert api.post(f"/study-case/{study.id}/parameters", json=body).status_code == 200
    number = request_one(study)
    stranger, reader = api_as(None), api_as(Role.COMMENTER)
    existing, missing = send(stranger, verb, number), send(stranger, verb, number + 1000)
    assert existing.status_code == missing.status_code == 404
    assert existing.json["detail"] == missing.json["detail"]
    assert send(stranger, verb, 2**70).status_code == 404
    assert send(reader, verb, number).status_code == 403
    contributor = send(api_as(Role.CONTRIBUTOR), verb, number)
    assert (contributor.status_code == 403) is (verb[0] == "DELETE"), contributor.text
    session.rollback()


def test_several_are_steered_at_once_and_one_refused_stops_no_other(api, session, ready, request_one, finish):
    studies = [ready(f"Study {n}") for n in range(3)]
    ended, *waiting = [request_one(study) for study in studies]
    finish(ended)
    answer = api.post("/executions/stop", json={"ids": [ended, 10**6, *waiting, waiting[0]]})
    assert answer.status_code == 200, answer.text
    assert [item["id"] for item in answer.json["items"]] == [ended, 10**6, *waiting]
    assert [item["state"] for item in answer.json["items"]] == [None, None, "STOPPED", "STOPPED"]
    assert [item["problem"] and item["problem"]["status"] for item in answer.json["items"]] == [
        409,
        404,
        None,
        None,
    ]
    assert (answer.json["done"], answer.json["more"]) == (2, False)
    assert states_of(session, *waiting) == [S.STOPPED] * 2

    again = api.post("/executions/resubmit", json={"study_case_id": studies[1].id}).json
    assert [item["execution"]["origin_id"] for item in again["items"]] == [waiting[0]]
    chosen = api.send("PUT", "/executions/priority", json={"states": ["QUEUED"], "priority": 7}).json
    assert [item["execution"]["priority"] for item in chosen["items"]] == [7]
    gone = api.post("/executions/delete", json={"ids": waiting}).json
    assert gone["done"] == 2
    assert [item["execution"] for item in gone["items"]] == [None, None]


def test_a_filter_reaches_only_what_the_caller_sees(api_as, ready, request_one, api, session):
    number = request_one(ready("Other"))
    stranger = api_as(None)
    assert stranger.post("/executions/stop", json={"states": ["QUEUED"]}).json["items"] == []
    assert states_of(session, number) == [S.QUEUED]
    study_case_id = session.get(Execution, number).study_case_id
    assert stranger.post("/executions/stop", json={"study_case_id": study_case_id}).status_code == 404
    for wrong in (
        {},
        {"ids": []},
        {"ids": [1], "states": ["QUEUED"]},
        {"states": ["DONE"]},
        {"ids": ["1"]},
        {"ids": list(range(1001))},
        {"ids": [1], "force": "yes"},
        {"ids": [1], "priority": 3},
    ):
        assert api.post("/executions/stop", json=wrong).status_code == 422, wrong
    assert api.send("PUT", "/executions/priority", json={"ids": [number], "priority": 101}).status_code == 422
    missing = api.post("/executions/recompute", json={"ids": [number]})
    assert missing.status_code == 422


def test_of_requests_at_the_same_time_to_repeat_one_only_one_is_accepted(
    app, api_with, ready, request_one, finish, session
):
    number = request_one(ready())
    finish(number)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: act(api_with(app), "resubmit", number).status_code, range(4)))
    assert sorted(answers) == [202, 409, 409, 409]
    session.rollback()
    assert session.scalar(select(func.count(Execution.id))) == 2
