"""A span for every request but probes, where somebody collects traces: never a query, a header or a body."""

from flask import Flask, Response, g, request

from sostrades_api import tracing
from sostrades_api.http.request_log import PROBES

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER = "HTTP"  # the name of a span is not for whoever asks to make up
_CONTEXT_HEADERS = ("traceparent", "tracestate")


def register(app: Flask) -> None:
    """Trace the requests of this application; nothing is added to it where no traces are wanted."""
    tracing.start_if_asked()
    if not tracing.current().is_on:
        return
    app.before_request(_begin)
    app.after_request(_answer)
    app.teardown_request(_end)


def _begin() -> None:
    if request.path in PROBES:
        return
    method = request.method if request.method in _METHODS else _OTHER
    route, named = request.url_rule.rule if request.url_rule else None, request.view_args or {}
    g.request_span = tracing.current().begin_request(
        f"{method} {route}" if route else method,
        headers={name: request.headers[name] for name in _CONTEXT_HEADERS if name in request.headers},
        attributes={
            "http.request.method": method,
            "http.route": route,
            "request_id": g.request_id,
            "study_case_id": named.get("study_id"),
            "execution_id": named.get("execution_id"),
        },
    )


def _answer(response: Response) -> Response:
    span = g.get("request_span")
    if span is not None:
        span.answer(response.status_code)
    return response


def _end(_error: BaseException | None) -> None:
    span = g.pop("request_span", None)
    if span is not None:
        span.end()
