"""Request an execution: a snapshot of the parameters, queued in the database, then told to the workers."""

from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.engine import MISSING, Plan
from sostrades_api.errors import FaultyItem, InvalidValuesError
from sostrades_api.models import Execution, StudyCase, StudyParameter
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_add import (
    DEFAULT_OPTIONS,
    ExecutionContent,
    ExecutionOptions,
    execution_add,
    require_no_active,
)
from sostrades_api.services.stored_values import StoredValues
from sostrades_api.services.study_case_get import study_case_lock
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
    options: ExecutionOptions = DEFAULT_OPTIONS,
) -> Execution:
    """Queue an execution of this study case on the parameters it has now.

    ``values`` is where structuring inputs are read; a process without them needs none. Without Redis it stays
    queued in the database; the sweeper announces it later.

    Raises:
        AlreadyRunningError: One is queued, running or suspended; it is not touched.
        StudyNotLoadableError: The process is not installed or cannot be built.
        InvalidValuesError: A required input has neither a value nor a default; every one is named.
    """
    study_plan(study.process_name)  # fails, or is built, before the study is locked
    with unit_of_work(session) as unit:
        study = study_case_lock(session, study.id)
        plan = study_plan(study.process_name, StoredValues(session, study.id, values=values)).plan
        require_no_active(session, study_case_id=study.id)
        of_study = StudyParameter.study_case_id == study.id
        require_inputs(
            study, plan=plan, given=lambda: session.scalars(select(StudyParameter.name).where(of_study))
        )
        parameters = select(StudyParameter.name, StudyParameter.digest).where(of_study)
        content = ExecutionContent(revision=study.revision, disciplines=plan.disciplines, snapshot=parameters)
        execution = execution_add(session, study, content=content, actor=actor, options=options)
        execution_id, profile = execution.id, execution.worker_profile
        unit.after_commit(lambda: queue.enqueue(execution_id, attempt=FIRST_ATTEMPT, profile=profile))
    return execution


def require_inputs(study: StudyCase, *, plan: Plan, given: Callable[[], Iterable[str]]) -> None:
    """Whether every required input is among those given, which are asked for only if there is one.

    Raises:
        InvalidValuesError: naming each that is not.
    """
    required = [
        name
        for name, variable in plan.variables.items()
        if variable.io == "in" and variable.default is MISSING and not variable.variable.optional
    ]
    if not required:
        return
    known = set(given())
    faults = [
        FaultyItem("it has neither a value nor a default", variable_id=full_name(study.name, relative=name))
        for name in required
        if name not in known
    ]
    if faults:
        names = ", ".join(str(fault.variable_id) for fault in faults)
        raise InvalidValuesError(faults, f"Before this study case can run, give a value to: {names}")
