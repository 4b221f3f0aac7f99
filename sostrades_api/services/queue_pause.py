"""Pause the queue of a worker profile, or of all: nothing of it is taken until it is resumed."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.access.actor import require_administrator
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.models import Execution, ExecutionState, QueuePause, utc_now
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_sweep import announce_waiting
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.settings import Settings

REASON_LENGTH = 1000


def queue_pause(
    session: Session,
    *,
    actor: Actor,
    settings: Settings,
    worker_profile: str | None = None,
    reason: str | None = None,
) -> None:
    """Pause it; what runs goes on. What is paused already stays so since then, with the new reason.

    Args:
        session: Free of changes.
        actor: Who pauses.
        settings: What profiles there are.
        worker_profile: Its name; None: all.
        reason: For whoever waits.

    Raises:
        ForbiddenError: The actor is no administrator.
        InvalidValuesError: There is no such profile, or the reason is too long.
        ConflictError: Somebody else pauses it at the same time.
    """
    require_administrator(actor)
    if reason is not None and (len(reason) > REASON_LENGTH or "\x00" in reason):
        fault = f"may have at most {REASON_LENGTH} characters, and no NUL"
        raise InvalidValuesError([FaultyItem(fault, pointer="/reason")])
    reason = " ".join((reason or "").split())  # of one line, wherever it is shown
    with unit_of_work(session, conflict="Somebody else pauses it at this very moment"):
        paused = {row.worker_profile: row for row in session.scalars(select(QueuePause))}
        for name in _chosen(session, worker_profile, settings=settings):
            row = paused.get(name)
            if row is None:
                session.add(QueuePause(worker_profile=name, paused_by=actor.label, reason=reason or None))
            elif reason:
                row.reason, row.paused_by = reason, actor.label


def queue_resume(
    session: Session,
    *,
    actor: Actor,
    settings: Settings,
    queue: ExecutionQueue,
    worker_profile: str | None = None,
) -> None:
    """Go on; workers are woken up for what waits at once. What is not paused stays so.

    Raises:
        ForbiddenError: The actor is no administrator.
        InvalidValuesError: There is no such profile.
    """
    require_administrator(actor)
    with unit_of_work(session) as unit:
        names = _chosen(session, worker_profile, settings=settings)
        session.execute(delete(QueuePause).where(QueuePause.worker_profile.in_(names)))
        unit.after_commit(lambda: announce_waiting(session, queue=queue, since=utc_now()))


def _chosen(session: Session, worker_profile: str | None, *, settings: Settings) -> list[str]:
    """The names; those that only executions or pauses know are names too: the settings may have changed."""
    queued = select(Execution.worker_profile).where(Execution.state == ExecutionState.QUEUED).distinct()
    known = dict.fromkeys([*settings.worker_profiles, *session.scalars(queued)])
    known |= dict.fromkeys(session.scalars(select(QueuePause.worker_profile)))
    if worker_profile is None:
        return list(known)
    if worker_profile not in known:
        fault = f"there is no worker profile '{worker_profile}'; there are: {', '.join(sorted(known))}"
        raise InvalidValuesError([FaultyItem(fault, pointer="/worker_profile")])
    return [worker_profile]
