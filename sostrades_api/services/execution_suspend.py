"""Suspend an execution: it frees its worker, and goes on from the last finished discipline when resumed."""

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import ConflictError
from sostrades_api.models import Execution, ExecutionState
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_get import execution_lock
from sostrades_api.services.execution_transition import require_transition
from sostrades_api.services.unit_of_work import unit_of_work


def execution_suspend(
    session: Session, execution_id: int, *, actor: Actor, queue: ExecutionQueue
) -> Execution:
    """Suspend it: what waits is SUSPENDED now, what runs is STOPPING until the discipline that runs is done.

    Raises:
        ConflictError: It has ended, or is being stopped.
        NotFoundError: There is none.
    """
    with unit_of_work(session) as unit:
        execution = execution_lock(session, execution_id)
        if is_suspended(execution):
            return execution
        suspended = ExecutionState.SUSPENDED
        if execution.state is ExecutionState.QUEUED:
            require_transition(
                session, execution, to_state=suspended, reason="asked to suspend", actor=actor.label
            )
        elif execution.state is ExecutionState.RUNNING:
            require_transition(
                session,
                execution,
                to_state=ExecutionState.STOPPING,
                reason="asked to suspend",
                actor=actor.label,
                stopping_to=suspended.value,
            )
            attempt = execution.attempt
            unit.after_commit(lambda: queue.request_stop(execution_id, attempt=attempt))
        else:
            msg = f"execution {execution_id} cannot be suspended: it is {execution.state}"
            raise ConflictError(msg)
    return execution


def is_suspended(execution: Execution) -> bool:
    """Whether it is suspended, or will be as soon as its run lets go."""
    stopping = execution.state is ExecutionState.STOPPING
    return execution.state is ExecutionState.SUSPENDED or (
        stopping and execution.stopping_to == ExecutionState.SUSPENDED
    )
