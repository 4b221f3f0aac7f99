"""Parts of the published description that routes share."""

from functools import cache
from typing import Any

from flask_openapi3 import OpenAPI, Tag
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel

from sostrades_api.api.v0.schemas import Problem
from sostrades_api.http.attachments import UNCONVERGED

SECURITY = [{"api_key": []}]
STUDIES = Tag(name="study cases", description="List, create, load, copy, rename and delete study cases")
PARAMETERS = Tag(name="parameters", description="Change and download values, with history")
CALCULATION = Tag(name="calculation", description="Execute and monitor")
EXECUTIONS = Tag(name="executions", description="Request, list, look at and steer executions")
WORKERS = Tag(name="workers and queue", description="Who executes, what waits; hold, pause, autoscaling")
CHARTS = Tag(name="post-processing", description="Charts and the HTML report")
SERVICE = Tag(name="service", description="Whether the server answers")

_PROBLEMS = {
    400: "Malformed: what was sent cannot be read",
    401: "A valid API key is needed",
    403: "The caller sees the study case, but may not do this",
    404: "There is no such thing, or the caller may not see it",
    409: "Its state does not allow this now",
    412: "If-Match names another revision",
    413: "Larger than this server accepts",
    416: "The range asked for lies outside of what there is",
    415: "The body is of a type this route does not take",
    422: "Well-formed, but a value is wrong",
    429: "Too many requests; Retry-After says when to come back",
    500: "Unexpected; the id in it is in the server's log",
    503: "A part of the platform does not answer; Retry-After says when to come back",
}
_RETRY = {"Retry-After": {"description": "Seconds", "schema": {"type": "string"}}}
_HEADERS = {401: {"WWW-Authenticate": {"schema": {"type": "string"}}}, 429: _RETRY, 503: _RETRY}
_ALWAYS = (401, 422, 429, 500, 503)
ETAG = {"ETag": {"description": "Revision of the study case", "schema": {"type": "string"}}}
LOCATION = {"Location": {"description": "The new study case", "schema": {"type": "string"}}}
LOCATION_OF_EXECUTION = {"Location": {"description": "The execution", "schema": {"type": "string"}}}
NOT_CONVERGED = {
    UNCONVERGED: {
        "description": "true: the result depends on a loop that did not converge; else not there",
        "schema": {"type": "string", "enum": ["true"]},
    }
}


def problems(*statuses: int) -> ResponseDict:
    """These problem answers, and those that every route can give."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {
            "description": _PROBLEMS[status],
            "content": content,
            "headers": _HEADERS.get(status, {}),
        }
        for status in sorted({*_ALWAYS, *statuses})
    }


def text_answer(mimetype: str, description: str, *, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    """An answer that is text."""
    return {
        "description": description,
        "content": {mimetype: {"schema": {"type": "string"}}},
        "headers": headers or {},
    }


def json_answer(
    model: type[BaseModel],
    *,
    headers: dict[str, Any] | None = None,
    further: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """An answer of this model, which `publish` adds to the components, or of another content type."""
    _published.append(model)
    reference = {"$ref": f"#/components/schemas/{model.__name__}"}
    description = (model.__doc__ or "").splitlines()[0]
    return {
        "description": description,
        "content": {"application/json": {"schema": reference}, **(further or {})},
        "headers": headers or {},
    }


def json_body(
    model: type[BaseModel],
    *,
    further: dict[str, Any] | None = None,
    required: bool = True,
) -> dict[str, Any]:
    """A request body of this model, or of the schema of another content type."""
    _published.append(model)
    content: dict[str, Any] = {
        "application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    }
    return {"requestBody": {"required": required, "content": content | (further or {})}}


def publish(app: OpenAPI) -> None:
    """Add every model that was referred to."""
    app.validation_error_model = Problem
    for model in (Problem, *_published):
        app.components_schemas.update(_schemas(model))


@cache
def _schemas(model: type[BaseModel]) -> dict[str, Any]:
    """The schemas of a model and of those inside it, by name; the same for every application."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = schema.pop("$defs", {})
    return {model.__name__: schema, **definitions}


_published: list[type[BaseModel]] = []
