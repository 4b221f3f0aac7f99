"""What a worker sends to a collector that listens."""

import pytest
from sqlalchemy import select

from sostrades_api import tracing
from sostrades_api.models import Execution, ExecutionState
from sostrades_api.services.execution_request import execution_request
from tests.servers.receiver import receiver
from tests.support.live import wait_until

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

pytestmark = [pytest.mark.slow, pytest.mark.database("sqlite")]

SENDER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Request(tracing.NoTracing):
    """A request of another process, as far as the queue asks for it."""

    def traceparent(self):
        return SENDER


@pytest.fixture
def collector(monkeypatch):
    with receiver() as got:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", got.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none")
        monkeypatch.setenv("OTEL_SERVICE_NAME", "studies")
        got.answer = lambda _message: (200, {"Content-Length": "0"})
        before = tracing.current()
        yield got
        tracing.use(before)  # the application of the test's own process has started it


@pytest.fixture
def request_run(session, make_case, actor, queue):
    """Execute a study case for ``SENDER``; its execution's id when it has ended."""

    def run(process_name, **values):
        before = tracing.use(Request())
        try:
            study = make_case(process_name, **values)
            execution_id = execution_request(session, study, actor=actor, queue=queue).id
        finally:
            tracing.use(before)
        query = select(Execution.state).where(Execution.id == execution_id)
        ended = {ExecutionState.FINISHED, ExecutionState.FAILED}
        session.rollback()
        wait_until(lambda: session.scalar(query) in ended or session.rollback())
        session.rollback()
        return execution_id

    return run


def spans_of(message):
    (resource,) = ExportTraceServiceRequest.FromString(message.body).resource_spans
    names = {pair.key: pair.value.string_value for pair in resource.resource.attributes}
    assert names["service.name"] == "studies"
    return list(resource.scope_spans[0].spans)


def attributes_of(span):
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes}


def test_a_collector_hears_of_every_run_of_a_work_horse_in_the_trace_of_its_request(
    collector, worker_pool, request_run
):
    chained = request_run("test_chain")
    killed = request_run(
        "test_ending",
        how="keeps the lock",  # the worker kills its work-horse
    )
    wait_until(lambda: len(collector.messages) == 2)
    *disciplines, whole = spans_of(collector.messages[0])
    told = attributes_of(whole)
    assert (whole.trace_id.hex(), whole.parent_span_id.hex()) == tuple(SENDER.split("-")[1:3])
    assert (told["execution_id"], told["attempt"], told["state"]) == (chained, 1, "FINISHED")
    assert sorted(span.name for span in disciplines) == ["First", "Second"]
    assert {span.parent_span_id for span in disciplines} == {whole.span_id}
    *_, failed = spans_of(collector.messages[1])
    told = attributes_of(failed)
    assert (told["execution_id"], told["state"]) == (killed, "FAILED")
