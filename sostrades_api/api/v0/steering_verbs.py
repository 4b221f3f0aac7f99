"""What one may do with an execution, each with the right that it takes."""

import datetime as dt

from sostrades_api.access import Permission
from sostrades_api.api.v0.access import execution_for, session
from sostrades_api.http.authentication import current_actor
from sostrades_api.models import Execution
from sostrades_api.platform import current_platform
from sostrades_api.services.execution_delete import execution_delete
from sostrades_api.services.execution_recompute import execution_recompute
from sostrades_api.services.execution_resubmit import execution_resubmit
from sostrades_api.services.execution_resume import execution_resume
from sostrades_api.services.execution_set_deadline import execution_set_deadline
from sostrades_api.services.execution_set_expiry import execution_set_expiry
from sostrades_api.services.execution_set_priority import execution_set_priority
from sostrades_api.services.execution_stop import execution_stop
from sostrades_api.services.execution_suspend import execution_suspend
from sostrades_api.services.idempotency import execution_once


def stop(execution_id: int, *, force: bool) -> Execution:
    """Stop it."""
    execution_for(Permission.STOP, execution_id)
    queue = current_platform().queue
    return execution_stop(session(), execution_id, actor=current_actor(), queue=queue, force=force)


def suspend(execution_id: int) -> Execution:
    """Suspend it."""
    execution_for(Permission.STOP, execution_id)
    return execution_suspend(session(), execution_id, actor=current_actor(), queue=current_platform().queue)


def resume(execution_id: int) -> Execution:
    """Resume it."""
    execution_for(Permission.EXECUTE, execution_id)
    return execution_resume(session(), execution_id, actor=current_actor(), queue=current_platform().queue)


def resubmit(execution_id: int, *, key: str | None = None) -> Execution:
    """A new one on the same values; with a key that was used, the one that it made."""
    execution_for(Permission.EXECUTE, execution_id)
    platform, actor = current_platform(), current_actor()
    return execution_once(
        session(),
        actor=actor,
        key=key,
        asked={"resubmit": execution_id},
        make=lambda: execution_resubmit(
            session(), execution_id, actor=actor, queue=platform.queue, values=platform.values
        ),
    )


def recompute(execution_id: int, *, discipline: str, key: str | None = None) -> Execution:
    """A new one that runs this discipline and all that depends on it; a key makes it safe to repeat."""
    execution_for(Permission.EXECUTE, execution_id)
    platform, actor = current_platform(), current_actor()
    return execution_once(
        session(),
        actor=actor,
        key=key,
        asked={"recompute": execution_id, "from": discipline},
        make=lambda: execution_recompute(
            session(),
            execution_id,
            discipline=discipline,
            actor=actor,
            queue=platform.queue,
            values=platform.values,
        ),
    )


def set_priority(execution_id: int, *, priority: int) -> Execution:
    """Set its priority."""
    execution_for(Permission.EXECUTE, execution_id)
    return execution_set_priority(session(), execution_id, actor=current_actor(), priority=priority)


def set_deadline(execution_id: int, *, seconds: float | None) -> Execution:
    """Set how long it may run."""
    execution_for(Permission.EXECUTE, execution_id)
    return execution_set_deadline(session(), execution_id, actor=current_actor(), seconds=seconds)


def set_expiry(execution_id: int, *, at: dt.datetime | None) -> Execution:
    """Set when it is deleted."""
    execution_for(Permission.EXECUTE, execution_id)
    return execution_set_expiry(session(), execution_id, actor=current_actor(), at=at)


def delete(execution_id: int) -> None:
    """Delete it."""
    execution_for(Permission.DELETE, execution_id)
    execution_delete(session(), execution_id)
