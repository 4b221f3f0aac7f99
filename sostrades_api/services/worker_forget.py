"""Forget workers that fell silent long ago: they were killed, and could not say goodbye."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sostrades_api.models import WorkerProcess
from sostrades_api.models.clock import database_time
from sostrades_api.services.unit_of_work import unit_of_work

FORGET_SECONDS = 3600.0  # so long they are shown as lost


def worker_forget(session: Session, *, after_seconds: float = FORGET_SECONDS) -> tuple[str, ...]:
    """Delete the rows of workers without a heartbeat for so long; their names."""
    silent = WorkerProcess.heartbeat_at < database_time(session, in_seconds=-after_seconds)
    names = tuple(session.scalars(select(WorkerProcess.name).where(silent)))
    session.rollback()
    if names:  # the lock of a writer is only taken when there is something to write
        with unit_of_work(session):
            session.execute(delete(WorkerProcess).where(WorkerProcess.name.in_(names), silent))
    return names
