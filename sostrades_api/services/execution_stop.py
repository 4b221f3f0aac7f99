"""Stop an execution: at once where it waits, between two disciplines or by force where it runs."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import ConflictError
from sostrades_api.models import FINAL_STATES, Execution, ExecutionState, StudyCase, utc_now
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_amend import note_amendment
from sostrades_api.services.execution_find_active import execution_find_active
from sostrades_api.services.execution_get import execution_lock
from sostrades_api.services.execution_transition import require_transition
from sostrades_api.services.unit_of_work import unit_of_work

_WAITING = frozenset({ExecutionState.QUEUED, ExecutionState.SUSPENDED})


def execution_stop(
    session: Session, execution_id: int, *, actor: Actor, queue: ExecutionQueue, force: bool = False
) -> Execution:
    """Stop it: what waits or is suspended is STOPPED now, what runs is STOPPING until its run has ended.

    Args:
        session: Free of changes.
        execution_id: Which one.
        actor: Who asks.
        queue: Tells the run at once; without Redis it hears at its next heartbeat.
        force: End its process whatever it does; what its disciplines have computed is kept.

    Raises:
        ConflictError: It has ended otherwise already.
        NotFoundError: There is none.
    """
    with unit_of_work(session) as unit:
        execution = execution_lock(session, execution_id)
        if execution.state is ExecutionState.STOPPED:
            return execution
        if execution.state in FINAL_STATES:
            msg = f"execution {execution_id} cannot be stopped: it is {execution.state} already"
            raise ConflictError(msg)
        _stop(session, execution, actor=actor, force=force)
        if execution.state is ExecutionState.STOPPING:
            attempt, forced = execution.attempt, execution.stop_forced
            unit.after_commit(lambda: queue.request_stop(execution_id, attempt=attempt, force=forced))
    return execution


def study_case_stop(
    session: Session, study: StudyCase, *, actor: Actor, queue: ExecutionQueue, force: bool = False
) -> Execution:
    """Stop the execution of this study case that is under way.

    Raises:
        ConflictError: There is none, or it ended at this very moment.
    """
    execution_id = execution_find_active(session, study_case_id=study.id)
    if execution_id is None:
        msg = "No execution of this study case is queued or running."
        raise ConflictError(msg)
    session.rollback()
    return execution_stop(session, execution_id, actor=actor, queue=queue, force=force)


def _stop(session: Session, execution: Execution, *, actor: Actor, force: bool) -> None:
    reason = "asked to stop by force" if force else "asked to stop"
    if execution.state in _WAITING:
        require_transition(
            session,
            execution,
            to_state=ExecutionState.STOPPED,
            reason=reason,
            actor=actor.label,
            ended_at=utc_now(),
        )
        return
    wanted = {"stopping_to": ExecutionState.STOPPED.value, "stop_forced": force or execution.stop_forced}
    if execution.state is ExecutionState.RUNNING:
        require_transition(
            session, execution, to_state=ExecutionState.STOPPING, reason=reason, actor=actor.label, **wanted
        )
        return
    if execution.stopping_to == wanted["stopping_to"] and execution.stop_forced == wanted["stop_forced"]:
        return
    session.execute(  # it stops already, but only to be suspended, or without force
        update(Execution)
        .where(Execution.id == execution.id)
        .values(**wanted)
        .execution_options(synchronize_session=False)
    )
    session.refresh(execution)
    # Its state does not change, so the history does not say who wanted that.
    note_amendment(session, execution, change=reason, actor=actor)
