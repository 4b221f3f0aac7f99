"""A worker says that it is there, and learns whether somebody holds it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from sostrades_api.models import WorkerProcess
from sostrades_api.models.clock import database_time
from sostrades_api.services.unit_of_work import unit_of_work


@dataclass(frozen=True, kw_only=True)
class WorkerFacts:
    """What a worker tells of itself.

    Attributes:
        name: of this process alone.
        host: where it runs.
        pid: its process there.
        profiles: worker profiles whose executions it takes.
        started_at: when it began.
        execution_id: what it runs now.
        executed: attempts that it has run.
    """

    name: str
    host: str
    pid: int
    profiles: Sequence[str]
    started_at: dt.datetime
    execution_id: int | None = None
    executed: int = 0


def worker_beat(session: Session, worker: WorkerFacts) -> bool:
    """Write its row, anew if it was forgotten; whether it is held.

    By the database's clock: that of the worker's host may be wrong.
    """
    now = database_time(session)
    with unit_of_work(session):
        result = session.execute(
            update(WorkerProcess)
            .where(WorkerProcess.name == worker.name)
            .values(heartbeat_at=now, execution_id=worker.execution_id, executed=worker.executed)
            .execution_options(synchronize_session=False)
        )
        if isinstance(result, CursorResult) and result.rowcount:
            return bool(session.scalar(select(WorkerProcess.held).where(WorkerProcess.name == worker.name)))
        session.add(
            WorkerProcess(
                name=worker.name,
                host=worker.host,
                pid=worker.pid,
                profiles=list(worker.profiles),
                started_at=worker.started_at,
                heartbeat_at=now,
                execution_id=worker.execution_id,
                executed=worker.executed,
            )
        )
    return False


def worker_leave(session: Session, *, name: str) -> None:
    """It has ended: its row goes."""
    with unit_of_work(session):
        session.execute(delete(WorkerProcess).where(WorkerProcess.name == name))
