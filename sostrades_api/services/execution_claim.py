"""Claim a queued execution for one attempt: whoever's claim the database accepts may run it, nobody else."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from sostrades_api.models import Execution, ExecutionState, WorkerProcess, utc_now
from sostrades_api.models.clock import database_time
from sostrades_api.services.execution_order import groups_in_turn, lock_turn, next_of_group
from sostrades_api.services.execution_transition import execution_transition
from sostrades_api.services.unit_of_work import unit_of_work

_HELD = select(WorkerProcess.held).where(WorkerProcess.name == bindparam("worker"))


class WorkerHeldError(Exception):
    """The worker is held: it takes nothing new."""


@dataclass(frozen=True)
class Claimant:
    """Who claims.

    Attributes:
        worker: name of the worker, for people.
        token: unknown to anybody else; every later write of this attempt is fenced by it.
        lease_seconds: silence after which the attempt is taken away.
    """

    worker: str
    token: str
    lease_seconds: float


def execution_claim(
    session: Session, *, execution_id: int, token: str, worker: str, lease_seconds: float
) -> Execution | None:
    """Start a new attempt of this execution; None when it cannot be claimed (it runs, has ended, is gone)."""
    with unit_of_work(session):
        execution = session.get(Execution, execution_id, populate_existing=True)
        if execution is None or execution.state is not ExecutionState.QUEUED:
            return None
        claimed = _claimed(session, execution, by=Claimant(worker, token, lease_seconds))
    return execution if claimed else None


def execution_claim_next(session: Session, *, profiles: Collection[str], by: Claimant) -> Execution | None:
    """Start a new attempt of the execution whose turn it is; None when nothing may run now.

    Groups take turns: first whoever has the fewest running, then who has waited longest. Within a group the
    highest priority goes first, then the oldest. What is paused, or of a group that runs as many as it may,
    stays where it is.

    Args:
        session: Free of changes.
        profiles: Worker profiles that this worker serves.
        by: Who claims.

    Raises:
        WorkerHeldError: Somebody holds it.
    """
    passed: set[int] = set()
    while True:
        with unit_of_work(session):
            if session.scalar(_HELD, {"worker": by.worker}):
                raise WorkerHeldError(by.worker)
            groups = groups_in_turn(session, profiles=profiles)
            group_id = next((group_id for group_id in groups if group_id not in passed), None)
            if group_id is None:
                return None
            if lock_turn(session, group_id):
                execution = next_of_group(session, group_id, profiles=profiles)
                if execution is not None and _claimed(session, execution, by=by):
                    return execution
            # It was not served, and its turn is let go: two who keep one and want the other's wait for ever.
            session.rollback()
        passed.add(group_id)


def _claimed(session: Session, execution: Execution, *, by: Claimant) -> bool:
    return execution_transition(
        session,
        execution,
        to_state=ExecutionState.RUNNING,
        reason="claimed",
        actor=by.worker,
        attempt=execution.attempt + 1,
        token=by.token,
        lease_until=database_time(session, in_seconds=by.lease_seconds),
        worker_name=by.worker,
        started_at=utc_now(),
        progress=0.0,
        disciplines=dict.fromkeys(execution.disciplines, "PENDING"),
    )
