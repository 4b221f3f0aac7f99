"""Add an execution to the queue in the database, with the snapshot of values it will run on."""

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, insert, literal
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from sostrades_api.access import Actor
from sostrades_api.errors import AlreadyRunningError
from sostrades_api.models import (
    DEFAULT_PRIORITY,
    Execution,
    ExecutionState,
    ExecutionTransition,
    ExecutionValue,
    StudyCase,
)
from sostrades_api.services.execution_find_active import execution_find_active
from sostrades_api.services.unit_of_work import unit_of_work
from sostrades_api.services.webhook_tell import webhook_tell
from sostrades_api.settings import STANDARD_PROFILE

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class ExecutionOptions:
    """How an execution is to be run.

    Attributes:
        priority: 0 to 100; the highest of a group goes first.
        worker_profile: which workers take it.
        deadline_seconds: so long an attempt may run; None: as the platform says.
        expires_at: when it is deleted, once it has ended; None: never.
    """

    priority: int = DEFAULT_PRIORITY
    worker_profile: str = STANDARD_PROFILE
    deadline_seconds: float | None = None
    expires_at: dt.datetime | None = None


DEFAULT_OPTIONS = ExecutionOptions()


@dataclass(frozen=True, kw_only=True)
class ExecutionContent:
    """What an execution runs.

    Attributes:
        revision: of the study case, whose values these are.
        disciplines: paths, in order of execution.
        snapshot: selects names and digests of the values it runs on.
        origin_id: the execution that it repeats.
        recompute: disciplines that are run, with what depends on them, whatever is known of their inputs.
        reason: for the history.
    """

    revision: int
    disciplines: Iterable[str]
    snapshot: Select[str, str]
    origin_id: int | None = None
    recompute: Sequence[str] = ()
    reason: str = "requested"


def execution_add(
    session: Session,
    study: StudyCase,
    *,
    content: ExecutionContent,
    actor: Actor,
    options: ExecutionOptions = DEFAULT_OPTIONS,
) -> Execution:
    """Insert it, QUEUED, in the caller's unit of work, which holds the study case's row.

    Raises:
        AlreadyRunningError: Another one was added at this very moment.
    """
    execution = Execution(
        study_case_id=study.id,
        study_revision=content.revision,
        process_name=study.process_name,
        group_id=study.group_id,
        state=ExecutionState.QUEUED,
        requested_by=actor.label,
        disciplines=dict.fromkeys(content.disciplines, "PENDING"),
        priority=options.priority,
        worker_profile=options.worker_profile,
        deadline_seconds=options.deadline_seconds,
        expires_at=options.expires_at,
        origin_id=content.origin_id,
        recompute=list(content.recompute) or None,
    )
    session.add(execution)
    try:
        session.flush()
    except IntegrityError as error:  # the unique index: two requests at once
        raise AlreadyRunningError from error
    _take_snapshot(session, execution.id, snapshot=content.snapshot)
    webhook_tell(session, execution)
    session.add(
        ExecutionTransition(
            execution_id=execution.id,
            from_state=None,
            to_state=ExecutionState.QUEUED,
            reason=content.reason,
            actor=actor.label,
            attempt=0,
        )
    )
    _tell(session, execution)
    return execution


def _tell(session: Session, execution: Execution) -> None:
    """Leave a line in the log, which knows the number of the request, once it is committed."""
    about = {"execution_id": execution.id, "study_case_id": execution.study_case_id}
    with unit_of_work(session) as unit:
        unit.after_commit(lambda: logger.info("execution %d is queued", about["execution_id"], extra=about))


def require_no_active(session: Session, *, study_case_id: int) -> None:
    """Whether the study case is free.

    Raises:
        AlreadyRunningError: An execution is queued, running or suspended.
    """
    if execution_find_active(session, study_case_id=study_case_id) is not None:
        raise AlreadyRunningError


def _take_snapshot(session: Session, execution_id: int, *, snapshot: Select[str, str]) -> None:
    rows = snapshot.add_columns(literal(execution_id), literal("in"))
    session.execute(insert(ExecutionValue).from_select(["name", "digest", "execution_id", "io"], rows))
