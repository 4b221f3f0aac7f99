"""Where an execution stands, in the words of pages, and what may be done with it then."""

from collections.abc import Mapping
from typing import Any

from sostrades_api.models import FINAL_STATES, HELD_STATES, Execution, ExecutionState, StudyCase, db
from sostrades_api.platform import current_platform
from sostrades_api.services.execution_eta import execution_eta
from sostrades_api.services.execution_status import (
    NOT_EXECUTED,
    STUDY_STATUS,
    execution_find_latest,
    execution_status,
)
from sostrades_api.services.study_case_names import find_relative_name
from sostrades_api.web.signed_in import actor
from sostrades_api.web.texts import moment, span

_S = ExecutionState
# The words of API v0, but for what only pages tell apart.
_SHOWN: Mapping[ExecutionState, str] = {**STUDY_STATUS, _S.STOPPING: "STOPPING", _S.SUSPENDED: "SUSPENDED"}
_SOON = "as soon as the discipline or iteration that runs now is done"


def page_status(study: StudyCase) -> dict[str, Any]:
    """The status of API v0, and what pages show beyond it.

    Returns:
        Also ``shown`` (the state in a word), ``note`` (the same in a sentence, where one is needed),
        ``actions`` (what its state allows), ``attempt``, ``worker``, ``eta_seconds``, ``started``, ``took``.
    """
    platform, session = current_platform(), db.session()
    held = execution_find_latest(session, study_case_id=study.id)  # kept, so that it is not read again below
    status = execution_status(session, study, actor=actor(), queue=platform.queue, values=platform.values)
    number = status["execution_id"]
    execution = held if held is not None and held.id == number else None
    if execution is None and number is not None:
        execution = session.get(Execution, number)
    return {**status, **_beyond(study, execution, status=status)}


def shown_state(state: ExecutionState | None, *, stopping_to: str | None = None) -> str:
    """The state of an execution in a word; None: there is none."""
    if state is None:
        return NOT_EXECUTED
    if state is _S.STOPPING and stopping_to == _S.SUSPENDED:
        return "SUSPENDING"
    return _SHOWN[state]


def note_of(execution: Execution, *, queue_position: int | None) -> str:
    """What its state means, where a word does not say it."""
    if execution.state is _S.QUEUED and queue_position:
        return f"It is number {queue_position} in the queue."
    if execution.state is _S.SUSPENDED:
        return "No worker is busy with it. Resumed, it goes on from the last finished discipline."
    if execution.state is not _S.STOPPING:
        return ""
    if execution.stop_forced:
        return "It is stopped by force: its process is ended, what finished disciplines have made is kept."
    end = "will be suspended" if execution.stopping_to == _S.SUSPENDED else "stops"
    return f"It {end} {_SOON}."


def took_of(execution: Execution) -> str | None:
    """How long its attempt took, or has taken so far; of a suspended one nobody counts."""
    if execution.state is _S.SUSPENDED:
        return None
    return span(execution.started_at, execution.ended_at)


def actions_of(execution: Execution | None) -> list[str]:
    """What its state allows; whether somebody may do that is another matter."""
    if execution is None:
        return ["run"]
    if execution.state in FINAL_STATES:
        return ["run", "recompute"]
    if execution.state is _S.SUSPENDED:
        return ["resume", "stop"]
    if execution.state is not _S.STOPPING:
        return ["stop", "suspend"]
    if execution.stopping_to == _S.SUSPENDED:
        return ["stop"]
    return [] if execution.stop_forced else ["force"]


def _beyond(study: StudyCase, execution: Execution | None, *, status: Mapping[str, Any]) -> dict[str, Any]:
    if execution is None:
        nothing = dict.fromkeys(("attempt", "worker", "eta_seconds", "started", "took"))
        return {"shown": NOT_EXECUTED, "note": "", "actions": actions_of(None), **nothing}
    runs = execution.state in HELD_STATES
    return {
        "shown": shown_state(execution.state, stopping_to=execution.stopping_to),
        "note": note_of(execution, queue_position=status["queue_position"]),
        "actions": actions_of(execution),
        "attempt": execution.attempt or None,
        "worker": execution.worker_name,
        "eta_seconds": _eta(study, execution, status=status) if runs else None,
        "started": moment(execution.started_at) if execution.started_at else None,
        "took": took_of(execution),
    }


def _eta(study: StudyCase, execution: Execution, *, status: Mapping[str, Any]) -> float | None:
    statuses = {
        find_relative_name(study.name, full=name) or name: now
        for name, now in status["disciplines_status"].items()
    }
    return execution_eta(db.session(), execution, statuses=statuses, progress=status["progress"])
