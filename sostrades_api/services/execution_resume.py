"""Resume a suspended execution: it is queued again, and any worker goes on with it."""

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import ConflictError
from sostrades_api.models import Execution, ExecutionState, utc_now
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_get import execution_lock
from sostrades_api.services.execution_transition import require_transition
from sostrades_api.services.unit_of_work import unit_of_work


def execution_resume(
    session: Session, execution_id: int, *, actor: Actor, queue: ExecutionQueue
) -> Execution:
    """QUEUED; one that is queued already stays so.

    Raises:
        ConflictError: It is not suspended.
        NotFoundError: There is none.
    """
    with unit_of_work(session) as unit:
        execution = execution_lock(session, execution_id)
        if execution.state is ExecutionState.QUEUED:
            return execution
        if execution.state is not ExecutionState.SUSPENDED:
            msg = f"execution {execution_id} cannot be resumed: it is {execution.state}, not SUSPENDED"
            raise ConflictError(msg)
        require_transition(
            session,
            execution,
            to_state=ExecutionState.QUEUED,
            reason="resumed",
            actor=actor.label,
            enqueued_at=utc_now(),
            started_at=None,
            worker_name=None,
        )
        attempt, profile = execution.attempt + 1, execution.worker_profile
        unit.after_commit(lambda: queue.enqueue_again(execution_id, attempt=attempt, profile=profile))
    return execution
