"""Resubmit an execution: once more on the same values, whatever has been edited since."""

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.models import Execution
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_repeat import execution_repeat
from sostrades_api.storage import ValueStore


def execution_resubmit(
    session: Session, execution_id: int, *, actor: Actor, queue: ExecutionQueue, values: ValueStore
) -> Execution:
    """The new execution, QUEUED; what is known of its inputs is re-used. Raises as `execution_repeat`."""
    return execution_repeat(session, execution_id, actor=actor, queue=queue, values=values)
