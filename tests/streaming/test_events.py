"""Following an execution, without a server: what is told to whom, and what is refused."""

import pytest
from sqlalchemy import update

from sostrades_api.access import Role
from sostrades_api.models import ApiKey, StudyCase, utc_now
from sostrades_api.queueing import ExecutionQueue, LiveProgress
from sostrades_api.queueing.events import Event, EventType, ExecutionEvents
from sostrades_api.services.execution_end import AttemptEnd, Failure
from sostrades_api.services.execution_fail import execution_fail
from sostrades_api.services.execution_finish import execution_finish
from sostrades_api.services.execution_log_append import LogLine
from sostrades_api.services.execution_lose import Loss, execution_lose
from sostrades_api.services.execution_set_priority import execution_set_priority
from sostrades_api.services.execution_stop import execution_stop
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.streaming import watch
from sostrades_api.streaming.responses import hub_of
from tests.support.live import wait_until

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def events(platform):
    return ExecutionEvents(platform.queue.redis, queue_name=platform.settings.queue_name)


def names(told):
    return [event["event"] for event in told]


def line(number):
    return Event.make(EventType.LOG, {"n": number}, public=None)


def test_it_begins_with_a_snapshot_and_ends_with_the_end(listen, ask, session, claimed, events, platform):
    platform.queue.publish(claimed.execution_id, LiveProgress("t", 1, 0.5, "DR"))
    told = listen(claimed.execution_id)
    snapshot = next(told)["data"]
    assert (snapshot["state"], snapshot["attempt"], snapshot["progress"]) == ("RUNNING", 1, 0.5)
    assert snapshot["disciplines"] == {"First": "DONE", "Second": "RUNNING"}
    events.publish(claimed.execution_id, [line(1)])
    assert next(told)["data"] == {"n": 1}
    execution_finish(
        session, claimed, outputs={"result": 3.0}, values=platform.values, end=AttemptEnd(converged=True)
    )
    state, end = list(told)
    assert (state["event"], state["data"]["state"], state["data"]["converged"]) == ("state", "FINISHED", True)
    assert set(state["data"]["disciplines"].values()) == {"DONE"}
    assert (end["event"], end["id"]) == ("end", "end")
    assert ask(claimed.execution_id, after="end").json == {"events": [], "last_event_id": "end"}


def test_what_others_than_the_run_write_into_its_log_is_told_too(listen, session, claimed, platform, actor):
    told = listen(claimed.execution_id)
    assert next(told)["event"] == "snapshot"
    execution_set_priority(session, claimed.execution_id, priority=70, actor=actor)
    change = next(told)
    (line,) = change["data"]["lines"]
    assert (change["event"], line["index"], change["data"]["attempt"]) == ("log", None, 1)
    assert "priority" in line["message"]
    loss = Loss(reason="its worker was killed", actor="pool", max_attempts=1)
    execution_lose(session, claimed, loss=loss, queue=platform.queue)
    lost, *others = list(told)
    assert "its worker was killed" in lost["data"]["lines"][0]["message"]
    assert names(others) == ["state", "end"]


def test_the_line_of_an_end_by_force_comes_before_it(listen, session, claimed):
    told = listen(claimed.execution_id)
    assert next(told)["event"] == "snapshot"
    line = LogLine(utc_now(), "ERROR", "failed: it took more memory than it may", "First")
    execution_fail(session, claimed, failure=Failure("x"), end=AttemptEnd(log=[line]))
    log, *others = list(told)
    assert log["data"]["lines"][0]["discipline"] == "First"
    assert names(others) == ["state", "end"]


def test_who_has_seen_the_end_is_told_not_to_come_back(
    client, listen, bearer, accounts, owner, session, claimed
):
    execution_fail(session, claimed, failure=Failure("x"), end=AttemptEnd())
    assert names(listen(claimed.execution_id)) == ["snapshot", "end"]
    headers = bearer(accounts.key(owner)) | {"Last-Event-ID": "end"}
    assert client.get(f"/api/v0/executions/{claimed.execution_id}/events", headers=headers).status_code == 204


def test_who_comes_back_gets_what_it_missed_and_a_stranger_to_the_stream_a_snapshot(
    listen, ask, claimed, events
):
    first = next(listen(claimed.execution_id))
    events.publish(claimed.execution_id, [line(number) for number in range(5)])
    told = listen(claimed.execution_id, after=first["id"])
    missed = [next(told) for _ in range(5)]
    assert [event["data"]["n"] for event in missed] == list(range(5))
    told = listen(claimed.execution_id, after=missed[2]["id"])
    assert [next(told)["data"]["n"] for _ in range(2)] == [3, 4]
    for unknown in ("1-0", "0-0", "end", "nonsense", "9" * 40):
        assert names(ask(claimed.execution_id, after=unknown).json["events"]) == ["snapshot"]


def test_after_redis_was_emptied_everybody_gets_a_snapshot_and_what_follows(listen, claimed, events):
    told = listen(claimed.execution_id)
    next(told)
    events.redis.flushdb()
    events.publish(claimed.execution_id, [line(1)])
    assert next(told)["event"] == "snapshot"
    events.publish(claimed.execution_id, [line(2)])
    assert next(told)["data"] == {"n": 2}


def test_a_state_that_no_event_told_is_read_from_the_database(
    listen, app, monkeypatch, session, claimed, events
):
    monkeypatch.setattr(watch, "_CALM_SECONDS", 0.0)
    told = listen(claimed.execution_id)
    next(told)
    monkeypatch.setattr(ExecutionEvents, "publish", lambda *_arguments: False)
    execution_fail(session, claimed, failure=Failure("x"), end=AttemptEnd())
    snapshot, end = list(told)
    assert (snapshot["event"], snapshot["data"]["state"], end["event"]) == ("snapshot", "FAILED", "end")


def test_without_redis_states_and_the_end_are_told_all_the_same(
    make_app, settings, accounts, owner, bearer, session, actor, make_case, queued
):
    app = make_app(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    client, headers = app.test_client(), bearer(accounts.key(owner))
    path = f"/api/v0/executions/{queued}/events"
    first = client.get(path, headers=headers, query_string={"wait": 5}).json
    assert names(first["events"]) == ["snapshot"]
    empty = client.get(path, headers=headers, query_string={"wait": 0, "after": first["last_event_id"]}).json
    assert empty == {"events": [], "last_event_id": first["last_event_id"]}
    dead = ExecutionQueue.for_web(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    with client.get(path, headers=headers, buffered=False) as answer:
        chunks = answer.iter_encoded()
        next(chunks)
        assert b"QUEUED" in next(chunks)
        execution_stop(session, queued, actor=actor, queue=dead)
        rest = b"".join(chunks)
    assert b'"STOPPED"' in rest
    assert b"event: end" in rest


def test_viewers_are_told_no_message_no_reason_and_no_line(
    listen, accounts, studies, session, claimed, events
):
    study = session.query(StudyCase).one()
    viewer = accounts.user()
    studies.right(study, viewer, Role.RESTRICTED_VIEWER)
    told = listen(claimed.execution_id, key=accounts.key(viewer))
    next(told)
    events.publish(claimed.execution_id, [line("a secret")])
    failure = Failure("a secret", traceback="a secret")
    execution_fail(session, claimed, failure=failure, end=AttemptEnd(disciplines={"First": "FAILED"}))
    seen = list(told)
    assert names(seen) == ["state", "end"]
    assert "a secret" not in str(seen)
    assert seen[0]["data"]["error_message"] == "The discipline First failed."
    session.rollback()
    for told in (listen(claimed.execution_id, key=accounts.key(viewer)), listen(claimed.execution_id)):
        snapshot = next(told)
    assert snapshot["data"]["error_message"] == "a secret"


@pytest.mark.parametrize("taken", ["key", "study case"])
def test_a_right_that_is_taken_away_ends_the_stream(listen, monkeypatch, session, claimed, taken):
    monkeypatch.setattr(watch, "RIGHTS_SECONDS", 0.0)
    told = listen(claimed.execution_id)
    next(told)
    with unit_of_work(session):
        if taken == "key":
            session.execute(update(ApiKey).values(revoked_at=utc_now()))
        else:
            session.execute(update(StudyCase).values(deleted_at=utc_now()))
    assert list(told) == []


def test_unknown_and_foreign_executions_look_the_same(ask, accounts, queued):
    stranger = accounts.key(accounts.user())
    foreign, unknown = ask(queued, key=stranger), ask(queued + 1)
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert foreign.json["detail"] == unknown.json["detail"]
    assert ask(10**29).status_code == 404


def test_a_long_poll_waits_for_the_first_event_and_goes_on_from_it(ask, queued, events):
    first = ask(queued).json
    assert names(first["events"]) == ["snapshot"]
    after = first["last_event_id"]
    assert ask(queued, after=after).json == {"events": [], "last_event_id": after}
    events.publish(queued, [line(1), line(2)])
    both = ask(queued, after=after, wait=30).json
    assert [event["data"]["n"] for event in both["events"]] == [1, 2]
    assert ask(queued, after=both["last_event_id"]).json["events"] == []
    for wrong in ({"wait": 31}, {"wait": -1}, {"wait": "x"}, {"since": 1}):
        assert ask(queued, **wrong).status_code == 422


def test_limits_of_listeners_are_told_and_left_listeners_make_room(
    make_app, settings, accounts, owner, bearer, queued
):
    app = make_app(settings.model_copy(update={"max_listeners": 3, "max_listeners_per_caller": 2}))
    client, mine, other = app.test_client(), accounts.key(owner), accounts.key(owner)
    path = f"/api/v0/executions/{queued}/events"

    def start(key):
        return client.get(path, headers=bearer(key), buffered=False)

    answers = [start(mine), start(mine)]
    refused = start(mine)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    answers.append(start(other))
    assert [answer.status_code for answer in answers] == [200] * 3
    refused = start(other)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    for answer in answers:
        answer.close()
    assert hub_of(app).all_listeners() == []
    with start(mine) as answer:
        assert answer.status_code == 200
    assert client.head(path, headers=bearer(mine)).status_code == 200
    wait_until(lambda: hub_of(app).all_listeners() == [])


def test_where_a_stream_keeps_its_thread_only_so_many_may(client, accounts, owner, bearer, queued):
    headers, path = bearer(accounts.key(owner)), f"/api/v0/executions/{queued}/events"
    answers = [client.get(path, headers=headers, buffered=False) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [503]
    known = client.get(path, headers=headers, query_string={"wait": 0}).json["last_event_id"]
    busy = client.get(path, headers=headers, query_string={"wait": 1, "after": known})
    assert busy.status_code == 503
    for answer in answers:
        answer.close()
    assert client.get(path, headers=headers, query_string={"wait": 0}).status_code == 200
