"""Execute a study case, and watch it."""

from flask import Response, jsonify

from sostrades_api.access import Permission
from sostrades_api.api.v0 import documentation as doc
from sostrades_api.api.v0.access import session, study_for
from sostrades_api.api.v0.blueprint import blueprint
from sostrades_api.api.v0.schemas import ExecutionProfile, Status, StudyPath
from sostrades_api.http.authentication import current_actor
from sostrades_api.models import StudyCase
from sostrades_api.platform import current_platform
from sostrades_api.services.execution_log_read import execution_log_read
from sostrades_api.services.execution_profile_read import execution_profile_read
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_status import execution_status
from sostrades_api.services.execution_stop import study_case_stop

api = blueprint("calculation", tag=doc.CALCULATION)

_STATUS = doc.json_answer(Status)


@api.post("/calculation/execute/<whole:study_id>", responses={200: _STATUS, **doc.problems(403, 404, 409)})
def execute(path: StudyPath) -> Response:
    """Execute a study case on the parameters it has now."""
    study = study_for(Permission.EXECUTE, path.study_id)
    execution_request(
        session(),
        study,
        actor=current_actor(),
        queue=current_platform().queue,
        values=current_platform().values,
    )
    return _status(study)


@api.post("/calculation/stop/<whole:study_id>", responses={200: _STATUS, **doc.problems(403, 404, 409)})
def stop(path: StudyPath) -> Response:
    """Stop the execution of a study case that is queued or running."""
    study = study_for(Permission.STOP, path.study_id)
    study_case_stop(session(), study, actor=current_actor(), queue=current_platform().queue)
    return _status(study)


@api.get("/calculation/status/<whole:study_id>", responses={200: _STATUS, **doc.problems(404)})
def status(path: StudyPath) -> Response:
    """Tell where the latest execution of a study case stands."""
    return _status(study_for(Permission.VIEW, path.study_id))


@api.get(
    "/study-case/<whole:study_id>/logs",
    responses={
        200: doc.text_answer("text/plain", "The log of the latest execution"),
        **doc.problems(403, 404),
    },
)
def logs(path: StudyPath) -> Response:
    """Read the log of the latest execution of a study case."""
    text = execution_log_read(session(), study_for(Permission.READ, path.study_id))
    return Response(text, content_type="text/plain; charset=utf-8")


@api.get(
    "/study-case/<whole:study_id>/profile",
    responses={200: doc.json_answer(ExecutionProfile), **doc.problems(403, 404, 409)},
)
def profile(path: StudyPath) -> Response:
    """Tell where the time and the memory of the latest execution of a study case went."""
    return jsonify(execution_profile_read(session(), study_for(Permission.READ, path.study_id)))


def _status(study: StudyCase) -> Response:
    platform = current_platform()
    status = execution_status(
        session(), study, actor=current_actor(), queue=platform.queue, values=platform.values
    )
    response = jsonify(status)
    response.headers["Cache-Control"] = "no-store"
    return response
