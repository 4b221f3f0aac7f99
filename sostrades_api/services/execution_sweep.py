"""Put right what crashes leave behind: silent attempts, and executions that nobody announced."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from sostrades_api.models import Execution, ExecutionState, utc_now
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_end import AttemptKey
from sostrades_api.services.execution_heartbeat import RUNNING_STATES
from sostrades_api.services.execution_lose import Loss, execution_lose
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.settings import Settings

_BATCH = 500
_ACTOR = "sweeper"


@dataclass(frozen=True)
class SweepReport:
    """What one sweep did."""

    lost: tuple[int, ...] = ()  # executions whose attempt was taken away
    announced: tuple[int, ...] = ()  # queued executions that were enqueued (again)


def execution_sweep(session: Session, *, settings: Settings, queue: ExecutionQueue) -> SweepReport:
    """One sweep; several may run at once, on several hosts."""
    loss = Loss(
        reason=f"its worker was silent for more than {settings.lease_seconds:g} s",
        actor=_ACTOR,
        max_attempts=settings.max_attempts,
    )
    lost = tuple(
        key.execution_id for key in _expired(session) if execution_lose(session, key, loss=loss, queue=queue)
    )
    return SweepReport(lost=lost, announced=_announce(session, settings=settings, queue=queue))


def _expired(session: Session) -> list[AttemptKey]:
    query = (
        select(Execution.id, Execution.token)
        .where(Execution.state.in_(RUNNING_STATES), Execution.lease_until < utc_now())
        .order_by(Execution.id)
        .limit(_BATCH)
    )
    return [AttemptKey(execution_id, token) for execution_id, token in session.execute(query) if token]


def _announce(session: Session, *, settings: Settings, queue: ExecutionQueue) -> tuple[int, ...]:
    """Enqueue what has waited for a sweep's time and is not in Redis."""
    waited_since = utc_now() - dt.timedelta(seconds=settings.sweep_seconds)
    query = (
        select(Execution.id, Execution.attempt)
        .where(
            Execution.state == ExecutionState.QUEUED,
            func.coalesce(Execution.enqueued_at, Execution.requested_at) < waited_since,
        )
        .order_by(Execution.id)
        .limit(_BATCH)
    )
    waiting = list(session.execute(query))
    session.rollback()  # end the read: enqueueing may take its time
    announced = []
    for execution_id, attempt in waiting:
        if queue.is_waiting(execution_id, attempt=attempt + 1):
            continue
        if not queue.enqueue_again(execution_id, attempt=attempt + 1):
            break  # Redis is away; the next sweep will do it
        announced.append(execution_id)
    _mark_announced(session, announced)
    return tuple(announced)


def _mark_announced(session: Session, execution_ids: list[int]) -> None:
    if not execution_ids:
        return
    with unit_of_work(session):
        session.execute(
            update(Execution)
            .where(Execution.id.in_(execution_ids), Execution.state == ExecutionState.QUEUED)
            .values(enqueued_at=utc_now())
            .execution_options(synchronize_session=False)
        )
