"""Renew the lease of a running attempt, and learn whether it may go on."""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from sostrades_api.models import HELD_STATES, Execution, ExecutionState
from sostrades_api.models.clock import database_time
from sostrades_api.services.unit_of_work import unit_of_work


class Pulse(StrEnum):
    """What the database answers to a heartbeat."""

    GO_ON = "GO_ON"  # the lease is renewed
    STOP = "STOP"  # the lease is renewed, and somebody asked to stop
    KILL = "KILL"  # the lease is renewed, and somebody asked to end it whatever it does
    LOST = "LOST"  # the attempt was taken away: abort at once, write nothing


@dataclass(frozen=True)
class Heartbeat:
    """The answer, and how long the attempt may run (None: as the platform says)."""

    pulse: Pulse
    deadline_seconds: float | None = None


def execution_heartbeat(
    session: Session, *, execution_id: int, token: str, lease_seconds: float
) -> Heartbeat:
    """Renew the lease of the attempt that has this token."""
    with unit_of_work(session):
        result = session.execute(
            update(Execution)
            .where(
                Execution.id == execution_id,
                Execution.token == token,
                Execution.state.in_(HELD_STATES),
            )
            .values(lease_until=database_time(session, in_seconds=lease_seconds))
            .execution_options(synchronize_session=False)
        )
        if not isinstance(result, CursorResult) or result.rowcount != 1:
            return Heartbeat(Pulse.LOST)
        wanted = select(Execution.state, Execution.stop_forced, Execution.deadline_seconds)
        state, forced, deadline = session.execute(wanted.where(Execution.id == execution_id)).one()
    if state is not ExecutionState.STOPPING:
        return Heartbeat(Pulse.GO_ON, deadline)
    return Heartbeat(Pulse.KILL if forced else Pulse.STOP, deadline)
