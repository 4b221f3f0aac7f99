"""Hold a worker, and release it: a held one finishes what it runs and takes nothing new."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.access.actor import require_administrator
from sostrades_api.errors import NotFoundError
from sostrades_api.models import WorkerProcess
from sostrades_api.services.unit_of_work import unit_of_work


def worker_hold(session: Session, name: str, *, actor: Actor) -> WorkerProcess:
    """Hold it; one that is held already stays so, and stays held by who did it first.

    Raises:
        ForbiddenError: The actor is no administrator.
        NotFoundError: There is no such worker.
    """
    return _set_held(session, name, actor=actor, held=True)


def worker_release(session: Session, name: str, *, actor: Actor) -> WorkerProcess:
    """Let it take executions again; it hears of it within a heartbeat.

    Raises:
        ForbiddenError: The actor is no administrator.
        NotFoundError: There is no such worker.
    """
    return _set_held(session, name, actor=actor, held=False)


def _set_held(session: Session, name: str, *, actor: Actor, held: bool) -> WorkerProcess:
    require_administrator(actor)
    with unit_of_work(session):
        query = select(WorkerProcess).where(WorkerProcess.name == name).with_for_update()
        worker = (
            session.scalar(query.execution_options(populate_existing=True)) if name.isprintable() else None
        )
        if worker is None:
            detail = f"There is no worker named '{name}'"
            raise NotFoundError(detail)
        if worker.held != held:
            worker.held, worker.held_by = held, actor.label if held else None
    return worker
