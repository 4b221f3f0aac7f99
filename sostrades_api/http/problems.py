"""Errors as RFC 9457 problems: the one table from exception to status, and the one handler."""

import logging
import uuid
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import redis.exceptions
from flask import Flask, Response, current_app, g, json, render_template, request
from jinja2 import TemplateNotFound
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from sostrades_api import errors
from sostrades_api.errors import DomainError, FaultyItem, InvalidValuesError
from sostrades_api.http.rate_limit import seconds_to_wait
from sostrades_api.models.outage import outage_of

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5

STATUSES: dict[type[DomainError], HTTPStatus] = {
    errors.DomainError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.MalformedError: HTTPStatus.BAD_REQUEST,
    errors.AuthenticationError: HTTPStatus.UNAUTHORIZED,
    errors.ForbiddenError: HTTPStatus.FORBIDDEN,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.AlreadyRunningError: HTTPStatus.CONFLICT,
    errors.StudyNotLoadableError: HTTPStatus.CONFLICT,
    errors.NoResultError: HTTPStatus.CONFLICT,
    errors.RevisionConflictError: HTTPStatus.CONFLICT,
    errors.PreconditionFailedError: HTTPStatus.PRECONDITION_FAILED,
    errors.OutOfRangeError: HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    errors.TooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.InvalidValuesError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}


def register(app: Flask) -> None:
    """Answer every error of this application with a problem."""
    app.register_error_handler(Exception, handle)


def handle(error: Exception) -> Response:
    """The answer to an exception, whatever it is."""
    if isinstance(error, DomainError):
        return _domain_problem(error)
    if isinstance(error, HTTPException):
        return _http_problem(error)
    if isinstance(error, DataError):  # a NUL in a text, a number too large: what got past every check
        logger.warning("A value the database cannot hold", exc_info=error)
        return _domain_problem(errors.MalformedError("The request has a value that cannot be stored"))
    outage = _outage_of(error)
    if outage is not None:
        logger.error("A part of the platform does not answer", exc_info=error)
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, detail=outage)
    return _internal_problem(error)


def problem(
    status: HTTPStatus,
    *,
    detail: str,
    title: str | None = None,
    kind: str = "about:blank",
    headers: dict[str, str] | None = None,
    **extra: Any,
) -> Response:
    """One problem: a page for a browser, RFC 9457 JSON (with SoSTrades' three keys) for everybody else."""
    body = {
        "type": kind,
        "title": title or status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": quote(request.path),
        "statusCode": status.value,
        "name": title or status.phrase,
        "description": detail,
        **extra,
    }
    response = _page(body) or Response(json.dumps(body), mimetype=MEDIA_TYPE)
    response.status_code = status.value
    response.headers.update(headers or {})
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))
    return response


def status_of(error_class: type[DomainError]) -> HTTPStatus:
    """The status of a domain error, its own or its nearest ancestor's."""
    return next(STATUSES[ancestor] for ancestor in error_class.__mro__ if ancestor in STATUSES)


def wants_page() -> bool:
    """Whether the caller is a browser that looks at a page, not a script."""
    if request.path.startswith(("/api/", "/openapi")):
        return False
    best = request.accept_mimetypes.best_match(["application/json", "text/html"])
    return best == "text/html" and "text/html" in request.headers.get("Accept", "")


def _domain_problem(error: DomainError) -> Response:
    status = status_of(type(error))
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _internal_problem(error)
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else {}
    return problem(status, headers=headers, **_said(error))


def described(error: DomainError) -> dict[str, Any]:
    """A problem that is one of several things an answer tells: as RFC 9457 has it, without the request."""
    said = _said(error)
    return {"type": said.pop("kind"), "status": status_of(type(error)).value, **said}


def _said(error: DomainError) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if isinstance(error, InvalidValuesError):
        extra["errors"] = [_faulty(item) for item in error.items]
    kind = f"urn:sostrades:problem:{_kebab(type(error).__name__.removesuffix('Error'))}"
    return {"kind": kind, "title": error.title().rstrip("."), "detail": error.detail, **extra}


def _http_problem(error: HTTPException) -> Response:
    response = error.get_response()
    if error.code is None or error.response is not None or error.code < HTTPStatus.BAD_REQUEST:
        return Response(response.get_data(), status=response.status, headers=dict(response.headers))
    # Keeps Allow, Retry-After, WWW-Authenticate and whatever else the error says in headers.
    headers = {k: v for k, v in response.headers if k not in {"Content-Type", "Content-Length"}}
    if error.code == HTTPStatus.TOO_MANY_REQUESTS:
        headers.setdefault("Retry-After", str(seconds_to_wait(current_app)))
        error.description = f"More requests than {error.description}; try again after the time in Retry-After"
    detail = error.description or HTTPStatus(error.code).phrase
    return problem(HTTPStatus(error.code), detail=detail, headers=headers)


def _internal_problem(error: Exception) -> Response:
    error_id = uuid.uuid4().hex
    g.unexpected_error = type(error).__name__
    logger.error("Unexpected error %s in %s %s", error_id, request.method, request.path, exc_info=error)
    detail = f"An unexpected error happened; the administrator finds it in the log under {error_id}"
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        detail=detail,
        error_id=error_id,
        request_id=g.get("request_id"),
    )


def _outage_of(error: Exception) -> str | None:
    if isinstance(error, redis.exceptions.RedisError):
        return "The queue does not answer; try again shortly"
    return outage_of(error)


def _page(body: dict[str, Any]) -> Response | None:
    if not wants_page():
        return None
    try:
        return Response(render_template("error.html", problem=body), mimetype="text/html")
    except TemplateNotFound:
        return None


def _faulty(item: FaultyItem) -> dict[str, str]:
    entry = {"variableId": item.variable_id, "pointer": item.pointer, "detail": item.detail}
    return {key: value for key, value in entry.items() if value is not None}


def _kebab(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")
