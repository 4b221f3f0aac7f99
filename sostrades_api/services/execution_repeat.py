"""Repeat an execution: a new one, on the snapshot of values that the given one ran on."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.engine import Plan
from sostrades_api.errors import FaultyItem, InvalidValuesError, NotFoundError
from sostrades_api.models import Execution, ExecutionValue, StudyCase
from sostrades_api.queueing import ExecutionQueue
from sostrades_api.services.execution_add import (
    ExecutionContent,
    ExecutionOptions,
    execution_add,
    require_no_active,
)
from sostrades_api.services.execution_get import execution_find, execution_lock
from sostrades_api.services.execution_inputs import input_digests
from sostrades_api.services.execution_request import FIRST_ATTEMPT, require_inputs
from sostrades_api.services.stored_values import StoredValues
from sostrades_api.services.study_case_get import study_case_lock
from sostrades_api.services.study_case_names import find_relative_name
from sostrades_api.services.study_plan import study_plan
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.settings import STANDARD_PROFILE
from sostrades_api.storage import ValueStore


def execution_repeat(
    session: Session,
    execution_id: int,
    *,
    actor: Actor,
    queue: ExecutionQueue,
    values: ValueStore,
    recompute: Sequence[str] = (),
) -> Execution:
    """Queue the new execution, with the priority, profile and deadline of the given one, its origin.

    Args:
        session: Free of changes.
        execution_id: Which one is repeated, in whatever state it is.
        actor: Who asks.
        queue: Wakes a worker up.
        values: Where structuring inputs are read.
        recompute: Disciplines, by full or relative name, that are run with all that depends on them.

    Raises:
        AlreadyRunningError: One of this study case is queued, running or suspended; it may be the given one.
        InvalidValuesError: There is no such discipline, or the process has got a required input since.
        NotFoundError: There is no such execution, or its study case was deleted meanwhile.
        StudyNotLoadableError: The process is not installed (any more) or cannot be built.
    """
    given = execution_find(session, execution_id)
    if given is None:
        msg = f"there is no execution {execution_id}, or it has been deleted meanwhile"
        raise NotFoundError(msg)
    study_case_id = given.study_case_id
    study_plan(given.process_name)  # fails, or is built, before the study is locked
    with unit_of_work(session) as unit:
        study = study_case_lock(session, study_case_id)
        origin = execution_lock(session, execution_id)
        digests = input_digests(session, execution_id=execution_id)
        plan = study_plan(
            study.process_name, StoredValues(session, study.id, values=values, digests=digests)
        ).plan
        paths = tuple(_path(name, plan=plan, study=study) for name in recompute)
        require_no_active(session, study_case_id=study.id)
        require_inputs(study, plan=plan, given=lambda: digests)
        content = ExecutionContent(
            revision=origin.study_revision,
            disciplines=plan.disciplines,
            snapshot=select(ExecutionValue.name, ExecutionValue.digest).where(
                ExecutionValue.execution_id == execution_id, ExecutionValue.io == "in"
            ),
            origin_id=execution_id,
            recompute=paths,
            reason=_reason(execution_id, paths),
        )
        execution = execution_add(
            session, study, content=content, actor=actor, options=_options_of(origin, queue=queue)
        )
        new_id, profile = execution.id, execution.worker_profile
        unit.after_commit(lambda: queue.enqueue(new_id, attempt=FIRST_ATTEMPT, profile=profile))
    return execution


def _path(name: str, *, plan: Plan, study: StudyCase) -> str:
    """The path relative to the study; clients know disciplines by their full names."""
    for path in (name, find_relative_name(study.name, full=name)):
        if path is not None and path in plan.disciplines:
            return path
    fault = f"{name[:200]!r} is no discipline of this execution; its status names them"
    raise InvalidValuesError([FaultyItem(fault, pointer="/from")])


def _options_of(origin: Execution, *, queue: ExecutionQueue) -> ExecutionOptions:
    profile = origin.worker_profile if queue.serves(origin.worker_profile) else STANDARD_PROFILE
    return ExecutionOptions(
        priority=origin.priority, worker_profile=profile, deadline_seconds=origin.deadline_seconds
    )


def _reason(execution_id: int, paths: Sequence[str]) -> str:
    if not paths:
        return f"execution {execution_id} resubmitted"
    return f"execution {execution_id} recomputed from {', '.join(paths)}"
