"""Which workers there are, and what they do."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.models import HELD_STATES, Execution, WorkerProcess
from sostrades_api.models.clock import read_database_time


class WorkerState(StrEnum):
    """What a worker does."""

    IDLE = "idle"  # waits for executions
    BUSY = "busy"  # runs one
    HELD = "held"  # takes nothing new until it is released; it may still run one
    LOST = "lost"  # said nothing for three heartbeats


@dataclass(frozen=True, kw_only=True)
class WorkerShown:
    """A worker as an actor may see it: names, hosts and who holds it are for administrators."""

    state: WorkerState
    profiles: tuple[str, ...]
    heartbeat_at: dt.datetime
    started_at: dt.datetime
    execution_id: int | None
    executed: int
    held: bool
    name: str | None = None
    host: str | None = None
    pid: int | None = None
    held_by: str | None = None


def worker_list(session: Session, *, actor: Actor, silence_seconds: float) -> list[WorkerShown]:
    """All of them, those of one host together."""
    query = select(WorkerProcess).order_by(WorkerProcess.host, WorkerProcess.started_at, WorkerProcess.name)
    rows = session.scalars(query.execution_options(populate_existing=True)).all()
    return _shown(session, rows, actor=actor, silence_seconds=silence_seconds)


def worker_shown(
    session: Session, row: WorkerProcess, *, actor: Actor, silence_seconds: float
) -> WorkerShown:
    """One of them."""
    return _shown(session, [row], actor=actor, silence_seconds=silence_seconds)[0]


def _shown(
    session: Session, rows: Sequence[WorkerProcess], *, actor: Actor, silence_seconds: float
) -> list[WorkerShown]:
    running = _current_executions(session)
    lost_before = read_database_time(session) - dt.timedelta(seconds=silence_seconds)
    return [
        _one_shown(row, actor=actor, running=running.get(row.name), is_lost=row.heartbeat_at < lost_before)
        for row in rows
    ]


def _one_shown(row: WorkerProcess, *, actor: Actor, running: int | None, is_lost: bool) -> WorkerShown:
    state = WorkerState.BUSY if running is not None else WorkerState.IDLE
    if is_lost or row.held:
        state = WorkerState.LOST if is_lost else WorkerState.HELD
    shown = WorkerShown(
        state=state,
        profiles=tuple(row.profiles),
        heartbeat_at=row.heartbeat_at,
        started_at=row.started_at,
        execution_id=running,
        executed=row.executed,
        held=row.held,
    )
    if not actor.is_admin:
        return shown
    names = {"name": row.name, "host": row.host, "pid": row.pid, "held_by": row.held_by}
    return WorkerShown(**{**shown.__dict__, **names})


def _current_executions(session: Session) -> Mapping[str, int]:
    """The execution that each worker holds, by the worker's name: what the executions say is the truth."""
    query = select(Execution.worker_name, Execution.id).where(Execution.state.in_(HELD_STATES))
    return {name: execution_id for name, execution_id in session.execute(query) if name}
