"""Ask the execution of a study case to stop."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import ConflictError
from sostrades_api.models import ACTIVE_STATES, Execution, ExecutionState, StudyCase, utc_now
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_transition import execution_transition
from sostrades_api.services.unit_of_work import unit_of_work


def execution_stop(session: Session, study: StudyCase, *, actor: Actor, queue: ExecutionQueue) -> Execution:
    """A queued one is stopped at once; a running one stops between two disciplines or iterations.

    Raises:
        ConflictError: Nothing is queued or running, or it was claimed or ended at this very moment.
    """
    with unit_of_work(session) as unit:
        execution = _find_active(session, study_case_id=study.id)
        if execution is None:
            msg = "No execution of this study case is queued or running."
            raise ConflictError(msg)
        if execution.state is ExecutionState.STOPPING:
            return execution
        waiting = execution.state is ExecutionState.QUEUED
        if not execution_transition(
            session,
            execution,
            to_state=ExecutionState.STOPPED if waiting else ExecutionState.STOPPING,
            reason="asked to stop",
            actor=actor.label,
            **({"ended_at": utc_now()} if waiting else {}),
        ):
            msg = "The execution changed at this very moment; look at its status and ask again."
            raise ConflictError(msg)
        execution_id = execution.id
        unit.after_commit(lambda: queue.request_stop(execution_id))
    return execution


def _find_active(session: Session, *, study_case_id: int) -> Execution | None:
    query = (
        select(Execution)
        .where(Execution.study_case_id == study_case_id, Execution.state.in_(ACTIVE_STATES))
        .with_for_update(of=Execution)
        .execution_options(populate_existing=True)
    )
    return session.scalar(query)
