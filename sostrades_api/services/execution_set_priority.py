"""Set the priority of an execution among those of its group."""

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.models import MAX_PRIORITY, Execution
from sostrades_api.services.execution_amend import note_amendment, require_active
from sostrades_api.services.execution_get import execution_lock
from sostrades_api.services.unit_of_work import unit_of_work


def execution_set_priority(session: Session, execution_id: int, *, actor: Actor, priority: int) -> Execution:
    """0 to 100, the highest of a group goes first; of one that runs it counts when it has to wait again.

    Raises:
        ConflictError: It has ended.
        InvalidValuesError: There is no such priority.
        NotFoundError: There is no such execution.
    """
    if not 0 <= priority <= MAX_PRIORITY:
        fault = f"a priority is 0 to {MAX_PRIORITY}, not {priority}"
        raise InvalidValuesError([FaultyItem(fault, pointer="/priority")])
    with unit_of_work(session):
        execution = execution_lock(session, execution_id)
        require_active(execution, what="its priority cannot be set")
        if execution.priority != priority:
            change = f"priority {execution.priority} -> {priority}"
            execution.priority = priority
            note_amendment(session, execution, change=change, actor=actor)
    return execution
