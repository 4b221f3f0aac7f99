"""Why an execution does not run yet, and what to do about it."""

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.models import Execution, ExecutionState
from sostrades_api.services.queue_read import ProfileQueue, queue_read
from sostrades_api.services.worker_list import WorkerState
from sostrades_api.settings import Settings


def execution_waiting(
    session: Session, execution: Execution, *, actor: Actor, settings: Settings
) -> str | None:
    """A sentence with the command that helps; None when it does not wait."""
    if execution.state is ExecutionState.SUSPENDED:
        return f"It is suspended; go on with: flask resume_execution {execution.id}"
    if execution.state is not ExecutionState.QUEUED:
        return None
    profiles = queue_read(session, actor=actor, settings=settings).profiles
    return _of_queue(next(each for each in profiles if each.profile == execution.worker_profile))


def _of_queue(queue: ProfileQueue) -> str:
    name = f"the worker profile '{queue.profile}'"
    if queue.pause is not None:
        reason = f" ({queue.pause.reason})" if queue.pause.reason else ""
        return f"T{name[1:]} is paused{reason}; go on with: flask resume_queue --profile {queue.profile}"
    if not queue.is_configured:
        return f"The settings do not name {name} (any more), so no worker takes it"
    there = {state for state, count in queue.workers.items() if count and state is not WorkerState.LOST}
    if there == {WorkerState.HELD}:
        return f"All workers of {name} are held; see: flask workers"
    if there:
        return "It waits for its turn; see: flask queue"
    return f"No worker of {name} is there; start one with: flask worker"
