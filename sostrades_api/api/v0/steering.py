"""Steer one execution: stop, suspend, resume, repeat, prioritise, limit, delete; routes of its noun."""

from flask import Response, jsonify
from flask_openapi3.types import ResponseDict

from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0 import steering_verbs as verbs
from sostrades_api.api.v0.execution_schemas import ExecutionPath, ExecutionSummary, IdempotencyHeader
from sostrades_api.api.v0.executions import ACCEPTED, accepted, api
from sostrades_api.api.v0.requests import body_as
from sostrades_api.api.v0.steering_schemas import (
    DeadlineBody,
    ExpiryBody,
    PriorityBody,
    RecomputeQuery,
    StopQuery,
)
from sostrades_api.models import Execution
from sostrades_api.services.execution_summary import execution_summary

_STEERED: ResponseDict = {200: doc.json_answer(ExecutionSummary), **doc.problems(403, 404, 409)}
_AMENDED: ResponseDict = {
    200: doc.json_answer(ExecutionSummary),
    **doc.problems(400, 403, 404, 409, 413, 415),
}
_REPEATED: ResponseDict = {**ACCEPTED, **doc.problems(403, 404, 409)}


@api.post("/executions/<whole:execution_id>/stop", responses=_STEERED)
def stop(path: ExecutionPath, query: StopQuery) -> Response:
    """Stop an execution, at the next discipline or iteration; by force at once."""
    return _steered(verbs.stop(path.execution_id, force=query.force))


@api.post("/executions/<whole:execution_id>/suspend", responses=_STEERED)
def suspend(path: ExecutionPath) -> Response:
    """Suspend an execution: it frees its worker, at the next discipline or iteration."""
    return _steered(verbs.suspend(path.execution_id))


@api.post("/executions/<whole:execution_id>/resume", responses=_STEERED)
def resume(path: ExecutionPath) -> Response:
    """Resume a suspended execution; it goes on from the last finished discipline, on any worker."""
    return _steered(verbs.resume(path.execution_id))


@api.post("/executions/<whole:execution_id>/recompute", responses=_REPEATED)
def recompute(
    path: ExecutionPath, query: RecomputeQuery, header: IdempotencyHeader
) -> tuple[Response, int, dict[str, str]]:
    """Repeat an execution from a discipline on; what does not depend on it is re-used."""
    made = verbs.recompute(path.execution_id, discipline=query.discipline, key=header.key)
    return accepted(made)


@api.post("/executions/<whole:execution_id>/resubmit", responses=_REPEATED)
def resubmit(path: ExecutionPath, header: IdempotencyHeader) -> tuple[Response, int, dict[str, str]]:
    """Repeat an execution on the values it ran on, whatever has been edited since."""
    return accepted(verbs.resubmit(path.execution_id, key=header.key))


@api.put(
    "/executions/<whole:execution_id>/priority",
    responses=_AMENDED,
    openapi_extensions=doc.json_body(PriorityBody),
)
def priority(path: ExecutionPath) -> Response:
    """Set the priority of an execution among those of its group."""
    return _steered(verbs.set_priority(path.execution_id, priority=body_as(PriorityBody).priority))


@api.put(
    "/executions/<whole:execution_id>/deadline",
    responses=_AMENDED,
    openapi_extensions=doc.json_body(DeadlineBody),
)
def deadline(path: ExecutionPath) -> Response:
    """Set how long an attempt may run; one that runs learns of it within seconds."""
    return _steered(verbs.set_deadline(path.execution_id, seconds=body_as(DeadlineBody).seconds))


@api.put(
    "/executions/<whole:execution_id>/expires",
    responses=_AMENDED,
    openapi_extensions=doc.json_body(ExpiryBody),
)
def expires(path: ExecutionPath) -> Response:
    """Set when an execution is deleted, once it has ended."""
    return _steered(verbs.set_expiry(path.execution_id, at=body_as(ExpiryBody).moment))


@api.delete(
    "/executions/<whole:execution_id>",
    responses={
        204: {"description": "Deleted for good; the latest finished execution that is left has the results"},
        **doc.problems(403, 404, 409),
    },
)
def delete(path: ExecutionPath) -> tuple[str, int]:
    """Delete an execution that has ended, with its results, history and log."""
    verbs.delete(path.execution_id)
    return "", 204


def _steered(execution: Execution) -> Response:
    response = jsonify(execution_summary(execution, study=execution.study_case))
    response.headers["Cache-Control"] = "no-store"
    return response
