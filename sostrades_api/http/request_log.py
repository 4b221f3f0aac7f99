"""Every request has a number and a log line: JSON on stderr, never a header, a query or a body."""

import datetime as dt
import logging
import re
import sys
import time
import uuid

import orjson
from flask import Flask, Response, g, has_request_context, request

logger = logging.getLogger(__name__)

_OWN_LOGGER = "sostrades_api"
_HEADER = "X-Request-ID"
_ACCEPTABLE_ID = re.compile(r"[0-9A-Za-z_.-]{8,64}")
_EXTRA = ("method", "path", "status", "milliseconds", "actor")


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Serialise a record with the number of its request."""
        at = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        line = {
            "at": at,
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": g.get("request_id") if has_request_context() else None,
            **{key: getattr(record, key) for key in _EXTRA if hasattr(record, key)},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps({k: v for k, v in line.items() if v is not None}, default=str).decode()


def register(app: Flask, *, level: str) -> None:
    """Number and log the requests of this application."""
    configure_logging(level)
    app.before_request(_start)
    app.after_request(_finish)


def configure_logging(level: str) -> None:
    """Send this package's log to stderr, once a process however many applications it makes."""
    own = logging.getLogger(_OWN_LOGGER)
    own.setLevel(level.upper())
    if not any(isinstance(handler.formatter, JsonFormatter) for handler in own.handlers):
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonFormatter())
        own.addHandler(handler)


def _start() -> None:
    offered = request.headers.get(_HEADER, "")
    g.request_id = offered if _ACCEPTABLE_ID.fullmatch(offered) else uuid.uuid4().hex
    g.request_started = time.perf_counter()


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
    logger.info("%s %s %d", request.method, request.path, response.status_code, extra=extra)
    return response
