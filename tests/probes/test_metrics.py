"""Figures: for whom they are, that they are true, and that several processes tell the same."""

import datetime as dt
import json

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError

from sostrades_api.models import Execution, ExecutionState, ExecutionTransition, WorkerProcess, utc_now
from sostrades_api.probes.execution_counts import BUCKETS, ExecutionCounts
from sostrades_api.probes.shared_figures import SharedFigures, folder_of_server, key_of
from sostrades_api.services.failure_class import failure_class
from tests.support.live import LivePlatform, wait_until

TOKEN = "a-token-of-enough-characters"


@pytest.fixture
def settings(settings):
    return settings.model_copy(update={"metrics": "loopback"})


def figures_of(text):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(client, **options):
    answer = client.get("/metrics", **options)
    assert answer.status_code == 200, answer.text
    return figures_of(answer.text)


@pytest.mark.database("sqlite")
def test_nobody_reads_figures_where_they_are_off(make_app, settings):
    app = make_app(settings.model_copy(update={"metrics": "off"}))
    assert app.test_client().get("/metrics").status_code == 404
    assert not (settings.data_dir / "metrics").exists()


@pytest.mark.database("sqlite")
@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.1", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, 403),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
    ],
)
def test_this_machine_reads_them_but_no_proxy_on_it(client, address, headers, status):
    answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status


@pytest.mark.database("sqlite")
def test_a_token_reads_them_from_anywhere(make_app, settings):
    given = settings.model_copy(update={"metrics": "token", "metrics_token": TOKEN})
    client = make_app(given).test_client()
    afar = {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}}
    assert client.get("/metrics", **afar).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer é"}, **afar).status_code == 401
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, **afar).status_code == 200


@pytest.mark.database("sqlite")
def test_a_token_that_can_be_guessed_is_refused(settings):
    with pytest.raises(ValidationError, match="16 characters"):
        type(settings)(metrics="token", metrics_token="short")


@pytest.mark.database("sqlite")
def test_requests_are_counted_by_route_method_and_status(client):
    for _ in range(3):
        client.get("/api/ping")
    client.get("/study-case/123456")
    client.get("/nowhere/at/all")
    client.get("/healthz")
    found = read(client)
    ping = (("method", "GET"), ("route", "/api/ping"))
    assert found["sostrades_http_requests_total", *ping, ("status", "200")] == 3
    assert found["sostrades_http_request_duration_seconds_count", *ping] == 3
    assert 0 < found["sostrades_http_request_duration_seconds_sum", *ping] < 60
    assert found["sostrades_http_request_duration_seconds_bucket", ("le", "+Inf"), *ping] == 3
    routes = {dict(key[1:]).get("route") for key in found}
    assert {"/study-case/<int:study_id>", "unmatched"} <= routes
    assert not {"/healthz", "/metrics", "/nowhere/at/all"} & routes
    assert [figure for key, figure in found.items() if key[0] == "sostrades_build_info"] == [1]


@pytest.mark.database("sqlite")
def test_an_error_that_nobody_expected_is_counted_by_its_name(app, client):
    def broken():
        raise ZeroDivisionError

    app.add_url_rule("/broken", "broken", broken)
    assert client.get("/broken").status_code == 500
    found = read(client)
    assert found["sostrades_unexpected_errors_total", ("exception", "ZeroDivisionError")] == 1


@pytest.mark.database("sqlite")
def test_connections_in_use_are_given_back(client, make_user, make_key, bearer):
    client.get("/api/v0/study-cases", headers=bearer(make_key(make_user("alice"))))
    found = read(client)
    assert found["sostrades_database_connections_opened_total",] >= 1
    # The scrape looks at the files before it asks the database.
    assert found["sostrades_database_connections_in_use",] == 0


def test_states_queues_and_workers_are_those_of_the_database(client, session, make_group, make_study):
    for number, profile in enumerate(["standard", "large", "large"]):
        study = make_study(make_group(name=f"g{number}"))
        at = utc_now() - dt.timedelta(seconds=100 * number)
        session.add(execution_of(study, worker_profile=profile, requested_at=at))
    beats = {"idle": utc_now(), "held": utc_now(), "lost": utc_now() - dt.timedelta(hours=1)}
    for name, at in beats.items():
        row = WorkerProcess(name=name, host="h", pid=1, profiles=[], heartbeat_at=at, held=name == "held")
        session.add(row)
    session.commit()
    found = read(client)
    assert found["sostrades_executions", ("state", "QUEUED")] == 3
    assert found["sostrades_executions", ("state", "RUNNING")] == 0
    assert found["sostrades_queue_length", ("profile", "large")] == 2
    # The oldest is the one that was requested first, by number; it is the first to go.
    assert 100 <= found["sostrades_queue_oldest_seconds", ("profile", "large")] < 160
    states = {"idle": 1, "busy": 0, "held": 1, "lost": 1}
    assert {state: found["sostrades_workers", ("state", state)] for state in states} == states
    assert found["sostrades_webhook_deliveries", ("state", "pending")] == 0
    assert found["sostrades_database_up",] == 1


def execution_of(study, **columns):
    return Execution(
        study_case_id=study.id,
        study_revision=1,
        process_name="sellar",
        group_id=study.group_id,
        requested_by="alice",
        **columns,
    )


def change(session, execution, from_state, to_state, *, attempt=1, at=None, reason="r"):
    session.add(
        ExecutionTransition(
            execution_id=execution.id,
            from_state=from_state,
            to_state=to_state,
            reason=reason,
            actor="a",
            attempt=attempt,
            at=at or utc_now(),
        )
    )
    session.commit()


def test_what_became_of_executions_is_counted_once_however_often_it_is_read(
    client, session, make_group, make_study
):
    read(client)  # counting begins
    started = utc_now()
    execution = execution_of(
        make_study(make_group()),
        state=ExecutionState.FAILED,
        requested_at=started - dt.timedelta(seconds=4),
        started_at=started,
        error_message="The loop did not converge",
        traceback="x" * 9000 + "\nsostrades_api.engine.errors.CouplingNotConverged: a\nb\n",
    )
    session.add(execution)
    session.commit()
    change(session, execution, None, "QUEUED", attempt=0)
    change(session, execution, "QUEUED", "RUNNING", at=started)
    read(client)
    change(session, execution, "RUNNING", "QUEUED", reason="its worker was silent")
    change(session, execution, "QUEUED", "RUNNING", attempt=2)
    change(session, execution, "RUNNING", "FAILED", attempt=2, at=started + dt.timedelta(seconds=7))
    for _ in range(2):
        found = read(client)
    of = ("profile", "standard")
    assert found["sostrades_executions_requested_total", of] == 1
    assert found["sostrades_attempts_lost_total", of] == 1
    assert found["sostrades_executions_ended_total", of, ("state", "FAILED")] == 1
    assert found["sostrades_executions_failed_total", ("kind", "not_converged"), of] == 1
    assert found["sostrades_execution_waiting_seconds_count", of] == 1
    assert found["sostrades_execution_waiting_seconds_sum", of] == pytest.approx(4, abs=0.01)
    assert found["sostrades_execution_duration_seconds_bucket", ("le", "5.0"), of] == 0
    assert found["sostrades_execution_duration_seconds_bucket", ("le", "10.0"), of] == 1


@pytest.mark.database("sqlite")
def test_a_change_that_is_committed_after_a_later_one_is_counted_too(
    session, make_group, make_study, tmp_path
):
    counts = ExecutionCounts(tmp_path)
    list(counts.collect(session))
    execution = execution_of(make_study(make_group()))
    session.add(execution)
    session.commit()

    def requested():
        session.rollback()
        families = {family.name: family for family in counts.collect(session)}
        return sum(sample.value for sample in families["sostrades_executions_requested"].samples)

    late = ExecutionTransition(
        id=10, execution_id=execution.id, to_state="QUEUED", reason="r", actor="a", attempt=0
    )
    early = ExecutionTransition(
        id=20, execution_id=execution.id, to_state="QUEUED", reason="r", actor="a", attempt=0
    )
    session.add(early)
    session.commit()
    assert requested() == 1
    session.add(late)
    session.commit()
    assert [requested(), requested()] == [2, 2]
    known = json.loads((tmp_path / "executions.json").read_text())
    assert (known["cursor"], known["seen"]) == (0, [10, 20])


@pytest.mark.database("sqlite")
def test_what_has_settled_is_not_remembered_one_by_one(session, make_group, make_study, tmp_path):
    counts = ExecutionCounts(tmp_path)
    list(counts.collect(session))
    execution = execution_of(make_study(make_group()))
    session.add(execution)
    session.commit()
    change(session, execution, None, "QUEUED", at=utc_now() - dt.timedelta(minutes=5))
    change(session, execution, "QUEUED", "RUNNING", at=utc_now() - dt.timedelta(minutes=4))
    list(counts.collect(session))
    known = json.loads((tmp_path / "executions.json").read_text())
    assert known["seen"] == []
    assert known["cursor"] > 0


@pytest.mark.database("sqlite")
def test_without_a_database_the_server_tells_its_own_figures(make_app, settings, tmp_path):
    empty = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'empty.sqlite3'}"})
    client = make_app(empty).test_client()
    client.get("/api/ping")
    found = read(client)
    assert found["sostrades_database_up",] == 0
    assert any(key[0] == "sostrades_http_requests_total" for key in found)


@pytest.mark.parametrize(
    ("message", "traceback", "kind"),
    [
        ("m", "sostrades_api.engine.errors.CouplingCycles: text\nValueError: not ours", "not_converged"),
        ("m", "ValueError: x\n\nsostrades_api.engine.errors.DisciplineRaised: y", "discipline"),
        ("m", "MemoryError", "memory"),
        ("Given up after 3 lost attempts: it hung", None, "lost"),
        ("The execution ran longer than the 5 s that this platform allows", "Thread 0x1", "overdue"),
        ("m", "KeyError: 'x'", "other"),
        ("m", None, "other"),
    ],
)
def test_a_failure_has_a_kind(message, traceback, kind):
    assert failure_class(message, traceback=traceback) == kind


def test_figures_of_a_server_that_has_ended_are_removed_and_others_are_kept(tmp_path):
    mine = folder_of_server(tmp_path)
    host = mine.name.rsplit("_", 2)[0]
    gone, foreign = tmp_path / "metrics" / f"{host}_4194305_1", tmp_path / "metrics" / "another-host_1_1"
    for folder in (gone, foreign):
        folder.mkdir()
    assert folder_of_server(tmp_path) == mine
    assert [gone.exists(), foreign.exists(), mine.exists()] == [False, True, True]


def test_figures_add_up_in_ordered_buckets(tmp_path):
    figures, key = SharedFigures(tmp_path), key_of("name", text="text")
    figures.add("counter", (key, 1.0))
    for _ in range(1000):
        figures.add("counter", (key, 1.0))
    (family,) = figures.collect()
    assert [sample.value for sample in family.samples] == [1001]
    assert tuple(sorted(BUCKETS)) == BUCKETS


@pytest.mark.slow
@pytest.mark.database("sqlite")
def test_two_processes_of_a_server_tell_one_story(live_settings):
    with LivePlatform(live_settings.model_copy(update={"metrics": "loopback"})) as platform:
        url = platform.start_web(processes=2)
        folders = live_settings.data_dir / "metrics"
        wait_until(
            lambda: (
                requests.get(f"{url}/api/ping", timeout=10) and len(list(folders.glob("*/counter_*"))) == 2
            )
        )
        key = ("sostrades_http_requests_total", ("method", "GET"), ("route", "/api/ping"), ("status", "200"))
        before = figures_of(requests.get(f"{url}/metrics", timeout=10).text)[key]
        for _ in range(40):
            requests.get(f"{url}/api/ping", timeout=10)
        told = {figures_of(requests.get(f"{url}/metrics", timeout=10).text)[key] for _ in range(10)}
        assert told == {before + 40}
        assert len(list(folders.iterdir())) == 1
