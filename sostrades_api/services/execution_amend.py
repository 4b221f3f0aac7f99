"""What the changes of an execution's priority, deadline and expiry have in common."""

from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import ConflictError
from sostrades_api.models import FINAL_STATES, Execution, utc_now
from sostrades_api.services.execution_announce import add_lines_and_tell
from sostrades_api.services.execution_log_append import LogLine


def require_active(execution: Execution, *, what: str) -> None:
    """Raise `ConflictError` for one that has ended; ``what`` says what cannot be done with it."""
    if execution.state in FINAL_STATES:
        msg = f"execution {execution.id} has ended ({execution.state}): {what}"
        raise ConflictError(msg)


def note_amendment(session: Session, execution: Execution, *, change: str, actor: Actor) -> None:
    """Write into the execution's log what was changed, and by whom."""
    line = LogLine(utc_now(), "INFO", f"{change}, by {actor.label}")
    add_lines_and_tell(session, execution.id, attempt=execution.attempt, lines=[line])
