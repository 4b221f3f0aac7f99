"""Set when an execution is deleted, once it has ended."""

import datetime as dt

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.models import Execution
from sostrades_api.services.execution_amend import note_amendment
from sostrades_api.services.execution_get import execution_lock
from sostrades_api.services.unit_of_work import unit_of_work


def execution_set_expiry(
    session: Session, execution_id: int, *, actor: Actor, at: dt.datetime | None
) -> Execution:
    """The collector deletes it within an hour or so after that moment; None: never.

    One that is past it while it waits or runs stays until it has ended.

    Raises:
        NotFoundError: There is no such execution.
    """
    with unit_of_work(session):
        execution = execution_lock(session, execution_id)
        if execution.expires_at != at:
            change = f"expires {_said(execution.expires_at)} -> {_said(at)}"
            execution.expires_at = at
            note_amendment(session, execution, change=change, actor=actor)
    return execution


def _said(at: dt.datetime | None) -> str:
    return "never" if at is None else at.isoformat(timespec="seconds")
