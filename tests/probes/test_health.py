"""Probes answer whatever else is broken, quickly, and say what is."""

import datetime as dt
import socket
import threading
import time

import pytest
from sqlalchemy import text

from sostrades_api.migration import head_revision
from sostrades_api.models import WorkerProcess, utc_now
from sostrades_api.probes.health import EXTENSION
from sostrades_api.probes.readiness import Part, Readiness, Status


@pytest.fixture
def worker(session):
    """A worker that says that it is there."""
    session.add(WorkerProcess(name="w", host="h", pid=1, profiles=["standard"], heartbeat_at=utc_now()))
    session.commit()


def statuses(answer):
    return {name: part["status"] for name, part in answer.json["parts"].items()}


def test_a_platform_that_has_everything_is_ready(client, worker):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "ok"), answer.json
    assert statuses(answer) == dict.fromkeys(["database", "value_store", "queue", "workers"], "ok")
    assert all(part["milliseconds"] >= 0 and part["message"] for part in answer.json["parts"].values())
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("silent_seconds", [None, 3600])
def test_without_a_worker_alive_it_serves_and_says_so(client, session, silent_seconds):
    if silent_seconds:
        at = utc_now() - dt.timedelta(seconds=silent_seconds)
        session.add(WorkerProcess(name="w", host="h", pid=1, profiles=["standard"], heartbeat_at=at))
        session.commit()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["parts"]["workers"]["message"] == "No worker is alive: executions wait"


def test_tables_of_another_version_are_not_ready(client, session):
    session.execute(text("UPDATE alembic_version SET version_num = 'another'"))
    session.commit()
    try:
        answer = client.get("/readyz")
    finally:
        session.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": head_revision()})
        session.commit()
    assert (answer.status_code, answer.json["status"]) == (503, "failed")
    assert "flask db upgrade" in answer.json["parts"]["database"]["message"]


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.database("sqlite")
def test_without_a_queue_it_serves_and_says_so(make_app, settings, free_port):
    url = f"redis://:topsecret@127.0.0.1:{free_port}/0"
    answer = make_app(settings.model_copy(update={"redis_url": url})).test_client().get("/readyz")
    assert (answer.status_code, statuses(answer)["queue"]) == (200, "degraded")
    assert "topsecret" not in answer.text
    assert str(free_port) not in answer.text


@pytest.mark.database("sqlite")
def test_an_empty_database_is_not_ready_and_the_answer_names_no_path(make_app, settings, tmp_path):
    empty = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'empty.sqlite3'}"})
    answer = make_app(empty).test_client().get("/readyz")
    assert (answer.status_code, statuses(answer)["database"]) == (503, "failed")
    assert str(tmp_path) not in answer.text


@pytest.mark.database("sqlite")
def test_a_value_store_that_is_no_folder_is_not_ready(make_app, settings, tmp_path):
    (tmp_path / "file").touch()
    broken = settings.model_copy(update={"value_store_url": f"file://{tmp_path / 'file' / 'values'}"})
    answer = make_app(broken).test_client().get("/readyz")
    assert (answer.status_code, statuses(answer)["value_store"]) == (503, "failed")
    assert str(tmp_path) not in answer.text


@pytest.mark.database("sqlite")
def test_a_value_store_anywhere_is_looked_at(make_app, settings):
    anywhere = settings.model_copy(update={"value_store_url": "memory://values"})
    assert statuses(make_app(anywhere).test_client().get("/readyz"))["value_store"] == "ok"


@pytest.mark.database("sqlite")
def test_a_database_that_accepts_and_says_nothing_does_not_hang_the_probe(make_app, settings):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://u:topsecret@127.0.0.1:{silent.getsockname()[1]}/d"
        app = make_app(settings.model_copy(update={"database_url": url}))
        client = app.test_client()
        app.extensions[EXTENSION]._seconds = 0.3
        began = time.monotonic()
        answer = client.get("/readyz")
        assert client.get("/healthz").json == {"status": "ok"}
        assert time.monotonic() - began < 2
    assert (answer.status_code, statuses(answer)["database"]) == (503, "failed")
    assert statuses(answer)["value_store"] == "ok"
    assert "topsecret" not in answer.text


@pytest.mark.database("sqlite")
def test_being_alive_takes_neither_key_nor_database_nor_queue(make_app, settings, free_port, monkeypatch):
    nothing = {
        "database_url": f"postgresql+psycopg://u@127.0.0.1:{free_port}/d",
        "redis_url": f"redis://127.0.0.1:{free_port}/0",
        "rate_limit": "1 per day",
    }
    client = make_app(settings.model_copy(update=nothing)).test_client()
    monkeypatch.setattr(socket.socket, "connect", lambda *_args: pytest.fail("it opened a connection"))
    assert [client.get("/healthz").status_code for _ in range(3)] == [200, 200, 200]


def counting(seconds=0.0):
    calls = []

    def look():
        calls.append(threading.get_ident())
        time.sleep(seconds)
        return "fine"

    return calls, look


def test_many_askers_within_a_second_cost_one_look():
    calls, look = counting(0.05)
    readiness = Readiness([Part("p", look)], fresh_seconds=60)
    askers = [threading.Thread(target=readiness.report) for _ in range(8)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(calls) == 1


def test_a_part_that_hangs_is_asked_once_and_is_well_again_when_it_answers():
    calls, release = [], threading.Event()

    def look():
        calls.append(None)
        release.wait(30)
        return "fine"

    readiness = Readiness([Part("p", look)], seconds=0.02, fresh_seconds=0)
    for _ in range(5):
        assert readiness.report().status is Status.FAILED
    assert len(calls) == 1
    release.set()
    deadline = time.monotonic() + 10
    while readiness.report().status is not Status.OK and time.monotonic() < deadline:
        time.sleep(0.01)
    assert readiness.report().status is Status.OK


def test_parts_are_looked_at_at_once():
    barrier = threading.Barrier(3)
    parts = [Part(name, lambda: str(barrier.wait(10))) for name in "abc"]
    assert Readiness(parts, seconds=15).report().status is Status.OK


def test_what_is_not_essential_degrades():
    def broken():
        raise ValueError("/secret/path")

    report = Readiness([Part("a", lambda: "fine"), Part("b", broken, essential=False)]).report()
    assert report.status is Status.DEGRADED
    assert report.parts["b"].message == "It does not answer (ValueError)"
