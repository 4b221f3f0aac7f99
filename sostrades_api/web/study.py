"""A study case: its status, its charts, its report, its log; run it, stop it, suspend and resume it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from sostrades_api.access import Permission, can
from sostrades_api.errors import ConflictError, NoResultError
from sostrades_api.http.addresses import documentation_address
from sostrades_api.http.attachments import disposition
from sostrades_api.http.problems import wants_page
from sostrades_api.models import Execution, StudyCase, db
from sostrades_api.platform import current_platform
from sostrades_api.reporting.payload import ChartPage, chart_page
from sostrades_api.services.execution_find_active import execution_find_active
from sostrades_api.services.execution_log_read import execution_log_read
from sostrades_api.services.execution_profile_read import execution_profile_read
from sostrades_api.services.execution_request import execution_request
from sostrades_api.services.execution_resume import execution_resume
from sostrades_api.services.execution_stop import execution_stop
from sostrades_api.services.execution_suspend import execution_suspend
from sostrades_api.services.report_render import report_of, report_render
from sostrades_api.services.role_find import role_find
from sostrades_api.services.study_case_get import study_case_get
from sostrades_api.web.signed_in import actor, guarded
from sostrades_api.web.status import page_status
from sostrades_api.web.told import told
from sostrades_api.web.tree import tree_of

pages = guarded("study", __name__)


def study_for(permission: Permission, study_id: int) -> StudyCase:
    """The study case, if the actor may do that with it."""
    return study_case_get(db.session(), study_id, actor=actor(), permission=permission)


def shared_context(study: StudyCase) -> dict[str, Any]:
    """What every page of a study case needs."""
    role = role_find(db.session(), study, actor=actor())
    allowed = {permission.name for permission in Permission if can(actor(), permission, role=role)}
    return {"study": study, "role": role, "allowed": allowed, "status": page_status(study)}


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
    """The status as the API gives it, and more."""
    return told_status(study_for(Permission.VIEW, study_id))


@pages.post("/study-case/<int:study_id>/run")
def run(study_id: int) -> AnyResponse:
    """Request an execution."""
    study, platform = study_for(Permission.EXECUTE, study_id), current_platform()
    with told():
        execution_request(db.session(), study, actor=actor(), queue=platform.queue, values=platform.values)
    return _after(study_id)


@pages.post("/study-case/<int:study_id>/stop")
def stop(study_id: int) -> AnyResponse:
    """Stop the execution under way, by force if that is asked for."""
    study_for(Permission.STOP, study_id)
    return _steer(study_id, partial(execution_stop, force="force" in request.form))


@pages.post("/study-case/<int:study_id>/suspend")
def suspend(study_id: int) -> AnyResponse:
    """Suspend the execution under way."""
    study_for(Permission.STOP, study_id)
    return _steer(study_id, execution_suspend)


@pages.post("/study-case/<int:study_id>/resume")
def resume(study_id: int) -> AnyResponse:
    """Resume the execution that is suspended."""
    study_for(Permission.EXECUTE, study_id)
    return _steer(study_id, execution_resume)


def told_status(study: StudyCase) -> Response:
    """The status of a study case for the script of its page."""
    return jsonify(page_status(study))


def _steer(study_id: int, act: Callable[..., Execution]) -> AnyResponse:
    """Do this with the execution under way."""
    session = db.session()
    with told():
        execution_id = execution_find_active(session, study_case_id=study_id)
        if execution_id is None:
            msg = "No execution of this study case is under way"
            raise ConflictError(msg)
        session.rollback()
        act(session, execution_id, actor=actor(), queue=current_platform().queue)
    return _after(study_id)


def _after(study_id: int) -> AnyResponse:
    """The page again without a script, the status with one."""
    if wants_page():
        return redirect(url_for("study.show", study_id=study_id))
    return told_status(study_for(Permission.VIEW, study_id))
