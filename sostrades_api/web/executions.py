"""The executions of a study case: all of them, one of them, its events, its log; repeat it, delete it."""

from collections.abc import Callable
from typing import Any

from flask import Response, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask_login import current_user
from redis.exceptions import RedisError
from werkzeug.wrappers import Response as AnyResponse

from sostrades_api.access import Permission
from sostrades_api.errors import NotFoundError
from sostrades_api.http.attachments import disposition
from sostrades_api.http.problems import wants_page
from sostrades_api.models import FINAL_STATES, Execution, db
from sostrades_api.platform import current_platform
from sostrades_api.services.execution_delete import execution_delete
from sostrades_api.services.execution_detail import execution_detail
from sostrades_api.services.execution_get import execution_get
from sostrades_api.services.execution_history import execution_history
from sostrades_api.services.execution_list import ExecutionFilter, execution_list
from sostrades_api.services.execution_log_read import execution_log_text
from sostrades_api.services.execution_log_slice import (
    LEVELS,
    MOST,
    LogSlice,
    execution_log_size,
    execution_log_slice,
    log_text,
)
from sostrades_api.services.execution_recompute import execution_recompute
from sostrades_api.services.execution_resubmit import execution_resubmit
from sostrades_api.services.sign_in_resume import sign_in_resume
from sostrades_api.streaming.responses import Asked, events_response, hub_of
from sostrades_api.web.signed_in import actor, guarded
from sostrades_api.web.status import note_of, shown_state, took_of
from sostrades_api.web.study import shared_context, study_for, told_status
from sostrades_api.web.told import told

pages = guarded("executions", __name__)

_ROWS = 50
_ONE = "/study-case/<int:study_id>/executions/<int:execution_id>"


def execution_for(permission: Permission, study_id: int, execution_id: int) -> Execution:
    """The execution, if it is one of this study case and the actor may do that with it.

    Raises:
        NotFoundError: It is of another study case, or there is none, or the actor may not see it.
    """
    study_for(permission, study_id)
    execution = execution_get(db.session(), execution_id, actor=actor(), permission=permission)
    if execution.study_case_id != study_id:
        msg = f"this study case has no execution {execution_id}"
        raise NotFoundError(msg)
    return execution


@pages.get("/study-case/<int:study_id>/executions")
def show_all(study_id: int) -> str:
    """All executions of a study case, the latest first."""
    study = study_for(Permission.VIEW, study_id)
    found = execution_list(
        db.session(),
        actor=actor(),
        wanted=ExecutionFilter(study_case_id=study_id),
        sort="-execution_id",
        limit=_ROWS,
        cursor=request.args.get("cursor"),
    )
    return render_template(
        "study_executions.html",
        executions=[execution for execution, _ in found.rows],
        next_cursor=found.next_cursor,
        is_first="cursor" not in request.args,
        shown_state=shown_state,
        took_of=took_of,
        **shared_context(study),
    )


@pages.get(_ONE)
def show(study_id: int, execution_id: int) -> str:
    """One execution: where it stands, its history, its log, what disciplines took."""
    execution = execution_for(Permission.VIEW, study_id, execution_id)
    context = shared_context(execution.study_case)
    allowed = context["allowed"]
    detail = execution_detail(db.session(), execution, actor=actor(), queue=current_platform().queue)
    may_read = "READ" in allowed
    return render_template(
        "study_execution.html",
        execution=execution,
        detail=detail,
        shown=shown_state(execution.state, stopping_to=execution.stopping_to),
        note=note_of(execution, queue_position=detail["queue_position"]),
        took=took_of(execution),
        has_ended=execution.state in FINAL_STATES,
        history=execution_history(db.session(), execution) if may_read else [],
        log=_end_of_log(execution) if may_read else None,
        log_text=log_text,
        level=_level(),
        levels=LEVELS[1:],
        traceback=execution.traceback if "TRACE" in allowed else None,
        **context,
    )


@pages.get(f"{_ONE}/log.txt")
def log_as_text(study_id: int, execution_id: int) -> Response:
    """The end of its log as text; all of it to be kept with ``download``."""
    execution = execution_for(Permission.READ, study_id, execution_id)
    if "download" not in request.args:
        return Response(log_text(_end_of_log(execution).lines), content_type="text/plain; charset=utf-8")
    response = Response(execution_log_text(db.session(), execution), content_type="text/plain; charset=utf-8")
    name = f"execution_{execution_id}.log"
    response.headers["Content-Disposition"] = disposition(name, kind="attachment")
    return response


@pages.get(f"{_ONE}/events")
def events(study_id: int, execution_id: int) -> Response:
    """What happens in an execution of this study case, for the page that follows it."""
    execution_for(Permission.VIEW, study_id, execution_id)
    ticket = current_user.get_id()
    return events_response(
        execution_id,
        actor=actor(),
        renew=lambda session: sign_in_resume(session, ticket=ticket),
        caller=ticket,
        asked=Asked(),
    )


@pages.get(f"{_ONE}/residuals")
def residuals(study_id: int, execution_id: int) -> Response:
    """What its loops have told so far, as their events do; nothing when it is kept no longer."""
    execution_for(Permission.VIEW, study_id, execution_id)
    try:
        found = hub_of(current_app).events.iterations(execution_id)
    except RedisError:
        found = []
    return jsonify([{"id": event_id, **data} for event_id, data in found])


@pages.post(f"{_ONE}/resubmit")
def resubmit(study_id: int, execution_id: int) -> AnyResponse:
    """Run it again, on the values it ran on."""
    execution_for(Permission.EXECUTE, study_id, execution_id)
    return _repeated(study_id, execution_id, execution_resubmit)


@pages.post(f"{_ONE}/recompute")
def recompute(study_id: int, execution_id: int) -> AnyResponse:
    """Run a discipline of it, and all that depends on it, again."""
    execution_for(Permission.EXECUTE, study_id, execution_id)
    discipline = request.form.get("discipline", "")
    return _repeated(study_id, execution_id, execution_recompute, discipline=discipline)


@pages.post(f"{_ONE}/delete")
def delete(study_id: int, execution_id: int) -> AnyResponse:
    """Delete it for good."""
    execution_for(Permission.DELETE, study_id, execution_id)
    db.session().rollback()
    with told():
        execution_delete(db.session(), execution_id)
        flash(f"Execution {execution_id} is deleted.", "good")
        return redirect(url_for("executions.show_all", study_id=study_id))
    return redirect(url_for("executions.show", study_id=study_id, execution_id=execution_id))


def _repeated(
    study_id: int, execution_id: int, repeat: Callable[..., Execution], **wanted: Any
) -> AnyResponse:
    """The page of the new execution without a script, the status with one."""
    platform, session = current_platform(), db.session()
    session.rollback()
    shown = execution_id
    with told():
        made = repeat(
            session, execution_id, actor=actor(), queue=platform.queue, values=platform.values, **wanted
        )
        shown = made.id
    if wants_page():
        return redirect(url_for("executions.show", study_id=study_id, execution_id=shown))
    return told_status(study_for(Permission.VIEW, study_id))


def _level() -> str | None:
    level = request.args.get("level")
    return level if level in LEVELS else None


def _end_of_log(execution: Execution) -> LogSlice:
    size = execution_log_size(db.session(), execution)
    return execution_log_slice(db.session(), execution, start=max(0, size - MOST), level=_level())
