"""Recompute an execution from a discipline on: it and everything downstream is run, the rest re-used."""

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.models import Execution
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_repeat import execution_repeat
from sostrades_api.storage import ValueStore


def execution_recompute(
    session: Session,
    execution_id: int,
    *,
    discipline: str,
    actor: Actor,
    queue: ExecutionQueue,
    values: ValueStore,
) -> Execution:
    """The new execution, QUEUED; whatever is known of the discipline's inputs, it is run.

    ``discipline`` is a full name or one relative to the study. Raises as `execution_repeat`.
    """
    return execution_repeat(
        session, execution_id, actor=actor, queue=queue, values=values, recompute=(discipline,)
    )
