"""Counts every web request by route, method and status, and clocks it; counts database connections."""

import functools
import time
from bisect import bisect_left

from flask import Flask, Response, g, request
from sqlalchemy import Engine, event

from sostrades_api.http.request_log import PROBES
from sostrades_api.probes.shared_figures import SharedFigures, key_of

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, float("inf"))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUESTS = "Web requests that were answered"
_SECONDS = "Seconds from a web request to the head of its answer"
_ERRORS = "Errors that no part of the program expected, by the name of the exception"
_IN_USE = "Connections to the database that serve a request now"
_OPENED = "Connections to the database that were opened"


def register(app: Flask, *, figures: SharedFigures, engine: Engine) -> None:
    """Follow the requests of this application and the connections of its engine."""
    clocked: set[tuple[str, str]] = set()

    def clock(route: str, method: str, seconds: float) -> None:
        total, buckets = _histogram_keys(route, method)
        if (route, method) not in clocked:  # Prometheus wants all buckets of a histogram, empty ones too
            figures.add("histogram", *((bucket, 0.0) for bucket in buckets))
            clocked.add((route, method))
        figures.add("histogram", (total, seconds), (buckets[bisect_left(BUCKETS, seconds)], 1.0))

    def finish(response: Response) -> Response:
        started = g.get("request_started")
        if started is not None and request.path not in PROBES:
            route = request.url_rule.rule if request.url_rule else "unmatched"
            method = request.method if request.method in _METHODS else "OTHER"
            figures.add("counter", (_request_key(route, method, str(response.status_code)), 1.0))
            clock(route, method, time.perf_counter() - started)
            if error := g.get("unexpected_error"):
                figures.add("counter", (_error_key(error), 1.0))
        return response

    app.after_request(finish)
    in_use, opened = (
        key_of("sostrades_database_connections_in_use", text=_IN_USE),
        key_of(
            "sostrades_database_connections_opened",
            sample=_total("database_connections_opened"),
            text=_OPENED,
        ),
    )
    event.listen(engine, "checkout", lambda *_: figures.add("gauge", (in_use, 1.0)))
    event.listen(engine, "checkin", lambda *_: figures.add("gauge", (in_use, -1.0)))
    event.listen(engine, "connect", lambda *_: figures.add("counter", (opened, 1.0)))


@functools.lru_cache(4096)
def _request_key(route: str, method: str, status: str) -> str:
    name = "sostrades_http_requests"
    return key_of(
        name, sample=_total("http_requests"), text=_REQUESTS, route=route, method=method, status=status
    )


@functools.lru_cache(1024)
def _histogram_keys(route: str, method: str) -> tuple[str, tuple[str, ...]]:
    name, of = "sostrades_http_request_duration_seconds", {"route": route, "method": method}
    buckets = ("+Inf" if limit == float("inf") else str(limit) for limit in BUCKETS)
    return key_of(name, sample=f"{name}_sum", text=_SECONDS, **of), tuple(
        key_of(name, sample=f"{name}_bucket", text=_SECONDS, **of, le=limit) for limit in buckets
    )


@functools.lru_cache(256)
def _error_key(name: str) -> str:
    return key_of(
        "sostrades_unexpected_errors", sample=_total("unexpected_errors"), text=_ERRORS, exception=name
    )


def _total(name: str) -> str:
    return f"sostrades_{name}_total"
