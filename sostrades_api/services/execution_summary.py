"""An execution in a few fields: what lists show, and what steering answers with."""

import datetime as dt
from typing import Any

from sostrades_api.models import Execution, StudyCase
from sostrades_api.services.execution_status import STUDY_STATUS


def execution_summary(execution: Execution, *, study: StudyCase) -> dict[str, Any]:
    """What anybody may know who sees the study case; times are ISO 8601, UTC.

    ``state`` is where it stands, ``status`` the word of API v0 for it; ``stopping_to`` is the state that a
    STOPPING one will have, ``origin_id`` the execution that it repeats.
    """
    return {
        "execution_id": execution.id,
        "study_case_id": study.id,
        "study_case_name": study.name,
        "process": execution.process_name,
        "state": execution.state.value,
        "status": STUDY_STATUS[execution.state],
        "stopping_to": execution.stopping_to,
        "attempt": execution.attempt,
        "priority": execution.priority,
        "worker_profile": execution.worker_profile,
        "deadline_seconds": execution.deadline_seconds,
        "requested_by": execution.requested_by,
        "requested_at": iso(execution.requested_at),
        "started_at": iso(execution.started_at),
        "ended_at": iso(execution.ended_at),
        "expires_at": iso(execution.expires_at),
        "progress": execution.progress,
        "converged": execution.converged,
        "origin_id": execution.origin_id,
        "study_revision": execution.study_revision,
    }


def iso(moment: dt.datetime | None) -> str | None:
    """A moment as text; None stays None."""
    return moment.isoformat() if moment else None
