"""One study case: load, address, copy, rename, delete, restore."""

from flask import Response, jsonify, request
from flask_openapi3.types import ResponseDict

from sostrades_api.access import Permission, can
from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0.access import session, study_for, study_url
from sostrades_api.api.v0.blueprint import blueprint
from sostrades_api.api.v0.requests import body_as
from sostrades_api.api.v0.schemas import (
    CopyBody,
    CreatedStudy,
    LoadedVariables,
    LoadQuery,
    RenameBody,
    StudyPath,
    StudyUrl,
    TimedStudyPath,
)
from sostrades_api.http.authentication import current_actor
from sostrades_api.http.etags import study_etag
from sostrades_api.models import StudyCase
from sostrades_api.platform import current_platform
from sostrades_api.services.role_find import role_find
from sostrades_api.services.study_case_copy import study_case_copy
from sostrades_api.services.study_case_delete import study_case_delete
from sostrades_api.services.study_case_load import LoadedSide, execution_find_finished
from sostrades_api.services.study_case_loader import LoadRequest
from sostrades_api.services.study_case_rename import study_case_rename
from sostrades_api.services.study_case_restore import study_case_restore
from sostrades_api.services.study_plan import require_installed

DEFAULT_TIMEOUT = 30

api = blueprint("study_case", tag=doc.STUDIES)

_LOADED: ResponseDict = {
    200: doc.json_answer(LoadedVariables, headers=doc.ETAG),
    304: {"description": "Nothing has changed since If-None-Match"},
    **doc.problems(403, 404, 409),
}
_CREATED: ResponseDict = {201: doc.json_answer(CreatedStudy, headers=doc.LOCATION)}
_EMPTY = b"{}"


@api.get("/study-case/<whole:study_id>", responses=_LOADED)
def load(path: StudyPath, query: LoadQuery) -> Response:
    """Load the variables of a study case; waits 30 seconds at most, then answers {}."""
    return _load(path.study_id, query, timeout=DEFAULT_TIMEOUT)


@api.get("/study-case/<whole:study_id>/<whole:timeout>", responses=_LOADED)
def load_within(path: TimedStudyPath, query: LoadQuery) -> Response:
    """Load the variables of a study case; answers {} when it takes longer, and goes on loading."""
    return _load(path.study_id, query, timeout=path.timeout)


@api.get("/study-case/<whole:study_id>/url", responses={200: doc.json_answer(StudyUrl), **doc.problems(404)})
def url(path: StudyPath) -> Response:
    """Tell where a browser sees a study case."""
    study = study_for(Permission.VIEW, path.study_id)
    return jsonify(study_url=study_url(study.id))


@api.post(
    "/study-case/<whole:study_id>/copy",
    responses={**_CREATED, **doc.problems(400, 403, 404, 413, 415)},
    openapi_extensions=doc.json_body(CopyBody),
)
def copy(path: StudyPath) -> tuple[Response, int, dict[str, str]]:
    """Copy a study case with its values; history and executions stay behind."""
    study = study_for(Permission.COPY, path.study_id)
    body = body_as(CopyBody)
    made = study_case_copy(session(), study, actor=current_actor(), new_name=body.new_study_name)
    return created(made)


@api.patch(
    "/study-case/<whole:study_id>",
    responses={200: doc.json_answer(CreatedStudy), **doc.problems(400, 403, 404, 413, 415)},
    openapi_extensions=doc.json_body(RenameBody),
)
def rename(path: StudyPath) -> Response:
    """Rename a study case; the full names of its variables follow."""
    study = study_for(Permission.RENAME, path.study_id)
    body = body_as(RenameBody)
    return jsonify(presented(study_case_rename(session(), study, new_name=body.name)))


@api.delete(
    "/study-case/<whole:study_id>",
    responses={204: {"description": "Deleted; a manager can restore it"}, **doc.problems(403, 404, 409)},
)
def delete(path: StudyPath) -> tuple[str, int]:
    """Delete a study case; it can be restored."""
    study_case_delete(session(), study_for(Permission.DELETE, path.study_id))
    return "", 204


@api.post(
    "/study-case/<whole:study_id>/restore",
    responses={200: doc.json_answer(CreatedStudy), **doc.problems(403, 404)},
)
def restore(path: StudyPath) -> Response:
    """Restore a deleted study case; one that is not deleted stays as it is."""
    study = study_for(Permission.DELETE, path.study_id, deleted=None)
    return jsonify(presented(study_case_restore(session(), study)))


def presented(study: StudyCase) -> dict[str, object]:
    """A study case as an answer names it."""
    return {"study_case_id": study.id, "study_case_name": study.name, "study_url": study_url(study.id)}


def created(study: StudyCase) -> tuple[Response, int, dict[str, str]]:
    """The answer 201."""
    return jsonify(presented(study)), 201, {"Location": f"/api/v0/study-case/{study.id}"}


def _load(study_case_id: int, query: LoadQuery, *, timeout: int) -> Response:
    study = study_for(Permission.VIEW, study_case_id)
    actor = current_actor()
    if not can(actor, Permission.READ, role=role_find(session(), study, actor=actor)):
        return _private(Response(_EMPTY, mimetype="application/json"))
    require_installed(study.process_name)
    asked = LoadRequest(
        study_case_id=study.id,
        created_at=study.created_at,
        process_name=study.process_name,
        revision=study.revision,
        execution_id=None if query.io is LoadedSide.IN else execution_find_finished(session(), study.id),
        io=query.io,
        prefix=query.prefix,
        tables=query.tables == "inline",
    )
    session().rollback()  # nothing is held while waiting
    loaded = current_platform().loader.load(asked, timeout=timeout)
    if loaded is None:
        return _private(Response(_EMPTY, mimetype="application/json"))
    response = Response(loaded.body, mimetype="application/json")
    variant = loaded.fingerprint
    if loaded.execution_id is not None:
        variant += f"-{loaded.execution_id}"
    response.set_etag(study_etag(loaded.revision, variant=variant))
    response.make_conditional(request)
    return _private(response)


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Authorization")
    return response
