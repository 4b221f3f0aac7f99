"""Executions: request one, list them, look at one, its history, its log, its traceback."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request
from flask_openapi3.types import ResponseDict

from sostrades_api.access import Permission
from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0.access import execution_for, session, study_for
from sostrades_api.api.v0.blueprint import blueprint
from sostrades_api.api.v0.execution_schemas import (
    DisciplinePath,
    ExecutionBody,
    ExecutionDetail,
    ExecutionPath,
    ExecutionsQuery,
    ExecutionSummary,
    History,
    IdempotencyHeader,
    ListedExecutions,
    LogQuery,
    LogSize,
    LogSlice,
    TailQuery,
    Traceback,
)
from sostrades_api.api.v0.requests import body_as
from sostrades_api.api.v0.schemas import StudyPath
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.http.authentication import current_actor
from sostrades_api.models import Execution, StudyCase
from sostrades_api.platform import current_platform
from sostrades_api.services.execution_add import ExecutionOptions
from sostrades_api.services.execution_detail import execution_detail
from sostrades_api.services.execution_history import execution_history
from sostrades_api.services.execution_list import ExecutionFilter, execution_list, parsed_states
from sostrades_api.services.execution_log_slice import execution_log_size, execution_log_slice, log_text
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_summary import execution_summary
from sostrades_api.services.idempotency import execution_once
from sostrades_api.services.study_case_names import find_relative_name

api = blueprint("executions", tag=doc.EXECUTIONS)

ACCEPTED: ResponseDict = {202: doc.json_answer(ExecutionSummary, headers=doc.LOCATION_OF_EXECUTION)}
_SLICE: ResponseDict = {
    200: doc.json_answer(LogSlice, further={"text/plain": {"schema": {"type": "string"}}}),
    **doc.problems(403, 404, 416),
}


@api.post(
    "/study-cases/<whole:study_id>/executions",
    responses={**ACCEPTED, **doc.problems(400, 403, 404, 409, 413, 415)},
    openapi_extensions=doc.json_body(ExecutionBody, required=False),
)
def ask(path: StudyPath, header: IdempotencyHeader) -> tuple[Response, int, dict[str, str]]:
    """Request an execution of a study case on the parameters it has now."""
    study = study_for(Permission.EXECUTE, path.study_id)
    # Of a chunked body nobody knows the length; it must not be overlooked.
    has_body = bool(request.content_length or request.mimetype or "Transfer-Encoding" in request.headers)
    body = body_as(ExecutionBody) if has_body else ExecutionBody.model_validate({})
    platform, actor = current_platform(), current_actor()
    _require_profile(body.worker_profile)
    options = ExecutionOptions(**body.model_dump())
    study_id = study.id
    execution = execution_once(
        session(),
        actor=actor,
        key=header.key,
        asked={"execute": study_id, **body.model_dump(mode="json")},
        make=lambda: execution_request(
            session(), study, actor=actor, queue=platform.queue, values=platform.values, options=options
        ),
    )
    return accepted(execution)


@api.get("/executions", responses={200: doc.json_answer(ListedExecutions), **doc.problems()})
def find(query: ExecutionsQuery) -> Response:
    """List the executions of all study cases that the caller may see, a page at a time."""
    wanted = ExecutionFilter(
        study_case_id=query.study_case_id,
        states=parsed_states(query.state),
        owner=query.owner,
        worker_profile=query.worker_profile,
        since=query.since,
        until=query.until,
    )
    page = execution_list(
        session(),
        actor=current_actor(),
        wanted=wanted,
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor,
    )
    rows = [execution_summary(execution, study=study) for execution, study in page.rows]
    response = _fresh(jsonify(executions=rows, next_cursor=page.next_cursor))
    if page.next_cursor:
        following = f"{request.path}?{urlencode({**request.args, 'cursor': page.next_cursor})}"
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


@api.get(
    "/executions/<whole:execution_id>",
    responses={200: doc.json_answer(ExecutionDetail), **doc.problems(404)},
)
def show(path: ExecutionPath) -> Response:
    """Tell all about an execution: where it stands, where it runs, what its disciplines took."""
    execution = execution_for(Permission.VIEW, path.execution_id)
    detail = execution_detail(session(), execution, actor=current_actor(), queue=current_platform().queue)
    return _fresh(jsonify(detail))


@api.get(
    "/executions/<whole:execution_id>/history",
    responses={200: doc.json_answer(History), **doc.problems(403, 404)},
)
def history(path: ExecutionPath) -> Response:
    """Tell every change of state of an execution: when, why, by whom."""
    execution = execution_for(Permission.READ, path.execution_id)
    return jsonify(execution_id=execution.id, transitions=execution_history(session(), execution))


@api.get("/executions/<whole:execution_id>/log", responses=_SLICE)
def log(path: ExecutionPath, query: LogQuery) -> Response:
    """Read a slice of the log of an execution; as text for who accepts text/plain alone."""
    execution = execution_for(Permission.READ, path.execution_id)
    return _log(execution, start=query.start, stop=query.stop, level=query.level)


@api.get(
    "/executions/<whole:execution_id>/log/size",
    responses={200: doc.json_answer(LogSize), **doc.problems(403, 404)},
)
def log_size(path: ExecutionPath) -> Response:
    """Tell how many lines the log of an execution has so far."""
    execution = execution_for(Permission.READ, path.execution_id)
    return _fresh(jsonify(size=execution_log_size(session(), execution)))


@api.get("/executions/<whole:execution_id>/log/tail", responses=_SLICE)
def log_tail(path: ExecutionPath, query: TailQuery) -> Response:
    """Read the last lines of the log of an execution."""
    execution = execution_for(Permission.READ, path.execution_id)
    size = execution_log_size(session(), execution)
    return _log(execution, start=max(0, size - query.lines), stop=None, level=query.level)


@api.get("/executions/<whole:execution_id>/disciplines/<path:discipline>/log", responses=_SLICE)
def discipline_log(path: DisciplinePath, query: LogQuery) -> Response:
    """Read what one discipline of an execution has logged."""
    execution = execution_for(Permission.READ, path.execution_id)
    study = session().get_one(StudyCase, execution.study_case_id)
    name = path.discipline
    discipline = name if name in execution.disciplines else find_relative_name(study.name, full=name) or name
    return _log(execution, start=query.start, stop=query.stop, level=query.level, discipline=discipline)


@api.get(
    "/executions/<whole:execution_id>/traceback",
    responses={200: doc.json_answer(Traceback), **doc.problems(403, 404)},
)
def traceback(path: ExecutionPath) -> Response:
    """Read where a run failed; for contributors and managers."""
    execution = execution_for(Permission.TRACE, path.execution_id)
    return jsonify(
        execution_id=execution.id,
        error_message=execution.error_message,
        traceback=(execution.traceback or "").splitlines(),
    )


def accepted(execution: Execution) -> tuple[Response, int, dict[str, str]]:
    """The answer 202 for an execution that was queued."""
    study = session().get_one(StudyCase, execution.study_case_id)
    location = f"/api/v0/executions/{execution.id}"
    return jsonify(execution_summary(execution, study=study)), 202, {"Location": location}


def _log(execution: Execution, **wanted: Any) -> Response:
    part = execution_log_slice(session(), execution, **wanted)
    if request.accept_mimetypes.best_match(["application/json", "text/plain"]) == "text/plain":
        response = Response(log_text(part.lines), content_type="text/plain; charset=utf-8")
    else:
        fields: Mapping[str, Any] = {"start": part.start, "stop": part.stop, "size": part.size}
        response = jsonify(**fields, lines=part.lines)
    response.vary.add("Accept")
    return _fresh(response)


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def _require_profile(name: str) -> None:
    known = current_platform().settings.worker_profiles
    if name not in known:
        fault = f"there is no worker profile {name!r}; there are: {', '.join(sorted(known))}"
        raise InvalidValuesError([FaultyItem(fault, pointer="/worker_profile")])
