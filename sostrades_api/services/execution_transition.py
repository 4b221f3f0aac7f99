"""Move an execution from one state to the next: the only place that writes ``Execution.state``."""

from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from sostrades_api.errors import ConflictError
from sostrades_api.models import TRANSITIONS, Execution, ExecutionState, ExecutionTransition
from sostrades_api.services.execution_announce import execution_announce
from sostrades_api.services.webhook_tell import webhook_tell

_UNLESS_IT_MOVED = (
    update(Execution)
    .where(
        Execution.id == bindparam("was_id"),
        Execution.state == bindparam("was_state"),
        Execution.attempt == bindparam("was_attempt"),
        Execution.token.is_not_distinct_from(bindparam("was_token")),
    )
    .returning(Execution)
    .execution_options(synchronize_session=False, populate_existing=True)
)
_HISTORY = insert(ExecutionTransition)


class ForbiddenTransitionError(Exception):
    """The table of transitions does not have this one."""


def execution_transition(
    session: Session,
    execution: Execution,
    *,
    to_state: ExecutionState,
    reason: str,
    actor: str,
    **values: Any,
) -> bool:
    """Compare and swap inside the caller's unit of work; writes the history row, and to webhooks, too.

    Args:
        session: In a unit of work.
        execution: As it was read; its state, attempt and token are what the database must still hold.
        to_state: The next state.
        reason: For the history, a sentence.
        actor: Who or what does it.
        values: Other columns to set.

    Returns:
        False when somebody else moved it meanwhile; nothing is written then.

    Raises:
        ForbiddenTransitionError: From here there is no way to there.
    """
    if to_state not in TRANSITIONS[execution.state]:
        raise ForbiddenTransitionError(f"{execution.state} -> {to_state}")
    from_state = execution.state
    as_it_was = {
        "was_id": execution.id,
        "was_state": from_state,
        "was_attempt": execution.attempt,
        "was_token": execution.token,
    }
    statement = _UNLESS_IT_MOVED.values(state=to_state, **values)
    if session.scalars(statement, as_it_was).one_or_none() is None:
        return False
    webhook_tell(session, execution)
    row = {
        "execution_id": execution.id,
        "from_state": from_state,
        "to_state": to_state,
        "reason": reason,
        "actor": actor,
        "attempt": execution.attempt,
    }
    session.execute(_HISTORY, [row])
    execution_announce(session, execution, reason=reason)
    return True


def require_transition(
    session: Session,
    execution: Execution,
    *,
    to_state: ExecutionState,
    reason: str,
    actor: str,
    **values: Any,
) -> None:
    """As `execution_transition`, for who answers to somebody.

    Raises:
        ConflictError: Somebody else moved it meanwhile.
    """
    if not execution_transition(session, execution, to_state=to_state, reason=reason, actor=actor, **values):
        msg = "The execution changed at this very moment; look at its status and ask again."
        raise ConflictError(msg)
