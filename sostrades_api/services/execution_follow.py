"""Follow an execution: who may, and where it stands now."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from sostrades_api.access import Actor, Permission, can
from sostrades_api.models import MAX_ID, Execution, ExecutionState, StudyCase
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.queueing.events import Event, EventType
from sostrades_api.services.execution_announce import end_event, is_final
from sostrades_api.services.execution_get import execution_get
from sostrades_api.services.execution_order import queue_position
from sostrades_api.services.execution_status import shown_error
from sostrades_api.services.role_find import role_find


@dataclass(frozen=True)
class Followed:
    """An execution somebody may follow, and whether that includes values, messages and log lines."""

    execution_id: int
    study_case_id: int
    state: ExecutionState
    attempt: int
    is_final: bool
    may_read: bool


@dataclass(frozen=True)
class Snapshot:
    """Where an execution stands, as the events to begin with: a snapshot, and the end if it has ended."""

    state: ExecutionState
    attempt: int
    events: tuple[Event, ...]


def execution_follow(session: Session, execution_id: int, *, actor: Actor) -> Followed:
    """What this actor may see of an execution.

    Raises:
        NotFoundError: There is none, or the actor has no role on its study case; both look the same.
    """
    execution = execution_get(session, execution_id, actor=actor, permission=Permission.VIEW)
    study = session.get_one(StudyCase, execution.study_case_id)
    return Followed(
        execution_id=execution_id,
        study_case_id=study.id,
        state=execution.state,
        attempt=execution.attempt,
        is_final=is_final(execution),
        may_read=can(actor, Permission.READ, role=role_find(session, study, actor=actor)),
    )


def execution_snapshot(
    session: Session, execution_id: int, *, queue: ExecutionQueue, event_id: str
) -> Snapshot | None:
    """Where it stands now, read afresh; None when it has been deleted.

    Args:
        session: In no transaction, or what was read at its start would be told as what is now.
        execution_id: Which one.
        queue: For live progress.
        event_id: Of the latest event that the snapshot includes, which a client goes on from.
    """
    execution = _find(session, execution_id)
    if execution is None:
        return None
    data = _plain(session, execution, queue=queue)
    public = {**data, "error_message": shown_error(execution, may_read=False)}
    events = [Event.make(EventType.SNAPSHOT, data, public=public, event_id=event_id)]
    if is_final(execution):
        events.append(end_event(execution))
    return Snapshot(execution.state, execution.attempt, tuple(events))


def execution_states(
    session: Session, execution_ids: Collection[int]
) -> dict[int, tuple[ExecutionState, int]]:
    """State and attempt of those of these executions that there are."""
    query = select(Execution.id, Execution.state, Execution.attempt).where(Execution.id.in_(execution_ids))
    return {found: (state, attempt) for found, state, attempt in session.execute(query)}


def _find(session: Session, execution_id: int) -> Execution | None:
    if not 0 < execution_id <= MAX_ID:
        return None
    query = (
        select(Execution)
        .where(Execution.id == execution_id)
        .options(defer(Execution.traceback), defer(Execution.profile))
        .execution_options(populate_existing=True)
    )
    return session.scalar(query)


def _plain(session: Session, execution: Execution, *, queue: ExecutionQueue) -> dict[str, Any]:
    live = queue.live(execution.id) if execution.token is not None else None
    if live is not None and live.token != execution.token:  # of an attempt that is no more
        live = None
    waiting = execution.state is ExecutionState.QUEUED
    return {
        "execution_id": execution.id,
        "study_case_id": execution.study_case_id,
        "state": execution.state,
        "attempt": execution.attempt,
        "progress": live.progress if live else execution.progress,
        "disciplines": live.named(execution.disciplines) if live else execution.disciplines,
        "loop": live.loop if live else None,
        "iteration": live.iteration if live else None,
        "residual": live.residual if live else None,
        "converged": execution.converged,
        "error_message": execution.error_message,
        "requested_at": execution.requested_at,
        "started_at": execution.started_at,
        "ended_at": execution.ended_at,
        "queue_position": queue_position(session, execution) if waiting else None,
    }
