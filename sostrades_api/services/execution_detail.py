"""All that a client may know of one execution."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from sostrades_api.access import Actor, Permission, can
from sostrades_api.models import Execution, ExecutionState, StudyCase
from sostrades_api.queueing import ExecutionQueue, LiveProgress
from sostrades_api.services.execution_eta import execution_eta
from sostrades_api.services.execution_order import queue_position
from sostrades_api.services.execution_profile_read import profile_of
from sostrades_api.services.execution_status import live_of, shown_error
from sostrades_api.services.execution_summary import execution_summary
from sostrades_api.services.execution_unconverged import execution_unconverged
from sostrades_api.services.role_find import role_find
from sostrades_api.services.study_case_names import full_name

_TOLD = ("seconds", "share", "calls", "iterations", "reused")


def execution_detail(
    session: Session, execution: Execution, *, actor: Actor, queue: ExecutionQueue
) -> dict[str, Any]:
    """The fields of `execution_summary`, and how far it is, where it runs and what it took.

    Returns:
        Also ``queue_position``, ``eta_seconds``, ``worker``, ``losses``, ``usage`` (``cpu_seconds``,
        ``cores``, ``memory_bytes``, ...), ``loop`` (the one that iterates now: ``disciplines``,
        ``iteration``, ``residual``), ``error_message`` and ``disciplines``: name, status, and of ended
        executions, for who may read values, seconds, calls, iterations, and whether results were re-used.
    """
    study = session.get_one(StudyCase, execution.study_case_id)
    may_read = can(actor, Permission.READ, role=role_find(session, study, actor=actor))
    live = live_of(execution, queue=queue)
    statuses = live.named(execution.disciplines) if live else execution.disciplines
    progress = live.progress if live else execution.progress
    waiting = execution.state is ExecutionState.QUEUED
    return {
        **execution_summary(execution, study=study),
        "progress": progress,
        "queue_position": queue_position(session, execution) if waiting else None,
        "eta_seconds": execution_eta(session, execution, statuses=statuses, progress=progress),
        "worker": execution.worker_name,
        "losses": execution.losses,
        "usage": (live.usage if live else None) or execution.usage,
        "loop": _loop(live),
        "error_message": shown_error(execution, may_read=may_read),
        "recompute": [full_name(study.name, relative=path) for path in execution.recompute or ()],
        "unconverged": [
            full_name(study.name, relative=path)
            for path in execution_unconverged(execution).among(execution.disciplines)
        ],
        "disciplines": _disciplines(execution, study=study, statuses=statuses, may_read=may_read),
    }


def _loop(live: LiveProgress | None) -> dict[str, Any] | None:
    if live is None or live.loop is None:
        return None
    return {"disciplines": live.loop, "iteration": live.iteration, "residual": live.residual}


def _disciplines(
    execution: Execution, *, study: StudyCase, statuses: Mapping[str, str], may_read: bool
) -> list[dict[str, Any]]:
    profile = profile_of(execution) if may_read else None
    taken = {row["discipline"]: row for row in profile["disciplines"]} if profile else {}
    return [
        {
            "discipline": full_name(study.name, relative=path),
            "status": status,
            **{name: taken[path][name] if path in taken else None for name in _TOLD},
        }
        for path, status in statuses.items()
    ]
