"""Spans of OpenTelemetry. Importing this costs time: done only where traces are wanted.

Web processes send spans from a thread, which is started at their first request and so after every fork.
Workers fork while they work and must have no thread: they send what they have to tell when a run is over.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import Token
from typing import Any

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from sostrades_api.tracing import TracedAttempt

logger = logging.getLogger(__name__)

_SCOPE = "sostrades_api"
_PROPAGATOR = TraceContextTextMapPropagator()
_EXPORT_SECONDS = 2  # a worker waits no longer for a collector
_AWAY_SECONDS = 30.0  # and then not at all for so long
_NANOSECONDS = 1_000_000_000


class OpenTelemetry:
    """Traces sent over OTLP, as the standard variables ``OTEL_*`` say.

    Args:
        for_requests: Makes the exporter of a web process.
        for_attempts: Makes that of one attempt.
    """

    is_on = True

    def __init__(
        self,
        *,
        for_requests: Callable[[], SpanExporter] = OTLPSpanExporter,
        for_attempts: Callable[[], SpanExporter] = lambda: OTLPSpanExporter(timeout=_EXPORT_SECONDS),
    ) -> None:
        self._for_requests, self._for_attempts = for_requests, for_attempts
        self._resource = _resource()
        self._lock = threading.Lock()
        self._pid = 0
        self._provider: TracerProvider | None = None
        self._away_until = 0.0

    def begin_request(
        self, name: str, *, headers: Mapping[str, str], attributes: Mapping[str, Any]
    ) -> "ServedRequest":
        """Begin the span of a request in this thread, which goes on with the trace of its sender."""
        span = self._tracer().start_span(
            name,
            context=_PROPAGATOR.extract(headers),
            kind=SpanKind.SERVER,
            attributes=_known(attributes),
        )
        return ServedRequest(span)

    def traceparent(self) -> str | None:
        """What names the running span to other processes; None where none runs."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier.get("traceparent")

    def export(self, attempt: TracedAttempt) -> None:
        """Send the spans of an attempt from here; a collector that is away costs two seconds now and then."""
        if time.monotonic() < self._away_until:
            return
        try:
            sent = self._send(attempt)
        except Exception:  # whatever a collector answers, the worker goes on
            logger.exception("the spans of %s are lost", attempt.name)
            sent = False
        if not sent:
            self._away_until = time.monotonic() + _AWAY_SECONDS

    def flush(self) -> None:
        """Send what this process has told of requests so far."""
        if self._provider is not None:
            self._provider.force_flush()

    def _tracer(self) -> Tracer:
        with self._lock:
            if self._provider is None or self._pid != os.getpid():
                self._provider, self._pid = TracerProvider(resource=self._resource), os.getpid()
                self._provider.add_span_processor(BatchSpanProcessor(self._for_requests()))
            return self._provider.get_tracer(_SCOPE)

    def _send(self, attempt: TracedAttempt) -> bool:
        kept = _KeepEnded()
        provider = TracerProvider(resource=self._resource, shutdown_on_exit=False)
        provider.add_span_processor(kept)
        _make_spans(attempt, tracer=provider.get_tracer(_SCOPE))
        if not kept.spans:  # the sampler does not want them
            return True
        exporter = self._for_attempts()
        try:
            return exporter.export(kept.spans) is SpanExportResult.SUCCESS
        finally:
            exporter.shutdown()


class ServedRequest:
    """A request that is being served: the running span of its thread."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._token: Token[Context] = contexts.attach(trace.set_span_in_context(span))

    def answer(self, status: int) -> None:
        """Say how it is answered."""
        self._span.set_attribute("http.response.status_code", status)
        if status >= 500:
            self._span.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        """It is over."""
        contexts.detach(self._token)
        self._span.end()


class _KeepEnded(SpanProcessor):
    """Keeps what has ended, to be sent at once."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        """Keep it, if it is to be sent."""
        if span.context is not None and span.context.trace_flags.sampled:
            self.spans.append(span)


def _make_spans(attempt: TracedAttempt, *, tracer: Tracer) -> None:
    """A span of the attempt, and one of each discipline below it.

    Of a discipline only its time is known, not when it ran: its span is as long as that, and follows the one
    before it as far as there is room (disciplines that ran side by side took longer together).
    """
    whole = tracer.start_span(
        attempt.name,
        context=_PROPAGATOR.extract({"traceparent": attempt.traceparent} if attempt.traceparent else {}),
        kind=SpanKind.CONSUMER,
        attributes=_known(attempt.attributes),
        start_time=attempt.begun,
    )
    inside, at = trace.set_span_in_context(whole), attempt.begun
    for discipline in attempt.disciplines:
        length = int(discipline.seconds * _NANOSECONDS)
        at = max(attempt.begun, min(at, attempt.ended - length))
        span = tracer.start_span(
            discipline.name, context=inside, attributes=_known(discipline.attributes), start_time=at
        )
        at += length
        span.end(end_time=at)
    if attempt.has_failed:
        whole.set_status(Status(StatusCode.ERROR))
    whole.end(end_time=attempt.ended)


def _known(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}


def _resource() -> Resource:
    """As the environment says; only a name is added where it gives none."""
    named = os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    return Resource.create({} if named else {"service.name": "sostrades"})
