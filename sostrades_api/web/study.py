"""A study case: its status, its charts, its report, its log; run it and stop it."""

from typing import Any

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from sostrades_api.access import Permission, can
from sostrades_api.errors import NoResultError
from sostrades_api.http.addresses import documentation_address
from sostrades_api.http.attachments import disposition
from sostrades_api.http.problems import wants_page
from sostrades_api.models import StudyCase, db
from sostrades_api.platform import current_platform
from sostrades_api.reporting.payload import ChartPage, chart_page
from sostrades_api.services.execution_log_read import execution_log_read
from sostrades_api.services.execution_profile_read import execution_profile_read
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_status import execution_status
from sostrades_api.services.execution_stop import study_case_stop
from sostrades_api.services.report_render import report_of, report_render
from sostrades_api.services.role_find import role_find
from sostrades_api.services.sign_in_resume import sign_in_resume
from sostrades_api.services.study_case_get import study_case_get
from sostrades_api.streaming.responses import Asked, events_response
from sostrades_api.web.signed_in import actor, guarded
from sostrades_api.web.tree import tree_of

pages = guarded("study", __name__)


def study_for(permission: Permission, study_id: int) -> StudyCase:
    """The study case, if the actor may do that with it."""
    return study_case_get(db.session(), study_id, actor=actor(), permission=permission)


def shared_context(study: StudyCase) -> dict[str, Any]:
    """What every page of a study case needs."""
    role = role_find(db.session(), study, actor=actor())
    allowed = {permission.name for permission in Permission if can(actor(), permission, role=role)}
    platform = current_platform()
    status = execution_status(
        db.session(), study, actor=actor(), queue=platform.queue, values=platform.values
    )
    return {"study": study, "role": role, "allowed": allowed, "status": status}


@pages.get("/study-case/<int:study_id>")
def show(study_id: int) -> str:
    """The page that the API's ``/url`` links to: what the study case does and its key charts."""
    study = study_for(Permission.VIEW, study_id)
    context = shared_context(study)
    paths = [name.removeprefix(study.name).lstrip(".") for name in context["status"]["disciplines_status"]]
    return render_template("study_overview.html", tree=tree_of(paths), **context)


@pages.get("/study-case/<int:study_id>/charts")
def charts(study_id: int) -> str:
    """All charts of the latest finished execution."""
    return render_template("study_charts.html", **shared_context(study_for(Permission.VIEW, study_id)))


@pages.get("/study-case/<int:study_id>/charts/<any(all,key):which>")
def chart_fragment(study_id: int, which: str) -> str:
    """The charts as a part of a page, asked for when results are there."""
    study = study_for(Permission.VIEW, study_id)
    report = report_of(db.session(), study, actor=actor(), values=current_platform().values)
    everything = which == "all"
    convergence = report.convergence_chart if everything else None
    page: ChartPage = chart_page(report.disciplines, convergence=convergence)
    return render_template("_study_charts.html", page=page, report=report, everything=everything, study=study)


@pages.get("/study-case/<int:study_id>/profile")
def profile(study_id: int) -> str:
    """Where the time of the latest execution went, as a part of a page."""
    study = study_for(Permission.READ, study_id)
    try:
        found = execution_profile_read(db.session(), study)
    except NoResultError:
        found = None
    return render_template("_profile.html", profile=found, study=study)


@pages.get("/study-case/<int:study_id>/report")
def report(study_id: int) -> Response:
    """The one-file report, to look at or to keep."""
    study = study_for(Permission.VIEW, study_id)
    rendered = report_render(
        db.session(),
        study,
        actor=actor(),
        values=current_platform().values,
        documentation_url=documentation_address(study.process_name),
    )
    response = Response(rendered.html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = (
        f"{rendered.content_security_policy}; frame-ancestors 'none'"
    )
    kind = "attachment" if "download" in request.args else "inline"
    response.headers["Content-Disposition"] = disposition(rendered.file_name, kind=kind)
    return response


@pages.get("/study-case/<int:study_id>/log")
def log(study_id: int) -> str:
    """The log of the latest execution."""
    study = study_for(Permission.READ, study_id)
    return render_template(
        "study_log.html", text=execution_log_read(db.session(), study), **shared_context(study)
    )


@pages.get("/study-case/<int:study_id>/log.txt")
def log_text(study_id: int) -> Response:
    """The log as text."""
    text = execution_log_read(db.session(), study_for(Permission.READ, study_id))
    return Response(text, content_type="text/plain; charset=utf-8")


@pages.get("/study-case/<int:study_id>/status")
def status(study_id: int) -> Response:
    """The status as the API gives it."""
    return _status(study_for(Permission.VIEW, study_id))


@pages.get("/study-case/<int:study_id>/executions/<int:execution_id>/events")
def events(study_id: int, execution_id: int) -> Response:
    """What happens in an execution of this study case, for the page that follows it."""
    study_for(Permission.VIEW, study_id)
    ticket = current_user.get_id()
    return events_response(
        execution_id,
        actor=actor(),
        renew=lambda session: sign_in_resume(session, ticket=ticket),
        caller=ticket,
        asked=Asked(),
    )


@pages.post("/study-case/<int:study_id>/run")
def run(study_id: int) -> AnyResponse:
    """Request an execution."""
    study = study_for(Permission.EXECUTE, study_id)
    execution_request(
        db.session(), study, actor=actor(), queue=current_platform().queue, values=current_platform().values
    )
    return _after(study)


@pages.post("/study-case/<int:study_id>/stop")
def stop(study_id: int) -> AnyResponse:
    """Stop the execution."""
    study = study_for(Permission.STOP, study_id)
    study_case_stop(db.session(), study, actor=actor(), queue=current_platform().queue)
    return _after(study)


def _after(study: StudyCase) -> AnyResponse:
    """The page again without a script, the status with one."""
    return redirect(url_for("study.show", study_id=study.id)) if wants_page() else _status(study)


def _status(study: StudyCase) -> Response:
    platform = current_platform()
    return jsonify(
        execution_status(db.session(), study, actor=actor(), queue=platform.queue, values=platform.values)
    )
