"""Set how long an attempt of an execution may run."""

import math

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.models import Execution
from sostrades_api.services.execution_amend import note_amendment, require_active
from sostrades_api.services.execution_get import execution_lock
from sostrades_api.services.unit_of_work import unit_of_work

MAX_DEADLINE_SECONDS = 1e9  # thirty years


def execution_set_deadline(
    session: Session, execution_id: int, *, actor: Actor, seconds: float | None
) -> Execution:
    """Seconds from the start of an attempt, after which it fails; None: as the platform says.

    One that runs learns of it at its worker's next heartbeat. The platform's own limit holds besides.

    Raises:
        ConflictError: It has ended.
        InvalidValuesError: It is no such time.
        NotFoundError: There is no such execution.
    """
    if seconds is not None and not (math.isfinite(seconds) and 0 < seconds <= MAX_DEADLINE_SECONDS):
        fault = f"a deadline is more than 0 seconds, and at most {MAX_DEADLINE_SECONDS:g}"
        raise InvalidValuesError([FaultyItem(fault, pointer="/seconds")])
    with unit_of_work(session):
        execution = execution_lock(session, execution_id)
        require_active(execution, what="its deadline cannot be set")
        if execution.deadline_seconds != seconds:
            change = f"deadline {_said(execution.deadline_seconds)} -> {_said(seconds)}"
            execution.deadline_seconds = seconds
            note_amendment(session, execution, change=change, actor=actor)
    return execution


def _said(seconds: float | None) -> str:
    return "none" if seconds is None else f"{seconds:g} s"
