"""What a client sees of the latest execution of a study case, as API v0 promises it."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, defer

from sostrades_api.access import Actor, Permission, can
from sostrades_api.errors import StudyNotLoadableError
from sostrades_api.models import HELD_STATES, Execution, ExecutionState, StudyCase
from sostrades_api.queueing import ExecutionQueue, LiveProgress
from sostrades_api.services.execution_order import queue_position
from sostrades_api.services.execution_unconverged import execution_unconverged
from sostrades_api.services.role_find import role_find
from sostrades_api.services.stored_values import StoredValues
from sostrades_api.services.study_case_names import full_name
from sostrades_api.services.study_plan import study_plan
from sostrades_api.storage import ValueStore

NOT_EXECUTED = "NOT EXECUTED"
UNKNOWN = "----"  # what API v0 clients show while there is no figure
_GIB = 1024**3

STUDY_STATUS: Mapping[ExecutionState, str] = {
    ExecutionState.QUEUED: "PENDING",
    ExecutionState.RUNNING: "RUNNING",
    ExecutionState.STOPPING: "RUNNING",
    ExecutionState.SUSPENDED: "PENDING",  # it has not ended: whoever waits for it goes on waiting
    ExecutionState.FINISHED: "FINISHED",
    ExecutionState.FAILED: "FAILED",
    ExecutionState.STOPPED: "STOPPED",
}

_LATEST = (
    select(Execution)
    .where(Execution.study_case_id == bindparam("study_case"))
    .order_by(Execution.id.desc())
    .limit(1)
    .options(defer(Execution.traceback), defer(Execution.profile))
    .execution_options(populate_existing=True)
)


def execution_status(
    session: Session,
    study: StudyCase,
    *,
    actor: Actor,
    queue: ExecutionQueue,
    values: ValueStore | None = None,
) -> dict[str, Any]:
    """The status of this study case; with Redis down, as the database knows it.

    Args:
        session: To read with.
        study: The study case.
        actor: Who asks; who may not read values is told which discipline failed, not what it said.
        queue: For live progress.
        values: Where structuring inputs are read; a process without them needs none.

    Returns:
        The fields of API v0, discipline names in full, and ``execution_id``, ``progress`` (0 to 1),
        ``converged`` (of results; False when an unconverged loop was accepted), ``unconverged`` (the
        disciplines whose results depend on such a loop),
        ``started_at``, ``ended_at`` (ISO 8601, UTC) and ``queue_position`` (1 is next).
    """
    execution = execution_find_latest(session, study_case_id=study.id)
    if execution is None:
        return _not_executed(study, StoredValues(session, study.id, values=values))
    live = live_of(execution, queue=queue)
    disciplines = live.named(execution.disciplines) if live else execution.disciplines
    usage = (live.usage if live else None) or execution.usage
    waiting = execution.state is ExecutionState.QUEUED
    return {
        "study_case_id": study.id,
        "study_case_execution_status": STUDY_STATUS[execution.state],
        "study_case_execution_error_message": _error_message(session, study, execution, actor=actor),
        **_usage_fields(usage),
        "disciplines_status": _named(study, disciplines),
        "execution_id": execution.id,
        "progress": live.progress if live else execution.progress,
        "converged": execution.converged,
        "unconverged": [
            full_name(study.name, relative=path)
            for path in execution_unconverged(execution).among(execution.disciplines)
        ],
        "started_at": _iso(execution.started_at),
        "ended_at": _iso(execution.ended_at),
        "queue_position": queue_position(session, execution) if waiting else None,
    }


def execution_find_latest(session: Session, *, study_case_id: int) -> Execution | None:
    """The latest execution of a study case, whatever its state; without its traceback."""
    return session.scalar(_LATEST, {"study_case": study_case_id})


def shown_error(execution: Execution, *, may_read: bool) -> str | None:
    """Why it failed: what was said for readers of values, else which disciplines failed."""
    if execution.error_message is None or may_read:
        return execution.error_message
    failed = [path for path, status in execution.disciplines.items() if status == "FAILED"]
    if not failed:
        return "The execution failed."
    return f"The discipline{'s' * (len(failed) > 1)} {', '.join(failed)} failed."


def _error_message(session: Session, study: StudyCase, execution: Execution, *, actor: Actor) -> str | None:
    if execution.error_message is None:
        return None
    may_read = can(actor, Permission.READ, role=role_find(session, study, actor=actor))
    return shown_error(execution, may_read=may_read)


def live_of(execution: Execution, *, queue: ExecutionQueue) -> LiveProgress | None:
    """Live progress, only of the attempt that holds the lease now."""
    if execution.state not in HELD_STATES:
        return None
    live = queue.live(execution.id)
    return live if live is not None and live.token == execution.token else None


def _not_executed(study: StudyCase, stored: StoredValues) -> dict[str, Any]:
    try:
        disciplines = dict.fromkeys(study_plan(study.process_name, stored).plan.disciplines, "CONFIGURE")
    except StudyNotLoadableError:  # its status can be read even so: it was not executed
        disciplines = {}
    return {
        "study_case_id": study.id,
        "study_case_execution_status": NOT_EXECUTED,
        "study_case_execution_error_message": None,
        **_usage_fields(None),
        "disciplines_status": _named(study, disciplines),
        "execution_id": None,
        "progress": 0.0,
        "converged": None,
        "unconverged": [],
        "started_at": None,
        "ended_at": None,
        "queue_position": None,
    }


def _named(study: StudyCase, disciplines: Mapping[str, str]) -> dict[str, str]:
    return {full_name(study.name, relative=path): status for path, status in disciplines.items()}


def _usage_fields(usage: Mapping[str, Any] | None) -> dict[str, str]:
    if not usage:
        return {"study_case_execution_cpu": UNKNOWN, "study_case_execution_memory": UNKNOWN}
    used, host = usage["memory_bytes"] / _GIB, usage["host_memory_bytes"] / _GIB
    return {
        "study_case_execution_cpu": f"{usage['cores']:.1f}/{usage['host_cores']}",
        "study_case_execution_memory": f"{used:.2f}/{host:.2f} [GB]",
    }


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
