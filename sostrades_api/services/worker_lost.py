"""A worker has died, as whoever started it knows: what it ran goes to another one at once."""

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sostrades_api.models import HELD_STATES, Execution, WorkerProcess
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_end import AttemptKey
from sostrades_api.services.execution_lose import Loss, execution_lose
from sostrades_api.services.unit_of_work import unit_of_work


def worker_lost(
    session: Session, names: Collection[str], *, max_attempts: int, queue: ExecutionQueue
) -> tuple[int, ...]:
    """Take the attempts of these workers away, without waiting for their leases to end.

    Nothing of them runs any more: a work-horse dies with its worker. One that gave its run back, or had none,
    has nothing to lose.

    Returns:
        the executions.
    """
    held = select(Execution.id, Execution.token).where(
        Execution.state.in_(HELD_STATES), Execution.worker_name.in_(names)
    )
    keys = [AttemptKey(execution_id, token) for execution_id, token in session.execute(held) if token]
    session.rollback()
    loss = Loss(reason="its worker ended unexpectedly", actor="pool", max_attempts=max_attempts)
    lost = tuple(key.execution_id for key in keys if execution_lose(session, key, loss=loss, queue=queue))
    with unit_of_work(session):
        session.execute(
            delete(WorkerProcess)
            .where(WorkerProcess.name.in_(names))
            .execution_options(synchronize_session=False)
        )
    return lost
