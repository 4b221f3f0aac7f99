"""Render the report of a study case's latest finished execution."""

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from sostrades_api.access import Actor, Permission, can
from sostrades_api.errors import StudyNotLoadableError
from sostrades_api.models import StudyCase
from sostrades_api.processes import catalogue
from sostrades_api.reporting.convergence import convergence_figure, loop_outcomes
from sostrades_api.reporting.document import Report
from sostrades_api.reporting.report import content_security_policy, render
from sostrades_api.services.discipline_charts_read import discipline_charts_read
from sostrades_api.services.execution_result_read import ExecutionOutcome, execution_result_read
from sostrades_api.services.execution_status import (
    NOT_EXECUTED,
    STUDY_STATUS,
    execution_find_latest,
    shown_error,
)
from sostrades_api.services.public_text import public_text
from sostrades_api.services.report_inputs import report_inputs, report_solving
from sostrades_api.services.role_find import role_find
from sostrades_api.storage import ValueStore

_UNSAFE = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, kw_only=True)
class RenderedReport:
    """A page, a name to save it under, and the Content-Security-Policy to serve it with."""

    file_name: str
    html: str
    content_security_policy: str


def report_render(
    session: Session,
    study: StudyCase,
    *,
    actor: Actor,
    values: ValueStore,
    documentation_url: str | None = None,
) -> RenderedReport:
    """One self-contained HTML page; before the first finished execution it says that there is nothing yet.

    Who may not read values gets no inputs in it. The name of the process leads to ``documentation_url``.

    Raises:
        StudyNotLoadableError: The process is not installed any more, or cannot be built.
    """
    report = replace(
        report_of(session, study, actor=actor, values=values), documentation_url=documentation_url
    )
    stem = _UNSAFE.sub("_", study.name).strip("_.")[:120] or "study"
    return RenderedReport(
        file_name=f"{stem}.html", html=render(report), content_security_policy=content_security_policy()
    )


def report_of(session: Session, study: StudyCase, *, actor: Actor, values: ValueStore) -> Report:
    """What the report says, for whoever shows it in another form."""
    outcome = execution_result_read(session, study, values=values)
    latest = execution_find_latest(session, study_case_id=study.id)
    may_read = can(actor, Permission.READ, role=role_find(session, study, actor=actor))
    shown = outcome.execution if outcome else None
    failed = latest if latest is not None and shown is not None and latest.error_message else None
    return Report(
        study_name=study.name,
        process_name=study.process_name,
        process_label=_process_label(study.process_name),
        status=STUDY_STATUS[shown.state] if shown else _status_without_result(latest),
        executed_at=shown.ended_at if shown else None,
        seconds=_seconds(shown.started_at, shown.ended_at) if shown else None,
        requested_by=shown.requested_by if shown else None,
        changed_since=bool(shown and shown.study_revision != study.revision),
        failed_since=shown_error(failed, may_read=may_read) if failed else None,
        disciplines=discipline_charts_read(session, study, values=values),
        inputs=report_inputs(outcome) if outcome and may_read else (),
        solving=report_solving(outcome) if outcome and may_read else None,
        converged=shown.converged if shown else None,
        unconverged_disciplines=tuple(outcome.unconverged.among(outcome.plan.disciplines)) if outcome else (),
        **_convergence(outcome),
    )


def _convergence(outcome: ExecutionOutcome | None) -> dict[str, Any]:
    history = outcome.value("residuals_history") if outcome else None
    if outcome is None or not isinstance(history, pd.DataFrame):
        return {"loops": (), "convergence_chart": None}
    tolerance = float(outcome.value("tolerance"))
    return {
        "loops": loop_outcomes(history, tolerance=tolerance, is_unconverged=outcome.unconverged.has_loop),
        "convergence_chart": convergence_figure(history, tolerance=tolerance),
    }


def _status_without_result(latest: Any) -> str:
    return STUDY_STATUS[latest.state] if latest else NOT_EXECUTED


def _process_label(name: str) -> str:
    try:
        return catalogue.get(name).label or name
    except catalogue.UnknownProcess as error:
        raise StudyNotLoadableError(public_text(str(error))) from error


def _seconds(start: dt.datetime | None, end: dt.datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None
