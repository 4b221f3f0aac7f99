"""Who works, what waits, and what administrators may do about it."""

import datetime as dt

import pytest
from sqlalchemy import update

from sostrades_api.models import (
    Execution,
    ExecutionState,
    ExecutionTransition,
    QueuePause,
    StudyCase,
    WorkerProcess,
    utc_now,
)
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.settings import WorkerProfile
from tests.api.conftest import ApiClient


@pytest.fixture
def settings(settings):
    profiles = {"standard": WorkerProfile(), "large": WorkerProfile(cpu=4)}
    return settings.model_copy(update={"worker_profiles": profiles})


@pytest.fixture
def admin(client, accounts):
    return ApiClient(client, accounts.key(accounts.user("root", is_admin=True)))


@pytest.fixture
def reader(client, accounts):
    return ApiClient(client, accounts.key(accounts.user("alice")))


@pytest.fixture
def add_worker(session):
    def add(name, *, silent=0.0, **columns):
        with unit_of_work(session):
            heartbeat = utc_now() - dt.timedelta(seconds=silent)
            values = {"host": "node3", "pid": 17, "profiles": ["standard"], "heartbeat_at": heartbeat}
            session.add(WorkerProcess(name=name, **values | columns))

    return add


@pytest.fixture
def add_execution(session):
    """An execution of a study case of its own, with its history: state and seconds ago, in order."""

    def add(group, *history, **columns):
        with unit_of_work(session):
            study = StudyCase(
                name=f"{utc_now()}", process_name="sellar", group_id=group.id, created_by="test"
            )
            session.add(study)
            session.flush()
            execution = Execution(
                study_case_id=study.id,
                study_revision=1,
                process_name="sellar",
                group_id=group.id,
                requested_by="test",
                state=ExecutionState(history[-1][0]),
                **columns,
            )
            session.add(execution)
            session.flush()
            before = None
            for state, ago in history:
                at = utc_now() - dt.timedelta(seconds=ago)
                session.add(
                    ExecutionTransition(
                        execution_id=execution.id,
                        at=at,
                        from_state=before,
                        to_state=state,
                        reason="test",
                        actor="test",
                        attempt=1,
                    )
                )
                session.flush()
                before = state
            return execution.id

    return add


def test_workers_are_shown_with_what_they_do_and_only_to_administrators_with_who_they_are(
    admin, reader, accounts, add_worker, add_execution
):
    group = accounts.group()
    add_worker("a")
    add_worker("b")
    add_worker("c", held=True, held_by="root")
    add_worker("d", silent=13.0)  # more than three heartbeats of four seconds
    running = add_execution(group, ("RUNNING", 1.0), worker_name="b")
    shown = {worker["name"]: worker for worker in admin.get("/workers").json}
    assert {name: worker["state"] for name, worker in shown.items()} == {
        "a": "idle",
        "b": "busy",
        "c": "held",
        "d": "lost",
    }
    assert {name: worker["execution_id"] for name, worker in shown.items()} == {
        "a": None,
        "b": running,
        "c": None,
        "d": None,
    }
    assert (shown["b"]["host"], shown["b"]["pid"], shown["c"]["held_by"]) == ("node3", 17, "root")
    seen = reader.get("/workers").json
    assert sorted(worker["state"] for worker in seen) == ["busy", "held", "idle", "lost"]
    private = ("name", "host", "pid", "held_by")
    assert {worker[key] for worker in seen for key in private} == {None}


def test_a_worker_is_held_and_released_once_and_only_by_an_administrator(
    client, admin, reader, accounts, add_worker
):
    add_worker("node3-17")
    for _ in range(2):
        answer = admin.send("PUT", "/workers/node3-17/hold")
        assert (answer.status_code, answer.json["state"], answer.json["held_by"]) == (200, "held", "root")
    looks = ApiClient(client, accounts.key(accounts.user("boss", is_admin=True), read_only=True))
    for stranger in (reader, looks):
        for name in ("node3-17", "nobody"):
            assert stranger.send("PUT", f"/workers/{name}/release").status_code == 403
    for _ in range(2):
        answer = admin.send("PUT", "/workers/node3-17/release")
        assert (answer.status_code, answer.json["state"], answer.json["held_by"]) == (200, "idle", None)
    for name in ("nobody", "a%00b"):
        unknown = admin.send("PUT", f"/workers/{name}/hold")
        assert unknown.status_code == 404
        assert "worker" in unknown.json["detail"]


def test_the_queue_tells_what_waits_and_how_long_it_took(admin, reader, accounts, add_worker, add_execution):
    team, other = accounts.group("team"), accounts.group("other")
    add_worker("a")
    add_worker("b", profiles=["large", "standard"], held=True)
    add_execution(team, ("QUEUED", 30.0))
    add_execution(team, ("QUEUED", 500.0), ("SUSPENDED", 400.0), ("QUEUED", 10.0))
    add_execution(other, ("QUEUED", 90.0), ("SUSPENDED", 80.0), worker_profile="large")
    add_execution(other, ("QUEUED", 25.0), ("RUNNING", 20.0))
    for wait, run in ((1.0, 4.0), (2.0, 8.0), (30.0, 6.0)):
        end = 100.0
        add_execution(team, ("QUEUED", end + run + wait), ("RUNNING", end + run), ("FINISHED", end))
    add_execution(team, ("QUEUED", 9000.0), ("RUNNING", 8000.0), ("FINISHED", 7000.0))  # long ago
    answer = admin.get("/queue").json
    standard, large = answer["profiles"]
    assert [standard["profile"], large["profile"]] == ["standard", "large"]
    counts = ("waiting", "runnable", "running", "suspended")
    assert [standard[name] for name in counts] == [2, 2, 1, 0]
    assert [large[name] for name in counts] == [0, 0, 0, 1]
    assert standard["oldest_waiting_seconds"] == pytest.approx(30.0, abs=10.0)
    assert large["oldest_waiting_seconds"] is None
    assert standard["median_waiting_seconds"] == pytest.approx(2.0, abs=0.5)  # of 1, 2, 5 and 30
    assert standard["p95_waiting_seconds"] == pytest.approx(30.0, abs=0.5)
    assert standard["mean_run_seconds"] == pytest.approx(6.0, abs=0.5)
    assert standard["per_hour"] == 3
    assert large["median_waiting_seconds"] is None
    assert standard["workers"] == {"idle": 1, "held": 1}
    assert large["workers"] == {"held": 1}
    assert answer["groups"] == [
        {"group": "team", "waiting": 2, "running": 0, "max_running": None},
        {"group": "other", "waiting": 0, "running": 1, "max_running": None},
    ]
    assert reader.get("/queue").json["groups"] is None
    assert reader.get("/queue").json["profiles"][0]["waiting"] == 2


def test_a_paused_queue_says_so_with_the_reason_and_goes_on_when_it_is_resumed(
    admin, reader, accounts, add_execution, platform, session
):
    execution_id = add_execution(accounts.group(), ("QUEUED", 1.0), worker_profile="large")
    body = {"worker_profile": "large", "reason": "new disks"}
    assert reader.send("PUT", "/queue/pause", json=body).status_code == 403
    admin.send("PUT", "/queue/pause", json=body)
    answer = admin.send("PUT", "/queue/pause", json=body)
    assert answer.status_code == 200, answer.text
    standard, large = answer.json["profiles"]
    assert standard["pause"] is None
    assert (large["pause"]["reason"], large["pause"]["paused_by"]) == ("new disks", "root")
    seen = reader.get("/queue").json["profiles"][1]["pause"]
    assert (seen["reason"], seen["paused_by"]) == ("new disks", None)
    assert admin.get("/queue/autoscaling").json["profiles"]["large"]["wanted_workers"] == 0
    assert not platform.queue.is_waiting(execution_id, profile="large")
    assert reader.send("PUT", "/queue/resume", json={}).status_code == 403
    for _ in range(2):
        answer = admin.send("PUT", "/queue/resume", json={"worker_profile": "large"})
        assert answer.json["profiles"][1]["pause"] is None
    assert platform.queue.is_waiting(execution_id, profile="large")  # at once, not at the next sweep
    session.rollback()
    assert session.get(Execution, execution_id).enqueued_at is not None


def test_all_profiles_are_paused_at_once_those_without_settings_too(admin, accounts, add_execution, session):
    add_execution(accounts.group(), ("QUEUED", 1.0), worker_profile="retired")
    answer = admin.send("PUT", "/queue/pause", json={})
    assert [(row["profile"], row["is_configured"]) for row in answer.json["profiles"]] == [
        ("standard", True),
        ("large", True),
        ("retired", False),
    ]
    assert all(row["pause"] for row in answer.json["profiles"])
    assert "retired" not in admin.get("/queue/autoscaling").json["profiles"]
    admin.send("PUT", "/queue/resume", json={"worker_profile": None})
    session.rollback()
    assert session.query(QueuePause).count() == 0


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"worker_profile": "gigantic"}, "/worker_profile"),
        ({"worker_profile": 3}, "/worker_profile"),
        ({"reason": "x" * 1001}, "/reason"),
        ({"reason": "a\x00b"}, "/reason"),
        ({"profile": "large"}, "/profile"),
    ],
)
def test_a_pause_of_nothing_that_there_is_is_refused(admin, session, body, pointer):
    answer = admin.send("PUT", "/queue/pause", json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == pointer
    assert session.query(QueuePause).count() == 0


def test_the_workers_wanted_follow_from_what_can_run_and_how_long_it_takes(
    admin, accounts, add_execution, session
):
    team, small = accounts.group("team"), accounts.group("small")
    session.execute(update(type(small)).where(type(small).id == small.id).values(max_running=1))
    session.commit()
    for _ in range(10):
        add_execution(team, ("QUEUED", 1.0))
        add_execution(small, ("QUEUED", 1.0))
    add_execution(team, ("QUEUED", 121.0), ("RUNNING", 120.0), ("FINISHED", 100.0))
    add_execution(team, ("QUEUED", 5.0), ("RUNNING", 4.0))

    def wanted(query=""):
        answer = admin.get(f"/queue/autoscaling{query}").json
        return answer["profiles"]["standard"]

    # 10 of one group, 1 of the other (which may run one): 11 of 20 s each, beside the one that runs.
    found = wanted()
    assert (found["waiting"], found["runnable"], found["running"]) == (20, 11, 1)
    assert found["wanted_workers"] == 1 + 4
    assert wanted("?target_seconds=20")["wanted_workers"] == 1 + 11
    assert wanted("?target_seconds=1")["wanted_workers"] == 1 + 11  # more than one each are of no use
    assert wanted("?target_seconds=3600")["wanted_workers"] == 1 + 1
    for query in ("?target_seconds=0", "?target_seconds=nan", "?target_seconds=1e9", "?seconds=3"):
        assert admin.get(f"/queue/autoscaling{query}").status_code == 422, query
