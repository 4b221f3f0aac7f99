"""Parameters of a study case: update, download, history, revert."""

from dataclasses import asdict

from flask import Response
from flask_openapi3.types import ResponseDict

from sostrades_api.access import Permission
from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0.access import session, study_for
from sostrades_api.api.v0.blueprint import blueprint
from sostrades_api.api.v0.requests import body_as
from sostrades_api.api.v0.schemas import (
    Changes,
    DownloadBody,
    HistoryQuery,
    LoadedVariables,
    ParameterUpdates,
    RevertBody,
    StudyPath,
)
from sostrades_api.api.v0.updates import read_updates
from sostrades_api.http.attachments import attachment
from sostrades_api.http.authentication import current_actor
from sostrades_api.http.etags import if_match_revisions, study_etag
from sostrades_api.platform import current_platform
from sostrades_api.services.parameter_download import parameter_download
from sostrades_api.services.parameter_history import parameter_history
from sostrades_api.services.parameter_json import json_bytes
from sostrades_api.services.study_case_revert import study_case_revert
from sostrades_api.services.study_case_update import UpdatedStudy, study_case_update

api = blueprint("parameters", tag=doc.PARAMETERS)

_MULTIPART = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "description": "Parts named by variables, each a CSV; `parameters` may hold the JSON list",
            "properties": {"parameters": {"type": "string"}},
            "additionalProperties": {"type": "string", "format": "binary"},
        }
    }
}
_UPDATED: ResponseDict = {
    200: doc.json_answer(LoadedVariables, headers=doc.ETAG),
    **doc.problems(400, 403, 404, 409, 412, 413, 415),
}


@api.post(
    "/study-case/<whole:study_id>/parameters",
    responses=_UPDATED,
    openapi_extensions=doc.json_body(ParameterUpdates, further=_MULTIPART),
)
def update(path: StudyPath) -> Response:
    """Update parameters: all of them, or none when one is wrong."""
    study = study_for(Permission.UPDATE, path.study_id)
    scalars, tables = read_updates(study.name)
    updated = study_case_update(
        session(),
        study,
        actor=current_actor(),
        values=current_platform().values,
        scalars=scalars,
        tables=tables,
        if_match_revisions=if_match_revisions(),
    )
    return _updated(updated)


@api.post(
    "/study-case/<whole:study_id>/parameters/revert",
    responses=_UPDATED,
    openapi_extensions=doc.json_body(RevertBody),
)
def revert(path: StudyPath) -> Response:
    """Give every parameter the value it had at an earlier revision."""
    study = study_for(Permission.UPDATE, path.study_id)
    body = body_as(RevertBody)
    updated = study_case_revert(
        session(),
        study,
        actor=current_actor(),
        values=current_platform().values,
        revision=body.revision,
        if_match_revisions=if_match_revisions(),
    )
    return _updated(updated)


@api.get(
    "/study-case/<whole:study_id>/parameters/history",
    responses={200: doc.json_answer(Changes), **doc.problems(403, 404)},
)
def history(path: StudyPath, query: HistoryQuery) -> Response:
    """Tell who changed what, when, from which value to which."""
    changes = parameter_history(
        session(),
        study_for(Permission.READ, path.study_id),
        values=current_platform().values,
        variable_id=query.variable_id,
        before=query.before,
        limit=query.limit,
    )
    return Response(
        json_bytes([{**asdict(change), "at": change.at.isoformat()} for change in changes]),
        mimetype="application/json",
    )


@api.post(
    "/study-case/<whole:study_id>/parameter/download",
    responses={
        200: doc.text_answer(
            "text/csv", "The value as CSV, as an update takes it", headers=doc.NOT_CONVERGED
        ),
        **doc.problems(400, 403, 404, 409, 413, 415),
    },
    openapi_extensions=doc.json_body(DownloadBody),
)
def download(path: StudyPath) -> Response:
    """Download a value as CSV; an output's is that of the latest finished execution."""
    study = study_for(Permission.READ, path.study_id)
    body = body_as(DownloadBody)
    file = parameter_download(
        session(), study, parameter_key=body.parameter_key, values=current_platform().values
    )
    return attachment(
        file.content,
        file_name=file.file_name,
        content_type="text/csv; charset=utf-8",
        converged=file.converged,
    )


def _updated(updated: UpdatedStudy) -> Response:
    response = Response(json_bytes(updated.variables), mimetype="application/json")
    response.set_etag(study_etag(updated.revision, variant=updated.fingerprint))
    return response
