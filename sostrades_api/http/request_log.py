"""Every request has a number and a log line, never with a header, a query or a body."""

import logging
import re
import time
import uuid

from flask import Flask, Response, g, request

from sostrades_api import logs

logger = logging.getLogger(__name__)

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds: they leave a line only when they tell of something wrong."""
_HEADER = "X-Request-ID"
_ACCEPTABLE_ID = re.compile(r"[0-9A-Za-z_.-]{8,64}")


def register(app: Flask, *, level: str, log_format: str = "json") -> None:
    """Number and log the requests of this application."""
    logs.configure_logging(level, log_format=log_format)
    app.before_request(_start)
    app.after_request(_finish)
    app.teardown_request(_forget)


def _start() -> None:
    offered = request.headers.get(_HEADER, "")
    g.request_id = offered if _ACCEPTABLE_ID.fullmatch(offered) else uuid.uuid4().hex
    g.request_started = time.perf_counter()
    named = request.view_args or {}
    logs.begin_request(
        request_id=g.request_id,
        study_case_id=named.get("study_id"),
        execution_id=named.get("execution_id"),
    )


def _finish(response: Response) -> Response:
    request_id = g.get("request_id")
    if request_id is None:
        return response
    response.headers.setdefault(_HEADER, request_id)
    actor = g.get("actor")
    extra = {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "milliseconds": round((time.perf_counter() - g.request_started) * 1000, 2),
        "actor": actor.label if actor else None,
    }
    level = logging.DEBUG if request.path in PROBES and response.status_code < 500 else logging.INFO
    logger.log(level, "%s %s %d", request.method, request.path, response.status_code, extra=extra)
    return response


def _forget(_error: BaseException | None) -> None:
    logs.end_request()
