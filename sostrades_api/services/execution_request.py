"""Request an execution: a snapshot of the parameters, queued in the database, then told to the workers."""

from sqlalchemy import insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.engine import MISSING, Plan
from sostrades_api.errors import (
    AlreadyRunningError,
    FaultyItem,
    InvalidValuesError,
    NotFoundError,
)
from sostrades_api.models import (
    Execution,
    ExecutionState,
    ExecutionTransition,
    ExecutionValue,
    StudyCase,
    StudyParameter,
)
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_find_active import execution_find_active
from sostrades_api.services.stored_values import StoredValues
from sostrades_api.services.study_case_names import full_name
from sostrades_api.services.study_plan import study_plan
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.storage import ValueStore

FIRST_ATTEMPT = 1


def execution_request(
    session: Session,
    study: StudyCase,
    *,
    actor: Actor,
    queue: ExecutionQueue,
    values: ValueStore | None = None,
) -> Execution:
    """Queue an execution of this study case on the parameters it has now.

    ``values`` is where structuring inputs are read; a process without them needs none. Without Redis it stays
    queued in the database; the sweeper announces it later.

    Raises:
        AlreadyRunningError: One is queued or running; it is not touched.
        StudyNotLoadableError: The process is not installed or cannot be built.
        InvalidValuesError: A required input has neither a value nor a default; every one is named.
    """
    study_plan(study.process_name)  # fails, or is built, before the study is locked
    with unit_of_work(session) as unit:
        study = _locked(session, study.id)
        plan = study_plan(study.process_name, StoredValues(session, study.id, values=values)).plan
        if execution_find_active(session, study_case_id=study.id) is not None:
            raise AlreadyRunningError
        _require_inputs(session, study, plan=plan)
        execution = _insert(session, study, actor=actor, plan=plan)
        execution_id = execution.id
        unit.after_commit(lambda: queue.enqueue(execution_id, attempt=FIRST_ATTEMPT))
    return execution


def _locked(session: Session, study_case_id: int) -> StudyCase:
    """Hold the study's row: parameters, revision and snapshot are then of one moment."""
    query = select(StudyCase).where(StudyCase.id == study_case_id, StudyCase.deleted_at.is_(None))
    study = session.scalar(query.with_for_update(of=StudyCase).execution_options(populate_existing=True))
    if study is None:
        raise NotFoundError
    return study


def _require_inputs(session: Session, study: StudyCase, *, plan: Plan) -> None:
    required = [
        name
        for name, variable in plan.variables.items()
        if variable.io == "in" and variable.default is MISSING and not variable.variable.optional
    ]
    if not required:
        return
    query = select(StudyParameter.name).where(StudyParameter.study_case_id == study.id)
    given = set(session.scalars(query))
    faults = [
        FaultyItem("it has neither a value nor a default", variable_id=full_name(study.name, relative=name))
        for name in required
        if name not in given
    ]
    if faults:
        names = ", ".join(str(fault.variable_id) for fault in faults)
        raise InvalidValuesError(faults, f"Before this study case can run, give a value to: {names}")


def _insert(session: Session, study: StudyCase, *, actor: Actor, plan: Plan) -> Execution:
    execution = Execution(
        study_case_id=study.id,
        study_revision=study.revision,
        process_name=study.process_name,
        state=ExecutionState.QUEUED,
        requested_by=actor.label,
        disciplines=dict.fromkeys(plan.disciplines, "PENDING"),
    )
    session.add(execution)
    try:
        session.flush()
    except IntegrityError as error:  # the unique index: two requests at once
        raise AlreadyRunningError from error
    snapshot = select(literal(execution.id), literal("in"), StudyParameter.name, StudyParameter.digest).where(
        StudyParameter.study_case_id == study.id
    )
    session.execute(insert(ExecutionValue).from_select(["execution_id", "io", "name", "digest"], snapshot))
    session.add(
        ExecutionTransition(
            execution_id=execution.id,
            from_state=None,
            to_state=ExecutionState.QUEUED,
            reason="requested",
            actor=actor.label,
            attempt=0,
        )
    )
    return execution
