"""Put right what crashes leave behind: silent attempts, and executions that nobody announced."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from sostrades_api.models import HELD_STATES, Execution, ExecutionState, QueuePause, utc_now
from sostrades_api.models.clock import database_time
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.queueing.jobs import job_id_of
from sostrades_api.services.execution_end import AttemptKey
from sostrades_api.services.execution_lose import Loss, execution_lose
from sostrades_api.services.execution_order import groups_in_turn
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.settings import Settings

_BATCH = 500
_TOO_LONG = 2  # leases
_ACTOR = "sweeper"
_QUEUED = Execution.state == ExecutionState.QUEUED


@dataclass(frozen=True)
class SweepReport:
    """What one sweep did."""

    lost: tuple[int, ...] = ()  # executions whose attempt was taken away
    announced: tuple[int, ...] = ()  # queued executions that were enqueued (again)


def execution_sweep(
    session: Session, *, settings: Settings, queue: ExecutionQueue, spare_silent: bool = False
) -> SweepReport:
    """One sweep; several may run at once, on several hosts.

    Args:
        session: Free of changes.
        settings: The lease, how often is swept, how many attempts there are.
        queue: Where executions are announced.
        spare_silent: Take nothing away: the clock was set forward, and every lease looks as if it were over.
    """
    loss = Loss(
        reason=f"its worker was silent for more than {settings.lease_seconds:g} s",
        actor=_ACTOR,
        max_attempts=settings.max_attempts,
    )
    _shorten_leases(session, lease_seconds=settings.lease_seconds)
    expired = [] if spare_silent else _expired(session)
    lost = tuple(key.execution_id for key in expired if execution_lose(session, key, loss=loss, queue=queue))
    since = utc_now() - dt.timedelta(seconds=settings.sweep_seconds)
    return SweepReport(lost=lost, announced=announce_waiting(session, queue=queue, since=since))


def _expired(session: Session) -> list[AttemptKey]:
    query = (
        select(Execution.id, Execution.token)
        .where(Execution.state.in_(HELD_STATES), Execution.lease_until < database_time(session))
        .order_by(Execution.id)
        .limit(_BATCH)
    )
    return [AttemptKey(execution_id, token) for execution_id, token in session.execute(query) if token]


def _shorten_leases(session: Session, *, lease_seconds: float) -> None:
    """Leases that end far too late were given before the clock was put back: they end in a lease's time."""
    too_long = (
        Execution.state.in_(HELD_STATES),
        Execution.lease_until > database_time(session, in_seconds=_TOO_LONG * lease_seconds),
    )
    if not session.scalar(select(func.count()).select_from(Execution).where(*too_long)):
        return
    with unit_of_work(session):
        session.execute(
            update(Execution)
            .where(*too_long)
            .values(lease_until=database_time(session, in_seconds=lease_seconds))
            .execution_options(synchronize_session=False)
        )


def announce_waiting(session: Session, *, queue: ExecutionQueue, since: dt.datetime) -> tuple[int, ...]:
    """Enqueue what has waited since before that, may run, and is not in Redis."""
    waiting = _unannounced(session, since=since)
    session.rollback()  # end the read: enqueueing may take its time
    announced = []
    for profile, rows in waiting.items():
        known = queue.waiting(profile)
        if known is None:
            break  # Redis is away; the next sweep will do it
        for execution_id, attempt in rows:
            if job_id_of(execution_id, attempt=attempt + 1) in known:
                continue
            if not queue.enqueue_again(execution_id, attempt=attempt + 1, profile=profile):
                break
            announced.append(execution_id)
    _mark_announced(session, announced)
    return tuple(announced)


def _unannounced(session: Session, *, since: dt.datetime) -> dict[str, list[tuple[int, int]]]:
    """Ids and attempts by profile, the oldest first; not those that could not be claimed now anyway."""
    profiles = set(session.scalars(select(Execution.worker_profile).where(_QUEUED).distinct()))
    profiles -= set(session.scalars(select(QueuePause.worker_profile)))
    told = func.coalesce(Execution.enqueued_at, Execution.requested_at)
    query = (
        select(Execution.id, Execution.attempt)
        .where(
            _QUEUED,
            Execution.group_id.in_(groups_in_turn(session, profiles=profiles)),
            or_(told < since, told > utc_now()),  # a host whose clock is ahead wrote that
        )
        .order_by(Execution.id)
        .limit(_BATCH)  # of each profile: a crowd that waits for workers of one hides nobody of another
    )
    found: dict[str, list[tuple[int, int]]] = {}
    for profile in sorted(profiles):
        rows = session.execute(query.where(Execution.worker_profile == profile))
        if some := [(row.id, row.attempt) for row in rows]:
            found[profile] = some
    return found


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
