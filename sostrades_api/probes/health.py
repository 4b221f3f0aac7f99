"""``/healthz``: this process answers. ``/readyz``: it can serve, or what it lacks."""

from http import HTTPStatus

from flask import Flask, Response, jsonify
from sqlalchemy import Engine

from sostrades_api.platform import platform_of
from sostrades_api.probes.parts import parts_of
from sostrades_api.probes.readiness import Readiness, Status

EXTENSION = "sostrades_readiness"
_UNKEPT = {"Cache-Control": "no-store"}


def register(app: Flask, *, engine: Engine) -> None:
    """Add both routes; they need no key, are not limited and touch no session."""
    readiness = Readiness(parts_of(platform_of(app), engine=engine))
    app.extensions[EXTENSION] = readiness

    def healthz() -> Response:
        return _unkept(jsonify(status=Status.OK), status=HTTPStatus.OK)

    def readyz() -> Response:
        report = readiness.report()
        failed = report.status is Status.FAILED
        status = HTTPStatus.SERVICE_UNAVAILABLE if failed else HTTPStatus.OK
        return _unkept(jsonify(report.as_dict()), status=status)

    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


def _unkept(response: Response, *, status: HTTPStatus) -> Response:
    response.status_code = status
    response.headers.update(_UNKEPT)
    return response
