"""Renew the lease of a running attempt, and learn whether it may go on."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from sostrades_api.models import Execution, ExecutionState, utc_now
from sostrades_api.services.unit_of_work import unit_of_work

RUNNING_STATES = (ExecutionState.RUNNING, ExecutionState.STOPPING)


class Pulse(StrEnum):
    """What the database answers to a heartbeat."""

    GO_ON = "GO_ON"  # the lease is renewed
    STOP = "STOP"  # the lease is renewed, and somebody asked to stop
    LOST = "LOST"  # the attempt was taken away: abort at once, write nothing


def execution_heartbeat(session: Session, *, execution_id: int, token: str, lease_seconds: float) -> Pulse:
    """Renew the lease of the attempt that has this token."""
    with unit_of_work(session):
        result = session.execute(
            update(Execution)
            .where(
                Execution.id == execution_id,
                Execution.token == token,
                Execution.state.in_(RUNNING_STATES),
            )
            .values(lease_until=utc_now() + dt.timedelta(seconds=lease_seconds))
            .execution_options(synchronize_session=False)
        )
        if not isinstance(result, CursorResult) or result.rowcount != 1:
            return Pulse.LOST
        state = session.scalar(select(Execution.state).where(Execution.id == execution_id))
    return Pulse.STOP if state is ExecutionState.STOPPING else Pulse.GO_ON
