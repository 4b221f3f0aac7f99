"""Spans of requests and of attempts, and what links them; nothing where nobody asked."""

import logging
import subprocess
import sys
import threading
import time

import pytest

from sostrades_api import tracing
from sostrades_api.models import Execution, ExecutionState
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.settings import PROJECT_DIR, Settings
from sostrades_api.tracing import TracedAttempt, TracedDiscipline
from sostrades_api.worker.attempt_trace import trace_attempt
from sostrades_api.worker.runtime import ClaimedAttempt, Runtime
from tests.support.finished import finished_study

pytest.importorskip("opentelemetry.sdk")
pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from sostrades_api.tracing.spans import OpenTelemetry

pytestmark = pytest.mark.database("sqlite")

SENDER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SENDER_TRACE, SENDER_SPAN = (int(part, 16) for part in SENDER.split("-")[1:3])
UNWANTED = SENDER[:-1] + "0"


class Exporter(InMemorySpanExporter):
    """Keeps spans also after it was shut down."""

    def shutdown(self):
        """The next attempt makes another one."""


@pytest.fixture
def exporter():
    return Exporter()


@pytest.fixture
def traced(exporter):
    """Tracing into ``exporter``; ask for it before the application."""
    made = OpenTelemetry(for_requests=lambda: exporter, for_attempts=lambda: exporter)
    before = tracing.use(made)
    yield made
    tracing.use(before)
    if made._provider is not None:
        made._provider.shutdown()


@pytest.fixture
def spans(traced, exporter):
    """The spans so far."""

    def ended():
        traced.flush()
        return exporter.get_finished_spans()

    return ended


@pytest.fixture
def post_execution(traced, client, make_user, make_group, make_key, make_study, bearer):
    """Request an execution with these headers; its id."""
    user = make_user("alice")
    study = make_study(make_group(members=(user,)))
    key = bearer(make_key(user))

    def post(**headers):
        answer = client.post(f"/api/v0/study-cases/{study.id}/executions", headers={**key, **headers})
        assert answer.status_code == 202
        return study.id, int(answer.headers["Location"].rpartition("/")[2])

    return post


def test_a_request_is_a_span_in_the_trace_of_its_sender(post_execution, spans):
    study_id, _ = post_execution(traceparent=SENDER, **{"X-Request-ID": "request-1"})
    (span,) = spans()
    assert span.name == "POST /api/v0/study-cases/<whole:study_id>/executions"
    assert dict(span.attributes) == {
        "http.request.method": "POST",
        "http.route": "/api/v0/study-cases/<whole:study_id>/executions",
        "http.response.status_code": 202,
        "request_id": "request-1",
        "study_case_id": study_id,
    }
    assert (span.context.trace_id, span.parent.span_id) == (SENDER_TRACE, SENDER_SPAN)


def test_the_request_that_queues_an_execution_leaves_its_span_for_the_worker(post_execution, spans, platform):
    _, execution_id = post_execution()
    (span,) = spans()
    kept = platform.queue.traceparent(execution_id)
    assert kept.startswith(f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-")
    assert 0 < platform.queue.redis.ttl(platform.queue._trace_key(execution_id)) <= 3600
    platform.queue.enqueue(execution_id, attempt=2)  # as the sweeper does, outside of any request
    assert platform.queue.traceparent(execution_id) == kept


def test_a_request_leaves_nothing_behind_in_its_thread_and_addresses_do_not_name_spans(traced, spans, client):
    client.get("/api/ping")
    assert traced.traceparent() is None
    client.open("/no/such/page?secret=1", method="GET")
    client.open("/no/such/page", method="MADEUP")
    client.get("/healthz")
    first, *others = spans()
    assert first.name == "GET /api/ping"
    assert [span.name for span in others] == ["GET", "HTTP"]
    assert "secret" not in str([dict(span.attributes) for span in others])
    assert not any(span.parent for span in (first, *others))


def test_a_request_that_answers_500_is_a_span_that_failed(traced, app, spans):
    app.add_url_rule("/fails", "fails", lambda: 1 // 0)
    assert app.test_client().get("/fails").status_code == 500
    (span,) = spans()
    assert (span.status.status_code, span.attributes["http.response.status_code"]) == (StatusCode.ERROR, 500)


@pytest.fixture
def finished(app, session, make_group):
    """An execution that has finished, and the attempt that a worker would hold."""
    group = make_group("owners")
    study = finished_study(app, session, group=group, name="a", process_name="sellar")
    execution = session.query(Execution).filter_by(study_case_id=study.id).one()
    attempt = ClaimedAttempt(
        execution_id=execution.id,
        attempt=execution.attempt,
        token="token",
        process_name=execution.process_name,
        disciplines=tuple(execution.disciplines),
        worker_profile="standard",
        group_id=execution.group_id,
        study_case_id=study.id,
        traceparent=SENDER,
    )
    return execution, attempt


def test_an_attempt_is_a_span_in_the_trace_of_its_request_with_its_disciplines_below(
    traced, finished, app, session, platform, spans
):
    execution, attempt = finished
    begun = time.time_ns() - 10**9
    profile = execution.profile
    trace_attempt(Runtime(app, platform.queue), attempt, begun=begun)
    *disciplines, whole = spans()
    assert whole.name == f"execute {attempt.process_name}"
    assert (whole.context.trace_id, whole.parent.span_id) == (SENDER_TRACE, SENDER_SPAN)
    told = {name: whole.attributes[name] for name in ("execution_id", "study_case_id", "attempt", "process")}
    assert told == {
        "execution_id": execution.id,
        "study_case_id": execution.study_case_id,
        "attempt": 1,
        "process": "sellar",
    }
    assert (whole.attributes["state"], whole.status.status_code) == ("FINISHED", StatusCode.UNSET)
    assert {span.name: span.attributes["calls"] for span in disciplines} == dict(
        zip(profile["disciplines"], profile["calls"], strict=True)
    )
    assert all(span.parent.span_id == whole.context.span_id for span in disciplines)
    assert whole.start_time == begun


def test_an_attempt_that_was_taken_away_or_failed_says_so(traced, finished, app, session, platform, spans):
    execution, attempt = finished
    execution.state = ExecutionState.FAILED
    session.commit()
    trace_attempt(Runtime(app, platform.queue), attempt, begun=time.time_ns())
    assert spans()[-1].attributes["state"] == "FAILED"
    assert spans()[-1].status.status_code is StatusCode.ERROR
    execution.attempt += 1
    session.commit()
    trace_attempt(Runtime(app, platform.queue), attempt, begun=time.time_ns())
    assert spans()[-1].attributes["state"] == "LOST"


def attempt_of(*seconds, traceparent=None):
    return TracedAttempt(
        name="execute p",
        traceparent=traceparent,
        begun=10**18,
        ended=10**18 + 10**9,
        has_failed=False,
        attributes={"left_out": None},
        disciplines=[
            TracedDiscipline(name=str(index), seconds=length, attributes={"calls": 1})
            for index, length in enumerate(seconds)
        ],
    )


def test_disciplines_follow_each_other_and_stay_within_the_attempt_even_if_they_ran_side_by_side(
    traced, spans
):
    traced.export(attempt_of(0.25, 0.5))
    traced.export(attempt_of(0.75, 0.5))
    times = [((s.start_time - 10**18) / 10**9, (s.end_time - 10**18) / 10**9) for s in spans()]
    assert times == [(0, 0.25), (0.25, 0.75), (0, 1), (0, 0.75), (0.5, 1), (0, 1)]


def test_a_trace_that_is_not_wanted_is_not_sent_and_a_forged_one_is_none(traced, spans):
    traced.export(attempt_of(traceparent=UNWANTED))
    assert spans() == ()
    traced.export(attempt_of(traceparent="00-\ufffd"))
    assert spans()[0].parent is None


def test_a_worker_sends_spans_without_a_thread_and_does_not_ask_a_collector_that_is_away_again(caplog):
    asked = []

    class Away(Exporter):
        def export(self, spans):
            asked.append(len(spans))
            if len(asked) > 1:
                raise OSError
            return SpanExportResult.FAILURE

    threads = threading.active_count()
    away = OpenTelemetry(for_attempts=Away)
    away.export(attempt_of(0.1))
    away.export(attempt_of(0.1))
    assert asked == [2]
    away._away_until = 0.0
    away.export(attempt_of(0.1))
    assert [record.getMessage() for record in caplog.records] == ["the spans of execute p are lost"]
    assert threading.active_count() == threads


def test_only_an_address_in_the_environment_starts_traces(monkeypatch):
    before = tracing.use(tracing.NoTracing())
    try:
        tracing.start_if_asked()
        assert not tracing.current().is_on
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
        monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
        tracing.start_if_asked()
        assert not tracing.current().is_on
        monkeypatch.delenv("OTEL_SDK_DISABLED")
        tracing.start_if_asked()
        assert tracing.current().is_on
    finally:
        tracing.use(before)


def test_an_address_without_the_packages_is_told_once_and_harms_nothing(monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(sys.modules, "sostrades_api.tracing.spans", None)
    monkeypatch.setattr(tracing._Current, "is_warned", False)
    caplog.set_level(logging.WARNING, logger="sostrades_api")
    tracing.start_if_asked()
    tracing.start_if_asked()
    assert not tracing.current().is_on
    assert [record.getMessage()[:24] for record in caplog.records] == ["there are no traces: ins"]


def test_who_wants_no_traces_neither_imports_nor_follows_anything(app, platform):
    assert not any("request_trace" in hook.__module__ for hook in app.before_request_funcs[None])
    platform.queue.enqueue(7)
    assert platform.queue.traceparent(7) is None
    code = (
        "import sys, sostrades_api.app, sostrades_api.worker.execution_worker;"
        "print([m for m in ('sostrades_api.tracing.spans', 'opentelemetry.sdk.trace') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, capture_output=True, text=True, check=True
    )
    assert answer.stdout == "[]\n"


def test_without_redis_only_the_link_is_missing(traced, tmp_path):
    queue = ExecutionQueue.for_web(Settings(data_dir=tmp_path, redis_url="redis://127.0.0.1:1/0"))
    assert queue.traceparent(1) is None
